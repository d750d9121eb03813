"""Distillation against an independent reference, and which teachers are refused."""

import copy

import pytest
import torch
import toy

from signlab.corpora.batches import collate
from signlab.errors import BadInput
from signlab.execution.catalogue import CATALOGUE
from signlab.models.recognizer import Output
from signlab.registry import BadSetting
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble
from signlab.training.checkpoint import TrainedModel, save_model
from signlab.training.engine import Engine
from signlab.training.fit import fit
from signlab.training.learner import Learner
from signlab.training.phases import Distil
from signlab.training.schedule import SCHEDULES
from signlab.training.source import Identity
from signlab.training.teacher import Teacher, trained_teacher

RECIPE = {
    "corpus": {"name": "toy"},
    "features": {"parts": ["pose", "hands"]},
    "model": {
        "stem": {"name": "conv", "width": 8, "kernel": 3},
        "fusion": {"name": "concat", "width": 8},
        "temporal": {"name": "single-scale", "kernel": 3, "downsample": 2, "dropout": 0.3},
        "encoder": {"name": "bilstm", "width": 8, "layers": 1},
        "head": {"name": "linear"},
    },
}
IDENTITY = Identity(0, Fold(), "toy")


def changed(**sections):
    recipe = copy.deepcopy(RECIPE)
    for section, values in sections.items():
        recipe[section] = {**recipe.get(section, {}), **values}
    return resolve(recipe, CATALOGUE)


def built(glosses=("a", "b", "c", "d", "e", "f"), **sections):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return assemble(changed(**sections), toy.POSE_HANDS, tuple(glosses))


@pytest.fixture(scope="module")
def batch():
    corpus = toy.Toy()
    splits = corpus.open(Fold())
    samples = splits.train(0)[:5]
    assembly = built(splits.vocabulary)
    return collate(samples, splits.vocabulary, assembly.features.selection)


def student_output(batch, outputs=7, seed=1):
    lengths = built().recognizer.out_lengths(batch.landmarks.lengths)
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(
        len(lengths), int(lengths.max()), outputs, generator=generator, dtype=torch.float64
    )
    logits.requires_grad_()
    return logits, Output(logits.log_softmax(-1), lengths, ())


@pytest.mark.parametrize(("temperature", "weight"), [(1.0, 1.0), (2.0, 0.2), (5.0, 3.0)])
def test_the_divergence_is_the_sum_over_valid_timesteps(batch, temperature, weight):
    teacher = built()
    logits, output = student_output(batch)
    got = Teacher(teacher, Distil(teacher="previous", weight=weight, temperature=temperature))(
        output, batch
    )
    with torch.no_grad():
        taught = teacher.forward(batch).log_probs.double()
    expected = 0.0
    for row, length in enumerate(output.lengths.tolist()):
        for step in range(length):
            p = torch.softmax(taught[row, step] / temperature, 0)
            q = torch.softmax(logits[row, step] / temperature, 0)
            expected = expected + (p * (p / q).log()).sum()
    expected = weight * temperature**2 * expected
    assert got.item() == pytest.approx(expected.item(), rel=1e-6)
    [own], [reference] = (
        torch.autograd.grad(value, logits, retain_graph=True) for value in (got, expected)
    )
    # the teacher answers in single precision, whose steps the weight magnifies
    torch.testing.assert_close(
        own, reference, rtol=1e-5, atol=1e-7 * max(1.0, weight * temperature**2)
    )
    padding = torch.arange(logits.shape[1]) >= output.lengths[:, None]
    assert padding.any()
    assert (own[padding] == 0).all()


def test_a_teacher_neither_learns_nor_drops_out(batch):
    teacher = built()
    before = copy.deepcopy(teacher.recognizer.state_dict())
    _, output = student_output(batch)
    lesson = Teacher(teacher, Distil())
    first, second = lesson(output, batch), lesson(output, batch)
    assert first.item() == second.item()
    first.backward()
    assert all(parameter.grad is None for parameter in teacher.recognizer.parameters())
    assert all(
        torch.equal(a, b)
        for a, b in zip(before.values(), teacher.recognizer.state_dict().values(), strict=True)
    )


def test_a_model_learns_nothing_from_itself(batch):
    schedule = {
        "name": "phased",
        "phases": {"one": {"epochs": 1}, "two": {"epochs": 1, "distil": {"teacher": "previous"}}},
    }
    assembly = built(schedule=schedule)
    assembly.recognizer.eval()  # as the teacher is, without dropout
    learner = Learner(assembly, IDENTITY, Engine(assembly.computation))
    one, two = assembly.stages
    learner.enter(one.phase)
    alone = learner.loss(one, batch).item()
    learner.enter(two.phase)
    assert learner.loss(two, batch).item() == pytest.approx(alone, rel=1e-6)
    with torch.no_grad():
        assembly.recognizer.head.scores.bias += torch.arange(7.0)
    moved = learner.loss(two, batch).item()
    learner.enter(one.phase)
    assert moved > learner.loss(one, batch).item() + 1


def saved(folder, glosses=("a", "b", "c", "d", "e", "f"), **sections):
    recipe = changed(**sections)
    with torch.random.fork_rng():
        recognizer = assemble(recipe, toy.POSE_HANDS, tuple(glosses)).recognizer
    folder.mkdir()
    save_model(
        folder / "model.pt",
        TrainedModel(recognizer.state_dict(), recipe, list(glosses), "pose-hands", []),
    )
    return str(folder)


def test_a_finished_run_can_teach(tmp_path, batch):
    wider = {**RECIPE["model"], "encoder": {"name": "bilstm", "width": 12, "layers": 2}}
    source = saved(tmp_path / "run", model=wider)
    student = built()
    teacher = trained_teacher(source, IDENTITY, student)
    assert sum(p.numel() for p in teacher.recognizer.parameters()) > sum(
        p.numel() for p in student.recognizer.parameters()
    )
    assert torch.equal(teacher.forward(batch).lengths, student.forward(batch).lengths)


def test_a_checkpoint_teaches_what_its_training_knew(tmp_path, batch):
    """Its clusters were found in the training sentences, which a teacher is not given again."""
    head = {"name": "cluster", "by": "co-occurrence", "clusters": 3}
    schedule = {"epochs": 1, "warmup_epochs": 0, "updates_per_epoch": 2}
    recipe = changed(model={**RECIPE["model"], "head": head}, schedule=schedule)
    folder = RunFolder(tmp_path)
    path = tmp_path / "checkpoint.pt"
    fitted = fit(folder, recipe, IDENTITY, checkpoint=path, keep=lambda _: None)
    assembly = fitted.assembly
    assembly.recognizer.eval()
    teacher = trained_teacher(str(path), IDENTITY, assembly)
    teacher.recognizer.eval()
    assert len(set(teacher.recipe["model"]["head"]["groups"])) == 3
    torch.testing.assert_close(teacher.forward(batch).log_probs, assembly.forward(batch).log_probs)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"glosses": ("a", "b", "c", "d", "e", "x")}, ("lacks 'f'", "has 'x'")),
        ({"glosses": ("b", "a", "c", "d", "e", "f")}, ("another order",)),
        ({"features": {"parts": ["pose"]}}, ("other points",)),
        ({"model": {**RECIPE["model"], "temporal": {"name": "single-scale", "downsample": 4}}}, ("timesteps",)),
    ],
    ids=["other glosses", "other order", "other points", "other timesteps"],
)  # fmt: skip
def test_a_teacher_that_cannot_teach_is_refused(tmp_path, changes, parts):
    source = saved(tmp_path / "run", **changes)
    with pytest.raises(BadInput) as caught:
        trained_teacher(source, IDENTITY, built())
    for part in ("distil.teacher", "model.pt", *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (
            {"phases": {"a": {"epochs": 1, "distil": {"teacher": "previous"}}}},
            "phases.a.distil.teacher",
        ),
        ({"phases": {"a": {"epochs": 1, "distil": {"teacher": "ema"}}}}, "ema"),
        ({"phases": {"a": {"epochs": 1, "distil": {"wieght": 1.0}}}}, "phases.a.distil.wieght"),
    ],
)
def test_a_teacher_that_cannot_be_is_refused_by_its_place(settings, key):
    with pytest.raises(BadSetting) as caught:
        SCHEDULES.build("phased", settings)
    assert caught.value.key == key
