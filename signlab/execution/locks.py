"""Locks on a study's folder; each ends with the process that holds it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from signlab.errors import BadInput

RETRY_SECONDS = 0.5


@contextmanager
def alone(study: Path, patience: float = 0.0) -> Iterator[None]:
    """Keep every other process away from a study.

    Args:
        patience: How many seconds to wait for those that are at it.

    Raises:
        BadInput: Another process is at the study.
    """
    with _held(study, fcntl.LOCK_EX, patience):
        yield


@contextmanager
def beside_others(study: Path) -> Iterator[None]:
    """Let others search the study too, and keep away those that need it alone.

    Raises:
        BadInput: Another process has the study alone.
    """
    with _held(study, fcntl.LOCK_SH, 0.0):
        yield


@contextmanager
def if_first(path: Path) -> Iterator[bool]:
    """Whether no other process holds the lock ``path`` already."""
    with path.open("w") as lock:
        yield _take(lock, fcntl.LOCK_EX)


@contextmanager
def _held(study: Path, kind: int, patience: float) -> Iterator[None]:
    deadline = time.monotonic() + patience
    with (study / ".lock").open("w") as lock:
        while not _take(lock, kind):
            if time.monotonic() >= deadline:
                raise BadInput(
                    f"{study}: another signlab is running this study; wait for it, or use --runs"
                )
            time.sleep(RETRY_SECONDS)
        yield


def _take(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
