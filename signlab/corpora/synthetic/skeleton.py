"""From postures to points: arms by inverse kinematics, hands by forward kinematics, the torso."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from signlab.corpora.synthetic.handshapes import hand_points
from signlab.corpora.synthetic.motion import Postures
from signlab.corpora.synthetic.rotation import Vectors, dot, matrices, turned
from signlab.corpora.synthetic.signer import Signer

UPPER_ARM, FOREARM = 0.92, 0.80
SHOULDER = (-0.5, 0.0, 0.0)
_PALM = 0.85
"""Where the middle of the palm is, between the wrist (0) and the middle knuckle (1)."""

_ELBOW = (-0.6, 0.8, 0.0)
"""Where the elbow of an arm that points straight ahead goes: outwards and down."""

_ROOM = (0.45, 0.35)
"""How far a wrist is pushed forwards at the shoulder, where an elbow cannot bend enough, and at
what distance it is half of that."""

_REACH = 0.985
_LEGS = {
    24: (-0.32, 1.72, 0.0), 26: (-0.34, 2.75, -0.1), 28: (-0.34, 3.75, 0.2),
    30: (-0.34, 3.88, 0.3), 32: (-0.40, 4.0, -0.1),
}  # fmt: skip
"""Hip, knee, ankle, heel and toe of the right side, by their numbers in the pose."""

_ROUGH_HAND = {18: 17, 20: 5, 22: 3}
"""The pose's own points of the right hand, and the hand's points that they are near."""


@dataclass(frozen=True)
class Arms:
    """The left and the right arm, in this order, in the body's frame."""

    elbow: Float64[np.ndarray, "3 2 frames"]
    hand: Float64[np.ndarray, "3 21 2 frames"]
    palm: Float64[np.ndarray, "3 2 frames"]


def make_arms(postures: Postures, signer: Signer) -> Arms:
    """Put the palms where they should be, as far as the arms reach; the elbows follow."""
    rotation = matrices(postures.turn)
    to_palm = rotation[:, 1] * (_PALM * signer.hand)
    shoulder = np.array(SHOULDER)[:, None, None]
    upper, fore = UPPER_ARM * signer.arm, FOREARM * signer.arm
    way = postures.palm - to_palm - shoulder
    way[2] -= _ROOM[0] / (1 + dot(way, way) / (_ROOM[1] * _ROOM[1]))
    wanted = np.sqrt(dot(way, way))
    length = np.minimum(wanted, _REACH * (upper + fore))
    straight = way / wanted
    wrist = shoulder + straight * length
    along = (upper * upper - fore * fore + length * length) / (2 * length)
    aside = np.sqrt(np.maximum(upper * upper - along * along, 0.0))
    elbow = shoulder + straight * along + _elbow_side(straight) * aside
    local = hand_points(postures.fingers) * signer.hand
    hand = turned(rotation[:, :, None], local) + wrist[:, None]
    sides = (elbow, hand, wrist + to_palm)
    return Arms(*(_on_body(points, signer.left_handed) for points in sides))


def _elbow_side(straight: Vectors) -> Vectors:
    """The direction, across the line from shoulder to wrist, in which the elbow is.

    It is carried along from an arm that points straight ahead, on the shortest way; so it is smooth
    everywhere but for an arm straight back, where none gets.
    """
    ahead = np.array([0.0, 0.0, -1.0]).reshape(3, *([1] * (straight.ndim - 1)))
    side = np.array(_ELBOW).reshape(ahead.shape)
    slope = (_ELBOW[0] * straight[0] + _ELBOW[1] * straight[1]) / (1 - straight[2])
    return side - slope * (straight + ahead)


def _on_body(points: np.ndarray, left_handed: bool) -> np.ndarray:  # noqa: FBT001  # a private step
    """From (dominant, other), each as a right arm, to left and right where they belong."""
    ordered = points if left_handed else points[..., ::-1, :]
    sides = ordered.copy()
    sides[0, ..., 0, :] *= -1
    return sides


def make_pose(arms: Arms, face: np.ndarray) -> Float64[np.ndarray, "3 33 frames"]:
    """The 33 points of the pose.

    Args:
        arms: Left and right.
        face: The pose's points 0 to 10, shaped (3, 11, frames).
    """
    pose = np.zeros((3, 33, face.shape[-1]))
    pose[:, :11] = face
    for right in (0, 1):
        still = {12: SHOULDER, **_LEGS}
        for point, (x, y, z) in still.items():
            pose[:, point - 1 + right] = np.array([[x if right else -x], [y], [z]])
        pose[:, 13 + right] = arms.elbow[:, right]
        pose[:, 15 + right] = arms.hand[:, 0, right]
        for point, near in _ROUGH_HAND.items():
            pose[:, point - 1 + right] = arms.hand[:, near, right]
    return pose
