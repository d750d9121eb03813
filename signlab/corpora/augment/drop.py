"""Augmentations that hide: parts and fingers that trackers lose, moments that are not seen."""

from typing import Annotated

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    Share,
    hide,
    points_of,
    uniform,
)
from signlab.corpora.batches import Batch
from signlab.errors import BadInput
from signlab.landmarks.selection import FINGERS, Selection
from signlab.registry import BadSetting


def spans(
    lengths: Int[Tensor, " batch"],
    draws: Float[Tensor, "batch 2"],
    *,
    shortest: float = 0.0,
    longest: float,
    frames: int,
) -> Bool[Tensor, "batch {frames}"]:
    """One stretch of frames an utterance.

    Args:
        draws: From 0 to 1: how long the stretch is, and where it starts.
        shortest: Smallest share of the utterance.
        longest: Largest share of the utterance.
        frames: Width of the result.
    """
    size = (lengths * (shortest + (longest - shortest) * draws[:, 0])).round()
    start = ((lengths - size + 1) * draws[:, 1]).floor()
    place = torch.arange(frames)
    return (place >= start[:, None]) & (place < (start + size)[:, None])


@AUGMENTATIONS.register("part_drop")
class PartDrop(Augmentation):
    """A hand, both hands or the face lost for a while, as trackers lose them.

    With ``shortest`` 1 it is part dropout: the recogniser learns to do without a part.

    Args:
        rate: Probability an utterance.
        shortest: Smallest share of the utterance's frames.
        longest: Largest share of them.

    Raises:
        BadSetting: ``shortest`` is above ``longest``.
    """

    apart = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        shortest: Share = 0.0,
        longest: Share = 0.5,
    ) -> None:
        del out_lengths
        if shortest > longest:
            raise BadSetting("shortest", f"{shortest} should not be above longest = {longest}")
        self._rate = rate
        self._shares = {"shortest": shortest, "longest": longest}
        losses = [points_of(parts, selection) for parts in selection.losses.values()]
        self._members = torch.stack(losses or [points_of((), selection)])

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Hide one of these during one stretch."""
        lengths = batch.landmarks.lengths
        draws = uniform(generator, len(batch.ids), 4)
        part = (draws[:, 1] * len(self._members)).long()
        frames = batch.landmarks.present.shape[1]
        stretch = spans(lengths, draws[:, 2:], **self._shares, frames=frames)
        stretch &= (draws[:, 0] < self._rate)[:, None]
        return hide(batch, stretch[:, :, None] & self._members[part][:, None])


@AUGMENTATIONS.register("finger_drop")
class FingerDrop(Augmentation):
    """Some fingers of each hand hidden throughout, so that no single one is relied on.

    Args:
        rate: Probability an utterance.
        fingers: How many of each hand.

    Raises:
        BadInput: The layout tracks a hand as a single point.
    """

    apart = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.1,
        fingers: Annotated[int, Field(ge=1, le=5)] = 1,
    ) -> None:
        del out_lengths
        self._rate = rate
        self._fingers = fingers
        if selection.tracks:
            raise BadInput(
                f"augment.finger_drop: layout {selection.layout.name!r} tracks a hand as one point "
                "and has no fingers; leave it out"
            )
        hands = [part for part in ("left_hand", "right_hand") if part in selection.slices]
        self._members = torch.zeros(len(hands), len(FINGERS), selection.points, dtype=torch.bool)
        for row, hand in enumerate(hands):
            for column, numbers in enumerate(FINGERS):
                positions = [selection.position(hand, number) for number in numbers]
                self._members[row, column, positions] = True

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Hide the fingers with the lowest draws."""
        rows = len(batch.ids)
        chosen = uniform(generator, rows) < self._rate
        draws = uniform(generator, rows, *self._members.shape[:2])
        dropped = draws.argsort(dim=-1).argsort(dim=-1) < self._fingers
        hidden = (dropped[..., None] & self._members).flatten(1, 2).any(dim=1) & chosen[:, None]
        return hide(batch, hidden[:, None])


@AUGMENTATIONS.register("temporal_mask")
class TemporalMask(Augmentation):
    """Short moments with everything hidden: what happens there must be told from around.

    Args:
        rate: Probability an utterance.
        masks: Moments an utterance; they may overlap.
        longest: Largest share of the utterance's frames that each hides.
    """

    apart = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.3,
        masks: Annotated[int, Field(ge=1)] = 2,
        longest: Share = 0.1,
    ) -> None:
        del selection, out_lengths
        self._rate = rate
        self._masks = masks
        self._longest = longest

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Hide all points during the moments; the utterance keeps its length."""
        present = batch.landmarks.present
        rows, frames = present.shape[:2]
        lengths = batch.landmarks.lengths
        chosen = uniform(generator, rows) < self._rate
        draws = uniform(generator, self._masks, rows, 2)
        hidden = torch.zeros(rows, frames, dtype=torch.bool)
        for drawn in draws:
            hidden |= spans(lengths, drawn, longest=self._longest, frames=frames)
        hidden &= chosen[:, None]
        return hide(batch, hidden[:, :, None])
