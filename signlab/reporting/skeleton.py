"""Landmarks drawn as a person: body, hands, the face's contours, and what is missing."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image, ImageDraw

from signlab.corpora.base import Sample
from signlab.landmarks.layout import MISSING, UNIT, Layout
from signlab.landmarks.skeleton import LINES

GROUND, FAINT, WORDS, LOST = "white", "#d0d7de", "#1f2328", "#D55E00"
COLOURS = {
    "pose": "#6e7781",
    "left_hand": "#0072B2",
    "right_hand": "#009E73",
    "face": "#8c6bb1",
    "nose": "#8c6bb1",
}
OTHER = "#6e7781"

Points = Float32[np.ndarray, "frames points 2"]


class Drawing:
    """One utterance, ready to be drawn frame by frame.

    All frames are to one scale, which fits what is in view nearly all the time.

    Args:
        sample: The utterance.
        layout: Of its landmarks.
        height: Of a picture, in pixels.
    """

    def __init__(self, sample: Sample, layout: Layout, *, height: int = 360) -> None:
        self._sample = sample
        self._layout = layout
        self._present = sample.landmarks[:, :, 0] != MISSING
        points = sample.landmarks[:, :, :2].astype(np.float32) / UNIT
        points[:, :, 1] *= sample.aspect
        self._points, self.size = _scaled(points, self._present & _drawn(layout), height)

    def __len__(self) -> int:
        return len(self._points)

    def frame(self, number: int) -> Image.Image:
        """A picture of one frame, with its time, its gloss and the parts that it lacks."""
        picture = Image.new("RGB", self.size, GROUND)
        draw = ImageDraw.Draw(picture)
        for part, rows in self._layout.slices.items():
            colour = COLOURS.get(part, OTHER)
            seen = self._present[number, rows]
            lines = LINES.get((part, rows.stop - rows.start))
            points = self._points[number, rows]
            for line in _visible(lines or (), seen):
                draw.line([tuple(points[at]) for at in line], fill=colour, width=2)
            if lines is None:
                for x, y in points[seen]:
                    draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
        draw.text((8, 6), self._caption(number), fill=WORDS)
        lost = [part.replace("_", " ") for part in self._lost(number)]
        for place, name in enumerate(lost):
            draw.text((8, self.size[1] - 16 * (place + 1)), f"no {name}", fill=LOST)
        return picture

    def _lost(self, number: int) -> list[str]:
        slices = self._layout.slices
        return [part for part, rows in slices.items() if not self._present[number, rows].any()]

    def _caption(self, number: int) -> str:
        sample = self._sample
        time = f"{number / sample.fps:5.2f} s"
        if sample.spans is None:
            return f"{time}   {' '.join(sample.glosses)[:60]}"
        signed = zip(sample.glosses, sample.spans, strict=True)
        return f"{time}   " + " ".join(gloss for gloss, (a, b) in signed if a <= number < b)


def contact_sheet(drawing: Drawing, *, frames: int = 12, columns: int = 4) -> Image.Image:
    """Frames evenly spread over the utterance, side by side."""
    chosen = np.unique(np.linspace(0, len(drawing) - 1, frames).round().astype(int)).tolist()
    columns = min(columns, len(chosen))
    width, height = drawing.size
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (width * columns, height * rows), GROUND)
    draw = ImageDraw.Draw(sheet)
    for place, number in enumerate(chosen):
        x, y = place % columns * width, place // columns * height
        sheet.paste(drawing.frame(number), (x, y))
        draw.rectangle((x, y, x + width - 1, y + height - 1), outline=FAINT)
    return sheet


def _visible(
    lines: Sequence[Sequence[int]], seen: Bool[np.ndarray, " points"]
) -> Iterator[tuple[int, int]]:
    """The strokes between points that were tracked."""
    for line in lines:
        yield from (pair for pair in pairwise(line) if seen[list(pair)].all())


def _drawn(layout: Layout) -> Bool[np.ndarray, " points"]:
    """The points that some line or dot shows; the rest must not decide the scale."""
    kept = np.zeros(layout.points, dtype=bool)
    for part, rows in layout.slices.items():
        lines = LINES.get((part, rows.stop - rows.start))
        numbers = (
            range(rows.stop - rows.start) if lines is None else {n for at in lines for n in at}
        )
        kept[[rows.start + number for number in numbers]] = True
    if "pose" in layout.slices:  # hips are mostly guessed, below the image
        kept[[layout.slices["pose"].start + hip for hip in (23, 24)]] = False
    return kept


def _scaled(
    points: Points, kept: Bool[np.ndarray, "frames points"], height: int
) -> tuple[Points, tuple[int, int]]:
    """Points in pixels, and the size of the picture: even, as video codecs want it."""
    known = points[kept] if kept.any() else np.zeros((1, 2), dtype=np.float32)
    low, high = np.percentile(known, [0.5, 99.5], axis=0)
    margin = 0.12 * max(float((high - low).max()), 1e-3)
    low, high = low - margin, high + margin
    scale = height / float(high[1] - low[1])
    width = int(np.clip((high[0] - low[0]) * scale, height // 2, 2 * height))
    shift = np.array([(width / scale - (high[0] - low[0])) / 2, 0], dtype=np.float32)
    placed = (points - low + shift) * scale
    return placed.astype(np.float32), (width // 2 * 2, height // 2 * 2)
