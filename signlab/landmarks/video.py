"""Frames of videos and of folders of pictures, in the order in which they were filmed."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from jaxtyping import UInt8

from signlab.errors import BadInput

VIDEOS = {".mp4", ".webm", ".avi", ".gif", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg"}
PICTURES = {".png", ".jpg", ".jpeg"}


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
    """The pictures of a folder in the order of their names."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)


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
            raise BadInput(f"{file} has no video stream")
        stream = container.streams.video[0]
        rate = stream.average_rate or Fraction(25)
        oblong = stream.sample_aspect_ratio or Fraction(1)
        start = last = None
        for frame in _decoded(container, file):
            # a frame without a time follows the one before by the usual interval
            time = frame.time if frame.time is not None else (last or 0.0) + float(1 / rate)
            start = time if start is None else start
            last = time
            yield _frame(frame, time - start, oblong)


def _opened(file: Path) -> InputContainer:
    try:
        return av.open(str(file))
    except (FFmpegError, OSError) as error:
        raise BadInput(f"{file} cannot be read as video or picture: {_reason(error)}") from error


def _decoded(container: InputContainer, file: Path) -> Iterator[av.VideoFrame]:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    try:
        yield from container.decode(stream)
    except (FFmpegError, OSError) as error:
        raise BadInput(f"{file} is damaged: {_reason(error)}") from error


def _frame(decoded: av.VideoFrame, seconds: float, oblong: Fraction) -> Frame:
    # to RGB by way of alpha where there is any: transparent pixels keep their colour
    pixels = decoded.to_ndarray(format="rgb24")
    aspect = decoded.height / (decoded.width * float(oblong))
    quarters = round(decoded.rotation / 90) % 4  # phones film upright and say so beside
    if quarters % 2:
        aspect = 1 / aspect
    return Frame(np.ascontiguousarray(np.rot90(pixels, quarters)), seconds, aspect)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
