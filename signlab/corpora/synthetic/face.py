"""A face of 468 points whose mouth, brows and lids move.

The numbering of MediaPipe's mesh holds for lips, brows, eyes, the bridge and tip of the nose and
the oval; the other points fill the face between them in no particular order. Left is the mirror of
right. Unit: the distance between the outer corners of the eyes; origin: the middle between them; x
to the signer's left, y downwards, z away from the camera.
"""

from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

from signlab.corpora.synthetic.rotation import TURN, sine_cosine
from signlab.landmarks.selection import FACE_MIDLINE, MIRROR

SHAPES = ("open", "round", "wide", "press", "puff", "raise", "furrow", "blink")
"""Ways in which the face moves; an amount of 1 is a clear one."""

OVAL = (10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152)
EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
BROW = ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55))
UPPER_LIP = (
    (61, 185, 40, 39, 37, 0),
    (76, 184, 74, 73, 72, 11),
    (62, 183, 42, 41, 38, 12),
    (78, 191, 80, 81, 82, 13),
)
LOWER_LIP = (
    (61, 146, 91, 181, 84, 17),
    (76, 77, 90, 180, 85, 16),
    (62, 96, 89, 179, 86, 15),
    (78, 95, 88, 178, 87, 14),
)
_MIDLINE = {
    151: -0.38, 9: -0.22, 8: -0.12, 168: -0.02, 6: 0.06, 197: 0.14, 195: 0.22, 5: 0.30, 4: 0.38,
    1: 0.45, 19: 0.48, 94: 0.51, 2: 0.53, 164: 0.59, 18: 0.90, 200: 0.97, 199: 1.06, 175: 1.13,
}  # fmt: skip
_NOSTRIL = {
    98: (-0.12, 0.50),
    48: (-0.19, 0.44),
    115: (-0.17, 0.40),
    64: (-0.18, 0.46),
    45: (-0.06, 0.44),
}

LIPS_Y = 0.725
"""Where the lips meet."""

EYE_X, EYE_WIDTH, EYE_HEIGHT = 0.345, 0.155, 0.042
_MOUTH_WIDTH, _LIP_HEIGHTS = 0.29, (0.085, 0.055, 0.025, 0.006)

_STILL = 0.01
"""A point that moves less than this does not move."""


@cache
def neutral_face() -> Float64[np.ndarray, "3 468"]:
    """The points of a face at rest; read-only."""
    known = {**_oval(), **_eye(), **_brow(), **_lips()}
    known |= {point: (0.0, y) for point, y in _MIDLINE.items()} | _NOSTRIL
    known |= {205: (-0.42, 0.55)}
    right = [row for row in range(248) if row not in FACE_MIDLINE]
    missing = [row for row in right if row not in known]
    known |= dict(zip(missing, _filling(len(missing)), strict=True))
    face = np.zeros((3, 468))
    for point, (x, y) in known.items():
        face[0, point], face[1, point] = x, y
        mirrored = MIRROR["face"][1][point]
        face[0, mirrored], face[1, mirrored] = -x, y
    face[2] = _depth(face[0], face[1])
    face.setflags(write=False)
    return face


@cache
def face_shapes() -> Float32[np.ndarray, "8 3 468"]:
    """How far each shape at amount 1 moves each point; zero where it does not; read-only."""
    x, y, _ = neutral_face()
    lips = np.zeros(468, dtype=bool)
    lower = np.zeros(468, dtype=bool)
    for rows, low in ((LOWER_LIP, True), (UPPER_LIP, False)):
        for point in _both_sides(rows):
            lips[point], lower[point] = True, low
    sides = 1 - np.clip(np.abs(x) / _MOUTH_WIDTH, 0, 1) ** 2
    upper = lips & ~lower
    jaw = np.clip((y - 0.80) / 0.4, 0, 1) * ~lips
    puffing = _bump(np.abs(x) - 0.45, y - 0.62, 0.22) * ~lips
    brow = np.zeros(468)
    brow[_both_sides(BROW)] = 1.0
    lids = np.zeros(468)
    lids[_both_sides((EYE[9:],))] = 1.0
    shapes = np.zeros((len(SHAPES), 3, 468), dtype=np.float32)
    opened, rounded, wide, press, puff, raised, furrowed, blink = shapes
    opened[1] = lower * sides * 0.26 - upper * sides * 0.03 + jaw * 0.20
    opened[0] = lips * x * -0.10
    rounded[0] = lips * x * -0.48
    rounded[1] = lower * sides * 0.07 - upper * sides * 0.05
    rounded[2] = lips * -0.10
    wide[0] = lips * x * 0.30
    wide[1] = lips * (sides - 1) * 0.06
    press[1] = lips * (LIPS_Y - y) * 0.75
    puff[0] = puffing * np.sign(x) * 0.13
    puff[2] = puffing * -0.08
    raised[1] = brow * -0.13
    furrowed[1] = brow * (0.12 - 0.10 * np.abs(x))
    furrowed[0] = brow * np.sign(x) * -0.05
    blink[1] = lids * -2 * y
    shapes[np.abs(shapes) < _STILL] = 0.0
    shapes.setflags(write=False)
    return shapes


def _both_sides(rows: tuple[tuple[int, ...], ...]) -> list[int]:
    right = [point for row in rows for point in row]
    return right + [MIRROR["face"][1][point] for point in right]


def _oval() -> dict[int, tuple[float, float]]:
    angles = np.linspace(-0.25, 0.25, len(OVAL)) * TURN
    sine, cosine = sine_cosine(angles)
    # a forehead squarer than an ellipse, and a jaw that narrows
    cosine = np.maximum(cosine, 0.0)
    forehead = 0.77 * np.sqrt(cosine * np.sqrt(cosine))
    jaw = 0.77 * cosine * (1 - 0.10 * cosine * (1 - cosine)) * (1 - 0.10 * sine)
    width = np.where(sine < 0, forehead, jaw)
    height = np.where(sine < 0, 0.30 + 0.82 * sine, 0.30 + 0.90 * sine)
    width[[0, -1]] = 0.0  # on the plane of symmetry, to the last bit
    return {point: (-float(w), float(h)) for point, w, h in zip(OVAL, width, height, strict=True)}


def _eye() -> dict[int, tuple[float, float]]:
    sine, cosine = sine_cosine(np.arange(len(EYE)) / len(EYE) * TURN)
    return {
        point: (-EYE_X - EYE_WIDTH * float(c), EYE_HEIGHT * float(s))
        for point, s, c in zip(EYE, sine, cosine, strict=True)
    }


def _brow() -> dict[int, tuple[float, float]]:
    known = {}
    for row, drop in zip(BROW, (0.0, 0.05), strict=True):
        for point, share in zip(row, (0.0, 0.2, 0.45, 0.75, 1.0), strict=True):
            arch = -0.13 - 0.28 * share * (1 - share) - 0.05 * share
            known[point] = (-0.61 + 0.46 * share, arch + drop)
    return known


def _lips() -> dict[int, tuple[float, float]]:
    known = {}
    for rows, sign in ((LOWER_LIP, 1.0), (UPPER_LIP, -1.0)):
        for ring, (row, height) in enumerate(zip(rows, _LIP_HEIGHTS, strict=True)):
            width = _MOUTH_WIDTH - 0.012 * ring
            for step, point in enumerate(row):
                across = 1 - step / 5
                rise = height * (1 - across * across) * (1.25 if sign > 0 else 1.0)
                known[point] = (-width * across, LIPS_Y + sign * rise)
    return known


def _filling(count: int) -> list[tuple[float, float]]:
    """Points spread evenly over the right half between the features, row by row."""
    found: list[tuple[float, float]] = []
    spacing = 0.11
    while len(found) < count:
        found, spacing = _lattice(spacing), spacing * 0.97
    return found[:count]


def _lattice(spacing: float) -> list[tuple[float, float]]:
    points = []
    for row in range(int(1.6 / spacing)):
        y = -0.42 + row * spacing
        for column in range(int(0.75 / spacing)):
            x = -0.05 - (column + 0.5 * (row % 2)) * spacing
            eye = ((x + EYE_X) / 0.20) ** 2 + (y / 0.09) ** 2
            mouth = (x / 0.33) ** 2 + ((y - LIPS_Y) / 0.13) ** 2
            face = (x / 0.70) ** 2 + ((y - 0.32) / (0.74 if y < 0.32 else 0.84)) ** 2
            if eye > 1 and mouth > 1 and face < 1:
                points.append((x, y))
    return points


def _depth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A rounded front with a nose on it."""
    front = -0.20 + 0.75 * (x / 0.75) ** 2 + 0.22 * ((y - 0.35) / 0.85) ** 2
    return front - 0.28 * _bump(x, (y - 0.42) * 0.5, 0.14)


def _bump(x: np.ndarray, y: np.ndarray, width: float) -> np.ndarray:
    return 1 / (1 + (x * x + y * y) / (width * width)) ** 2
