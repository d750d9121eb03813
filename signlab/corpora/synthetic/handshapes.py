"""The 21 points of a hand from the bending of its fingers.

Axes of the hand: x towards the thumb's side, y along the fingers, z out of the palm; the wrist is
the origin, and the length is 1 from the wrist to the middle knuckle.
"""

import numpy as np
from jaxtyping import Float64

from signlab.corpora.synthetic.rotation import sine_cosine

Fingers = Float64[np.ndarray, "20 *many"]
"""Spread, and bending at three joints, of thumb, index, middle, ring and little finger; radians.

Of the thumb: how far it stands off, how far it comes out of the palm, and its bending across.
"""

_STRAIGHT, _BENT, _HOOKED, _CURVED = (
    (0.05, 0.05, 0.05),
    (1.45, 1.7, 1.0),
    (0.3, 1.6, 0.9),
    (0.5, 0.6, 0.4),
)
_FLAT_BENT = (1.3, 0.15, 0.1)
_TIP = (0.85, 0.75, 0.35)

_THUMB = {
    "along": (0.25, 0.15, 0.1, 0.0),
    "out": (1.05, 0.1, -0.1, -0.1),
    "across": (0.35, 0.75, 0.9, 0.7),
    "opposed": (0.25, 0.95, 0.35, 0.2),
}

_SPREAD, _CLOSED = (0.26, 0.06, -0.12, -0.34), (0.03, 0.0, -0.03, -0.07)

_SHAPES = {
    "flat": ("along", _CLOSED, (_STRAIGHT,) * 4),
    "five": ("out", _SPREAD, (_STRAIGHT,) * 4),
    "fist": ("across", _CLOSED, (_BENT,) * 4),
    "thumb": ("out", _CLOSED, (_BENT,) * 4),
    "index": ("across", _CLOSED, (_STRAIGHT, _BENT, _BENT, _BENT)),
    "ell": ("out", _CLOSED, (_STRAIGHT, _BENT, _BENT, _BENT)),
    "hook": ("across", _CLOSED, (_HOOKED, _BENT, _BENT, _BENT)),
    "two": ("across", _CLOSED, (_STRAIGHT, _STRAIGHT, _BENT, _BENT)),
    "vee": ("across", _SPREAD, (_STRAIGHT, _STRAIGHT, _BENT, _BENT)),
    "three": ("out", _SPREAD, (_STRAIGHT, _STRAIGHT, _BENT, _BENT)),
    "little": ("across", _CLOSED, (_BENT, _BENT, _BENT, _STRAIGHT)),
    "horns": ("out", _SPREAD, (_BENT, _BENT, _BENT, _STRAIGHT)),
    "claw": ("out", _SPREAD, (_HOOKED,) * 4),
    "cup": ("opposed", _CLOSED, (_CURVED,) * 4),
    "bent": ("along", _CLOSED, (_FLAT_BENT,) * 4),
    "pinch": ("opposed", _SPREAD, (_TIP, _STRAIGHT, _STRAIGHT, _STRAIGHT)),
    "closed": ("opposed", _CLOSED, (_TIP,) * 4),
    "relaxed": ("along", _CLOSED, ((0.35, 0.45, 0.3),) * 4),
}

HANDSHAPES: dict[str, tuple[float, ...]] = {
    name: (
        *_THUMB[thumb],
        *(angle for side, bends in zip(spread, fingers, strict=True) for angle in (side, *bends)),
    )
    for name, (thumb, spread, fingers) in _SHAPES.items()
}

_KNUCKLES = ((0.26, 0.97), (0.06, 1.0), (-0.12, 0.93), (-0.28, 0.83))
_BONES = ((0.46, 0.29, 0.23), (0.52, 0.32, 0.25), (0.48, 0.31, 0.24), (0.38, 0.23, 0.21))
_THUMB_BASE, _THUMB_BONES = (0.24, 0.22), (0.40, 0.33, 0.28)


def hand_points(fingers: Fingers) -> Float64[np.ndarray, "3 21 *many"]:
    """The points in MediaPipe's order: wrist, then four a finger from the palm to the tip."""
    digits = fingers.reshape(5, 4, *fingers.shape[1:])
    spread, first, second, third = digits.swapaxes(0, 1)
    angles = np.stack([spread, first, first + second, first + second + third])
    # the thumb's own joints bend across the palm, in the plane in which fingers spread
    angles[2, 0], angles[3, 0] = spread[0] - second[0], spread[0] - second[0] - third[0]
    sine, cosine = sine_cosine(angles)
    points = np.zeros((3, 21, *fingers.shape[1:]))
    points[0, 1], points[1, 1] = _THUMB_BASE
    for joint, (bone, angle) in enumerate(zip(_THUMB_BONES, (0, 2, 3), strict=True)):
        reach = bone * cosine[1, 0]
        points[0, joint + 2] = points[0, joint + 1] + reach * sine[angle, 0]
        points[1, joint + 2] = points[1, joint + 1] + reach * cosine[angle, 0]
        points[2, joint + 2] = points[2, joint + 1] + bone * sine[1, 0]
    knuckles = points[:, 5::4]
    knuckles[:2] = _spread_over(_KNUCKLES, points)
    for joint, bones in enumerate(_spread_over(_BONES, points)):
        before, after = points[:, 5 + joint :: 4], points[:, 6 + joint :: 4]
        reach = bones * cosine[joint + 1, 1:]
        after[0] = before[0, :4] + reach * sine[0, 1:]
        after[1] = before[1, :4] + reach * cosine[0, 1:]
        after[2] = before[2, :4] + bones * sine[joint + 1, 1:]
    return points


def _spread_over(table: tuple[tuple[float, ...], ...], points: np.ndarray) -> np.ndarray:
    """A table of a row a finger, turned and with axes for whatever ``points`` has many of."""
    return np.array(table).T.reshape(-1, 4, *([1] * (points.ndim - 2)))
