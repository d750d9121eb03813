"""What every importer offers, and the checks that they share."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int16

from signlab.corpora.base import Sample
from signlab.corpora.recordings import Recording
from signlab.errors import BadCorpus
from signlab.landmarks.layout import UNIT, Layout, quantise
from signlab.registry import Registry

REST = "-"
"""The usual name of the class of clips in which nothing is signed."""

_LIMIT = 32767 / UNIT


@dataclass(frozen=True)
class Imported:
    """What an importer found; the samples are read while they are taken.

    Attributes:
        vocabulary: In the order of the labels.
        samples: Each utterance with its split.
        utterances: How many there are.
    """

    layout: Layout
    vocabulary: tuple[str, ...]
    samples: Iterable[tuple[Sample, str]]
    utterances: int


@dataclass(frozen=True)
class Recorded:
    """What an importer found where landmarks are still to be extracted.

    Attributes:
        vocabulary: In the order of the labels.
        recordings: All utterances.
    """

    vocabulary: tuple[str, ...]
    recordings: Sequence[Recording]


class Importer(ABC):
    """Reads one kind of files; its constructor takes what the files do not tell."""

    @abstractmethod
    def read(self, path: Path) -> Imported | Recorded:
        """Find the utterances below ``path``; their landmarks are read later, one at a time.

        Raises:
            BadCorpus: A file is missing, unreadable or wrong; names it, and how many utterances
                are affected.
        """


IMPORTERS: Registry[Importer] = Registry("kind of data")


def stored(
    landmarks: Float32[np.ndarray, "frames points coordinates"],
    where: Path | str,
    *,
    files: Sequence[Path] = (),
) -> Int16[np.ndarray, "frames points coordinates"]:
    """Fixed point of image coordinates; a point of zeros or of NaN alone was not tracked.

    Args:
        landmarks: Shares of the image.
        where: What a message calls the utterance.
        files: Of each frame, where it has one of its own.

    Raises:
        BadCorpus: There are no frames, some coordinates of a point are NaN, any is infinite, or
            they are no shares of the image.
    """
    if len(landmarks) == 0:
        raise BadCorpus(f"{where} has no frames; leave it out or record it again")
    unknown = np.isnan(landmarks)
    absent = unknown.all(axis=-1) | (landmarks == 0).all(axis=-1)
    broken = (~np.isfinite(landmarks)).any(axis=-1) & ~absent
    if broken.any():
        frame = int(np.argmax(broken.any(axis=1)))
        told = files[frame] if files else f"{where}, frame {frame}"
        raise BadCorpus(f"{told} has NaN or infinite landmarks; repair or remove it")
    values = np.where(absent[..., None], np.float32(np.nan), landmarks)
    seen = np.abs(landmarks[~absent][:, :2])
    if seen.size and np.median(seen) > _LIMIT:
        raise BadCorpus(
            f"{where} has coordinates like {np.median(seen):.0f}; divide x by the width of the "
            "image and y by its height"
        )
    return quantise(values)
