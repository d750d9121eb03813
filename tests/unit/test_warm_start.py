"""Beginning with what another run has learnt: what is taken, what is refused, what is another run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import toy

from signlab.errors import SignlabError
from signlab.execution.catalogue import CATALOGUE
from signlab.execution.preflight import make_plan
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.recipe import Values, resolve
from signlab.study.study import load_study
from signlab.training.assembly import assemble
from signlab.training.averaging import Kept
from signlab.training.checkpoint import Checkpoint, TrainedModel, save_checkpoint, save_model
from signlab.training.fit import fit
from signlab.training.source import Identity, Learnt
from signlab.training.warm_start import warm_start

STUDY = """
name: begun
question: Is everything told before training?
recipe: recipe.yaml
plugins: [toy]
components:
  - changed: {CHANGE}
variants: {changed: [changed]}
seeds: [0]
"""

CORPUS = toy.Toy(sentences=2)


def written(width: int = 8) -> Values:
    return {
        "corpus": {"name": "toy", "sentences": 2},
        "features": {"parts": ["pose", "hands"]},
        "model": {
            "stem": {"name": "conv", "width": width, "kernel": 3},
            "fusion": {"name": "concat", "width": width},
            "temporal": {"name": "single-scale", "kernel": 3, "downsample": 2},
            "encoder": {"name": "bilstm", "width": width, "layers": 1},
            "head": {"name": "linear"},
        },
    }


def recipe(width: int = 8, **schedule: object) -> Values:
    return resolve({**written(width), "schedule": schedule}, CATALOGUE)


def built(width: int = 8, seed: int = 0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return assemble(recipe(width), toy.POSE_HANDS, CORPUS.vocabulary).recognizer


def save(path: Path, width: int = 8, seed: int = 0, glosses=CORPUS.vocabulary) -> None:
    weights = built(width, seed).state_dict()
    save_model(path, TrainedModel(weights, recipe(width), list(glosses), "pose-hands", []))


def checkpoint(path: Path, *, epochs: int = 1, fold: str = "default") -> None:
    origin = {
        "recipe": recipe(),
        **Identity(0, Fold(fold), CORPUS.digest).record(),
        "vocabulary": CORPUS.vocabulary,
    }
    kept = [vars(Kept(1, 50.0, 1.0, built().state_dict()))] * epochs
    save_checkpoint(path, Checkpoint(epochs, kept=kept), origin)


def plan(folder: Path, change: str):
    (folder / "recipe.yaml").write_text(json.dumps(written()))
    (folder / "study.yaml").write_text(STUDY.replace("CHANGE", change))
    return make_plan(load_study(folder / "study.yaml"))


def test_a_checkpoint_gives_what_its_run_would_have_ended_with(tmp_path):
    identity = Identity(0, Fold(), CORPUS.digest)
    file = tmp_path / "checkpoint.pt"
    whole = recipe(epochs=2, warmup_epochs=1, average=2, learning_rate=1e-2)
    fitted = fit(RunFolder(tmp_path), whole, identity, checkpoint=file, keep=lambda _: None)
    recognizer = built(seed=1)
    found = identity.source(str(file), key="init_from")
    table = warm_start(recognizer, CORPUS.vocabulary, found)
    assert set(table["fate"]) == {"loaded"}
    for name, weights in recognizer.state_dict().items():
        torch.testing.assert_close(weights, fitted.weights[name], rtol=0, atol=0, msg=name)


def test_every_tensor_of_either_side_has_its_fate(tmp_path):
    weights = dict(built(seed=1).state_dict())
    absent, other = "stem.convs.0.filter.weight", "fusion.mix.weight"
    weights["stem.convs.9.filter.weight"] = weights.pop(absent)
    weights[other] = weights[other][:, 1:]
    recognizer, fresh = built(), built().state_dict()
    source = Learnt(tmp_path / "model.pt", recipe(), weights, CORPUS.vocabulary[::-1], None)
    table = warm_start(recognizer, CORPUS.vocabulary, source).set_index("name")
    fates = table["fate"].to_dict()
    assert fates.pop(absent) == "left: not in the source"
    assert fates.pop(other) == "left: another shape"
    assert fates.pop("stem.convs.9.filter.weight") == "left: no place here"
    scores = ["head.scores.weight", "head.scores.bias"]
    assert {name for name, fate in fates.items() if fate != "loaded"} == set(scores)
    assert set(table.loc[scores, "fate"]) == {"resized"}
    assert set(table.loc[scores, "rows"]) == {len(CORPUS.vocabulary) + 1}
    order = [0, *range(len(CORPUS.vocabulary), 0, -1)]
    for name, found in recognizer.state_dict().items():
        taken = fresh if name in (absent, other) else weights
        expected = taken[name][order] if name in scores else taken[name]
        torch.testing.assert_close(found, expected, rtol=0, atol=0, msg=name)


def damaged(path: Path) -> None:
    save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda _: None, "has no finished run; give one run's folder"),
    "a text": (lambda path: path.write_text("weights"), "or no file that signlab wrote"),
    "a list": (lambda path: torch.save([1], path), "or no file that signlab wrote"),
    "weights alone": (lambda path: torch.save({"w": 1}, path), "holds no trained model"),
    "a checkpoint of another version": (
        lambda path: torch.save({"origin": {}, "epoch": 3}, path), "no checkpoint of this version",
    ),
    "a checkpoint of no epoch": (
        lambda path: checkpoint(path, epochs=0), "before the end of the first epoch",
    ),
    "a damaged model": (damaged, "its content is not what was written"),
    "a model of other widths": (lambda path: save(path, width=12), "nothing in"),
    "a checkpoint of another fold": (
        lambda path: checkpoint(path, fold="b"), "has learnt from fold 'b' of the same corpus",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "part"), REFUSED.values(), ids=REFUSED)
def test_what_nothing_can_begin_with_is_told_in_a_sentence(tmp_path, make, part):
    make(tmp_path / "source.pt")
    with pytest.raises(SignlabError) as caught:
        plan(tmp_path, f"init_from: {tmp_path / 'source.pt'}")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'study.yaml'}:7: variant 'changed': init_from: ")
    assert str(tmp_path / "source.pt") in message
    assert part in message
    assert "\n" not in message


def test_a_teacher_of_another_vocabulary_is_refused_before_training(tmp_path):
    file = tmp_path / "teacher.pt"
    save(file, glosses=("G0", "G1", "G2", "G3", "G4", "OTHER"))
    with pytest.raises(SignlabError) as caught:
        plan(tmp_path, f"schedule: {{distil: {{teacher: {file}}}}}")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'study.yaml'}:7: variant 'changed': distil.teacher: ")
    assert f"{file} knows 6 glosses" in message
    assert "lacks 'G5' and has 'OTHER'" in message


@pytest.mark.parametrize(
    "change", ["init_from: {}", "schedule: {{distil: {{teacher: {}}}}}"], ids=["source", "teacher"]
)
def test_a_source_that_learns_something_else_makes_another_run(tmp_path, change):
    file, folders = tmp_path / "model.pt", []
    for seed in (0, 1, 0):
        save(file, seed=seed)
        runs = plan(tmp_path, change.format(file)).runs
        folders.append({run.variant.name: run.folder for run in runs})
    assert folders[0] == folders[2]
    assert folders[0]["changed"] != folders[1]["changed"]
    assert folders[0]["baseline"] == folders[1]["baseline"]
