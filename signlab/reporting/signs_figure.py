"""Which signs are hard, and which of them each variant improves or damages."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.markdown import signed
from signlab.reporting.signs import SignAnalysis
from signlab.reporting.style import INK, MUTED, bare, new_figure

SIGNS = 40
"""More rows would not be read; the most frequent are shown."""

_WRITTEN = 10
"""Columns up to which every change is written into its cell."""


def signs_figure(signs: SignAnalysis, baseline: str, others: Sequence[str]) -> Figure:
    """Recall of the baseline by sign, and the change that other variants make to it."""
    frequent = signs.support.sort_values(ascending=False, kind="stable").index[:SIGNS]
    recall = signs.recall.loc[frequent].sort_values(baseline, kind="stable")
    changes = recall[list(others)].to_numpy() - recall[[baseline]].to_numpy()
    figure = new_figure(9.0, 1.2 + 0.21 * len(recall))
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.6])
    _recall(left, recall.index.tolist(), recall[baseline].to_numpy(), baseline, signs)
    _changes(right, changes, others)
    return figure


def _recall(
    axes: Axes, names: list[str], recall: np.ndarray, baseline: str, signs: SignAnalysis
) -> None:
    rows = range(len(names))
    axes.hlines(rows, 0, recall, color=MUTED, linewidth=1.0)
    axes.plot(recall, rows, "o", color=INK, markersize=4.5)
    axes.set_yticks(rows, [f"{name}  {signs.support[name]}×" for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 103)
    axes.set_title(f"Recognised by {baseline}")
    axes.set_xlabel("% of the sign's occurrences")
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    bare(axes)


def _changes(axes: Axes, changes: np.ndarray, variants: Sequence[str]) -> None:
    limit = max(10.0, float(np.nanmax(np.abs(changes), initial=0.0)))
    # orange and purple differ in lightness from the middle and, for all eyes, from each other
    axes.imshow(
        changes, cmap="PuOr", norm=TwoSlopeNorm(0.0, -limit, limit), aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    axes.set_xticks(range(len(variants)), variants, rotation=0 if len(variants) <= 5 else 40)
    if len(variants) > 5:
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("Change of each variant, points (orange: worse)")
    if len(variants) <= _WRITTEN:
        for (row, column), change in np.ndenumerate(changes):
            if abs(round(change)) >= 1:
                colour = "white" if abs(change) > 0.6 * limit else INK
                axes.text(
                    column, row, signed(change, 0), ha="center", va="center", color=colour,
                    fontsize=7.5,
                )  # fmt: skip
