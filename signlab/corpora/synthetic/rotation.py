"""Turning things, with arithmetic that gives the same bits on every machine.

Only +, -, *, / and square roots are used: IEEE 754 prescribes their last bit. Sines come from a
polynomial, and no matrix product is called, since BLAS adds in an order of its own.
A vector is an array whose first axis is x, y, z; a quaternion is w, x, y, z likewise.
"""

import numpy as np
from jaxtyping import Float64

Vectors = Float64[np.ndarray, "3 *many"]
Quaternions = Float64[np.ndarray, "4 *many"]
Matrices = Float64[np.ndarray, "3 3 *many"]

TURN = 6.283185307179586


def sine_cosine(
    angle: Float64[np.ndarray, "*many"],
) -> tuple[Float64[np.ndarray, "*many"], Float64[np.ndarray, "*many"]]:
    """Sine and cosine of radians, within 1e-10 for less than a thousand turns."""
    quarter = np.rint(angle * (4 / TURN))
    rest = angle - quarter * (TURN / 4)
    square = rest * rest
    sine = rest * (
        1
        + square
        * (
            -1 / 6
            + square * (1 / 120 + square * (-1 / 5040 + square * (1 / 362880 - square / 39916800)))
        )
    )
    cosine = 1 + square * (
        -1 / 2
        + square
        * (
            1 / 24
            + square
            * (-1 / 720 + square * (1 / 40320 + square * (-1 / 3628800 + square / 479001600)))
        )
    )
    quadrant = quarter.astype(np.int64) & 3
    swapped = (quadrant & 1).astype(bool)
    negative_sine, negative_cosine = quadrant >= 2, (quadrant == 1) | (quadrant == 2)
    first, second = np.where(swapped, cosine, sine), np.where(swapped, sine, cosine)
    return np.where(negative_sine, -first, first), np.where(negative_cosine, -second, second)


def dot(a: np.ndarray, b: np.ndarray) -> Float64[np.ndarray, "*many"]:
    """Scalar product of vectors, or of quaternions."""
    total = a[0] * b[0]
    for left, right in zip(a[1:], b[1:], strict=True):
        total = total + left * right
    return total


def cross(a: Vectors, b: Vectors) -> Vectors:
    """Vector product."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )


def normalised(a: np.ndarray) -> np.ndarray:
    """Vectors or quaternions at length 1."""
    return a / np.sqrt(dot(a, a))


def minimum_jerk(u: Float64[np.ndarray, "*many"]) -> Float64[np.ndarray, "*many"]:
    """Progress of a hand that moves as smoothly as can be, for time 0 to 1.

    Source: Flash and Hogan 1985, "The coordination of arm movements", eq. 9.
    """
    return u * u * u * (10 + u * (6 * u - 15))


def blended(a: Quaternions, b: Quaternions, share: Float64[np.ndarray, "*many"]) -> Quaternions:
    """Orientations on the short way from ``a`` to ``b``."""
    near = np.where(dot(a, b) < 0, -b, b)
    return normalised(a + (near - a) * share)


def times(a: Quaternions, b: Quaternions) -> Quaternions:
    """The product: first turn by ``b``, then by ``a``."""
    return np.stack(
        [
            a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
        ]
    )


def small_turn(angles: Vectors) -> Quaternions:
    """Turns about x, y and z at once, by some tenths of a radian."""
    return normalised(np.concatenate([np.ones_like(angles[:1]), angles / 2]))


def matrices(q: Quaternions) -> Matrices:
    """Rotation matrices of quaternions of length 1."""
    w, x, y, z = q
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]),
        ]
    )


def turned(
    matrix: Float64[np.ndarray, "3 3 *#many"], v: Float64[np.ndarray, "3 *#many"]
) -> Float64[np.ndarray, "3 ..."]:
    """Matrix times vector, for each of many (a 1 among them stands for all)."""
    return np.stack([dot(row, v) for row in matrix])


def facing(fingers: Vectors, palm: Vectors) -> Quaternions:
    """The orientation of a right hand from where its fingers point and its palm looks.

    The hand's own axes are x towards the thumb's side, y along the fingers, z out of the palm.
    """
    y = normalised(fingers)
    z = normalised(palm - y * dot(palm, y))
    x = cross(y, z)
    candidates = np.stack(
        [
            np.stack([1 + x[0] + y[1] + z[2], y[2] - z[1], z[0] - x[2], x[1] - y[0]]),
            np.stack([y[2] - z[1], 1 + x[0] - y[1] - z[2], y[0] + x[1], z[0] + x[2]]),
            np.stack([z[0] - x[2], y[0] + x[1], 1 - x[0] + y[1] - z[2], z[1] + y[2]]),
            np.stack([x[1] - y[0], z[0] + x[2], z[1] + y[2], 1 - x[0] - y[1] + z[2]]),
        ]
    )
    # each row is the quaternion times one of its parts; the largest part loses no digits
    diagonal = np.stack([candidates[i, i] for i in range(4)])
    best = diagonal.argmax(axis=0)
    return normalised(np.take_along_axis(candidates, best[None, None], axis=0)[0])
