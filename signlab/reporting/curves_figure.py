"""Learning curves: a panel a variant, the baseline behind each for comparison."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.style import HELPS, INK, MUTED, log_heights, new_figure
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import Curve, Measured, VariantSummary

COLUMNS = 3


def curves_figure(summary: StudySummary) -> Figure:
    """Dev WER and training loss by epoch: mean and range over seeds and folds."""
    shown = summary.principal
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(9.0, 2.5 * rows + 0.3)
    grid = figure.subplots(
        2 * rows, columns, sharex=True, sharey="row", squeeze=False, height_ratios=[3, 2] * rows
    )
    _share(grid)
    for axes in grid.flat:
        axes.set_visible(False)
    for index, (variant, measured) in enumerate(shown):
        row, column = divmod(index, columns)
        _panel(
            grid[2 * row][column], grid[2 * row + 1][column], variant, measured, summary,
            first=index == 0, bottom=index + columns >= len(shown),
        )  # fmt: skip
    return figure


def _share(grid: np.ndarray) -> None:
    """One scale for all panels of WER, one for all of loss."""
    for kind in (0, 1):
        first, *others = grid[kind::2, 0]
        for axes in others:
            axes.sharey(first)
    log_heights(*grid[1::2].flat)


def _panel(
    wer: Axes,
    loss: Axes,
    variant: VariantSummary,
    measured: Measured,
    summary: StudySummary,
    *,
    first: bool,
    bottom: bool,
) -> None:
    reference = summary.baseline.measured
    for axes in (wer, loss):
        axes.set_visible(True)
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if reference is not None and variant is not summary.baseline:
        _draw(wer, reference.dev_wer, MUTED)
        _draw(loss, reference.loss, MUTED)
    colour = INK if variant is summary.baseline else HELPS
    _draw(wer, measured.dev_wer, colour)
    _draw(loss, measured.loss, colour)
    wer.set_title(variant.name)
    wer.set_ylim(bottom=0.0)
    wer.yaxis.set_major_locator(MaxNLocator(4))
    if first:
        wer.set_ylabel("dev WER, %")
        loss.set_ylabel("loss a label")
    if bottom:
        loss.set_xlabel("epoch")
        loss.tick_params(labelbottom=True)


def _draw(axes: Axes, curve: Curve, colour: str) -> None:
    axes.fill_between(curve.epochs, curve.low, curve.high, color=colour, alpha=0.18, lw=0)
    axes.plot(curve.epochs, curve.mean, color=colour, linewidth=1.5)


def curves_caption(summary: StudySummary) -> str:
    """What the figure shows, and which variants it leaves out."""
    rest = len(summary.measured) - len(summary.principal)
    left_out = (
        f" {rest} variants have no room: those far from the baseline and from all components, and "
        "among equals those whose WER is nearest to the baseline's."
    )
    return (
        "Dev WER and training loss by epoch: mean and range over seeds and folds; grey is the "
        f"baseline.{left_out if rest else ''}"
    )
