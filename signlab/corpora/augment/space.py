"""Augmentations of space: the other hand, another build and camera, tracking noise."""

import math
from dataclasses import replace
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import AUGMENTATIONS, Augmentation, Rate, choose, uniform
from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection
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

    def __init__(self, *, selection: Selection, downsample: int, rate: Rate = 0.5) -> None:
        del downsample
        self._rate = rate
        self._counterpart = torch.from_numpy(selection.mirror)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Mirror at the body's middle, which is x = 0."""
        rows = choose(self._rate, batch, generator)
        landmarks = batch.landmarks
        counterpart = self._counterpart.to(rows.device)
        points = landmarks.points[rows].index_select(2, counterpart)
        points[..., 0].neg_()
        present = landmarks.present[rows].index_select(2, counterpart)
        return replace(
            batch,
            landmarks=replace(
                landmarks,
                points=landmarks.points.index_copy(0, rows, points),
                present=landmarks.present.index_copy(0, rows, present),
            ),
        )


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

    def __init__(
        self,
        *,
        selection: Selection,
        downsample: int,
        rate: Rate = 0.8,
        rotation: Amount = 30.0,
        shear: Amount = 0.2,
        low: Annotated[float, Field(gt=0)] = 0.7,
        high: Annotated[float, Field(gt=0)] = 1.3,
        shift: Amount = 0.15,
    ) -> None:
        del selection, downsample
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
        draws = uniform(generator, len(batch.ids), 6).to(rows.device)[rows]
        coordinates = landmarks.points.shape[-1]
        matrix, shift = self._transformation(draws, coordinates)
        points = landmarks.points[rows].flatten(1, 2)
        present = landmarks.present[rows].flatten(1, 2)
        moved = torch.baddbmm(shift[:, None], points, matrix) * present[..., None]
        moved = moved.unflatten(1, landmarks.present.shape[1:])
        points = landmarks.points.index_copy(0, rows, moved)
        return replace(batch, landmarks=replace(landmarks, points=points))

    def _transformation(
        self, draws: Float[Tensor, "chosen 6"], coordinates: int
    ) -> tuple[
        Float[Tensor, "chosen coordinates coordinates"], Float[Tensor, "chosen coordinates"]
    ]:
        """A matrix for row vectors, and a shift; z is scaled alone."""
        spread = draws * 2 - 1
        angle = spread[:, 0] * self._rotation
        scale = self._low + draws[:, 1] * (self._high - self._low)
        x_by_y, y_by_x = (spread[:, 2:4] * self._shear).unbind(1)
        turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], 1).view(-1, 2, 2)
        one = torch.ones_like(angle)
        shear = torch.stack([one, y_by_x, x_by_y, one], dim=1).view(-1, 2, 2)
        matrix = torch.diag_embed(scale[:, None].repeat(1, coordinates))
        matrix[:, :2, :2] = scale[:, None, None] * (shear @ turn)
        shift = torch.zeros(len(draws), coordinates, device=draws.device)
        shift[:, :2] = spread[:, 4:6] * self._shift
        return matrix, shift


@AUGMENTATIONS.register("noise")
class Noise(Augmentation):
    """Every point of every frame a little astray, as trackers are.

    Args:
        rate: Probability an utterance.
        scale: Standard deviation in shoulder widths.
    """

    def __init__(
        self, *, selection: Selection, downsample: int, rate: Rate = 0.2, scale: Amount = 0.01
    ) -> None:
        del selection, downsample
        self._rate = rate
        self._scale = scale

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Add normal noise to the present points."""
        rows = choose(self._rate, batch, generator)
        landmarks = batch.landmarks
        noise = torch.randn(
            landmarks.points.shape, generator=generator, device=generator.device
        ).to(rows.device)
        moved = landmarks.points[rows] + self._scale * noise[rows]
        moved *= landmarks.present[rows][..., None]
        points = landmarks.points.index_copy(0, rows, moved)
        return replace(batch, landmarks=replace(landmarks, points=points))
