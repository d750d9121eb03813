"""Runs processes side by side and waits for them; a crash of one is its own affair."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from signlab.execution.apart import processes
from signlab.study.folder import RunFolder

GRACE_SECONDS = 10.0
"""For a process that was asked to end: to finish its update and write a checkpoint."""

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """One process to start: ``task`` is what the worker shall do in ``folder``."""

    task: str
    folder: RunFolder


@dataclass(frozen=True)
class Running:
    """A job and its process."""

    job: Job
    process: BaseProcess


def usable_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Pool:
    """Processes side by side; those that run when the context is left are ended.

    A process that ends badly leaves the reason in its folder's ``failure.json``.

    Args:
        workers: How many at most; they share the cores.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = max(1, usable_cores() // workers)
        self.running: list[Running] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        _stop([r.process for r in self.running])

    @property
    def free(self) -> bool:
        """Whether another can start."""
        return len(self.running) < self._workers

    def start(self, job: Job) -> None:
        """Start a job in a process of its own."""
        self.running.append(_start(job, self._threads))

    def ended(self) -> list[Job]:
        """Wait a moment; the jobs whose processes have ended since the last call."""
        time.sleep(POLL_SECONDS)
        ended = [r for r in self.running if not r.process.is_alive()]
        for one in ended:
            self.running.remove(one)
            _note_failure(one)
        return [one.job for one in ended]

    def stop(self, folder: RunFolder) -> None:
        """End the process that works in a folder; that is no failure."""
        for one in [r for r in self.running if r.job.folder.path == folder.path]:
            self.running.remove(one)
            _stop([one.process])


def run_jobs(
    jobs: Sequence[Job], *, workers: int, tick: Callable[[Sequence[Running]], None]
) -> None:
    """Run every job in a process of its own, ``workers`` at a time.

    When this function is left by an exception (Ctrl-C), the processes are ended first.

    Args:
        tick: Called several times a second with what is running, and after the last job.
    """
    waiting = list(jobs)
    with Pool(workers) as pool:
        while waiting or pool.running:
            while waiting and pool.free:
                pool.start(waiting.pop(0))
            pool.ended()
            tick(pool.running)


def _start(job: Job, threads: int) -> Running:
    job.folder.clear_failure()
    arguments = (job.task, job.folder.path, threads)
    process = processes().Process(target=_work, args=arguments)
    process.start()
    return Running(job, process)


def _work(task: str, path: Path, threads: int) -> None:
    """The process of a job: its output goes to the folder's log."""
    os.setsid()  # Ctrl-C reaches the runner alone, which ends its workers
    with (path / "log.txt").open("ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    import torch

    from signlab.execution.worker import main  # takes seconds, if the process was not forked

    torch.set_num_threads(threads)
    sys.exit(main(task, path))


def _note_failure(ended: Running) -> None:
    code, folder = ended.process.exitcode, ended.job.folder
    if not code or folder.failure() is not None:
        return
    if code == -signal.SIGKILL:
        reason = "the process was killed (signal 9), most likely since the machine lacked memory"
    elif code < 0:
        reason = f"the process was ended by signal {-code} ({signal.Signals(-code).name})"
    else:
        reason = f"the process ended with exit code {code}; see {folder.path / 'log.txt'}"
    folder.write_failure(reason, interrupted=code < 0)


def _stop(running: Sequence[BaseProcess]) -> None:
    for process in running:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
