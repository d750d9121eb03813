"""The head over time: how it turns, and where the camera sees each of the face's points."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from signlab.corpora.synthetic.face import EYE_X, face_shapes, neutral_face
from signlab.corpora.synthetic.rotation import TURN, matrices, sine_cosine, small_turn
from signlab.corpora.synthetic.signer import Signer
from signlab.corpora.synthetic.stream import Stream

_PIVOT = (0.0, 0.34, 0.12)
"""The top of the neck from the middle of the eyes, in shoulder widths."""

_DEPTH = -0.12
"""Of the middle of the eyes, from the shoulders."""

_POSE_POINTS = (1, 362, -1, 263, 133, -2, 33, 454, 234, 291, 61)
"""The mesh's points that the pose's 0 to 10 are near; -1 and -2 are the pupils."""

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
    points = np.stack([_near(head, number) for number in _POSE_POINTS], axis=1)
    placed = [
        sum(head.turn[row, column] * points[column] for column in range(3)) + head.origin[row]
        for row in range(3)
    ]
    return np.stack(placed)


def _near(head: Head, number: int) -> np.ndarray:
    if number < 0:
        side = EYE_X if number == -1 else -EYE_X
        return np.broadcast_to(np.array([[side], [0.0], [0.0]]), (3, head.origin.shape[1]))
    return np.stack([axis[:, number] for axis in head.shape]).astype(np.float64)


def _blinks(at: np.ndarray, stream: Stream) -> np.ndarray:
    """How far the eyes are closed; one blink in each period, for up to 40 s."""
    when = (np.arange(16) + stream.uniform(0, 1, 16)) * _BLINK_PERIOD
    closed = np.zeros_like(at)
    for blink in when[when < at[-1]]:
        closed = np.maximum(closed, 1 - np.abs(at - blink) / _BLINK_SECONDS)
    return closed


def _deform(amounts: np.ndarray, signer: Signer) -> tuple[np.ndarray, ...]:
    """Add the shapes to the neutral face, each where it moves anything."""
    neutral = neutral_face().astype(np.float32)
    neutral[0] *= np.float32(signer.face_width)
    weights = amounts.astype(np.float32)
    axes = []
    for axis in range(3):
        points = np.repeat(neutral[axis][None], amounts.shape[1], axis=0)
        for weight, (rows, offsets) in zip(weights, _moved()[axis], strict=True):
            if len(rows):
                points[:, rows] += weight[:, None] * offsets
        axes.append(points)
    return tuple(axes)


def _moved() -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """For each axis and shape, the points that move and how far."""
    return [
        [(rows := np.flatnonzero(shape[axis]), shape[axis][rows])[:2] for shape in face_shapes()]
        for axis in range(3)
    ]
