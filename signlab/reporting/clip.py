"""An utterance as a moving picture, or as a sheet of still ones."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from signlab.errors import BadInput
from signlab.reporting.skeleton import Drawing, contact_sheet


def write_clip(drawing: Drawing, out: Path, *, fps: float) -> None:
    """Draw an utterance into a gif, an mp4 or, as a sheet of frames, a png.

    Raises:
        BadInput: The ending is none of these, or the file cannot be written.
    """
    writer = _WRITERS.get(out.suffix.lower())
    if writer is None:
        raise BadInput(f"{out}: the ending should be .gif, .mp4 or .png")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        writer(drawing, out, fps)
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error.strerror or error}") from error


def _gif(drawing: Drawing, out: Path, fps: float) -> None:
    # browsers show no more than 50 frames a second, in steps of 10 ms
    step = max(1, round(fps / 25))
    first, *rest = (drawing.frame(number).quantize(32) for number in range(0, len(drawing), step))
    duration = round(100 * step / fps) * 10
    first.save(out, save_all=True, append_images=rest, duration=duration, loop=0)


def _mp4(drawing: Drawing, out: Path, fps: float) -> None:
    with av.open(str(out), "w") as container:
        stream = container.add_stream("h264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height = drawing.size
        stream.pix_fmt = "yuv420p"
        for number in range(len(drawing)):
            pixels = np.asarray(drawing.frame(number))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def _png(drawing: Drawing, out: Path, fps: float) -> None:
    del fps
    contact_sheet(drawing).quantize(256).save(out, optimize=True)


_WRITERS: dict[str, Callable[[Drawing, Path, float], None]] = {
    ".gif": _gif,
    ".mp4": _mp4,
    ".png": _png,
}
