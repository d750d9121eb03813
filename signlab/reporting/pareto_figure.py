"""Accuracy against speed: which variants no other beats on both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox, BboxBase

from signlab.reporting.style import FAINT, HELPS, INK, MUTED, new_figure
from signlab.reporting.summary import StudySummary
from signlab.scoring.significance import Interval


@dataclass(frozen=True)
class Point:
    """A variant's latency in milliseconds and its WER."""

    name: str
    latency: float
    wer: Interval


def points(summary: StudySummary) -> list[Point]:
    """The variants whose inference was measured."""
    return [
        Point(variant.name, measured.costs.latency_p50_ms, measured.wer)
        for variant, measured in summary.measured
        if measured.costs.latency_p50_ms is not None
    ]


def front(found: Sequence[Point]) -> list[Point]:
    """Those that no other beats on both, the quickest first."""
    best: list[Point] = []
    for point in sorted(found, key=lambda p: (p.latency, p.wer.value)):
        if not best or point.wer.value < best[-1].wer.value:
            best.append(point)
    return best


def pareto_figure(found: Sequence[Point], named: Collection[str]) -> Figure:
    """WER with its interval against median latency; the front as a line.

    Args:
        named: Variants that get a label besides those on the front.
    """
    figure = new_figure(8.0, 4.4)
    axes = figure.subplots()
    edge = front(found)
    axes.step(
        [p.latency for p in edge], [p.wer.value for p in edge],
        where="post", color=HELPS, linewidth=1.2, alpha=0.6, zorder=1,
    )  # fmt: skip
    for point in found:
        colour, face = (HELPS, HELPS) if point in edge else (MUTED, "white")
        axes.plot([point.latency] * 2, [point.wer.low, point.wer.high], color=colour, alpha=0.4)
        axes.plot(
            point.latency, point.wer.value, "o",
            markersize=7, color=colour, markerfacecolor=face, zorder=3,
        )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.12)
    axes.grid(color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.set_xlabel("median latency of one utterance, ms")
    axes.set_ylabel("test WER, %")
    rest = [point for point in found if point.name in named and point not in edge]
    _label(axes, [*edge, *rest], found, set(edge))
    return figure


_PLACES = ((8, 5, "left"), (8, -13, "left"), (-8, 5, "right"), (-8, -13, "right"),
           (0, 11, "center"), (0, -20, "center"), (14, 16, "left"), (14, -26, "left"))  # fmt: skip
"""Where a label may stand, in points from its dot, the best first."""


def _label(
    axes: Axes, labelled: Sequence[Point], found: Sequence[Point], edge: Collection[Point]
) -> None:
    """Name each point where the name covers no dot and no other name, if there is such a place."""
    figure = axes.get_figure(root=True)
    if figure is None:
        return
    figure.draw_without_rendering()  # the layout decides where data come to lie
    dots = [axes.transData.transform((p.latency, p.wer.value)) for p in found]
    taken = [Bbox.from_extents(x - 9, y - 9, x + 9, y + 9) for x, y in dots]
    for point in labelled:
        text = axes.annotate(
            point.name, (point.latency, point.wer.value), textcoords="offset points", xytext=(0, 0),
            color=INK if point in edge else MUTED, fontweight="bold" if point in edge else "normal",
        )  # fmt: skip
        text.set_in_layout(False)
        taken.append(_place(text, taken, axes.bbox))


def _place(text: Annotation, taken: Sequence[Bbox], inside: BboxBase) -> Bbox:
    """Move a label to the first free place, or to the one that covers least; what it takes up."""

    def box(place: tuple[int, int, str]) -> Bbox:
        text.xyann = place[:2]
        text.set_horizontalalignment(place[2])  # pyright: ignore[reportArgumentType]
        return text.get_window_extent()

    def covered(place: tuple[int, int, str]) -> float:
        own = box(place)
        parts = [Bbox.intersection(own, other) for other in taken]
        shared = sum(part.width * part.height for part in parts if part is not None)
        outside = own.x1 > inside.x1 or own.x0 < inside.x0 or own.y0 < inside.y0
        return shared + 1e6 * outside

    return box(min(_PLACES, key=covered))
