"""Accuracy against speed: which variants no other beats on both."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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


def pareto_figure(found: Sequence[Point]) -> Figure:
    """WER with its interval against median latency; the front as a line."""
    figure = new_figure(7.0, 4.0)
    axes = figure.subplots()
    edge = front(found)
    axes.step(
        [p.latency for p in edge], [p.wer.value for p in edge],
        where="post", color=HELPS, linewidth=1.2, alpha=0.6, zorder=1,
    )  # fmt: skip
    for point in found:
        on = point in edge
        colour = HELPS if on else MUTED
        axes.plot([point.latency] * 2, [point.wer.low, point.wer.high], color=colour, alpha=0.45)
        axes.plot(
            point.latency, point.wer.value, "o",
            markersize=7, color=colour, markerfacecolor=colour if on else "white", zorder=3,
        )  # fmt: skip
        axes.annotate(
            point.name, (point.latency, point.wer.value), xytext=(7, 4),
            textcoords="offset points", color=INK if on else MUTED,
            fontweight="bold" if on else "normal",
        )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.15)
    axes.grid(color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.set_xlabel("median latency of one utterance, ms")
    axes.set_ylabel("test WER, %")
    return figure
