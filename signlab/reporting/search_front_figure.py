"""What a search with several objectives measured, and what no trial beats in all of them."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from signlab.reporting.search_figure import ROOM
from signlab.reporting.style import FAINT, HELPS, HURTS, INK, MUTED, new_figure
from signlab.study.choice import front, tolerated
from signlab.study.search import OBJECTIVES
from signlab.study.searched import Searched


def search_front_figure(searches: Sequence[Searched]) -> Figure:
    """A row a search, and in it a panel for each objective beside dev WER."""
    shown = searches[:ROOM]
    others = [name for name in shown[0].objectives if name != "dev_wer"]
    figure = new_figure(max(6.5, 4.6 * len(others)), 3.3 * len(shown))
    grid = figure.subplots(len(shown), len(others), squeeze=False)
    for search, row in zip(shown, grid, strict=True):
        for other, axes in zip(others, row, strict=True):
            _panel(axes, search, other)
        row[0].set_title(search.variant)
    return figure


def _panel(axes: Axes, search: Searched, other: str) -> None:
    complete = search.of("complete")
    edge = sorted(front(complete, search.objectives), key=lambda trial: trial.values["dev_wer"])
    limit = tolerated(complete)
    axes.axvline(limit, color=MUTED, linewidth=0.9, linestyle="--", zorder=1)
    axes.annotate(
        "best + 1 s.e.", (limit, 0.0), xycoords=("data", "axes fraction"), xytext=(3, 3),
        textcoords="offset points", fontsize=7.5, color=MUTED,
    )  # fmt: skip
    if len(search.objectives) == 2:  # with more, the front is no line in any panel
        axes.step(
            [trial.values["dev_wer"] for trial in edge], [trial.values[other] for trial in edge],
            where="post", color=HELPS, linewidth=1.2, alpha=0.6, zorder=1,
        )  # fmt: skip
    for trial in complete:
        x, y = trial.values["dev_wer"], trial.values[other]
        on = trial in edge
        axes.plot(
            x, y, "o", color=HELPS if on else MUTED, markersize=6,
            mfc=HELPS if on else "white", zorder=3,
        )  # fmt: skip
        if trial.number == search.chosen:
            axes.plot(x, y, "o", color=HURTS, mfc="none", markersize=12, mew=1.6, zorder=4)
        if on or trial.number == search.chosen:
            kept = " kept" * (trial.number == search.chosen)
            axes.annotate(
                f"{trial.number}{kept}", (x, y), xytext=(8, 6), textcoords="offset points",
                fontsize=8, color=INK, fontweight="bold" if kept else "normal",
            )  # fmt: skip
    axes.margins(0.12, 0.2)
    axes.grid(color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(EngFormatter(sep=" "))
    axes.set_xlabel("dev WER, %")
    axes.set_ylabel(OBJECTIVES[other])
