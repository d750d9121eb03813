"""Every block as a graph of any batch and length; a whole run as a file that others can read."""

import json
import math
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from test_blocks import TRIALS, Inputs, build, make_inputs, run
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from toy import Toy
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.corpora.batches import collate
from signlab.errors import BadInput, SignlabError
from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, dequantise
from signlab.models.recognizer import SLOTS
from signlab.study.document import load as load_document
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.recipe import resolve, resolve_file
from signlab.training.assembly import assemble, restore
from signlab.training.checkpoint import TrainedModel, save_model
from signlab.training.deployed import DIMENSIONS, Deployed, Description, invented
from signlab.training.export import export, export_run, load
from signlab.training.tracing import to_onnx, trace

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
ABOUT = Description(("A",), "pose-hands", {"pose": 33}, "abc")
GLOSSES = tuple(f"G{number}" for number in range(6))

POOLED = {"pool": "max"}
RELATIVE = [
    {"width": 12, "heads": 2, "layers": 1, "positions": positions}
    for positions in ("t5", "transformer-xl")
]
CASES = [
    (slot, name, settings)
    for slot in SLOTS
    if slot != "auxiliary"
    for name in SLOTS[slot].names()
    for settings in TRIALS.get(f"{slot} {name}", [{}])[:1]
] + [
    ("temporal", "multiscale", POOLED),
    *[("encoder", "transformer", settings) for settings in RELATIVE],
]
"""Every block once, and settings with which one computes something else."""


pytestmark = pytest.mark.usefixtures("sizes_may_be_symbols")


class Bare(nn.Module):
    """A block as a function of tensors alone."""

    def __init__(self, slot: str, block: nn.Module) -> None:
        super().__init__()
        self.slot, self.block = slot, block

    def forward(self, x, presence, lengths):
        return run(self.slot, self.block, Inputs(x, presence, lengths))


def tensors(slot: str, frames: int, rows: slice):
    inputs = make_inputs(slot, frames=frames)
    return inputs.x[rows], inputs.presence[rows], inputs.lengths[rows].clamp(max=frames)


UNSEEN = ((29, slice(0, 3)), (17, slice(3, 4)))
"""Lengths and batches that are not traced; the second is one utterance."""


def traced(slot: str, name: str, settings: dict):
    module = Bare(slot, build(slot, name, settings)).eval()
    return module, trace(module, tensors(slot, 24, slice(0, 2)), (2, 2, 1))


every_block = pytest.mark.parametrize(("slot", "name", "settings"), CASES)


@every_block
def test_every_block_becomes_a_graph_of_any_batch_and_length(slot, name, settings):
    module, program = traced(slot, name, settings)
    graph = program.module()
    for inputs in (tensors(slot, *size) for size in UNSEEN):
        y, lengths = module(*inputs)
        found, ends = graph(*inputs)
        assert torch.equal(lengths, ends)
        torch.testing.assert_close(found, y, atol=1e-5, rtol=1e-5)


@pytest.mark.nightly
@every_block
def test_every_block_gives_the_same_in_onnxruntime(slot, name, settings, tmp_path):
    module, program = traced(slot, name, settings)
    path, names = tmp_path / "block.onnx", ("x", "presence", "lengths")
    to_onnx(program, names, ("y", "ends")).save(path)
    session = onnxruntime.InferenceSession(path)
    read = {each.name for each in session.get_inputs()}  # not every block reads all three
    for inputs in (tensors(slot, *size) for size in UNSEEN):
        y, lengths = module(*inputs)
        given = {n: x.numpy() for n, x in zip(names, inputs, strict=True) if n in read}
        found, ends = session.run(None, given)
        assert ends.tolist() == lengths.tolist()
        assert np.abs(found - y.detach().numpy()).max() < 1e-4


MODELS = [
    # in the suite the one whose attention follows convolutions that shorten; the others by night
    pytest.param(
        path, marks=[] if "transformer" in path.stem else pytest.mark.nightly, id=path.stem
    )
    for path in sorted((PAGE.parents[1] / "experiments").glob("*-small.yaml"))
]


@pytest.mark.parametrize("path", MODELS)
def test_every_model_of_the_proposal_becomes_a_graph(path):
    recipe = resolve_file(load_document(path), CATALOGUE)
    assembly = assemble(recipe, HOLISTIC, GLOSSES + tuple(f"H{number}" for number in range(6)))
    module = Deployed(assembly.features, assembly.recognizer).eval()
    graph = trace(module, invented(HOLISTIC, (48, 37)), DIMENSIONS).module()
    for lengths in ((67,), (20, 91, 64)):
        inputs = invented(HOLISTIC, lengths, seed=1)
        (found, ends), (expected, timesteps) = graph(*inputs), module(*inputs)
        assert torch.equal(ends, timesteps)
        for row, end in enumerate(ends):
            torch.testing.assert_close(found[row, :end], expected[row, :end], atol=1e-4, rtol=0)


RECIPE = {
    "corpus": {"name": "toy"},
    "features": {
        "parts": ["pose", "hands"],
        "points": "all",
        "coordinates": 3,
        "derivatives": 2,
        "hands": "together",
    },
    "model": {
        "stem": {"name": "conv", "width": 8, "stride": 2},
        "fusion": {"name": "concat", "width": 8},
        "temporal": {"name": "single-scale", "downsample": 2},
        "encoder": {"name": "bilstm", "width": 6, "layers": 1},
        "head": {"name": "linear"},
    },
    "schedule": {},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that ends with its first weights, and what it recognises with."""
    recipe = resolve(RECIPE, CATALOGUE)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        fresh = assemble(recipe, POSE_HANDS, GLOSSES).recognizer
    fresh.head.start_blank(0.1)  # so that it says something
    fresh.head.scores.weight.data *= 8
    model = TrainedModel(
        weights=fresh.state_dict(), recipe=recipe, vocabulary=list(GLOSSES),
        layout=POSE_HANDS.name, references=[["G1", "G2"]],
    )  # fmt: skip
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    save_model(folder.model_path, model)
    (folder.path / "recipe.json").write_text(json.dumps({"plugins": ["toy"], "digest": "abc"}))
    (folder.path / "result.json").write_text("{}")
    return folder, restore(model, POSE_HANDS)


@pytest.fixture(autouse=True)
def _little_is_timed(monkeypatch):
    monkeypatch.setattr("signlab.scoring.speed.SECONDS", 0.0)


SAMPLES = Toy().open(Fold()).test[:3]
"""Of lengths that the export does not see; the left hand is absent for most of them."""


def recognised(assembly, samples):
    with torch.inference_mode():
        return assembly.forward(collate(samples, GLOSSES, assembly.features.selection))


def test_an_onnx_file_says_what_the_run_says_as_the_page_on_exporting_shows(
    finished, tmp_path, monkeypatch, capsys
):
    folder, assembly = finished
    monkeypatch.chdir(tmp_path)
    call = ["export", str(folder.path), "--out", "model.onnx", "--json"]
    told = CliRunner().invoke(app, call, catch_exceptions=False).stdout
    done = json.loads(told.splitlines()[-1])
    assert done["difference"] < 1e-4
    assert done["size_mib"] == Path("model.onnx").stat().st_size / 2**20
    assert done["speed"]["latency_p50_ms"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    example = re.search(r"## In onnxruntime.*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    for sample in SAMPLES:
        np.save("clip.npy", dequantise(sample.landmarks))
        found = {}
        exec(example.replace("9 / 16", "1.0"), found)
        expected = recognised(assembly, [sample])
        assert found["timesteps"].tolist() == expected.lengths.tolist()
        assert np.abs(found["log_probs"] - expected.log_probs.numpy()).max() < 1e-4
        heard = list(assembly.decoder.decode(expected.log_probs[0].numpy(), GLOSSES).glosses)
        assert heard
        assert capsys.readouterr().out == f"{heard}\n"
    about = found["session"].get_modelmeta().custom_metadata_map
    assert json.loads(about["vocabulary"]) == list(GLOSSES)
    assert json.loads(about["parts"]) == {"pose": 33, "left_hand": 21, "right_hand": 21}
    assert (about["layout"], about["recipe_digest"]) == ("pose-hands", "abc")


def test_a_pt2_file_says_the_same_of_a_batch_in_plain_torch(finished, tmp_path):
    folder, assembly = finished
    path = export_run(folder, tmp_path / "model.pt2", "pt2").path
    about = {"vocabulary": ""}
    program = torch.export.load(path, extra_files=about).module()
    assert json.loads(about["vocabulary"]) == list(GLOSSES)
    landmarks = pad_sequence([torch.from_numpy(dequantise(s.landmarks)) for s in SAMPLES], True, 7)
    lengths = torch.tensor([len(sample.landmarks) for sample in SAMPLES])
    found, timesteps = program(landmarks, ~landmarks.isnan().any(-1), lengths, torch.ones(3))
    expected = recognised(assembly, SAMPLES)
    assert torch.equal(timesteps, expected.lengths)
    for row, end in enumerate(timesteps):
        ours, theirs = expected.log_probs[row, :end], found[row, :end]
        torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=0)


def test_what_cannot_be_exported_is_a_sentence(finished, tmp_path, monkeypatch):
    folder, assembly = finished
    with pytest.raises(BadInput, match="no folder of a finished run"):
        export_run(RunFolder(tmp_path), None, "pt2")
    with pytest.raises(BadInput, match=r"nowhere/model\.pt2: cannot be written"):
        export_run(folder, tmp_path / "nowhere" / "model.pt2", "pt2")

    class Moody(Deployed):
        def forward(self, landmarks, *rest):
            log_probs, timesteps = super().forward(landmarks, *rest)
            return (log_probs if landmarks.sum() > 0 else -log_probs), timesteps

    def inexact(*arguments):
        call = load(*arguments)

        def other(*inputs):
            log_probs, timesteps = call(*inputs)
            log_probs[-1, -1, 0] = math.nan  # of which Python's max() would think nothing
            return log_probs, timesteps

        return other

    monkeypatch.setattr("signlab.training.export.load", inexact)
    with pytest.raises(SignlabError, match="not written, since its log-probabilities differ"):
        export_run(folder, tmp_path / "model.pt2", "pt2")
    monkeypatch.undo()

    moody = Moody(assembly.features, assembly.recognizer)
    with pytest.raises(SignlabError, match="Python that looks at a value"):
        export(moody, POSE_HANDS, ABOUT, tmp_path / "model.pt2", "pt2")
    assert not list(tmp_path.iterdir())
