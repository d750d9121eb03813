"""MediaPipe's holistic landmarker, frame by frame; the only importer of mediapipe.

Source: https://ai.google.dev/edge/mediapipe/solutions/vision/holistic_landmarker (Tasks API).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int16, Int64, UInt8
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import RunningMode
from mediapipe.tasks.python.vision.holistic_landmarker import (
    HolisticLandmarker,
    HolisticLandmarkerOptions,
    HolisticLandmarkerResult,
)

from signlab.errors import BadInput
from signlab.landmarks.layout import HOLISTIC, POSE, quantise
from signlab.landmarks.video import Frame

_FIELDS = {
    "pose": "pose_landmarks",
    "left_hand": "left_hand_landmarks",
    "right_hand": "right_hand_landmarks",
    "face": "face_landmarks",
}


@dataclass(frozen=True)
class Extracted:
    """The landmarks of one film.

    Attributes:
        landmarks: The holistic layout in fixed point; the points of an absent part are MISSING.
        visibility: How likely each point of the pose is to be seen, in 1/255; 0 without a pose.
        fps: Frames a second, over the whole film.
        aspect: Height over width.
    """

    landmarks: Int16[np.ndarray, "frames 543 3"]
    visibility: UInt8[np.ndarray, "frames 33"]
    fps: float
    aspect: float


def extract(frames: Iterable[Frame], model: Path, *, fps: float) -> Extracted:
    """Track one film.

    Each film gets a landmarker of its own: one that has seen another film starts from where the
    hands were there, and fails at pictures of another size.

    Args:
        frames: All of one size.
        model: The bundle ``holistic_landmarker.task``.
        fps: Taken where a film is too short to tell.

    Raises:
        BadInput: The model cannot be loaded, a frame cannot be decoded, or there is none.
    """
    points, visibility, clocks = [], [], []
    frame, clock = None, -1
    with _landmarker(model) as landmarker:
        for frame in frames:
            # the model refuses to go back in time, and films may repeat a timestamp
            clock = max(clock + 1, round(frame.seconds * 1000))
            image = Image(image_format=ImageFormat.SRGB, data=frame.pixels)
            found = landmarker.detect_for_video(image, clock)
            points.append(_points(found))
            visibility.append(_visibility(found))
            clocks.append(clock)
    if frame is None:
        raise BadInput("there are no frames to track")
    fps, shown = steady(np.array(clocks) / 1000, fps)
    return Extracted(
        landmarks=quantise(np.stack(points))[shown],
        visibility=np.stack(visibility)[shown],
        fps=round(fps, 3),
        aspect=frame.aspect,
    )


def steady(
    times: Float64[np.ndarray, " frames"], fps: float
) -> tuple[float, Int64[np.ndarray, " shown"]]:
    """A steady rate, and the frame that a player shows at each tick of it.

    A film whose frames keep a rate to within half a frame stays as it is. Otherwise (a variable
    frame rate, frames dropped) the rate is that of the usual interval between two frames.

    Args:
        times: Of the frames in seconds, increasing.
        fps: Of a film of one frame.

    Returns:
        Frames a second, and the position of the frame at each tick.

    Raises:
        BadInput: The film stands still most of the time: not even a quarter of the ticks would
            have a frame of their own.
    """
    if len(times) < 2:
        return fps, np.arange(len(times))
    lasting = times[-1] - times[0]
    even = np.linspace(times[0], times[-1], len(times))
    rate = (len(times) - 1) / lasting
    if np.abs(times - even).max() * rate <= 0.5:
        return rate, np.arange(len(times))
    rate = 1 / float(np.median(np.diff(times)))
    ticks = times[0] + np.arange(round(lasting * rate) + 1) / rate
    if len(ticks) > 4 * len(times):
        raise BadInput(
            f"the film has {len(times)} frames in {lasting:.1f} s, most of them 1/{rate:.0f} s "
            "apart; cut out where it stands still"
        )
    # times are told in whole milliseconds
    return rate, np.searchsorted(times, ticks + 1e-3, side="right") - 1


def _landmarker(model: Path) -> HolisticLandmarker:
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=RunningMode.VIDEO,
    )
    try:
        return HolisticLandmarker.create_from_options(options)
    except (RuntimeError, ValueError, OSError) as error:
        raise BadInput(
            f"{model} is no holistic landmarker that MediaPipe can load; fetch it with "
            "`signlab corpus model`"
        ) from error


def _points(found: HolisticLandmarkerResult) -> Float32[np.ndarray, "543 3"]:
    """The points of a frame; NaN where a part is absent."""
    points = np.full((HOLISTIC.points, 3), np.nan, dtype=np.float32)
    for part, rows in HOLISTIC.slices.items():
        tracked = getattr(found, _FIELDS[part])
        if tracked:
            # ten points of the irises follow those of the face
            wanted = tracked[: rows.stop - rows.start]
            points[rows] = [(point.x, point.y, point.z) for point in wanted]
    return points


def _visibility(found: HolisticLandmarkerResult) -> UInt8[np.ndarray, " 33"]:
    values = [point.visibility or 0.0 for point in found.pose_landmarks] or [0.0] * POSE.points
    return np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
