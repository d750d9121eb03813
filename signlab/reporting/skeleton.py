"""Landmarks drawn as a person: body, hands, the face's contours, and what is missing."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image, ImageDraw, ImageFont

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

FINER = 2
"""Pictures are drawn so many times larger than they are shown, for smooth lines."""

TRAIL_SECONDS = 0.5

MEDIAPIPE_POSE = 33
"""Points of the pose that is numbered as here."""

Points = Float32[np.ndarray, "frames points 2"]


class Drawing:
    """One utterance, ready to be drawn frame by frame.

    All frames are to one scale, which fits what is in view nearly all the time. A part of one
    point, of a tracker of hands, draws its way of the last half second behind it.

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
        self._points *= FINER
        self._height = FINER * max(9, height // 26)
        self._font = ImageFont.load_default(self._height)

    def __len__(self) -> int:
        return len(self._points)

    def frame(self, number: int) -> Image.Image:
        """A picture of one frame, with its time, its gloss and the parts that it lacks."""
        width, height = (FINER * side for side in self.size)
        picture = Image.new("RGB", (width, height), GROUND)
        draw = ImageDraw.Draw(picture)
        for part, rows in self._layout.slices.items():
            self._draw_part(draw, number, part, rows)
        draw.text((16, 12), self._caption(draw, number, width - 32), fill=WORDS, font=self._font)
        for place, name in enumerate(self._lost(number)):
            y = height - (place + 1.3) * 1.3 * self._height
            draw.text((16, y), f"no {name}", fill=LOST, font=self._font)
        return picture.resize(self.size, Image.Resampling.LANCZOS)

    def _draw_part(self, draw: ImageDraw.ImageDraw, number: int, part: str, rows: slice) -> None:
        colour = COLOURS.get(part, OTHER)
        points, seen = self._points[:, rows], self._present[:, rows]
        lines = LINES.get((part, rows.stop - rows.start))
        for line in _visible(lines or (), seen[number]):
            draw.line([tuple(points[number, at]) for at in line], fill=colour, width=2 * FINER)
        if lines is not None:
            return
        if points.shape[1] == 1:
            first = max(0, number - round(TRAIL_SECONDS * self._sample.fps))
            way = [tuple(points[at, 0]) for at in range(first, number + 1) if seen[at, 0]]
            if len(way) > 1:
                draw.line(way, fill=colour, width=FINER)
        for x, y in points[number, seen[number]]:
            draw.circle((x, y), 4 * FINER, fill=colour)
            if points.shape[1] == 1:
                # beside the point, on the side with more room
                right = x < FINER * self.size[0] / 2
                place = x + (7 if right else -7) * FINER, y
                anchor = "lm" if right else "rm"
                draw.text(place, _told(part), fill=colour, font=self._font, anchor=anchor)

    def _lost(self, number: int) -> list[str]:
        slices = self._layout.slices
        return [_told(part) for part in slices if not self._present[number, slices[part]].any()]

    def _caption(self, draw: ImageDraw.ImageDraw, number: int, width: int) -> str:
        """The time and the gloss; the glosses of all of it where their times are not known."""
        sample = self._sample
        glosses = list(sample.glosses)
        if sample.spans is not None:
            signed = zip(sample.glosses, sample.spans, strict=True)
            glosses = [gloss for gloss, (start, end) in signed if start <= number < end]
        text = f"{number / sample.fps:5.2f} s   {' '.join(glosses)}"
        if draw.textlength(text, font=self._font) <= width:
            return text
        while draw.textlength(f"{text} ...", font=self._font) > width:
            text = text[:-1]
        return f"{text} ..."


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


def _told(part: str) -> str:
    return part.replace("_", " ")


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
    pose = layout.slices.get("pose", slice(0, 0))
    if pose.stop - pose.start == MEDIAPIPE_POSE:  # hips are mostly guessed, below the image
        kept[[pose.start + hip for hip in (23, 24)]] = False
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
