"""The head over time: how it turns, and where the camera sees each of the face's points."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

from signlab.corpora.synthetic.face import EYE_X, face_shapes, neutral_face
from signlab.corpora.synthetic.rotation import TURN, matrices, sine_cosine, small_turn, turned
from signlab.corpora.synthetic.signer import Signer
from signlab.corpora.synthetic.stream import Stream

_PIVOT = (0.0, 0.34, 0.12)
"""The top of the neck from the middle of the eyes, in shoulder widths."""

_DEPTH = -0.12
"""Of the middle of the eyes, from the shoulders."""

_POSE_POINTS = {0: 1, 1: 362, 3: 263, 4: 133, 6: 33, 7: 454, 8: 234, 9: 291, 10: 61}
"""The pose's points of the head, and the mesh's that are at the same place."""

_PUPILS = [2, 5]

_BLINK_SECONDS, _BLINK_PERIOD = 0.13, 2.5


@dataclass(frozen=True)
class Head:
    """A head in the body's frame.

    Attributes:
        turn: Rotation matrices from the head's axes to the body's, times the head's size.
        origin: The middle of the eyes.
        shape: The face's points in the head's axes and unit.
    """

    turn: Float64[np.ndarray, "3 3 frames"]
    origin: Float64[np.ndarray, "3 frames"]
    shape: tuple[Float32[np.ndarray, "frames 468"], ...]


def make_head(
    amounts: Float64[np.ndarray, "7 frames"],
    at: Float64[np.ndarray, " frames"],
    signer: Signer,
    stream: Stream,
) -> Head:
    """The head and its face at some times.

    Args:
        amounts: Of the face's shapes but the blink.
        at: Seconds.
        signer: Gives size and shape.
        stream: Gives idle movement and blinks.
    """
    angles = np.array([[0.05], [0.08], [0.04]]) * drift(at, stream)
    turn = matrices(small_turn(angles))
    pivot = np.array(_PIVOT)[:, None]
    raised = np.stack([turn[row, 1] * pivot[1] + turn[row, 2] * pivot[2] for row in range(3)])
    eyes = np.array([0.0, signer.neck, _DEPTH])[:, None]
    everything = np.concatenate([amounts, _blinks(at, stream)[None]])
    return Head(turn * signer.head, eyes + pivot - raised, _deform(everything, signer))


def drift(at: np.ndarray, stream: Stream) -> Float64[np.ndarray, "3 frames"]:
    """Three slow idle movements that stay within about 1."""
    rate = stream.uniform(0.15, 0.9, 3, 2, 1)
    phase = stream.uniform(0.0, TURN, 3, 2, 1)
    sine, _ = sine_cosine(TURN * rate * at + phase)
    return (sine[:, 0] + sine[:, 1]) / 2


def pose_points(head: Head) -> Float64[np.ndarray, "3 11 frames"]:
    """Where the pose has nose, eyes, ears and mouth, in the body's frame."""
    points = np.empty((3, 11, head.origin.shape[1]))
    for axis, shape in enumerate(head.shape):
        points[axis, list(_POSE_POINTS)] = shape[:, list(_POSE_POINTS.values())].T
    points[:, _PUPILS] = np.array([[EYE_X, -EYE_X], [0.0, 0.0], [0.0, 0.0]])[:, :, None]
    return turned(head.turn[:, :, None], points) + head.origin[:, None]


def _blinks(at: np.ndarray, stream: Stream) -> np.ndarray:
    """How far the eyes are closed; one blink in each period, for up to 40 s."""
    when = (np.arange(16) + stream.unit(16)) * _BLINK_PERIOD
    closed = np.zeros_like(at)
    for blink in when[when < at[-1]]:
        closed = np.maximum(closed, 1 - np.abs(at - blink) / _BLINK_SECONDS)
    return closed


def _deform(amounts: np.ndarray, signer: Signer) -> tuple[np.ndarray, ...]:
    """Add the shapes to the neutral face, where they move anything."""
    neutral = neutral_face().astype(np.float32)
    neutral[0] *= np.float32(signer.face_width)
    weights = amounts.astype(np.float32)
    used = np.flatnonzero(weights.any(axis=1))
    axes = []
    for start, (rows, offsets) in zip(neutral, _moved(), strict=True):
        points = np.repeat(start[None], amounts.shape[1], axis=0)
        block = np.repeat(start[None, rows], amounts.shape[1], axis=0)
        for shape in used:
            block += weights[shape][:, None] * offsets[shape]
        points[:, rows] = block
        axes.append(points)
    return tuple(axes)


@cache
def _moved() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """For each axis, the points that any shape moves, and how far each shape does."""
    axes = face_shapes().transpose(1, 0, 2)
    moved = [np.flatnonzero(shapes.any(axis=0)) for shapes in axes]
    return tuple(
        (rows, np.ascontiguousarray(shapes[:, rows]))
        for rows, shapes in zip(moved, axes, strict=True)
    )
