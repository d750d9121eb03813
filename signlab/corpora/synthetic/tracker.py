"""What a tracker makes of a scene: jitter, wrong frames, and lost hands and faces.

Losses come in bursts, and more of them where a hand is fast, is before the face or the other hand,
or leaves the image; so MediaPipe loses them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int16

from signlab.corpora.synthetic.scene import Scene
from signlab.corpora.synthetic.signer import Signer
from signlab.corpora.synthetic.stream import Stream
from signlab.landmarks.layout import HOLISTIC, MISSING, UNIT

_BLUR = 0.30
"""Growth of a hand's jitter a shoulder width a second of its speed."""

_NEAR_FACE, _NEAR_HAND = 0.45, 0.35
"""Distances of palms in shoulder widths."""

_JITTER = {
    "arm": 0.005,
    "legs": 0.05,
    "torso": 0.003,
    "hand": 0.004,
    "finger": 0.004,
    "face": 0.003,
    "skin": 0.0015,
}
"""In shoulder widths."""


@dataclass(frozen=True)
class Risks:
    """How likely something goes wrong, a frame at 25 frames/s."""

    base: float = 0.006
    fast: float = 0.010
    near_face: float = 0.020
    near_hand: float = 0.030
    low: float = 0.060
    face: float = 0.0015
    covered: float = 0.015
    everything: float = 0.0006
    outlier: float = 0.006
    mixed: float = 0.020


RISKS = Risks()


def track(
    scene: Scene, signer: Signer, stream: Stream, *, errors: float
) -> Int16[np.ndarray, "frames 543 3"]:
    """The landmarks as they are stored.

    Args:
        scene: What is before the camera.
        signer: Gives the camera, and how easily the tracker loses them.
        stream: Decides what goes wrong; as many draws for any scene of the same length.
        errors: Factor of all jitter and of every risk; 0 is a perfect tracker.
    """
    frames = scene.pose.shape[-1]
    speeds = _speeds(scene.palms, signer.camera.fps)
    close = _distance(scene.palms[:, 0], scene.palms[:, 1]) < _NEAR_HAND
    level = errors * signer.losses * 25.0 / signer.camera.fps
    hands = _hands(scene.hands, speeds, signer, stream, errors=errors)
    mixed = close & (stream.unit(frames) < RISKS.mixed * level)
    hands[:, :, 0] = np.where(mixed, hands[:, :, 1], hands[:, :, 0])
    risks = np.concatenate(
        [
            _hand_risks(scene, speeds, close),
            _face_risk(scene)[None],
            np.full((1, frames), RISKS.everything),
        ]
    )
    left, right, face, everything = _bursts(risks * level, signer, stream)
    outside = _outside(scene.hands) & (errors > 0)
    lost = {
        "pose": everything,
        "left_hand": everything | left | outside[0],
        "right_hand": everything | right | outside[1],
        "face": everything | face,
    }
    stored = np.empty((frames, HOLISTIC.points, 3), dtype=np.int16)
    slices = HOLISTIC.slices
    stored[:, slices["pose"]] = _steps(_pose(scene.pose, speeds, signer, stream, errors)).T
    stored[:, slices["left_hand"]] = _steps(hands[:, :, 0]).T
    stored[:, slices["right_hand"]] = _steps(hands[:, :, 1]).T
    _add_face(stored[:, slices["face"]], scene, signer, stream, errors)
    for part, gone in lost.items():
        stored[gone, slices[part]] = MISSING
    return stored


def _steps(points: np.ndarray) -> np.ndarray:
    """As ``landmarks.layout.quantise`` does, for points that are there."""
    return np.clip(np.rint(points * points.dtype.type(UNIT)), -32767, 32767).astype(np.int16)


def _hands(
    points: np.ndarray, speeds: np.ndarray, signer: Signer, stream: Stream, *, errors: float
) -> np.ndarray:
    """Hands with jitter, and frames in which one is somewhere else or of another size."""
    camera, frames = signer.camera, points.shape[-1]
    unit = camera.scale * np.array([1.0, 1 / camera.aspect, 1.5])[:, None, None, None] * errors
    blur = 1 + _BLUR * speeds
    wrist = points[:, :1]
    wrong = stream.unit(2, frames) < RISKS.outlier * errors * signer.losses
    growth = np.where(wrong, 1 + 0.3 * stream.bell(2, frames), 1.0)
    jump = np.where(wrong, 0.15 * stream.bell(3, 1, 2, frames), 0.0)
    noise = _JITTER["finger"] * stream.noise(3, 21, 2, frames).astype(np.float64)
    common = _JITTER["hand"] * stream.noise(3, 1, 2, frames).astype(np.float64)
    return wrist + (points - wrist) * growth + unit * (jump + blur * (noise + common))


def _pose(
    pose: np.ndarray, speeds: np.ndarray, signer: Signer, stream: Stream, errors: float
) -> np.ndarray:
    camera = signer.camera
    unit = camera.scale * np.array([1.0, 1 / camera.aspect, 4.0])[:, None, None] * errors
    weight = np.full((33, 1), _JITTER["torso"])
    weight[13:23] = _JITTER["arm"]
    weight[25:] = _JITTER["legs"]
    blur = np.ones((33, pose.shape[-1]))
    for side, speed in enumerate(speeds):
        blur[13 + side : 23 : 2] += _BLUR * speed
    return pose + unit * weight * blur * stream.noise(*pose.shape)


def _add_face(
    stored: np.ndarray, scene: Scene, signer: Signer, stream: Stream, errors: float
) -> None:
    """Write the face into its rows of ``stored``, with jitter as a whole and point by point."""
    camera, frames = signer.camera, len(stored)
    common = stream.noise(3, frames, 1) * np.float32(_JITTER["face"])
    for axis, points in enumerate(scene.face):
        unit = np.float32(camera.scale * errors * (1.0, 1 / camera.aspect, 1.0)[axis])
        noise = stream.noise(frames, 468)
        noise *= np.float32(_JITTER["skin"]) * unit
        noise += common[axis] * unit
        noise += points
        noise *= np.float32(UNIT)
        stored[:, :, axis] = np.rint(noise, out=noise)


def _hand_risks(
    scene: Scene, speeds: np.ndarray, close: np.ndarray
) -> Float64[np.ndarray, "2 frames"]:
    return (
        RISKS.base
        + RISKS.fast * np.maximum(speeds - 1.5, 0.0)
        + RISKS.near_face * _before_face(scene)
        + RISKS.near_hand * close
        + RISKS.low * (scene.hands[1, 9] > 0.92)
    )


def _face_risk(scene: Scene) -> Float64[np.ndarray, " frames"]:
    covered = _before_face(scene)
    return RISKS.face + RISKS.covered * (covered[0] | covered[1])


def _before_face(scene: Scene) -> Bool[np.ndarray, "2 frames"]:
    return _distance(scene.palms, scene.face_middle[:, None]) < _NEAR_FACE


def _outside(hands: np.ndarray) -> Bool[np.ndarray, "2 frames"]:
    """Whether the middle of a hand has left the image."""
    x, y = hands[0, 9], hands[1, 9]
    return (x < 0.0) | (x > 1.0) | (y < 0.0) | (y > 1.0)


def _bursts(risks: np.ndarray, signer: Signer, stream: Stream) -> Bool[np.ndarray, "parts frames"]:
    """Where something is lost: it begins with a probability and stays for a while."""
    now = np.arange(risks.shape[1])
    begins = stream.unit(*risks.shape) < risks
    length = stream.unit(*risks.shape)
    length = 1 + np.floor(10 * length * length * signer.camera.fps / 25.0)
    return np.maximum.accumulate(np.where(begins, now + length, 0), axis=1) > now


def _speeds(palms: np.ndarray, fps: float) -> Float64[np.ndarray, "2 frames"]:
    """In shoulder widths a second."""
    step = np.zeros_like(palms)
    step[..., 1:] = palms[..., 1:] - palms[..., :-1]
    return np.sqrt(step[0] * step[0] + step[1] * step[1]) * fps


def _distance(a: np.ndarray, b: np.ndarray) -> Float64[np.ndarray, "*many"]:
    """In the plane of the image."""
    x, y = a[0] - b[0], a[1] - b[1]
    return np.sqrt(x * x + y * y)
