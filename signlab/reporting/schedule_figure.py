"""The learning rate and the gradients by epoch, with the phases of the schedule."""

from collections.abc import Mapping
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.style import HELPS, HURTS, INK, MUTED, log_heights, new_figure
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import Curve, Schedule

MOST_NAMED = 3
"""Variants that a line is labelled with."""

NAMED_SHARE = 0.08
"""Of the epochs: a shorter phase has no room for its name."""

SCHEDULE_CAPTION = (
    "Learning rate and mean gradient norm by epoch, a line for each schedule, with the names of "
    "variants that have it; the norms are those of the first of them."
)

LOOKS = [(INK, "solid"), (HELPS, "dashed"), (HURTS, "dotted"), (MUTED, "dashdot")]


def schedules(summary: StudySummary) -> Mapping[tuple[str, ...], Schedule]:
    """The different schedules of a study, by the names of the variants that have each."""
    found: dict[bytes, tuple[list[str], Schedule]] = {}
    for variant, measured in summary.measured:
        if measured.schedule is not None:
            rates = measured.schedule.learning_rate.mean.tobytes()
            found.setdefault(rates, ([], measured.schedule))[0].append(variant.name)
    return {tuple(names): schedule for names, schedule in found.values()}


def schedule_figure(found: Mapping[tuple[str, ...], Schedule]) -> Figure:
    """Learning rate and gradient norm: means and ranges over the runs of each line's first variant.

    Args:
        found: As ``schedules`` gives them.
    """
    figure = new_figure(9.0, 3.8)
    rate, norm = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    for (names, schedule), look in zip(found.items(), cycle(LOOKS), strict=False):
        more = " …" if len(names) > MOST_NAMED else ""
        _draw(rate, schedule.learning_rate, look, ", ".join(names[:MOST_NAMED]) + more)
        _draw(norm, schedule.gradient_norm, look, names[0])
    _mark_phases(rate, norm, max(found.values(), key=lambda schedule: len(schedule.phases)))
    rate.set_ylabel("learning rate")
    rate.yaxis.set_major_formatter("{x:g}")
    rate.set_ylim(bottom=0.0)
    norm.set_ylabel("gradient norm")
    log_heights(norm)
    norm.set_xlabel("epoch")
    norm.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    for axes in (rate, norm):
        axes.grid(axis="y")
    if len(found) > 1:
        rate.legend(fontsize=8.5)
    return figure


def _draw(axes: Axes, curve: Curve, look: tuple[str, str], label: str) -> None:
    colour, line = look
    axes.fill_between(curve.epochs, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
    axes.plot(curve.epochs, curve.mean, color=colour, linestyle=line, linewidth=1.5, label=label)


def _mark_phases(rate: Axes, norm: Axes, schedule: Schedule) -> None:
    """A line where a phase begins, with its name where there is room; a single one needs none."""
    if len(schedule.phases) < 2:
        return
    end = schedule.learning_rate.epochs[-1]
    starts = list(schedule.phases.values())
    for name, first, following in zip(schedule.phases, starts, [*starts[1:], end], strict=True):
        for axes in (rate, norm):
            axes.axvline(first - 0.5, color=MUTED, linewidth=0.8, linestyle=":")
        if following - first > NAMED_SHARE * end:
            rate.annotate(
                name, (first - 0.5, 1.0), xycoords=("data", "axes fraction"), xytext=(3, 2),
                textcoords="offset points", fontsize=8.5, color=MUTED,
            )  # fmt: skip
