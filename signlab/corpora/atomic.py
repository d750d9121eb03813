"""A folder that appears whole or not at all."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signlab.errors import BadCorpus

_LOCK = "writing.lock"


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path``, to be filled and then handed to ``publish``.

    Several processes may do so for one path at once. The folder is removed again on the way out;
    what a killed process left is removed by the next writer of the same path.

    Raises:
        BadCorpus: The file system refuses (no space, no permission, a file in the way).
    """
    prefix = f".{path.name}."
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.parent):
            recover(path)
            _remove_orphans(path.parent, prefix)
            part = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=path.parent))
            part.chmod(0o755)
            lock = (part / _LOCK).open("w")
            # held until this process ends, however it ends: it tells an orphan from work under way
            fcntl.flock(lock, fcntl.LOCK_EX)
    with lock:
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def publish(part: Path, path: Path) -> None:
    """Give a filled folder its name; an older corpus of that name is replaced.

    To be called by one process at a time, see ``alone``.

    Raises:
        BadCorpus: ``path`` is a folder of something else, which must not be deleted.
    """
    with explained(path):
        if path.is_dir() and any(path.iterdir()) and not (path / "corpus.json").exists():
            raise BadCorpus(f"{path} exists and is not a corpus; choose another folder")
        (part / _LOCK).unlink()
        old = part.with_suffix(".old")
        if path.exists():
            path.rename(old)
        part.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def extend(part: Path, path: Path) -> None:
    """Move the files of a filled folder into the corpus that is there; its description comes last.

    Until that has replaced the older one, nothing refers to the new files: a kill leaves the
    corpus as it was. To be called by one process at a time, see ``alone``.
    """
    with explained(path):
        (part / _LOCK).unlink()
        last = part / "corpus.json"
        for file in part.iterdir():
            if file != last:
                file.replace(path / file.name)
        _sync(path)
        last.replace(path / last.name)
        _sync(path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes out of the same block for the same folder; its entries are synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Tell a refusal of the file system while ``path`` is written in one sentence.

    Raises:
        BadCorpus: In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise BadCorpus(
            f"cannot write {path}: {error.strerror or error}; nothing there has changed, so make "
            "room or choose another folder, and run the command again"
        ) from error


def recover(path: Path) -> None:
    """Give a corpus its name back that a killed process was about to replace."""
    for old in path.parent.glob(f".{path.name}.*.old"):
        if not path.exists():
            old.rename(path)


def _sync(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_orphans(parent: Path, prefix: str) -> None:
    """Remove what killed writers left: folders whose lock nobody holds; nobody else publishes."""
    for orphan in parent.glob(f"{prefix}*.old"):
        shutil.rmtree(orphan, ignore_errors=True)
    for orphan in parent.glob(f"{prefix}*.part"):
        try:
            with (orphan / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            continue  # being written, or another user's
        except FileNotFoundError:
            pass  # killed while it was published
        shutil.rmtree(orphan, ignore_errors=True)
