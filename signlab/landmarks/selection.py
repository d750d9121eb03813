"""Which points of a frame a recipe uses, so that only those are read and all else stays cheap.

Point numbers are MediaPipe's own within each part. "Left" and "right" are the signer's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Int64

from signlab.errors import BadInput, nearest
from signlab.landmarks.layout import Layout

RECIPE_PARTS = {
    "pose": ("pose",),
    "hands": ("left_hand", "right_hand"),
    "face": ("face",),
    "nose": ("nose",),
}
"""What a recipe calls a part, and the parts of a layout that it stands for."""

CENTRES = ("pose", "nose")
"""Parts that can tell where the body is; the first that a layout has does."""

LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
AROUND_NECK = (LEFT_SHOULDER, RIGHT_SHOULDER, 9, 10)
"""Shoulders and corners of the mouth: the neck is in their middle."""

WRIST, MIDDLE_KNUCKLE = 0, 9
NOSE_TIP, RIGHT_EYE_CORNER, LEFT_EYE_CORNER = 1, 33, 263
ANCHORS = {
    "left_hand": (WRIST, WRIST, MIDDLE_KNUCKLE),
    "right_hand": (WRIST, WRIST, MIDDLE_KNUCKLE),
    "face": (NOSE_TIP, RIGHT_EYE_CORNER, LEFT_EYE_CORNER),
}
"""The origin of a part's own frame, and the two points whose distance is its size."""

TRACK_ORIGINS = {
    "left_hand": ("nose", "right_hand"),
    "right_hand": ("nose", "left_hand"),
    "nose": (),
}
"""What a part tracked as a single point is seen from, having no frame of its own."""

FINGERS = tuple(tuple(range(first, first + 4)) for first in (1, 5, 9, 13, 17))
"""Points of the thumb, index, middle, ring and little finger, from the palm to the tip."""

UPPER_BODY = (0, 2, 5, *range(7, 23))
"""Nose, eyes, ears, mouth, shoulders, elbows, wrists, and the rough hands (17-22) that remain
where the hand tracker fails; hips and legs are mostly guessed, below the image's edge."""

LIPS = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178)
BROWS = (70, 105, 107, 300, 334, 336)
EYES = (33, 159, 133, 145, 263, 386, 362, 374)
CHEEKS = (205, 425)
CHIN = 152
COMPACT_FACE = tuple(sorted((*LIPS, *BROWS, *EYES, *CHEEKS, NOSE_TIP, CHIN)))

COMPACT = {
    "pose": UPPER_BODY,
    "left_hand": tuple(range(21)),
    "right_hand": tuple(range(21)),
    "face": COMPACT_FACE,
}
"""The points of each part that carry signs: 19 + 42 + 38 = 99."""

FACE_MIDLINE = (*range(3), 4, 5, 6, *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200)
"""Points of the face mesh on its plane of symmetry (checked on real faces by the tests)."""


def _pose_mirror() -> tuple[int, ...]:
    """The nose; three points an eye, left then right; from the ears on left and right by turns."""
    eyes = (4, 5, 6, 1, 2, 3)
    return (0, *eyes, *(row + 1 if row % 2 else row - 1 for row in range(7, 33)))


def _face_mirror() -> tuple[int, ...]:
    """The mesh numbers its 220 right points below 248, its 220 left ones from 248 on, alike."""
    mirror = list(range(468))
    right = [row for row in range(248) if row not in FACE_MIDLINE]
    for left, row in enumerate(right, start=248):
        mirror[row], mirror[left] = left, row
    return tuple(mirror)


MIRROR = {
    "pose": ("pose", _pose_mirror()),
    "left_hand": ("right_hand", tuple(range(21))),
    "right_hand": ("left_hand", tuple(range(21))),
    "face": ("face", _face_mirror()),
    "nose": ("nose", (0,)),
}
"""For each part, the part that it is in a mirror, and there the point that each point is."""


@dataclass(frozen=True)
class Selection:
    """Points of a layout in the order in which batches hold them.

    Attributes:
        layout: What the points are selected from.
        numbers: For each selected part, in the layout's order, the numbers of its points.
        coordinates: 2 (x, y) or 3 (x, y, z).
    """

    layout: Layout
    numbers: tuple[tuple[str, tuple[int, ...]], ...]
    coordinates: int

    @cached_property
    def rows(self) -> Int64[np.ndarray, " points"]:
        """The selected rows of a frame of the layout."""
        starts = self.layout.slices
        return np.array([starts[part].start + n for part, numbers in self.numbers for n in numbers])

    @cached_property
    def values(self) -> Int64[np.ndarray, " values"]:
        """The selected values of a flattened frame: all x, then all y, then all z."""
        first = self.rows * self.layout.coordinates
        return np.concatenate([first + coordinate for coordinate in range(self.coordinates)])

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each part stands among the selected points."""
        found, start = {}, 0
        for part, numbers in self.numbers:
            found[part] = slice(start, start + len(numbers))
            start += len(numbers)
        return found

    @cached_property
    def mirror(self) -> Int64[np.ndarray, " points"]:
        """For each selected point, the position of its counterpart on the other side."""
        found = []
        for part, numbers in self.numbers:
            other, counterpart = MIRROR[part]
            found += [self.position(other, counterpart[number]) for number in numbers]
        return np.array(found)

    @property
    def points(self) -> int:
        """How many points are selected."""
        return len(self.rows)

    @property
    def centre(self) -> str:
        """The part that tells where the body is."""
        return _centre(self.layout)

    @property
    def tracks(self) -> bool:
        """Whether hands and nose are single points, and nothing else is known of the body."""
        return self.centre == "nose"

    @property
    def losses(self) -> dict[str, tuple[str, ...]]:
        """What a tracker may lose, and the parts that are gone then; never the centre."""
        single = {part: (part,) for part in self.slices if part != self.centre}
        hands = RECIPE_PARTS["hands"]
        return single | ({"both_hands": hands} if all(hand in single for hand in hands) else {})

    def position(self, part: str, number: int) -> int:
        """Where a point stands among the selected ones.

        Raises:
            ValueError: The point is not selected.
        """
        return self.slices[part].start + dict(self.numbers)[part].index(number)


def select(
    layout: Layout,
    *,
    parts: Sequence[str] = ("pose", "hands", "face"),
    points: Literal["compact", "all"] = "compact",
    coordinates: Literal[2, 3] = 2,
) -> Selection:
    """The points that features of ``parts`` need; the layout's centre always.

    Raises:
        BadInput: The layout lacks a part, a coordinate or a centre, or a part is not one of a
            recipe's.
    """
    names = layout_parts(layout, parts)
    if coordinates > layout.coordinates:
        raise BadInput(
            f"features: coordinates is {coordinates}, but layout {layout.name!r} has only "
            f"{layout.coordinates}"
        )
    centre, compact = _centre(layout), points == "compact"
    numbers = tuple(
        (
            part.name,
            COMPACT[part.name] if compact and part.points > 1 else tuple(range(part.points)),
        )
        for part in layout.parts
        if part.name == centre or part.name in names
    )
    return Selection(layout, numbers, coordinates)


def _centre(layout: Layout) -> str:
    """The part that every feature is relative to.

    Raises:
        BadInput: The layout has none.
    """
    for part in CENTRES:
        if part in layout.slices:
            return part
    raise BadInput(
        f"layout {layout.name!r} has neither a pose nor a nose; every feature is relative to one"
    )


def layout_parts(layout: Layout, parts: Sequence[str]) -> list[str]:
    """The layout's parts that a recipe's ``parts`` stand for, in the recipe's order.

    Raises:
        BadInput: None or an unknown one is named, one twice, or one that the layout lacks.
    """
    if not parts or len(set(parts)) < len(parts):
        raise BadInput(f"features: parts must name one or more parts, each once, not {list(parts)}")
    names = []
    for part in parts:
        if part not in RECIPE_PARTS:
            raise BadInput(f"features: no part {part!r}; {nearest(part, RECIPE_PARTS)}")
        for name in RECIPE_PARTS[part]:
            if name not in layout.slices:
                raise BadInput(
                    f"features: layout {layout.name!r} has no {part}; leave {part!r} out of parts "
                    f"(the layout has {', '.join(layout.slices)})"
                )
            names.append(name)
    return names
