"""Which points make up a frame, in which order, and how they are stored."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int16

from signlab.errors import BadInput

UNIT = 8192
"""Stored steps to the width (x, z) or height (y) of the image."""

MISSING = np.int16(-32768)
"""Stored in place of each coordinate of a point that was not tracked."""

LIMIT = 32767 / UNIT
"""The largest coordinate that can be stored, either way: about four images."""


@dataclass(frozen=True)
class Part:
    """A body part: ``points`` neighbouring rows of a frame."""

    name: str
    points: int


@dataclass(frozen=True)
class Layout:
    """The parts of a frame in order; every point has ``coordinates`` values (x, y and maybe z)."""

    name: str
    parts: tuple[Part, ...]
    coordinates: int = 3

    @cached_property
    def points(self) -> int:
        """Points in a frame."""
        return sum(part.points for part in self.parts)

    @property
    def slices(self) -> dict[str, slice]:
        """The rows of each part, by its name."""
        found, start = {}, 0
        for part in self.parts:
            found[part.name] = slice(start, start + part.points)
            start += part.points
        return found


POSE, LEFT_HAND, RIGHT_HAND, FACE = (
    Part("pose", 33),
    Part("left_hand", 21),
    Part("right_hand", 21),
    Part("face", 468),
)

HOLISTIC = Layout("holistic", (POSE, LEFT_HAND, RIGHT_HAND, FACE))
"""MediaPipe Holistic: 543 points."""

POSE_HANDS = Layout("pose-hands", (POSE, LEFT_HAND, RIGHT_HAND))
"""Holistic without the face: 75 points."""

LAYOUTS = {layout.name: layout for layout in (HOLISTIC, POSE_HANDS)}


def converted(
    stored: Int16[np.ndarray, "frames points coordinates"], given: Layout, wanted: Layout
) -> Int16[np.ndarray, "frames other coordinates"]:
    """The points of another layout, which has some of the same parts.

    Raises:
        BadInput: The given layout lacks a part or a coordinate.
    """
    if given == wanted:
        return stored
    held = {part.name: part for part in given.parts}
    lacking = [part.name for part in wanted.parts if held.get(part.name) != part]
    if lacking or given.coordinates < wanted.coordinates:
        told = f"no {lacking[0]} of its kind" if lacking else "no z"
        raise BadInput(
            f"landmarks of layout {wanted.name!r} are needed, and layout {given.name!r} has {told}"
        )
    rows = np.r_[tuple(given.slices[part.name] for part in wanted.parts)]
    return stored[:, rows, : wanted.coordinates]


def quantise(
    landmarks: Float32[np.ndarray, "frames points coordinates"],
) -> Int16[np.ndarray, "frames points coordinates"]:
    """Image coordinates (NaN = missing) to stored fixed point.

    Values beyond ``LIMIT`` are held there: such a point is a tracker's error, and
    the audit reports it.
    """
    steps = np.round(np.clip(landmarks, -LIMIT, LIMIT) * UNIT)
    absent = np.isnan(landmarks).any(axis=-1, keepdims=True)
    return np.where(absent, MISSING, np.nan_to_num(steps)).astype(np.int16)


def dequantise(
    stored: Int16[np.ndarray, "frames points coordinates"],
) -> Float32[np.ndarray, "frames points coordinates"]:
    """Stored fixed point to image coordinates; missing points become NaN."""
    values = stored.astype(np.float32) / UNIT
    values[stored == MISSING] = np.nan
    return values
