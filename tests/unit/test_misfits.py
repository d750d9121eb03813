"""Models that cannot be: each is one sentence with file, slot and setting, before any training."""

from pathlib import Path

import pytest
import torch

from signlab.errors import SignlabError
from signlab.execution.preflight import make_plan
from signlab.models.base import ENCODERS, HEADS, Head, SameLength
from signlab.registry import Settings
from signlab.study.plugins import load_plugins
from signlab.study.study import load_study

RECIPE = """
corpus: {name: toy}
features: {parts: [pose, hands]}
model:
  stem: {name: conv, width: 16, kernel: 3}
  fusion: {name: concat, width: 32}
  temporal: {name: single-scale, kernel: 3, downsample: 2}
  encoder: {name: bilstm, width: 8}
  head: {name: linear}
"""

STUDY = """
name: misfits
question: Is everything told before training?
recipe: recipe.yaml
plugins: [toy]
components:
  - changed: {model: {CHANGE}}
variants: {changed: [changed]}
"""


class FourOutputs(Head):
    """Fewer outputs than glosses, whatever is asked for."""

    def __init__(self, *, in_width: int, outputs: int) -> None:
        super().__init__()
        del in_width, outputs
        self.out_width = 4

    def forward(self, x):
        return x[..., :4]

    def start_blank(self, share):
        pass


class NotAsTold(SameLength):
    """Drops what it is asked to drop, and tells its neighbours nothing of it."""

    def __init__(
        self, *, in_width: int, channels: int = 0, timesteps: int = 0, reads: bool = False
    ) -> None:
        super().__init__()
        self.out_width = in_width
        self.channels, self.timesteps, self.reads = channels, timesteps, reads

    def forward(self, x, lengths):
        if self.reads and x.max().item() > 0:
            return -x, lengths
        return x[:, self.timesteps :, self.channels :], lengths


@pytest.fixture(autouse=True)
def _plugin(monkeypatch):
    entry = Settings(FourOutputs, "head 'four-outputs'", ("in_width", "outputs"))
    monkeypatch.setitem(HEADS._entries, "four-outputs", entry)
    entry = Settings(NotAsTold, "encoder 'not-as-told'", ("in_width",))
    monkeypatch.setitem(ENCODERS._entries, "not-as-told", entry)


# the slot's line of the recipe, and what the sentence must hold beside the file and the variant
MISFITS = {
    "a block of another slot": (
        "encoder: {name: multiscale}", "model.encoder.name", "fills `model.temporal`", "bilstm",
    ),
    "a block of no slot": ("fusion: {name: concatt}", "model.fusion.name", "did you mean 'concat'"),
    "a fusion of parts that are one": (
        "stem: {name: joined}, fusion: {name: crossmodal}", "model.fusion", "at least two parts",
    ),
    "heads that do not divide": (
        "encoder: {name: transformer, width: 10, heads: 4}", "model.encoder.heads = 4", "4 heads",
    ),
    "heads of parts that do not divide": (
        "fusion: {name: crossmodal, heads: 3}", "model.fusion.heads = 3", "3 heads", "16 channels",
    ),
    "an odd width to turn": (
        "encoder: {name: conformer, width: 12, heads: 4}", "model.encoder.positions = 'rope'", "odd",
    ),
    "heads within a chain": (
        "encoder: {name: chain, blocks: [{name: gru}, {name: transformer, width: 9, heads: 2}]}",
        "model.encoder.blocks.1.heads", "2 heads",
    ),
    "more widths than kernels": (
        "temporal: {name: dilated, widths: [8, 8]}", "model.temporal.widths", "4 kernels and 2",
    ),
    "an even kernel": ("temporal: {kernel: 4}", "model.temporal.kernel = 4", "odd"),
    "fewer layers than halvings": (
        "temporal: {layers: 1, downsample: 4}", "model.temporal.layers = 1", "takes 2",
    ),
    "a kernel larger than the clip": (
        "temporal: {kernel: 65}", "model.temporal.kernel = 65",
        "a kernel of 65 timesteps is larger than the clip", "32 frames",
    ),
    "one kernel of several": (
        "temporal: {name: multiscale, kernels: [3, 71]}", "model.temporal.kernels = [3, 71]", "71",
    ),
    "a dilated kernel": (
        "temporal: {name: dilated, kernels: [3, 5], dilations: [1, 17], downsample: 1}",
        "model.temporal.kernels", "distance of 17", "32 timesteps",
    ),
    "a kernel within a chain": (
        "temporal: {name: chain, blocks: [{name: single-scale}, {name: single-scale, kernel: 9}]}",
        "model.temporal.blocks.1.kernel: a kernel of 9 timesteps", "8 timesteps",
    ),
    "a kernel of a stem": ("stem: {kernel: 67}", "model.stem.kernel = 67", "a kernel of 67"),
    "a kernel of an encoder": (
        "encoder: {name: conformer, width: 8, kernel: 33}", "model.encoder.kernel", "16 timesteps",
    ),
    "utterances longer than can be summed": (
        "encoder: {name: linformer, width: 8, longest: 9}", "model.encoder.longest = 9", "at most 9",
    ),
    "fewer outputs than glosses": (
        "head: {name: four-outputs}", "model.head", "4 outputs", "need 7",
    ),
    "a plug-in of another width than it says": (
        "encoder: {name: not-as-told, channels: 2}", "model.encoder: NotAsTold gives the shape",
        "(1, 5, 30)", "(1, 5, 32)",
    ),
    "a plug-in of other lengths, in a chain": (
        "encoder: {name: chain, blocks: [{name: gru, width: 8}, {name: not-as-told, timesteps: 1}]}",
        "model.encoder: NotAsTold gives the shape", "(1, 4, 16)", "(1, 5, 16)",
    ),
    "a plug-in that reads values": (
        "encoder: {name: not-as-told, reads: true}", "model.encoder: NotAsTold fails", "meta",
    ),
    "fewer clusters' glosses than glosses": (
        "head: {name: cluster, groups: [0, 0, 1]}", "model.head.groups", "3 glosses", "has 6",
    ),
    "an empty cluster": (
        "head: {name: cluster, groups: [0, 0, 2, 2, 2, 2]}", "model.head.groups", "empty",
    ),
    "as many clusters as glosses": (
        "head: {name: cluster, clusters: 6}", "model.head.clusters = 6", "6 clusters of 6 glosses",
    ),
    "a cluster file that misses glosses": (
        "head: {name: cluster, by: file, path: clusters.csv}", "model.head.path = 'clusters.csv'",
        "misses 2 of the 6 glosses ('G4', 'G5')",
    ),
    "no cluster file": (
        "head: {name: cluster, by: file, path: nowhere.csv}", "model.head.path", "cannot be read",
    ),
    "a cluster file that is not named": ("head: {name: cluster, by: file}", "model.head.path", "need"),
    "clusters by another table": (
        "head: {name: cluster, by: embeddings, path: words.csv}", "model.head.path", "not a number",
    ),
}  # fmt: skip


def study(folder: Path, change: str) -> Path:
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "study.yaml").write_text(STUDY.replace("CHANGE", change))
    rows = [f"G{number},{'ab'[number % 2]}" for number in range(4)]
    (folder / "clusters.csv").write_text("\n".join(["gloss,cluster", *rows]))
    words = [f"G{number},{number},many" for number in range(6)]
    (folder / "words.csv").write_text("\n".join(["gloss,x,y", *words]))
    return folder / "study.yaml"


@pytest.mark.parametrize(
    ("change", "parts"), [(m[0], m[1:]) for m in MISFITS.values()], ids=MISFITS
)
def test_a_model_that_cannot_be_is_told_in_a_sentence(tmp_path, monkeypatch, change, parts):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SignlabError) as caught:
        make_plan(load_study(study(tmp_path, change)))
    message = str(caught.value)
    assert "study.yaml:7: " in message
    assert "variant 'changed'" in message
    assert "\n" not in message
    for part in parts:
        assert part in message


TRAININGS = {
    "a learning rate of 0": (
        "schedule: {learning_rate: 0.0}", "schedule.learning_rate = 0.0", "greater than 0",
    ),
    "a learning rate below 0": (
        "schedule: {learning_rate: -1.0e-3}", "schedule.learning_rate = -0.001", "greater than 0",
    ),
    "a learning rate without end": (
        "schedule: {learning_rate: .inf}", "schedule.learning_rate = inf", "finite",
    ),
    "a training of no epochs": ("schedule: {epochs: 0}", "schedule.epochs = 0", "greater than 0"),
    "a phase of no epochs": (
        "schedule: {name: phased, phases: {main: {epochs: 0}}}", "schedule.phases.main.epochs = 0",
        "greater than 0",
    ),
    "a range of an augmentation the wrong way round": (
        "augment: {time_warp: {low: 2.0}}", "augment.time_warp.low = 2.0", "above high (1.6)",
    ),
    "the same in a phase": (
        "schedule: {name: phased, phases: {main: {epochs: 1, augment: {affine: {low: 2.0}}}}}",
        "schedule.phases.main.augment.affine.low = 2.0", "above high (1.3)",
    ),
    "fewer batches than an update needs": (
        "train: {accumulate: 99}", "train.accumulate = 99", "only 6 batches", "schedule.batch_size",
    ),
    "fewer utterances than processes": (
        "schedule: {batch_size: 5}", "schedule.batch_size = 5", "has 4 utterances", "6 processes",
    ),
    "a precision that the device lacks": (
        "train: {precision: float16}", "train.precision = 'float16'", "float32 and bfloat16",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "parts"), [(t[0], t[1:]) for t in TRAININGS.values()], ids=TRAININGS
)
def test_a_training_that_cannot_be_is_told_in_a_sentence(tmp_path, monkeypatch, change, parts):
    if "float16" in change and torch.accelerator.is_available():
        pytest.skip("the accelerator has float16")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORLD_SIZE", "6")
    path = study(tmp_path, "")
    path.write_text(path.read_text().replace("{model: {}}", f"{{{change}}}"))
    with pytest.raises(SignlabError) as caught:
        make_plan(load_study(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:7: variant 'changed': ")
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_another_cluster_file_is_another_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = study(tmp_path, "head: {name: cluster, by: file, path: all.csv}")
    folders = []
    for names in ("aabbcc", "abcabc", "aabbcc"):
        rows = [f"G{number},{name}" for number, name in enumerate(names)]
        (tmp_path / "all.csv").write_text("\n".join(["gloss,cluster", *rows]))
        runs = make_plan(load_study(path)).runs
        folders.append([run.folder for run in runs if run.variant.name == "changed"])
    assert folders[0] == folders[2] != folders[1]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("outputless", "head 'outputless'.* must take outputs, which every head is given"),
        ("linear", "head 'linear' is registered twice"),
        ("residual", "component 'residual' is defined twice"),
    ],
)
def test_a_plug_in_that_cannot_be_registered_is_told_in_a_sentence(
    tmp_path, monkeypatch, name, sentence
):
    source = """
from signlab.models.base import HEADS, Head
from signlab.study.components import add_component

if "NAME" == "residual":
    add_component("NAME", "another", {})

@HEADS.register("NAME")
class Outputless(Head):
    def __init__(self, *, in_width: int) -> None: ...
"""
    (tmp_path / f"{name}_plugin.py").write_text(source.replace("NAME", name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SignlabError, match=f"plugins: '{name}_plugin'.*{sentence}"):
        load_plugins([f"{name}_plugin"])
