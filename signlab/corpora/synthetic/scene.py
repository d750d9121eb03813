"""A sentence as a perfect tracker would see it: the signer's body before their camera."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from signlab.corpora.synthetic.head import Head, drift, make_head, pose_points
from signlab.corpora.synthetic.motion import follow, interpolate
from signlab.corpora.synthetic.rotation import TURN, matrices, normalised, sine_cosine, turned
from signlab.corpora.synthetic.sentence import Script
from signlab.corpora.synthetic.signer import Camera, Signer
from signlab.corpora.synthetic.skeleton import make_arms, make_pose
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
        hands: Left and right.
        palms: Left and right, in shoulder widths.
        face_middle: Likewise.
    """

    pose: Float64[np.ndarray, "3 33 frames"]
    hands: Float64[np.ndarray, "3 21 2 frames"]
    face: tuple[Float32[np.ndarray, "frames 468"], ...]
    palms: Float64[np.ndarray, "3 2 frames"]
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
    arms = make_arms(follow(script, np.stack([at, at - signer.second_lag])), signer)
    amounts = interpolate(script.face, script.times, at + signer.face_lead)
    head = make_head(amounts, at, signer, stream)
    view = _view(camera)
    pose = make_pose(arms, pose_points(head)) + sway[:, None]
    phase = stream.uniform(0.0, TURN, 3, 2, 1)
    tremor = signer.tremor * sine_cosine(TURN * _TREMOR_RATE * at + phase)[0]
    hands = _project(arms.hand + (sway[:, None] + tremor)[:, None], view, camera)
    hands[2] -= hands[2, :1].copy()  # the tracker's depth of a hand counts from its wrist
    return Scene(
        pose=_project(pose, view, camera, depth=_POSE_DEPTH),
        hands=hands,
        face=_project_face(head, sway, view, camera),
        palms=arms.palm + sway[:, None],
        face_middle=head.origin + sway,
    )


def _view(camera: Camera) -> Float64[np.ndarray, "3 3"]:
    """Rotation from the body's axes to the camera's."""
    q = normalised(np.array([[1.0], [0.0], [camera.yaw / 2], [camera.roll / 2]]))
    return matrices(q)[..., 0]


def _project(
    points: np.ndarray, view: np.ndarray, camera: Camera, *, depth: float = 1.0
) -> np.ndarray:
    """Body to image coordinates, with perspective."""
    seen = turned(view.reshape(3, 3, *([1] * (points.ndim - 1))), points)
    scale = camera.scale / (1 + seen[2] / _DISTANCE)
    return np.stack(
        [
            camera.left + scale * seen[0],
            camera.top + scale * seen[1] / camera.aspect,
            camera.scale * depth * seen[2],
        ]
    )


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
    axes, product = [], np.empty_like(head.shape[0])
    for axis in range(3):
        row = (whole[axis] * factors[axis]).astype(np.float32)[:, :, None]
        points = row[0] * head.shape[0]
        points += np.multiply(row[1], head.shape[1], out=product)
        points += np.multiply(row[2], head.shape[2], out=product)
        points += offsets[axis].astype(np.float32)[:, None]
        axes.append(points)
    return tuple(axes)
