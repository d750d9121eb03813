"""One process a worker, each tracking film after film; a crash costs one film."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from signlab.errors import BadInput
from signlab.landmarks.bundle import chatter_to
from signlab.landmarks.video import Frame, read_frames

TOLD_SECONDS = 0.5
"""How often a worker tells how far it is."""


@dataclass(frozen=True)
class Task:
    """A film to track, and the file that its landmarks go to."""

    media: Path
    fps: float
    target: Path


@dataclass(frozen=True)
class Told:
    """What a worker reports: frames since it last did so, and whether the film has ended.

    Attributes:
        failure: Why the film cannot be used.
    """

    task: Task
    frames: int = 0
    ended: bool = False
    failure: str | None = None


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    cores: set[int]
    task: Task | None = None


def track(
    tasks: Sequence[Task], model: Path, *, workers: int, log: Path, tell: Callable[[Told], None]
) -> None:
    """Track all films, ``workers`` at a time; left by an exception, it ends the processes first.

    Args:
        tasks: What to do, in this order.
        model: MediaPipe's bundle.
        workers: Processes.
        log: What MediaPipe writes to standard error goes there.
        tell: Called with every report.
    """
    waiting = list(tasks)
    pool = [_start(model, log, cores) for cores in _shares(min(workers, len(waiting)))]
    try:
        for worker in pool:
            _next(worker, waiting)
        while busy := {w.pipe: w for w in pool if w.task is not None}:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # pyright: ignore[reportArgumentType] - only pipes were given
                told = _heard(worker, log)
                tell(told)
                if not told.ended:
                    continue
                if not worker.process.is_alive():
                    pool[pool.index(worker)] = worker = _start(model, log, worker.cores)
                _next(worker, waiting)
    finally:
        for worker in pool:
            worker.process.kill()
            worker.process.join()


def _shares(workers: int) -> list[set[int]]:
    """The cores of each worker: MediaPipe's threads wait for each other, and for no others."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return [set(cores[number::workers] or cores) for number in range(workers)]


def _start(model: Path, log: Path, cores: set[int]) -> _Worker:
    context = get_context("spawn")  # MediaPipe's threads do not survive a fork
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, model, log), daemon=True)
    process.start()
    if cores:
        os.sched_setaffinity(process.ident or 0, cores)
    theirs.close()
    return _Worker(process, ours, cores)


def _next(worker: _Worker, waiting: list[Task]) -> None:
    worker.task = waiting.pop(0) if waiting else None
    if worker.task is not None:
        worker.pipe.send(worker.task)


def _heard(worker: _Worker, log: Path) -> Told:
    """The next report; a worker that died has failed at its film."""
    assert worker.task is not None
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionError):
        worker.process.join()
        code = worker.process.exitcode
        reason = f"the process that tracked {worker.task.media} ended with {code}; see {log}"
        return Told(worker.task, ended=True, failure=reason)


def _work(pipe: Connection, model: Path, log: Path) -> None:
    """Track what the pipe brings until it closes; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    with log.open("ab") as file, chatter_to(file):
        _serve(pipe, model)


def _serve(pipe: Connection, model: Path) -> None:
    from signlab.landmarks.extraction import extract  # slow, and not needed by the parent

    while True:
        try:
            task: Task = pipe.recv()
        except EOFError:
            return
        try:
            frames = _counted(read_frames(task.media, fps=task.fps), task, pipe)
            found = extract(frames, model, fps=task.fps)
            part = task.target.with_suffix(".part")
            with part.open("wb") as stream:
                np.savez(stream, **asdict(found))
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(task.target)  # whole or not at all
        except (BadInput, OSError) as error:
            pipe.send(Told(task, ended=True, failure=str(error)))
        else:
            pipe.send(Told(task, ended=True))


def _counted(frames: Iterator[Frame], task: Task, pipe: Connection) -> Iterator[Frame]:
    """The frames, told now and then."""
    count, last = 0, time.monotonic()
    for frame in frames:
        yield frame
        count += 1
        now = time.monotonic()
        if now - last > TOLD_SECONDS:
            pipe.send(Told(task, frames=count))
            count, last = 0, now
    pipe.send(Told(task, frames=count))
