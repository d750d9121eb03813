"""What importers of annotated recordings share: rows to recordings, and their pictures."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from signlab.corpora.importers.base import Recorded
from signlab.corpora.importers.tables import affected
from signlab.corpora.recordings import Recording
from signlab.corpora.validate import check_id
from signlab.errors import BadCorpus

PICTURES = {".png", ".jpg", ".jpeg"}
SPLITS = ("train", "dev", "test")


def recorded(recordings: Sequence[Recording], pictures: Path | None) -> Recorded:
    """Check recordings as a whole.

    Args:
        recordings: Of all splits.
        pictures: The folder with a folder of pictures for each; where it is not there, the
            recordings are taken as they are, to be found when landmarks are extracted. None:
            they may be videos as well.

    Raises:
        BadCorpus: An id is there twice or cannot be one, an utterance has no glosses, a recording
            has no pictures, or pictures have no annotation.
    """
    places = defaultdict(list)
    for recording in recordings:
        check_id(recording.id)
        places[recording.id].append(recording)
    twice = [name for name, found in places.items() if len(found) > 1]
    if twice:
        splits = " and ".join(recording.split for recording in places[twice[0]])
        raise BadCorpus(
            f"utterance {twice[0]!r} is there twice ({splits})" + affected(len(twice), "utterances")
        )
    silent = [recording.id for recording in recordings if not recording.glosses]
    if silent:
        raise BadCorpus(
            f"utterance {silent[0]!r} has no glosses" + affected(len(silent), "utterances")
        )
    if pictures is not None and pictures.is_dir():
        _check_pictures(recordings, pictures.absolute())
    glosses = {gloss for recording in recordings for gloss in recording.glosses}
    return Recorded(tuple(sorted(glosses)), recordings)


def _check_pictures(recordings: Sequence[Recording], pictures: Path) -> None:
    """Annotations without pictures and pictures without annotations are told, never dropped."""
    lost = [recording for recording in recordings if not _has_pictures(recording.media)]
    if lost:
        raise BadCorpus(
            f"utterance {lost[0].id!r} has no pictures in {lost[0].media}"
            + affected(len(lost), "utterances")
        )
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
                + affected(len(silent), "utterances")
            )


def _has_pictures(folder: Path) -> bool:
    return folder.is_dir() and any(file.suffix.lower() in PICTURES for file in folder.iterdir())
