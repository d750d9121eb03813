"""Augmentations of space: the other hand, another build and camera, tracking noise."""

import math
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    changed,
    choose,
    uniform,
)
from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import sent
from signlab.registry import BadSetting

Amount = Annotated[float, Field(ge=0)]


@AUGMENTATIONS.register("mirror")
class Mirror(Augmentation):
    """Left and right exchanged: a right-handed signer becomes a left-handed one.

    The sides of x change and so do the parts: the left hand's points become the right hand's, and
    every point of pose and face becomes its counterpart.

    Args:
        rate: Probability an utterance.
    """

    apart = True

    def __init__(self, *, selection: Selection, out_lengths: OutLengths, rate: Rate = 0.3) -> None:
        del out_lengths
        self._rate = rate
        self._counterpart = torch.from_numpy(selection.mirror)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Mirror at the body's middle, which is x = 0."""
        rows = choose(self._rate, batch, generator)
        landmarks = batch.landmarks
        counterpart = sent(self._counterpart, rows.device)
        planes = landmarks.planes[rows].index_select(3, counterpart)
        planes[:, :, 0].neg_()
        present = landmarks.present[rows].index_select(2, counterpart)
        return changed(batch, rows, planes, present)


@AUGMENTATIONS.register("affine")
class Affine(Augmentation):
    """Another build and camera: turned, sheared, scaled and shifted about the body's middle.

    Landmarks are body-centred already, so that a scale changes the reach of the arms and the size
    of the face against the shoulders, and a shift the place of the signing space.

    Args:
        rate: Probability an utterance.
        rotation: Largest angle in the image plane, in degrees either way.
        shear: Largest shear of x by y, and of y by x.
        low: Smallest scale.
        high: Largest scale.
        shift: Largest shift in x and in y, in shoulder widths.
    """

    apart = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.8,
        rotation: Amount = 30.0,
        shear: Amount = 0.2,
        low: Annotated[float, Field(gt=0)] = 0.7,
        high: Annotated[float, Field(gt=0)] = 1.3,
        shift: Amount = 0.15,
    ) -> None:
        del selection, out_lengths
        if low > high:
            raise BadSetting("low", f"low ({low}) must not be above high ({high})")
        self._rate = rate
        self._rotation = math.radians(rotation)
        self._shear = shear
        self._low = low
        self._high = high
        self._shift = shift

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """One transformation an utterance, the same for all its frames."""
        rows = choose(self._rate, batch, generator)
        landmarks = batch.landmarks
        draws = sent(uniform(generator, len(batch.ids), 6), rows.device)[rows]
        turn, shift, scale = self._transformation(draws)
        x, y, *z = landmarks.planes[rows].unbind(2)
        moved = [
            x * row[:, 0, None, None] + y * row[:, 1, None, None] + offset[:, None, None]
            for row, offset in zip(turn.unbind(1), shift.unbind(1), strict=True)
        ]
        moved += [plane * scale[:, None, None] for plane in z]
        present = landmarks.present[rows]
        return changed(batch, rows, torch.stack(moved, dim=2) * present[:, :, None], present)

    def _transformation(
        self, draws: Float[Tensor, "chosen 6"]
    ) -> tuple[Float[Tensor, "chosen 2 2"], Float[Tensor, "chosen 2"], Float[Tensor, " chosen"]]:
        """A matrix and a shift of (x, y), and the scale, which is z's as well."""
        spread = draws * 2 - 1
        angle = spread[:, 0] * self._rotation
        scale = self._low + draws[:, 1] * (self._high - self._low)
        x_by_y, y_by_x = (spread[:, 2:4] * self._shear).unbind(1)
        turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
        one = torch.ones_like(angle)
        shear = torch.stack([one, x_by_y, y_by_x, one], dim=1).view(-1, 2, 2)
        return scale[:, None, None] * (turn @ shear), spread[:, 4:6] * self._shift, scale


@AUGMENTATIONS.register("noise")
class Noise(Augmentation):
    """Every point of every frame a little astray, as trackers are.

    Args:
        rate: Probability an utterance.
        scale: Standard deviation in shoulder widths.
    """

    apart = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.05,
        scale: Amount = 0.01,
    ) -> None:
        del selection, out_lengths
        self._rate = rate
        self._scale = scale

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Add normal noise to the present points."""
        rows = choose(self._rate, batch, generator)
        landmarks = batch.landmarks
        noise = sent(torch.randn(landmarks.planes.shape, generator=generator), rows.device)
        moved = landmarks.planes[rows] + self._scale * noise[rows]
        present = landmarks.present[rows]
        return changed(batch, rows, moved * present[:, :, None], present)
