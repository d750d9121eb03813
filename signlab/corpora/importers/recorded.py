"""What importers of annotated recordings share: rows to recordings, and their pictures."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from signlab.corpora.importers.base import Recorded
from signlab.corpora.importers.faults import affected, check_distinct
from signlab.corpora.recordings import Recording
from signlab.errors import BadCorpus
from signlab.landmarks.video import PICTURES

SPLITS = ("train", "dev", "test")


def recorded(recordings: Sequence[Recording], pictures: Path | None) -> Recorded:
    """Check recordings as a whole.

    Args:
        recordings: Of all splits.
        pictures: The folder with a folder of pictures for each; where it is not there, the
            recordings are taken as they are, to be found when landmarks are extracted. None:
            they may be videos as well.

    Raises:
        BadCorpus: An id is there twice, an utterance has no glosses, a recording has no pictures,
            or pictures have no annotation.
    """
    check_distinct(recordings, lambda one: one.id, lambda one: one.where)
    silent = [recording for recording in recordings if not recording.glosses]
    if silent:
        _refuse(silent, "has no glosses")
    if pictures is not None and pictures.is_dir():
        _check_pictures(recordings, pictures.absolute())
    glosses = {gloss for recording in recordings for gloss in recording.glosses}
    return Recorded(tuple(sorted(glosses)), recordings)


def _check_pictures(recordings: Sequence[Recording], pictures: Path) -> None:
    """Annotations without pictures and pictures without annotations are told, never dropped."""
    lost = [recording for recording in recordings if not _has_pictures(recording.media)]
    if lost:
        _refuse(lost, f"has no png or jpg pictures in {lost[0].media}")
    known: dict[Path, set[str]] = defaultdict(set)
    for recording in recordings:
        split = pictures / recording.split
        root = split if recording.media.is_relative_to(split) else pictures
        known[root].add(recording.media.relative_to(root).parts[0])
    for root, names in known.items():
        folders = sorted(entry for entry in root.iterdir() if entry.is_dir())
        silent = [folder for folder in folders if folder.name not in names]
        if silent:
            raise BadCorpus(
                f"{silent[0]} has no annotation; move it out, or add it to the table"
                + affected(folder.name for folder in silent)
            )


def _refuse(recordings: Sequence[Recording], fault: str) -> NoReturn:
    first, names = recordings[0], [recording.id for recording in recordings]
    raise BadCorpus(f"{first.where}: utterance {first.id!r} {fault}{affected(names)}")


def _has_pictures(folder: Path) -> bool:
    return folder.is_dir() and any(file.suffix.lower() in PICTURES for file in folder.iterdir())
