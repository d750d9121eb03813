"""What every corpus offers: its signers, its glosses, and the data of one fold."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16, UInt8

from signlab.landmarks.layout import Layout
from signlab.registry import Registry
from signlab.study.fold import Fold


@dataclass(frozen=True)
class Sample:
    """One utterance, ready to be batched.

    Attributes:
        id: Unique in its corpus.
        landmarks: Fixed point, see ``landmarks.layout``; may be a read-only view of a file.
        aspect: Height over width of the image, so that y can be brought to the scale of x.
        fps: Frames a second.
        spans: For each gloss its first frame and the one after its last; None where the corpus
            does not tell.
        visibility: How likely each point of the pose is to be seen, in 1/255; None where the
            tracker did not tell.
    """

    id: str
    signer: str
    glosses: tuple[str, ...]
    landmarks: Int16[np.ndarray, "frames points coordinates"]
    aspect: float = 1.0
    fps: float = 25.0
    spans: tuple[tuple[int, int], ...] | None = None
    visibility: UInt8[np.ndarray, "frames pose"] | None = None


@dataclass(frozen=True)
class Splits:
    """The data of one fold.

    Attributes:
        vocabulary: The glosses in the order of their labels (label = position + 1, 0 = blank).
        train: The training utterances of an epoch; the same every time, or fresh sentences.
        dev: For selection.
        test: Scored once.
        signed: The training utterances that somebody signed, where ``train`` gives others too.
    """

    vocabulary: tuple[str, ...]
    train: Callable[[int], Sequence[Sample]]
    dev: Sequence[Sample]
    test: Sequence[Sample]
    signed: Sequence[Sample] | None = None

    @cached_property
    def references(self) -> list[tuple[str, ...]]:
        """What a language model may learn from."""
        signed = self.train(0) if self.signed is None else self.signed
        return [sample.glosses for sample in signed]


class Corpus(ABC):
    """What a recipe's ``corpus:`` section names.

    Constructing one is cheap and checks only the settings. ``prepare`` does the long work once
    (in the parent, before any run); afterwards everything is memory-mapped and read-only, so
    that many processes can share it.
    """

    @abstractmethod
    def prepare(self, cache: Path) -> None:
        """Build what is generated below ``cache`` unless it is there already; idempotent.

        Raises:
            BadCorpus: The data is missing, truncated or wrong; names the file and the remedy.
        """

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """The points of a frame."""

    @property
    @abstractmethod
    def vocabulary(self) -> tuple[str, ...]:
        """The glosses in the order of their labels, whatever the fold."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """Hexadecimal SHA-256 of everything that decides the content."""

    @property
    @abstractmethod
    def signers(self) -> tuple[str, ...]:
        """All signers, sorted."""

    @property
    @abstractmethod
    def utterance_ids(self) -> tuple[str, ...]:
        """All ids that a fold by utterance can hold out, in order."""

    @abstractmethod
    def open(self, fold: Fold) -> Splits:
        """The data of ``fold``; ``prepare`` must have run.

        Raises:
            BadCorpus: A split is empty, or a gloss of dev or test is absent from training.
        """


CORPORA: Registry[Corpus] = Registry("corpus")

GENERATED = Path("corpora/generated")
"""Where generated corpora are kept, below the folder that signlab is started in."""


def open_corpus(choice: Mapping[str, Any]) -> Corpus:
    """The corpus that a recipe writes as ``{name: ..., **settings}``, prepared.

    Raises:
        BadInput: A setting, or the data, cannot be used.
    """
    corpus = CORPORA.build_choice(choice)
    corpus.prepare(GENERATED)
    return corpus
