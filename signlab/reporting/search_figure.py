"""What was tried in a search: its history, and its trials as lines over the searched keys."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.style import FAINT, HELPS, INK, MUTED, new_figure
from signlab.study.searched import Searched
from signlab.study.trial import Trial

ROOM = 4
"""Searches that are shown."""


def search_figure(searches: Sequence[Searched]) -> Figure:
    """A row a search: dev error by trial on the left, parallel coordinates on the right."""
    shown = searches[:ROOM]
    figure = new_figure(9.0, 2.7 * len(shown) + 0.2)
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=[1.0, 1.5])
    for search, (left, right) in zip(shown, grid, strict=True):
        error = "dev_wer" if "dev_wer" in search.objectives else search.objectives[0]
        _history(left, search, error)
        _parallel(right, search, error)
        left.set_title(search.variant)
    return figure


def _history(axes: Axes, search: Searched, error: str) -> None:
    best = float("inf")
    steps: list[tuple[int, float]] = []
    for trial in search.of("complete"):
        best = min(best, trial.values[error])
        steps.append((trial.number, best))
        axes.plot(trial.number, trial.values[error], "o", color=HELPS, markersize=5)
    for trial in search.of("pruned"):
        if trial.curve:
            axes.plot(trial.number, trial.curve[-1], "o", color=MUTED, mfc="none", markersize=5)
    if steps:
        numbers, values = zip(*steps, strict=True)
        axes.step(numbers, values, where="post", color=INK, linewidth=1.0)
    axes.set_ylim(bottom=0.0)
    axes.grid(axis="y", color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("trial (hollow: stopped early)")
    axes.set_ylabel("dev WER, %" if error == "dev_wer" else "dev loss")


def _parallel(axes: Axes, search: Searched, error: str) -> None:
    complete = search.of("complete")
    keys = list(dict.fromkeys(key for trial in complete for key in trial.point))
    for trial in sorted(complete, key=lambda one: one.number == search.chosen):
        kept = trial.number == search.chosen
        values = [_place(key, trial, complete) for key in keys]
        values.append(_scaled(trial.values[error], [one.values[error] for one in complete]))
        axes.plot(
            range(len(values)), values,
            color=HELPS if kept else MUTED, linewidth=2.2 if kept else 0.9,
            alpha=1.0 if kept else 0.5,
        )  # fmt: skip
    names = [
        *(key.rpartition(".")[2] for key in keys),
        "dev WER" if error == "dev_wer" else "dev loss",
    ]
    axes.set_xticks(range(len(names)), names, fontsize=8)
    for place in range(len(names)):
        axes.axvline(place, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0.0, 1.0], ["least", "most"])


def _place(key: str, trial: Trial, trials: Sequence[Trial]) -> float:
    """Where a value stands among those tried, from 0 to 1; NaN where it does not apply."""
    if key not in trial.point:
        return float("nan")
    tried = [one.point[key] for one in trials if key in one.point]
    if all(isinstance(value, int | float) for value in tried):
        return _scaled(trial.point[key], tried)
    names = sorted({str(value) for value in tried})
    return names.index(str(trial.point[key])) / max(len(names) - 1, 1)


def _scaled(value: Any, tried: Sequence[Any]) -> float:
    low, high = min(tried), max(tried)
    return 0.5 if low == high else float((value - low) / (high - low))
