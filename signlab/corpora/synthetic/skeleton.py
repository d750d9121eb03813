"""From postures to points: arms by inverse kinematics, hands by forward kinematics, the torso."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from signlab.corpora.synthetic.handshapes import hand_points
from signlab.corpora.synthetic.motion import Postures
from signlab.corpora.synthetic.rotation import dot, matrices, normalised, turned
from signlab.corpora.synthetic.signer import Signer

UPPER_ARM, FOREARM = 0.92, 0.80
SHOULDER = (-0.5, 0.0, 0.0)
_PALM = 0.85
"""Where the middle of the palm is, between the wrist (0) and the middle knuckle (1)."""

_SWIVEL = (-0.55, 1.0, 0.30)
"""Where elbows tend to: outwards, down, and back."""

_REACH = 0.985
_LEGS = {
    24: (-0.32, 1.72, 0.0), 26: (-0.34, 2.75, -0.1), 28: (-0.34, 3.75, 0.2),
    30: (-0.34, 3.88, 0.3), 32: (-0.40, 4.0, -0.1),
}  # fmt: skip
"""Hip, knee, ankle, heel and toe of the right side, by their numbers in the pose."""

_ROUGH_HAND = {18: 17, 20: 5, 22: 3}
"""The pose's own points of the right hand, and the hand's points that they are near."""


@dataclass(frozen=True)
class Arm:
    """An arm in its own frame, that is, as a right one."""

    elbow: Float64[np.ndarray, "3 frames"]
    hand: Float64[np.ndarray, "3 21 frames"]
    palm: Float64[np.ndarray, "3 frames"]


def make_arm(postures: Postures, signer: Signer) -> Arm:
    """Put the palm where it should be, as far as the arm reaches, and the elbow where it must."""
    rotation = matrices(postures.turn)
    to_palm = rotation[:, 1] * (_PALM * signer.hand)
    shoulder = np.array(SHOULDER)[:, None]
    upper, fore = UPPER_ARM * signer.arm, FOREARM * signer.arm
    way = postures.palm - to_palm - shoulder
    wanted = np.sqrt(dot(way, way))
    length = np.minimum(wanted, _REACH * (upper + fore))
    straight = way / wanted
    wrist = shoulder + straight * length
    along = (upper * upper - fore * fore + length * length) / (2 * length)
    aside = np.sqrt(np.maximum(upper * upper - along * along, 0.0))
    hint = np.broadcast_to(np.array(_SWIVEL)[:, None], straight.shape)
    swivel = normalised(hint - straight * dot(hint, straight))
    elbow = shoulder + straight * along + swivel * aside
    local = hand_points(postures.fingers) * signer.hand
    hand = turned(rotation[:, :, None], local) + wrist[:, None]
    return Arm(elbow, hand, wrist + to_palm)


def make_pose(right: Arm, left: Arm, face: np.ndarray) -> Float64[np.ndarray, "3 33 frames"]:
    """The 33 points of the pose.

    Args:
        right: The right arm.
        left: The left arm, in its own frame still.
        face: The pose's points 0 to 10, shaped (3, 11, frames).
    """
    frames = face.shape[-1]
    pose = np.zeros((3, 33, frames))
    pose[:, :11] = face
    for side, arm in ((1, right), (0, left)):
        pose[:, 11 + side] = np.array(SHOULDER)[:, None]
        pose[:, 13 + side] = arm.elbow
        pose[:, 15 + side] = arm.hand[:, 0]
        for point, near in _ROUGH_HAND.items():
            pose[:, point - 1 + side] = arm.hand[:, near]
        for point, place in _LEGS.items():
            pose[:, point - 1 + side] = np.array(place)[:, None]
    pose[0, 11::2] *= -1
    return pose


def mirrored(points: np.ndarray) -> np.ndarray:
    """From an arm's own frame, if it is a left one, to the body's."""
    return points * np.array([-1.0, 1.0, 1.0]).reshape(3, *([1] * (points.ndim - 1)))
