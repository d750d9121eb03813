"""What an augmentation is, and what all of them need."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks, sent
from signlab.registry import Registry

Rate = Annotated[float, Field(ge=0, le=1)]
"""Probability that an utterance is changed."""

Share = Annotated[float, Field(ge=0, le=1)]
"""Part of a whole."""


OutLengths = Callable[[Int[Tensor, " batch"]], Int[Tensor, " batch"]]
"""Frames of utterances to timesteps of a model; more frames never give fewer."""


class Augmentation(ABC):
    """A random change of a batch that keeps landmarks, masks and labels consistent.

    Contract, checked for each registered one by tests/property/test_augment.py: rate 0 changes
    nothing; absent points stay 0 and padding stays absent; no utterance becomes too short for its
    labels; the same generator gives the same batch. What is drawn depends on the shape of the
    batch alone, never on its content. Points are changed on the device where they are; what is
    drawn and counted is on the CPU, so that draws are the same everywhere and nobody waits for an
    accelerator; ``sent`` brings it to the points.

    Attributes:
        apart: Whether two views of one utterance may be changed differently. Never where times or
            labels change: views are compared frame by frame.
        turn: Those of a lower one come first, whatever the order in the recipe.
        timed: Whether it needs to know when each gloss is signed.
    """

    apart: ClassVar[bool] = False
    turn: ClassVar[int] = 1
    timed: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The changed batch; the one given is left as it is."""

    def lengths(
        self,
        frames: Int[Tensor, " batch"],
        draws: Float[Tensor, " batch"],  # noqa: ARG002  # of use where lengths change
    ) -> Int[Tensor, " batch"]:
        """The frames that utterances of ``frames`` will have, given ``Batch.draws``."""
        return frames


AUGMENTATIONS: Registry[Augmentation] = Registry("augmentation", given=("selection", "out_lengths"))
"""Built with ``selection: Selection``, the points of a batch, and ``out_lengths: OutLengths``, how
many timesteps the model makes of so many frames."""


def uniform(generator: torch.Generator, *shape: int) -> Float[Tensor, "..."]:
    """Numbers from 0 to below 1."""
    return torch.rand(*shape, generator=generator)


def choose(rate: float, batch: Batch, generator: torch.Generator) -> Int[Tensor, " chosen"]:
    """Positions of the utterances to change, on the device of their points."""
    drawn = uniform(generator, len(batch.ids)) < rate
    return sent(drawn.nonzero().squeeze(1), batch.landmarks.points.device)


def partners(
    batch: Batch, generator: torch.Generator
) -> tuple[Int[Tensor, " batch"], Bool[Tensor, " batch"]]:
    """For each utterance another one of its signer, and whether there is one."""
    rows = len(batch.ids)
    draws = uniform(generator, rows, rows)
    numbers = torch.tensor([batch.signers.index(signer) for signer in batch.signers])
    same = numbers[:, None] == numbers
    allowed = same & ~torch.eye(rows, dtype=torch.bool)
    return draws.masked_fill(~allowed, -1.0).argmax(dim=1), allowed.any(dim=1)


def frames_needed(
    labels: Int[Tensor, "batch labels"],
    label_lengths: Int[Tensor, " batch"],
    *,
    out_lengths: OutLengths,
    frames: int,
) -> Int[Tensor, " batch"]:
    """The fewest frames from which the model can emit the labels.

    CTC needs a timestep for each label, and one for a blank between two that are the same.

    Args:
        frames: The most that matter; the result is one more where not even they suffice.
    """
    repeats = ((labels[:, 1:] == labels[:, :-1]) & (labels[:, 1:] != 0)).sum(dim=1)
    timesteps = out_lengths(torch.arange(frames + 1))
    return torch.searchsorted(timesteps.contiguous(), label_lengths + repeats)


def changed(
    batch: Batch,
    rows: Int[Tensor, " chosen"],
    planes: Float[Tensor, "chosen frames coordinates points"],
    present: Bool[Tensor, "chosen frames points"],
) -> Batch:
    """The batch with other landmarks in some of its utterances."""
    landmarks = batch.landmarks
    return replace(
        batch,
        landmarks=Landmarks.from_planes(
            landmarks.planes.index_copy(0, rows, planes),
            landmarks.present.index_copy(0, rows, present),
            landmarks.lengths,
        ),
    )


def hide(batch: Batch, hidden: Bool[Tensor, "#batch #frames #points"]) -> Batch:
    """The batch with some points made absent.

    Args:
        hidden: Which ones, of each utterance and frame; an axis of 1 stands for all of it.
    """
    landmarks = batch.landmarks
    hidden = sent(hidden, landmarks.points.device)
    return replace(
        batch,
        landmarks=replace(
            landmarks,
            points=landmarks.points * ~hidden[..., None],
            present=landmarks.present & ~hidden,
        ),
    )


def points_of(parts: Sequence[str], selection: Selection) -> Bool[Tensor, " points"]:
    """Which of the selected points belong to some parts."""
    members = torch.zeros(selection.points, dtype=torch.bool)
    for part in parts:
        members[selection.slices[part]] = True
    return members


def resampled(
    landmarks: Landmarks,
    *,
    first: Int[Tensor, "out_batch out_frames"],
    second: Int[Tensor, "out_batch out_frames"],
    weight: Float[Tensor, "out_batch out_frames"],
    lengths: Int[Tensor, " out_batch"],
) -> Landmarks:
    """Each new frame between two old ones.

    A point is present where it is in the nearer of the two; it is interpolated where it is in
    both, and else taken from the nearer.

    Args:
        first: Old frames as positions in (batch * frames); anything past ``lengths``.
        second: Likewise.
        weight: Of the second frame, 0 to 1.
    """
    planes, present = landmarks.planes.flatten(0, 1), landmarks.present.flatten(0, 1)
    valid = torch.arange(first.shape[1]) < lengths[:, None]
    size, device = first.shape, planes.device
    first, second, weight, valid = (
        sent(each.flatten(), device) for each in (first, second, weight, valid)
    )
    weight = weight[:, None]

    known = present.index_select(0, first), present.index_select(0, second)
    nearer = weight >= 0.5
    mask = torch.where(nearer, known[1], known[0]) & valid[:, None]
    blend = torch.where(known[0] & known[1], weight, nearer.float())
    mixed = torch.lerp(
        planes.index_select(0, first), planes.index_select(0, second), blend[:, None]
    )
    mixed *= mask[:, None]
    return Landmarks.from_planes(mixed.unflatten(0, size), mask.unflatten(0, size), lengths)
