"""Augmentations of time: another speed, lost frames."""

from dataclasses import replace
from typing import Annotated

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    Share,
    frames_needed,
    resampled,
    uniform,
)
from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks
from signlab.registry import BadSetting

Factor = Annotated[float, Field(gt=0)]


@AUGMENTATIONS.register("time_warp")
class TimeWarp(Augmentation):
    """Each utterance slower or faster as a whole.

    Factors are drawn evenly on a logarithmic scale, so that faster is as likely as slower. They
    come with the batch (``Batch.draws``): of utterances alike in length before they are warped, a
    third would be padding afterwards.

    Args:
        rate: Probability an utterance.
        low: Smallest factor of the number of frames (0.5 is twice as fast).
        high: Largest factor. No utterance becomes shorter than its labels need.
    """

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        low: Factor = 0.5,
        high: Factor = 1.6,
    ) -> None:
        del selection
        if low > high:
            raise BadSetting("low", f"low ({low}) must not be above high ({high})")
        self._out_lengths = out_lengths
        self._rate = rate
        self._low = low
        self._span = high / low

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Resample, with the ends of the utterance kept."""
        old = batch.landmarks.lengths
        draws = uniform(generator, len(batch.ids)) if batch.draws is None else batch.draws
        needed = frames_needed(
            batch.labels,
            batch.label_lengths,
            out_lengths=self._out_lengths,
            frames=batch.landmarks.points.shape[1],
        )
        new = self.lengths(old, draws)
        new = torch.maximum(new, torch.minimum(needed, old))
        return replace(batch, landmarks=at_lengths(batch.landmarks, new), spans=None)

    def lengths(
        self, frames: Int[Tensor, " batch"], draws: Float[Tensor, " batch"]
    ) -> Int[Tensor, " batch"]:
        """The draws below the rate choose who is warped, and tell by how much."""
        warped = frames * self._low * self._span ** (draws / self._rate)
        return torch.where(draws < self._rate, warped, frames).round().long().clamp(min=1)


def at_lengths(landmarks: Landmarks, lengths: Int[Tensor, " batch"]) -> Landmarks:
    """Every utterance resampled to a new length; first and last frames stay what they are."""
    rows, frames = landmarks.present.shape[:2]
    stride = (landmarks.lengths - 1) / (lengths - 1).clamp(min=1)
    place = torch.arange(int(lengths.max())) * stride[:, None]
    last = (landmarks.lengths - 1)[:, None]
    first = torch.minimum(place.long(), last)
    start = torch.arange(rows)[:, None] * frames
    return resampled(
        landmarks,
        first=start + first,
        second=start + torch.minimum(first + 1, last),
        weight=(place - first).clamp(0, 1),
        lengths=lengths,
    )


@AUGMENTATIONS.register("frame_drop")
class FrameDrop(Augmentation):
    """Single frames lost, as a camera loses them: the utterance gets shorter by as many.

    Args:
        rate: Probability an utterance.
        share: Of the utterance's frames, lost at random places; fewer where its labels need them.
    """

    def __init__(
        self, *, selection: Selection, out_lengths: OutLengths, rate: Rate = 0.1, share: Share = 0.1
    ) -> None:
        del selection
        self._out_lengths = out_lengths
        self._rate = rate
        self._share = share

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Keep the frames with the highest draws, in their order."""
        landmarks = batch.landmarks
        rows, frames = landmarks.present.shape[:2]
        old = landmarks.lengths
        chosen = uniform(generator, rows) < self._rate
        # frames first: the draws of a frame do not depend on how many frames follow
        draws = uniform(generator, frames, rows).T
        needed = frames_needed(
            batch.labels, batch.label_lengths, out_lengths=self._out_lengths, frames=frames
        )
        spare = (old - needed.clamp(min=1)).clamp(min=0)
        lost = torch.minimum((old * self._share).round().long(), spare) * chosen
        order = draws.masked_fill(~landmarks.valid, 2.0).argsort(dim=1)
        rank = torch.empty_like(order).scatter_(1, order, torch.arange(frames).expand(rows, -1))
        kept = (rank >= lost[:, None]).to(torch.int8).argsort(dim=1, descending=True, stable=True)
        lengths = old - lost
        source = kept[:, : int(lengths.max())] + torch.arange(rows)[:, None] * frames
        weight = torch.zeros(source.shape)
        return replace(
            batch,
            landmarks=resampled(
                landmarks, first=source, second=source, weight=weight, lengths=lengths
            ),
            spans=None,
        )
