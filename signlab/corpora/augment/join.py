"""Two sentences in one."""

from dataclasses import replace
from typing import Annotated

import torch
from jaxtyping import Bool, Int
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    frames_needed,
    resampled,
    uniform,
)
from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks


@AUGMENTATIONS.register("concatenate")
class Concatenate(Augmentation):
    """Another sentence of the same signer appended, with its labels (CutMix of sequences).

    The hands move from one to the other over a few interpolated frames. An utterance whose signer
    has no other in the batch is left as it is.

    Args:
        rate: Probability an utterance.
        gap: Interpolated frames between the two.
        frames: The two together have no more frames than this.
    """

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        gap: Annotated[int, Field(ge=0)] = 4,
        frames: Annotated[int, Field(gt=0)] = 400,
    ) -> None:
        del selection
        self._out_lengths = out_lengths
        self._rate = rate
        self._gap = gap
        self._frames = frames

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Append to each chosen utterance a partner drawn from its signer's others."""
        device = batch.labels.device
        rows = len(batch.ids)
        chosen = uniform(generator, rows).to(device) < self._rate
        draws = uniform(generator, rows, rows).to(device)
        allowed = _same_signer(batch.signers).to(device)
        partner = draws.masked_fill(~allowed, -1.0).argmax(dim=1)
        joined = chosen & allowed.any(dim=1)

        labels, label_lengths = _join_labels(batch, partner)
        own, other = batch.landmarks.lengths, batch.landmarks.lengths[partner]
        lengths = own + self._gap + other
        needed = frames_needed(
            labels, label_lengths, out_lengths=self._out_lengths, frames=self._frames
        )
        joined &= (lengths <= self._frames) & (needed <= lengths)

        labels = torch.where(joined[:, None], labels, _widened(batch.labels, labels.shape[1]))
        label_lengths = torch.where(joined, label_lengths, batch.label_lengths)
        landmarks = self._join(batch.landmarks, partner, torch.where(joined, lengths, own))
        return replace(
            batch,
            landmarks=landmarks,
            labels=labels[:, : int(label_lengths.max())],
            label_lengths=label_lengths,
        )

    def _join(
        self,
        landmarks: Landmarks,
        partner: Int[Tensor, " batch"],
        lengths: Int[Tensor, " batch"],
    ) -> Landmarks:
        """Each utterance, the gap and its partner, as far as ``lengths`` goes."""
        rows, frames = landmarks.present.shape[:2]
        device = lengths.device
        own = landmarks.lengths[:, None]
        place = torch.arange(int(lengths.max()), device=device).expand(rows, -1)
        start = torch.arange(rows, device=device)[:, None] * frames
        after = (place - own - self._gap).clamp(min=0)
        theirs = partner[:, None] * frames + torch.minimum(
            after, landmarks.lengths[partner, None] - 1
        )
        ours = start + torch.minimum(place, own - 1)
        weight = ((place - own + 1) / (self._gap + 1)).clamp(0, 1)
        return resampled(landmarks, first=ours, second=theirs, weight=weight, lengths=lengths)


def _same_signer(signers: tuple[str, ...]) -> Bool[Tensor, "batch batch"]:
    """Which utterances are of the same signer but not the same."""
    numbers = torch.tensor([signers.index(signer) for signer in signers])
    return (numbers[:, None] == numbers) & ~torch.eye(len(signers), dtype=torch.bool)


def _join_labels(
    batch: Batch, partner: Int[Tensor, " batch"]
) -> tuple[Int[Tensor, "batch labels2"], Int[Tensor, " batch"]]:
    """The labels of each utterance followed by its partner's, and how many."""
    width = batch.labels.shape[1]
    lengths = batch.label_lengths + batch.label_lengths[partner]
    both = torch.cat([batch.labels, batch.labels[partner]], dim=1)
    place = torch.arange(2 * width, device=both.device)
    own = batch.label_lengths[:, None]
    source = torch.where(place < own, place, (place - own + width).clamp(max=2 * width - 1))
    return both.gather(1, source) * (place < lengths[:, None]), lengths


def _widened(labels: Int[Tensor, "batch labels"], width: int) -> Int[Tensor, "batch {width}"]:
    """The labels with more padding."""
    return torch.nn.functional.pad(labels, (0, width - labels.shape[1]))
