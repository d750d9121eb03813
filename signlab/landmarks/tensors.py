"""The landmarks of a batch: points, where they are present, how long each utterance is."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Int16, Num
from torch import Tensor

from signlab.landmarks.geometry import body_centred, nose_centred
from signlab.landmarks.layout import MISSING, UNIT
from signlab.landmarks.selection import LEFT_SHOULDER, RIGHT_SHOULDER, Selection


def sent(tensor: Tensor, device: torch.device | str) -> Tensor:
    """The tensor on a device, without waiting for all that the device has still to do."""
    return tensor.to(device, non_blocking=True)


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of a padded batch, seen from the body.

    In memory all x of a frame come before all y (``planes``): masks and origins then spread over
    neighbouring values, which is ten times as fast as over pairs.

    Attributes:
        points: The selected points: origin the shoulders' midpoint, unit the utterance's median
            shoulder width, x to the image's right, y down; 0 where absent. See
            ``geometry.body_centred``, and ``nose_centred`` for layouts without a pose.
        present: Where a point was tracked; False past an utterance's length.
        lengths: Frames of each utterance; in a batch on the CPU, wherever the points are.
    """

    points: Float[Tensor, "batch frames points coordinates"]
    present: Bool[Tensor, "batch frames points"]
    lengths: Int[Tensor, " batch"]

    @staticmethod
    def from_planes(
        planes: Float[Tensor, "batch frames coordinates points"],
        present: Bool[Tensor, "batch frames points"],
        lengths: Int[Tensor, " batch"],
    ) -> "Landmarks":
        """Landmarks whose points lie in memory as ``planes``."""
        return Landmarks(planes.transpose(2, 3), present, lengths)

    @property
    def planes(self) -> Float[Tensor, "batch frames coordinates points"]:
        """The points, in the order in which they lie in memory."""
        return self.points.transpose(2, 3)

    @staticmethod
    def from_stored(
        stored: Int16[Tensor, "batch frames coordinates points"],
        *,
        lengths: Int[Tensor, " batch"],
        aspects: Float[Tensor, " batch"],
        selection: Selection,
    ) -> "Landmarks":
        """Fixed point as a corpus stores it, already selected, to body-centred landmarks.

        All the work is done on the device of ``stored``.

        Args:
            stored: See ``landmarks.layout``, but as planes; MISSING past an utterance's length.
            aspects: Height over width of each utterance's image; brings y to the scale of x.
        """
        present = stored[:, :, 0] != int(MISSING)
        return Landmarks.from_image(
            stored, present, lengths=lengths, aspects=aspects, selection=selection, unit=UNIT
        )

    @staticmethod
    def from_image(
        planes: Num[Tensor, "batch frames coordinates points"],
        present: Bool[Tensor, "batch frames points"],
        *,
        lengths: Int[Tensor, " batch"],
        aspects: Float[Tensor, " batch"],
        selection: Selection,
        unit: int = 1,
    ) -> "Landmarks":
        """Image coordinates, already selected, to body-centred landmarks.

        Args:
            planes: Anything finite where absent.
            aspects: As for ``from_stored``.
            unit: Steps to the width (x, z) or height (y) of the image.
        """
        width = torch.ones_like(aspects)
        scale = torch.stack([width, aspects, width][: planes.shape[2]], dim=1)
        points = (planes * (scale / unit)[:, None, :, None]).transpose(2, 3)
        if selection.tracks:
            centred = nose_centred(points, present, selection.position("nose", 0))
        else:
            shoulders = (
                selection.position("pose", LEFT_SHOULDER),
                selection.position("pose", RIGHT_SHOULDER),
            )
            centred = body_centred(points, present, shoulders)
        return Landmarks(centred, present, lengths)

    @property
    def valid(self) -> Bool[Tensor, "batch frames"]:
        """The frames before each utterance's length; where the lengths are."""
        frames = torch.arange(self.points.shape[1], device=self.lengths.device)
        return frames < self.lengths[:, None]
