"""Two utterances at once."""

from dataclasses import replace
from typing import Annotated

import torch
from pydantic import Field

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    frames_needed,
    partners,
    uniform,
)
from signlab.corpora.augment.time import at_lengths
from signlab.corpora.batches import Batch, Blended
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks, sent


@AUGMENTATIONS.register("mixup")
class Mixup(Augmentation):
    """Another sentence of the same signer blended in; the loss asks for the labels of both.

    With x1 and x2, resampled to as many frames, w x1 + (1 - w) x2 costs
    w CTC(labels 1) + (1 - w) CTC(labels 2). The blend of two postures is no skeleton, which is why
    no shipped recipe does this. Points that x1 lacks stay absent; those that x2 lacks are x1's. An
    utterance whose signer has no other in the batch, or none whose labels fit into its timesteps,
    is left as it is.

    Args:
        rate: Probability an utterance.
        lightest: Smallest weight w; the others are drawn from there to 1.

    Source: Zhang et al. 2018, "mixup: beyond empirical risk minimization", for the idea.
    """

    turn = 2

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        lightest: Annotated[float, Field(ge=0.5, lt=1)] = 0.5,
    ) -> None:
        del selection
        self._out_lengths = out_lengths
        self._rate = rate
        self._lightest = lightest

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Blend a partner into each chosen utterance."""
        landmarks = batch.landmarks
        draws = uniform(generator, len(batch.ids), 2)
        partner, found = partners(batch, generator)
        labels, counts = batch.labels[partner], batch.label_lengths[partner]
        needed = frames_needed(
            labels, counts, out_lengths=self._out_lengths, frames=landmarks.present.shape[1]
        )
        chosen = (draws[:, 0] < self._rate) & found & (needed <= landmarks.lengths)
        weight = torch.where(chosen, 1 - draws[:, 1] * (1 - self._lightest), 1.0)
        device = landmarks.points.device
        place = sent(partner, device)
        others = Landmarks(
            landmarks.points[place], landmarks.present[place], landmarks.lengths[partner]
        )
        theirs = at_lengths(others, landmarks.lengths)
        both = landmarks.present & theirs.present
        own_share = torch.where(both, sent(weight, device)[:, None, None], 1.0)[:, :, None]
        planes = torch.lerp(theirs.planes, landmarks.planes, own_share)
        return replace(
            batch,
            landmarks=Landmarks.from_planes(planes, landmarks.present, landmarks.lengths),
            blended=Blended(
                torch.where(chosen[:, None], labels, batch.labels),
                torch.where(chosen, counts, batch.label_lengths),
                weight,
            ),
        )
