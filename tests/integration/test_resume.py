"""Training stopped by real signals at random places, and training that diverges."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
import toy  # noqa: F401  # registers

from signlab.errors import BadInput, Interrupted, TrainingDiverged
from signlab.execution.catalogue import CATALOGUE
from signlab.study.files import write_json
from signlab.study.folder import RunFolder
from signlab.study.recipe import Values, resolve
from signlab.training.checkpoint import load_checkpoint, load_model, save_checkpoint
from signlab.training.engine import Engine
from signlab.training.learner import Learner
from signlab.training.run import train
from signlab.training.update import Updates

SCRIPT = Path(__file__).with_name("interrupted.py")

PHASES = {
    "warm-up": {"epochs": 2, "curve": "rise"},
    "main": {"epochs": 2, "curve": "cosine", "distil": {"teacher": "ema"}},
    "fine-tuning": {
        "epochs": 2, "learning_rate": 1e-3, "augment": {"mirror": {}, "noise": {}}, "loss": {"name": "focal"},
    },
    "self-distillation": {"epochs": 2, "learning_rate": 1e-3, "distil": {"teacher": "previous"}},
}  # fmt: skip


def begun(folder: Path, schedule: Values, sentences: int = 3) -> RunFolder:
    """A run that is ready to be trained."""
    recipe = {
        "corpus": {"name": "toy", "sentences": sentences},
        "features": {"parts": ["pose", "hands"]},
        "model": {
            "stem": {"name": "conv", "width": 16, "kernel": 3},
            "fusion": {"name": "concat", "width": 32},
            "temporal": {"name": "single-scale", "kernel": 3, "downsample": 2},
            "encoder": {"name": "bilstm", "width": 24, "layers": 2, "dropout": 0.2},
            "head": {"name": "linear"},
            "auxiliary": {"name": "convctc"},
        },
        "augment": {"time_warp": {"rate": 0.5}, "affine": {}},
        "schedule": {"batch_size": 2, "learning_rate": 1e-2, **schedule},
        "train": {"accumulate": 2},
    }
    folder.mkdir(parents=True)
    record = {
        "fold": {"name": "default", "by": "split", "test": []},
        "seed": 3, "corpus_digest": "toy", "plugins": ["toy"], "recipe": resolve(recipe, CATALOGUE),
    }  # fmt: skip
    write_json(folder / "recipe.json", record)
    return RunFolder(folder)


def trained(folder: RunFolder, *signals: str, seed: int = 2) -> list[dict]:
    """Attempts until the run is done, each in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder.path), str(seed), *signals],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SCRIPT.parents[1:3])), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def figures(folder: RunFolder) -> pd.DataFrame:
    """What an epoch measured, less the times."""
    table = folder.epochs()
    return table[[column for column in table if "seconds" not in column]]


def assert_same_weights(one: RunFolder, other: RunFolder) -> None:
    first, second = (load_model(folder.model_path).weights for folder in (one, other))
    assert first.keys() == second.keys()
    for name, weights in first.items():
        assert torch.equal(weights, second[name]), name


def test_stopped_anywhere_and_continued_is_bit_for_bit_uninterrupted(tmp_path):
    schedule = {"name": "phased", "phases": PHASES, "ema": 0.9, "average": 2}
    whole, stopped = (begun(tmp_path / name, schedule, 8) for name in ("whole", "stopped"))
    assert [attempt["code"] for attempt in trained(whole)] == [0]
    attempts = trained(stopped, "SIGTERM", "SIGKILL")
    # the random places are of every kind and in every phase, else this shows too little
    ended = [attempt for attempt in attempts if attempt["code"] != 0]
    assert {attempt["code"] for attempt in ended} == {-15, -9}
    assert {attempt["left_at"][0] for attempt in ended} >= {0, 1, 2, 3}
    for code in (-15, -9):  # left within an epoch when asked to, and where one was long
        assert any(attempt["left_at"][2] for attempt in ended if attempt["code"] == code)
    assert_same_weights(whole, stopped)
    assert figures(whole).equals(figures(stopped))
    assert list(figures(whole)["phase"]) == [name for name in PHASES for _ in range(2)]
    left = {path.name for path in stopped.path.iterdir()}
    assert not [name for name in left if name.startswith("checkpoint")]


def test_a_process_beside_the_main_one_goes_on_with_its_own_draws(tmp_path, monkeypatch):
    begin, loss, calls = Engine.__init__, Learner.loss, 0

    def second(self, *arguments, **settings):
        begin(self, *arguments, **settings)
        self.rank = 1

    def stopping(*arguments):
        nonlocal calls
        calls += 1
        if calls == 3:  # the first of two pieces of the second update, which is left between them
            signal.raise_signal(signal.SIGTERM)
        return loss(*arguments)

    monkeypatch.setattr(Engine, "__init__", second)
    whole, stopped = (
        begun(tmp_path / name, {"epochs": 1, "warmup_epochs": 0}) for name in ("whole", "stopped")
    )
    train(whole)
    monkeypatch.setattr(Learner, "loss", stopping)
    with pytest.raises(Interrupted):
        train(stopped)
    left, _ = load_checkpoint(stopped.path / "checkpoint-within.pt")
    assert left.within is not None
    assert left.within.batches == 1
    train(stopped)
    assert_same_weights(whole, stopped)


def fragile(monkeypatch, bearable: float) -> None:
    """After four updates, a learning rate above what is bearable makes the loss infinite."""
    original, calls = Updates.__call__, 0

    def broken(self, batch, nats, *, rate, **settings):
        nonlocal calls
        calls += 1
        factor = math.inf if calls > 4 and rate > bearable else 1.0
        return original(self, batch, lambda piece: nats(piece) * factor, rate=rate, **settings)

    monkeypatch.setattr(Updates, "__call__", broken)


FLAT = {"name": "phased", "phases": {"all": {"epochs": 3}}}
"""Three updates an epoch."""


def test_a_training_that_diverged_goes_on_at_half_the_rate(tmp_path, monkeypatch):
    fragile(monkeypatch, bearable=0.0075)
    folder = begun(tmp_path / "run", {**FLAT, "retry": True})
    train(folder)
    assert list(folder.epochs()["learning_rate"]) == [0.01, 0.005, 0.005]
    assert folder.epochs()["loss_per_label"].map(math.isfinite).all()
    [note] = folder.notes()
    assert "the loss became infinite" in note
    assert "update 2 of epoch 2" in note
    assert "went on after epoch 1 at half the learning rate" in note


def test_divergence_is_told_with_its_cause_where_no_retry_is_allowed(tmp_path, monkeypatch):
    fragile(monkeypatch, bearable=0.0)
    folder = begun(tmp_path / "run", FLAT)
    with pytest.raises(
        TrainingDiverged, match=r"the loss became infinite.*update 2 of epoch 2; a lower"
    ):
        train(folder)
    assert not folder.finished


def test_a_training_is_tried_again_once_also_if_it_is_killed_after_that(tmp_path, monkeypatch):
    fragile(monkeypatch, bearable=0.0)
    folder = begun(tmp_path / "run", {**FLAT, "retry": True})
    with pytest.raises(TrainingDiverged, match="update 1 of epoch 2; a lower"):
        train(folder)
    left, _ = load_checkpoint(folder.path / "checkpoint.pt")
    assert (left.epoch, left.rate) == (1, 0.5)
    with pytest.raises(TrainingDiverged, match="update 1 of epoch 2; a lower"):
        train(folder)
    assert len(folder.notes()) == 1


def test_a_checkpoint_of_another_kind_of_device_is_refused(tmp_path, monkeypatch):
    fragile(monkeypatch, bearable=0.0)
    folder = begun(tmp_path / "run", FLAT)
    with pytest.raises(TrainingDiverged):
        train(folder)
    path = folder.path / "checkpoint.pt"
    left, origin = load_checkpoint(path)
    save_checkpoint(path, replace(left, random=[*left.random, *left.random]), origin)
    with pytest.raises(BadInput, match="a training on an accelerator, and this device is 'cpu'"):
        train(folder)


def test_a_training_ends_with_the_last_epoch_where_the_recipe_says_so(tmp_path):
    folder = begun(tmp_path / "run", {"epochs": 4, "warmup_epochs": 1, "keep": "last"})
    train(folder)
    assert folder.result().best_epoch == len(folder.epochs()) == 4
