"""Trains a run that is stopped by real signals at random places until it is done.

A script of its own: it imports once and forks a process for every attempt, before torch has made
any threads. ``python interrupted.py RUN_FOLDER SEED [SIGTERM|SIGKILL ...]``: without signals the run
is not stopped. The last line tells, as JSON, at which places the attempts ended.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch._dynamo  # noqa: F401  # the optimiser would import it in every process anew

from signlab.corpora.base import open_corpus
from signlab.execution.worker import main
from signlab.study.folder import RunFolder
from signlab.study.plugins import load_plugins
from signlab.training import averaging, checkpoint, learner, trainer
from signlab.training.resume import Checkpoints
from signlab.training.source import Identity

PLACES = {
    "update": (learner.Learner, "loss", 9),
    "average": (averaging.Ema, "update", 9),
    "dev": (trainer, "evaluate", 2),
    "save": (checkpoint.os, "fsync", 3),
}
"""What is interrupted, and before at most how many calls of it."""


def interrupt(place: str, calls: int, number: signal.Signals) -> None:
    """Send the signal before a call of what stands for a place."""
    owner, name, _ = PLACES[place]
    function: Callable[..., Any] = getattr(owner, name)
    left = calls

    def counted(*arguments: Any, **settings: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), number)
        return function(*arguments, **settings)

    setattr(owner, name, counted)


def attempt(folder: Path, stop: tuple[str, int, signal.Signals] | None, *, often: bool) -> int:
    """Train in a process of its own, which a signal may end; its exit code.

    Args:
        often: Save after every update, as if each took as long as a long epoch.
    """
    child = os.fork()
    if child == 0:
        if often:
            trainer.SAVE_SECONDS = 0.0
        if stop is not None:
            interrupt(*stop)
        code = main("train", folder)
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def place(folder: Path) -> tuple[int, int, int]:
    """Phase, epoch and batch at which the run would go on."""
    record, fold = RunFolder(folder).recipe(), RunFolder(folder).fold()
    identity = Identity(record["seed"], fold, record["corpus_digest"])
    glosses = open_corpus(record["recipe"]["corpus"]).vocabulary
    origin = {"recipe": record["recipe"], **identity.record(), "vocabulary": glosses}
    state = Checkpoints(folder / "checkpoint.pt", origin, print).load()
    if state is None:
        return 0, 0, 0
    return state.phase, state.epoch, state.within.batches if state.within else 0


def train(folder: Path, seed: int, signals: list[signal.Signals]) -> list[dict[str, Any]]:
    """Attempts until the run is done."""
    load_plugins(RunFolder(folder).recipe()["plugins"])
    rng = random.Random(seed)
    told = []
    while not RunFolder(folder).finished:
        stop = None
        if signals:
            kind = rng.choice(list(PLACES))
            stop = kind, rng.randint(1, PLACES[kind][2]), rng.choice(signals)
        code = attempt(folder, stop, often=bool(signals) and len(told) % 2 == 0)
        if code > 0:
            raise RuntimeError(RunFolder(folder).failure())
        told.append({"stop": stop, "code": code, "left_at": place(folder)})
    return told


if __name__ == "__main__":
    stops = [signal.Signals[name] for name in sys.argv[3:]]
    attempts = train(Path(sys.argv[1]), int(sys.argv[2]), stops)
    sys.stdout.write(json.dumps(attempts) + "\n")
