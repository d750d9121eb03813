"""An update is the same in one piece or several, by one process or two."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import updates as scenario
from accelerate.state import AcceleratorState, GradientState

from signlab.models.recognizer import log_softmax
from signlab.training.computation import Computation
from signlab.training.engine import Engine

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _another_engine():
    """accelerate keeps one precision a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


def assert_same_training(first, second, tolerance):
    (one, history), (other, again) = first, second
    torch.testing.assert_close(history, again, rtol=tolerance, atol=tolerance)
    found, expected = one.recognizer.state_dict(), other.recognizer.state_dict()
    for name, weights in expected.items():
        torch.testing.assert_close(found[name], weights, rtol=tolerance, atol=tolerance, msg=name)


def test_accumulated_gradients_are_those_of_the_large_batch():
    # 21 utterances: groups of 11 and 10 in pieces of 4 and less
    whole = scenario.train(batch_size=12)
    assert len(whole[1]) == 4
    assert_same_training(scenario.train(batch_size=3, accumulate=4), whole, 1e-10)


def test_two_processes_train_as_one_does(tmp_path):
    # batch statistics included: every process's running averages are those of the whole batch
    file = tmp_path / "weights.pt"
    launch = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, *launch, TESTS / "updates.py", file],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assembly, history = scenario.train(batch_size=8, standardise=True)
    both = torch.load(file, weights_only=True)
    torch.testing.assert_close(both["history"], history, rtol=1e-10, atol=1e-10)
    weights = assembly.recognizer.state_dict()
    assert weights.keys() == both["weights"].keys()
    for name, found in both["weights"].items():
        torch.testing.assert_close(found, weights[name], rtol=1e-10, atol=1e-10, msg=name)


def test_bfloat16_trains_nearly_alike_and_keeps_losses_in_float32(monkeypatch):
    _, exact = scenario.train(batch_size=8, epochs=1, dtype=torch.float32)
    AcceleratorState._reset_state(reset_partial_state=True)
    taken = set()

    def spy(scores):
        found = log_softmax(scores)
        taken.add((scores.dtype, found.dtype))
        return found

    monkeypatch.setattr("signlab.models.recognizer.log_softmax", spy)
    assembly, found = scenario.train(
        batch_size=8, epochs=1, precision="bfloat16", dtype=torch.float32
    )
    assert found != exact
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0.0)
    assert taken == {(torch.bfloat16, torch.float32)}
    assert {p.dtype for p in assembly.recognizer.parameters()} == {torch.float32}


@pytest.fixture
def _free_again(monkeypatch):
    """A training is deterministic until its process ends."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    yield
    torch.use_deterministic_algorithms(mode=False)


@pytest.mark.usefixtures("_free_again")
def test_a_deterministic_training_is_the_same_under_torchs_own_guard():
    free = scenario.train(batch_size=8, epochs=1)
    assert not torch.are_deterministic_algorithms_enabled()
    strict = scenario.train(batch_size=8, epochs=1, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert_same_training(strict, free, 0.0)


def test_a_gradient_that_no_scale_makes_a_number_is_no_overflow(monkeypatch):
    engine = Engine(Computation())
    norms = torch.tensor([1.0, math.inf, math.nan])
    assert engine.overflows(norms).tolist() == [False] * 3
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    monkeypatch.setattr(Engine, "scaler", scaler)
    assert engine.overflows(norms).tolist() == [False, True, True]
    scaler.update(2.0**-12)
    assert engine.overflows(norms).tolist() == [False] * 3
