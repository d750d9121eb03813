"""A sentence as a perfect tracker would see it: the signer's body before their camera."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from signlab.corpora.synthetic.head import Head, drift, make_head, pose_points
from signlab.corpora.synthetic.motion import follow, interpolate
from signlab.corpora.synthetic.rotation import TURN, matrices, normalised, sine_cosine, turned
from signlab.corpora.synthetic.sentence import Script
from signlab.corpora.synthetic.signer import Camera, Signer
from signlab.corpora.synthetic.skeleton import make_arm, make_pose, mirrored
from signlab.corpora.synthetic.stream import Stream

_DISTANCE = 7.0
"""Of the camera from the shoulders, in shoulder widths."""

_TREMOR_RATE = 8.5

_POSE_DEPTH = 2.0
"""The pose's depth is a guess of the tracker, and too large."""


@dataclass(frozen=True)
class Scene:
    """All points over time in image coordinates, and what decides how well they are tracked.

    Attributes:
        palms: Left and right in shoulder widths, as seen.
        face_middle: Likewise.
    """

    pose: Float64[np.ndarray, "3 33 frames"]
    left: Float64[np.ndarray, "3 21 frames"]
    right: Float64[np.ndarray, "3 21 frames"]
    face: tuple[Float32[np.ndarray, "frames 468"], ...]
    palms: tuple[Float64[np.ndarray, "3 frames"], Float64[np.ndarray, "3 frames"]]
    face_middle: Float64[np.ndarray, "3 frames"]


def perform(script: Script, signer: Signer, stream: Stream) -> Scene:
    """Play a script at the camera's frame rate.

    Args:
        script: What to do.
        signer: Who does it, and before which camera.
        stream: Idle movement and tremor; as many draws for any script.
    """
    camera = signer.camera
    at = np.arange(int(script.times[-1] * camera.fps) + 1) / camera.fps
    sway = signer.sway * drift(at, stream)
    arms = [
        make_arm(follow(keys, script.times, at - lag), signer)
        for keys, lag in ((script.first, 0.0), (script.second, signer.second_lag))
    ]
    left, right = arms if signer.left_handed else arms[::-1]
    amounts = interpolate(script.face, script.times, at + signer.face_lead)
    head = make_head(amounts, at, signer, stream)
    tremor = [signer.tremor * _tremor(at, stream) for _ in range(2)]
    view = _view(camera)
    pose = make_pose(right, left, pose_points(head)) + sway[:, None]
    hands = [
        points + (sway + shake)[:, None]
        for points, shake in zip((mirrored(left.hand), right.hand), tremor, strict=True)
    ]
    return Scene(
        pose=_project(pose, view, camera, depth=_POSE_DEPTH),
        left=_of_wrist(_project(hands[0], view, camera)),
        right=_of_wrist(_project(hands[1], view, camera)),
        face=_project_face(head, sway, view, camera),
        palms=(mirrored(left.palm) + sway, right.palm + sway),
        face_middle=head.origin + sway,
    )


def _tremor(at: np.ndarray, stream: Stream) -> Float64[np.ndarray, "3 frames"]:
    phase = stream.uniform(0.0, TURN, 3, 1)
    return sine_cosine(TURN * _TREMOR_RATE * at + phase)[0]


def _view(camera: Camera) -> Float64[np.ndarray, "3 3"]:
    """Rotation from the body's axes to the camera's."""
    q = normalised(np.array([1.0, 0.0, camera.yaw / 2, camera.roll / 2]))
    return matrices(q)


def _project(
    points: np.ndarray, view: np.ndarray, camera: Camera, *, depth: float = 1.0
) -> np.ndarray:
    """Body to image coordinates, with perspective."""
    seen = turned(view[:, :, None, None], points)
    scale = camera.scale / (1 + seen[2] / _DISTANCE)
    return np.stack(
        [
            camera.left + scale * seen[0],
            camera.top + scale * seen[1] / camera.aspect,
            camera.scale * depth * seen[2],
        ]
    )


def _of_wrist(hand: np.ndarray) -> np.ndarray:
    """The tracker's depth of a hand counts from its wrist."""
    hand[2] -= hand[2, :1].copy()
    return hand


def _project_face(
    head: Head, sway: np.ndarray, view: np.ndarray, camera: Camera
) -> tuple[np.ndarray, ...]:
    """The face's points in the image; perspective as of its middle, depth from its middle."""
    middle = turned(view[:, :, None], head.origin + sway)
    scale = camera.scale / (1 + middle[2] / _DISTANCE)
    # all that is linear, once a frame, so that each of the 468 points costs three products
    whole = np.stack(
        [turned(view[:, :, None], head.turn[:, column]) for column in range(3)], axis=1
    )
    factors = (scale, scale / camera.aspect, scale)
    offsets = (
        camera.left + scale * middle[0],
        camera.top + scale * middle[1] / camera.aspect,
        np.zeros_like(scale),
    )
    axes = []
    for axis in range(3):
        row = (whole[axis] * factors[axis]).astype(np.float32)[:, :, None]
        points = row[0] * head.shape[0]
        points += row[1] * head.shape[1]
        points += row[2] * head.shape[2]
        points += offsets[axis].astype(np.float32)[:, None]
        axes.append(points)
    return tuple(axes)
