"""Utterances whose landmarks are still to come: annotated recordings.

An import without landmarks writes them as a corpus folder; ``signlab corpus extract`` fills in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from signlab.corpora.base import Sample
from signlab.corpora.store import Store
from signlab.corpora.writing import Entry
from signlab.landmarks.layout import HOLISTIC


@dataclass(frozen=True)
class Recording:
    """An utterance before its landmarks are extracted.

    Attributes:
        media: A video, or a folder of pictures in the order of their names; absolute.
        fps: Of a folder of pictures; a video tells itself.
        where: File and line of its annotation, for messages.
    """

    id: str
    signer: str
    glosses: tuple[str, ...]
    split: str
    media: Path
    fps: float
    where: str = field(default="", compare=False)


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


def waiting_entry(recording: Recording) -> Entry:
    """A recording on its way into a corpus that waits for its landmarks."""
    none = np.zeros((0, HOLISTIC.points, HOLISTIC.coordinates), dtype=np.int16)
    sample = Sample(recording.id, recording.signer, recording.glosses, none, fps=recording.fps)
    return Entry(sample, recording.split, str(recording.media))
