"""A corpus folder filled with the landmarks of its films; stopped, it goes on where it was."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from signlab.corpora.atomic import explained, recover
from signlab.corpora.base import Sample
from signlab.corpora.extract.films import Films
from signlab.corpora.extract.meter import Meter
from signlab.corpora.extract.workers import Task, Told, track
from signlab.corpora.importers.faults import affected
from signlab.corpora.recordings import Recording
from signlab.corpora.store import Store, write_corpus
from signlab.corpora.validate import check_id
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC


@dataclass(frozen=True)
class Filled:
    """What came out.

    Attributes:
        kept: Films that an earlier call had tracked.
        failures: For each film that cannot be used, why.
    """

    store: Store
    kept: int
    failures: dict[str, str]


def fill(
    films: Films,
    out: Path,
    model: Path,
    *,
    name: str | None,
    licence: str | None,
    workers: int,
    meter: Meter,
) -> Filled:
    """Track the films and write them as a corpus folder.

    Landmarks wait in a folder beside ``out`` until all films are done, so that a stopped call
    loses at most the films under way. Utterances that ``out`` already has are taken from there.

    Args:
        films: What to track.
        out: The corpus folder.
        model: MediaPipe's bundle.
        name: Of the corpus, if not the films' own or the folder's.
        licence: Of the data, if not the films' own.
        workers: Processes.
        meter: Shows how far it is.

    Raises:
        BadCorpus: Another call is at it, no film can be used, or the disk is full.
    """
    for recording in films.recordings:
        check_id(recording.id)
    recover(out)
    before = _Before(out, films)
    with _work_folder(out) as work:
        tasks = {
            recording.id: Task(recording.media, recording.fps, _target(work, recording))
            for recording in films.recordings
            if recording.id not in before.rows
        }
        todo = [task for task in tasks.values() if not task.target.exists()]
        failed: dict[Path, str] = {}

        def heard(told: Told) -> None:
            if told.failure is not None:
                failed[told.task.target] = told.failure
            meter.add(told)

        meter.start(todo)
        with explained(out):
            track(todo, model, workers=workers, log=work / "mediapipe.log", tell=heard)
        failures = {name: failed[t.target] for name, t in tasks.items() if t.target in failed}
        good = [recording for recording in films.recordings if recording.id not in failures]
        if not good:
            first = next(iter(failures.values()))
            raise BadCorpus(f"none of {len(failures)} films can be used; the first: {first}")
        write_corpus(
            out,
            name=name or films.name or out.name,
            layout=HOLISTIC,
            licence=licence or films.licence or "unknown",
            vocabulary=films.vocabulary,
            samples=_samples(good, before, tasks),
        )
    shutil.rmtree(work)
    return Filled(Store.open(out), len(films.recordings) - len(todo), failures)


class _Before:
    """The utterances that the corpus folder has from an earlier call.

    Raises:
        BadCorpus: It has others, or other landmarks: they must not be lost.
    """

    def __init__(self, out: Path, films: Films) -> None:
        self.rows: dict[str, int] = {}
        if not (out / "corpus.json").exists():
            return
        self._store = Store.open(out)
        known = {recording.id for recording in films.recordings}
        lost = [name for name in self._store.ids if name not in known]
        if lost or self._store.layout != HOLISTIC:
            told = f"utterance {lost[0]!r}" if lost else f"layout {self._store.layout.name!r}"
            raise BadCorpus(
                f"{out} is a corpus already, with {told}, which these films do not have; choose "
                f"another folder{affected(lost) if lost else ''}"
            )
        if not self._store.waiting:
            self.rows = {name: row for row, name in enumerate(self._store.ids)}

    def sample(self, name: str) -> Sample:
        return self._store.sample(self.rows[name])


def _samples(
    recordings: list[Recording], before: _Before, tasks: dict[str, Task]
) -> Iterator[tuple[Sample, str]]:
    for recording in recordings:
        known = recording.id in before.rows
        found = before.sample(recording.id) if known else _loaded(tasks[recording.id].target)
        yield (
            replace(found, id=recording.id, signer=recording.signer, glosses=recording.glosses),
            recording.split,
        )


def _loaded(file: Path) -> Sample:
    """What a worker found; whose it is comes from the recording."""
    with np.load(file, allow_pickle=False) as arrays:
        return Sample(
            id="",
            signer="",
            glosses=(),
            landmarks=arrays["landmarks"],
            visibility=arrays["visibility"],
            fps=float(arrays["fps"]),
            aspect=float(arrays["aspect"]),
        )


def _target(work: Path, recording: Recording) -> Path:
    """The file of a film's landmarks; a film that changed gets another."""
    media = recording.media
    known = media.stat() if media.exists() else None
    stamp = [str(media), recording.fps, known and (known.st_size, known.st_mtime_ns)]
    return work / f"{hashlib.sha256(repr(stamp).encode()).hexdigest()[:32]}.npz"


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """Where landmarks wait until all films are done; it stays when the work is interrupted.

    Raises:
        BadCorpus: Another process is using it, or the file system refuses.
    """
    work = out.parent / f".{out.name}.extracting"
    with explained(out):
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadCorpus(f"{out} is being extracted by another process") from None
        yield work
