"""A corpus so small that a recogniser learns it in seconds, and components with known effects.

Each gloss is a place of the right hand, which the pose's wrist shows as well; the first two share
one, and only the left hand tells them apart. A component that hides the hands must therefore
confuse these two, and nothing else.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from signlab.corpora.base import CORPORA, Corpus, Sample, Splits
from signlab.landmarks.layout import POSE_HANDS, Layout, quantise
from signlab.study.fold import Fold

RIGHT_WRIST = 16
SPLITS = {"train": ("a", "b", "c"), "dev": ("d",), "test": ("e", "f", "g")}


@CORPORA.register("toy")
class Toy(Corpus):
    """Glosses as places of the right hand, with the left hand or without."""

    def __init__(
        self,
        *,
        glosses: Annotated[int, Field(gt=1)] = 6,
        sentences: int = 32,
        held_frames: int = 8,
        crash_at: str = "",
    ) -> None:
        self._glosses = tuple(f"G{i}" for i in range(glosses))
        self._sentences = sentences
        self._held = held_frames
        self._crash_at = crash_at

    def prepare(self, cache: Path) -> None:
        """Nothing to do."""

    @property
    def layout(self) -> Layout:
        return POSE_HANDS

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return self._glosses

    @property
    def digest(self) -> str:
        return f"{len(self._glosses):032x}{self._sentences:016x}{self._held:016x}"

    @property
    def signers(self) -> tuple[str, ...]:
        return tuple(sorted(s for signers in SPLITS.values() for s in signers))

    @property
    def utterance_ids(self) -> tuple[str, ...]:
        return tuple(s.id for split in SPLITS for s in self._samples(split))

    def open(self, fold: Fold) -> Splits:  # noqa: ARG002  # one fold is all it has
        train = self._samples("train")
        return Splits(
            self._glosses, self._training_data(train), self._samples("dev"), self._samples("test")
        )

    def _training_data(self, samples: list[Sample]) -> Callable[[int], Sequence[Sample]]:
        """The same in every epoch; a corpus that shall crash does so in the second."""

        def epoch(number: int) -> Sequence[Sample]:
            if self._crash_at == "train" and number == 1:
                raise RuntimeError("the disk is on fire")
            return samples

        return epoch

    def _samples(self, split: str) -> list[Sample]:
        return [
            self._sentence(signer, number)
            for signer in SPLITS[split]
            for number in range(self._sentences)
        ]

    def _sentence(self, signer: str, number: int) -> Sample:
        rng = np.random.default_rng([ord(signer), number])
        # each differs from the one before: nothing parts two of a kind
        changes = rng.integers(1, len(self._glosses), size=rng.integers(2, 5))
        glosses = np.cumsum(changes) % len(self._glosses)
        held = np.repeat(glosses, self._held)
        angles = 2 * np.pi * np.maximum(held, 1) / len(self._glosses)
        frames = np.full((len(angles), POSE_HANDS.points, 3), np.nan, np.float32)
        # shoulders, so that a body's width is known, then the hand at its place
        frames[:, 11], frames[:, 12] = (0.6, 0.5, 0), (0.4, 0.5, 0)
        place = np.stack([0.5 + 0.2 * np.cos(angles), 0.5 + 0.2 * np.sin(angles)], axis=1)
        frames[:, RIGHT_WRIST] = np.pad(place, ((0, 0), (0, 1)))
        shape = np.random.default_rng(0).normal(0, 0.03, (21, 3))
        frames[:, POSE_HANDS.slices["right_hand"]] = frames[:, [RIGHT_WRIST]] + shape
        frames[held == 0, POSE_HANDS.slices["left_hand"]] = np.array([0.7, 0.7, 0.0]) + shape
        frames += rng.normal(0, 0.004, frames.shape).astype(np.float32)
        names = tuple(self._glosses[g] for g in glosses)
        return Sample(f"{signer}-{number}", signer, names, quantise(frames))
