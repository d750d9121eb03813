"""From a real video, and from a .pose file, to glosses with times in one command."""

import json
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.corpora.importers.pose import read_sample
from signlab.errors import BadInput
from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, Layout
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble
from signlab.training.checkpoint import TrainedModel, save_model
from signlab.training.recognise import recognise

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
GLOSSES = ("MY", "NAME", "WHAT", "YOUR")


def trained(folder: Path, recipe: str, layout: Layout, **changes) -> Path:
    """A run's model with the first weights that come, and a head that speaks."""
    settings = resolve(YAML(typ="safe").load(EXPERIMENTS / recipe) | changes, CATALOGUE)
    torch.manual_seed(1)
    assembly = assemble(settings, layout, GLOSSES)
    for weights in assembly.recognizer.head.parameters():
        weights.data *= 8
    model = TrainedModel(
        weights=assembly.recognizer.state_dict(),
        recipe=settings,
        vocabulary=list(GLOSSES),
        layout=layout.name,
        references=[["MY", "NAME"], ["WHAT", "YOUR", "NAME"]],
    )
    folder.mkdir()
    save_model(folder / "model.pt", model)
    (folder / "recipe.json").write_text(json.dumps({"plugins": [], "decode": settings["decode"]}))
    (folder / "result.json").write_text("{}")
    return folder


def test_a_real_video_is_recognised_in_one_command(shared, tmp_path):
    run = trained(tmp_path / "run", "baseline.yaml", HOLISTIC)
    clip = shared / "data" / "video" / "lsat_100.mp4"
    bundle = shared / "models" / "holistic_landmarker.task"
    command = [sys.executable, "-m", "signlab", "recognise", clip, "--run", run, "--model", bundle]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["glosses"]
    assert found
    assert {sign["gloss"] for sign in found} <= set(GLOSSES)
    assert all(0 <= sign["start"] < sign["end"] <= 7.1 for sign in found)
    assert all(0 < sign["confidence"] <= 1 for sign in found)


@pytest.mark.parametrize("decode", ["greedy", "beam"])
def test_a_pose_file_serves_a_run_that_needs_less(shared, tmp_path, decode):
    file = min((shared / "data" / "dgs").rglob("*.pose"))
    sample, layout = read_sample(file)
    assert layout == HOLISTIC
    run = trained(tmp_path / "run", "signs3.yaml", POSE_HANDS, decode={"name": decode})
    (found,) = recognise(run / "model.pt", sample, layout)
    assert all(before.end <= after.start for before, after in pairwise(found.signs))
    bare = type(sample)("a", "", (), sample.landmarks[:, :75], sample.aspect)
    (whole,) = recognise(run / "model.pt", bare, POSE_HANDS)
    assert [sign.gloss for sign in found.signs] == [sign.gloss for sign in whole.signs]
    command = ["recognise", str(file), "--run", str(run), "--best", "3"]
    if decode == "greedy":
        with pytest.raises(BadInput, match=r"--best 3: .* knows one reading alone"):
            CliRunner().invoke(app, command, catch_exceptions=False)
        return
    printed = CliRunner().invoke(app, command, catch_exceptions=False).stdout
    assert [line[:8] for line in printed.splitlines() if ". " in line] == [
        "1. score",
        "2. score",
        "3. score",
    ]
    readings = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)["readings"]
    assert readings[0]["glosses"] == [asdict(sign) for sign in found.signs]
    scores = [one["score"] for one in readings]
    assert scores == sorted(scores, reverse=True)


def test_landmarks_that_do_not_suffice_are_refused(shared, tmp_path):
    file = min((shared / "data" / "dgs").rglob("*.pose"))
    sample, _ = read_sample(file)
    bare = type(sample)("a", "", (), sample.landmarks[:, :75])
    run = trained(tmp_path / "run", "baseline.yaml", HOLISTIC)
    with pytest.raises(
        BadInput, match="'holistic' are needed, and layout 'pose-hands' has no face"
    ):
        recognise(run / "model.pt", bare, POSE_HANDS)
    (tmp_path / "none").mkdir()
    with pytest.raises(BadInput, match="no trained model"):
        recognise(tmp_path / "none" / "model.pt", bare, POSE_HANDS)
