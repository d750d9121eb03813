"""Utterances whose landmarks are still to come: annotated recordings.

An import without landmarks writes them as a corpus folder; ``signlab corpus extract`` fills in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signlab.corpora.base import Sample
from signlab.corpora.store import Store
from signlab.corpora.writing import Entry, write_entries
from signlab.landmarks.layout import HOLISTIC


@dataclass(frozen=True)
class Recording:
    """An utterance before its landmarks are extracted.

    Attributes:
        media: A video, or a folder of pictures in the order of their names; absolute.
        fps: Of a folder of pictures; a video tells itself.
    """

    id: str
    signer: str
    glosses: tuple[str, ...]
    split: str
    media: Path
    fps: float


def write_recordings(
    path: Path,
    *,
    name: str,
    licence: str,
    vocabulary: Sequence[str],
    recordings: Iterable[Recording],
) -> None:
    """Write recordings as a corpus folder that waits for its landmarks.

    Raises:
        BadCorpus: A recording cannot be used, there is none, or the disk is full.
    """
    write_entries(
        path,
        name=name,
        layout=HOLISTIC,
        licence=licence,
        vocabulary=vocabulary,
        entries=map(_entry, recordings),
        waiting=True,
    )


def read_recordings(store: Store) -> Iterator[Recording]:
    """The utterances of a corpus that waits for its landmarks, in order; else none."""
    index = store.index
    if index.media is None:
        return
    for row in range(len(index)):
        yield Recording(
            id=index.id(row),
            signer=index.signers.names[index.signers.codes[row]],
            glosses=index.glosses_of(row),
            split=index.splits.names[index.splits.codes[row]],
            media=Path(index.media[row].as_py()),
            fps=float(index.fps[row]),
        )


def _entry(recording: Recording) -> Entry:
    none = np.zeros((0, HOLISTIC.points, HOLISTIC.coordinates), dtype=np.int16)
    sample = Sample(recording.id, recording.signer, recording.glosses, none, fps=recording.fps)
    return Entry(sample, recording.split, str(recording.media))
