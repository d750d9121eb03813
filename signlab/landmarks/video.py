"""Frames of videos and of folders of pictures, in the order in which they were filmed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from jaxtyping import UInt8

from signlab.errors import BadInput
from signlab.landmarks.natural import natural

VIDEOS = {".mp4", ".webm", ".avi", ".gif", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg"}
PICTURES = {".png", ".jpg", ".jpeg"}

REACHED = 0.9
"""Share of the announced length that has to be there; containers round, and streams end apart."""


@dataclass(frozen=True)
class Frame:
    """One picture of a film.

    Attributes:
        pixels: Red, green and blue, contiguous.
        seconds: Since the first frame.
        aspect: Height over width as shown, which is not that of the pixels where these are oblong.
    """

    pixels: UInt8[np.ndarray, "height width 3"]
    seconds: float
    aspect: float


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of their names, 10 after 9."""
    found = [file for file in folder.iterdir() if file.suffix.lower() in PICTURES]
    return sorted(found, key=lambda file: natural(file.name))


def read_frames(path: Path, *, fps: float) -> Iterator[Frame]:
    """All frames of a video, or of a folder of pictures.

    Args:
        path: The video or the folder.
        fps: Pictures a second of a folder; a video tells itself.

    Raises:
        BadInput: Nothing is there, it cannot be decoded, or it has no frames.
    """
    size = None
    for frame in _from_pictures(path, fps) if path.is_dir() else _from_video(path):
        if size not in (None, frame.pixels.shape):
            raise BadInput(
                f"{path}: the picture at {frame.seconds:.2f} s is of another size than those before"
            )
        size = frame.pixels.shape
        yield frame
    if size is None:
        raise BadInput(f"{path} has no frames")


def expected_frames(path: Path) -> int:
    """About how many frames a film says that it has; 0 where it does not say."""
    if path.is_dir():
        return len(pictures_of(path))
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return 0
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 25)
            return stream.frames or round(_announced(container, stream) * rate)
    except (FFmpegError, OSError):
        return 0  # whoever reads it tells


def _from_pictures(folder: Path, fps: float) -> Iterator[Frame]:
    for number, file in enumerate(pictures_of(folder)):
        with _opened(file) as container:
            decoded = list(_decoded(container, file))
        if not decoded:
            raise BadInput(f"{file} has no picture in it")
        yield _frame(decoded[0], number / fps, Fraction(1))


def _from_video(file: Path) -> Iterator[Frame]:
    if not file.exists():
        raise BadInput(f"there is no {file}")
    with _opened(file) as container:
        if not container.streams.video:
            raise BadInput(f"{file} has no video stream, or is cut off")
        stream = container.streams.video[0]
        interval = float(1 / (stream.average_rate or Fraction(25)))
        oblong = stream.sample_aspect_ratio or Fraction(1)
        times: list[float] = []
        for frame in _decoded(container, file):
            # a frame without a time follows the one before by the usual interval
            usual = times[-1] + interval if times else 0.0
            times.append(usual if frame.time is None else frame.time)
            yield _frame(frame, times[-1] - times[0], oblong)
        reached, announced = max(times, default=0.0) + interval, _announced(container, stream)
        if reached < REACHED * announced:
            raise BadInput(
                f"{file} is cut off after {reached:.1f} of {announced:.1f} s; copy it again"
            )
        if container.format.name == "gif" and not file.read_bytes().rstrip(b"\0").endswith(b";"):
            raise BadInput(f"{file} is cut off; copy it again")


def _announced(container: InputContainer, stream: VideoStream) -> float:
    """Seconds that a stream is said to last; 0 where nothing is said."""
    whole = (container.duration or 0) / av.time_base
    if stream.duration and stream.time_base:
        own = float(stream.duration * stream.time_base)
        return min(own, whole) if whole else own
    told = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
    if told:  # what Matroska and WebM say of a stream
        hours, minutes, seconds = told.groups()
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return whole if len(container.streams) == 1 else 0.0  # another stream may last longer


def _opened(file: Path) -> InputContainer:
    try:
        return av.open(str(file))
    except (FFmpegError, OSError) as error:
        raise BadInput(f"{file} cannot be read as video or picture: {_reason(error)}") from error


def _decoded(container: InputContainer, file: Path) -> Iterator[av.VideoFrame]:
    stream = container.streams.video[0]
    stream.thread_type = "NONE"  # one process a film: the processes share the cores already
    try:
        for number, frame in enumerate(container.decode(stream)):
            if frame.is_corrupt:
                raise BadInput(f"{file} is damaged at frame {number}; copy it again")
            yield frame
    except (FFmpegError, OSError) as error:
        raise BadInput(f"{file} is damaged: {_reason(error)}") from error


def _frame(decoded: av.VideoFrame, seconds: float, oblong: Fraction) -> Frame:
    aspect = decoded.height / (decoded.width * float(oblong))
    quarters = round(decoded.rotation / 90) % 4  # phones film upright and say so beside
    if quarters % 2:
        aspect = 1 / aspect
    return Frame(np.ascontiguousarray(np.rot90(_pixels(decoded), quarters)), seconds, aspect)


def _pixels(decoded: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
    """Colours, with white behind what is transparent."""
    if not any(component.is_alpha for component in decoded.format.components):
        return decoded.to_ndarray(format="rgb24")
    pixels = decoded.to_ndarray(format="rgba").astype(np.uint16)
    alpha = pixels[..., 3:]
    return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
