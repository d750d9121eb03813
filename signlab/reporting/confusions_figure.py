"""What each sign is taken for."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signlab.reporting.signs import SignAnalysis
from signlab.reporting.style import FAINT, INK, new_figure

SIGNS = 24
"""Rows at most: the signs with the most errors."""

MISSED = "(missed)"


def confusion_shares(signs: SignAnalysis, variant: str) -> pd.DataFrame:
    """Percent of each sign's occurrences that were taken for another, or missed.

    Rows and columns are the signs that are confused most, in one order; the last column is
    ``MISSED``. The correct ones are left out, so that errors can be seen.
    """
    pairs, known = signs.confusions[variant], [str(name) for name in signs.recall.index]
    shares = np.zeros((len(known), len(known)))
    place = {name: index for index, name in enumerate(known)}
    missed = np.nan_to_num(signs.missed[variant].to_numpy(dtype=float))
    errors = missed / 100 * signs.support.to_numpy()
    for pair in pairs.to_dict("records"):
        if pair["hypothesis"] in place:  # a sign of the vocabulary may be absent from the test
            row, column = place[pair["reference"]], place[pair["hypothesis"]]
            shares[row, column] = 100 * pair["share"]
            errors[[row, column]] += pair["count"]
    chosen = [known[i] for i in np.argsort(-errors, kind="stable")[:SIGNS] if errors[i] > 0]
    wide = pd.DataFrame(shares, index=known, columns=known)
    order = _neighbours(wide.loc[chosen, chosen])
    return wide.loc[order, order].assign(**{MISSED: [missed[place[name]] for name in order]})


def _neighbours(wide: pd.DataFrame) -> list[str]:
    """An order that puts what is confused side by side: the nearest of the rest each time."""
    both = wide + wide.T
    rest = list(both.index)
    order = [rest.pop(0)] if rest else []
    while rest:
        closest = int(np.argmax(both.loc[order[-1], rest].to_numpy()))
        order.append(rest.pop(closest))
    return order


def confusions_figure(shares: pd.DataFrame, variant: str) -> Figure:
    """The shares as a map: reference down, hypothesis across."""
    size = 0.27 * len(shares)
    figure = new_figure(min(9.0, max(5.0, 2.6 + 1.15 * size)), max(3.0, 1.6 + size))
    axes = figure.subplots()
    top = max(5.0, float(shares.to_numpy().max(initial=0.0)))
    image = axes.imshow(
        shares.to_numpy(), cmap="Blues", vmin=0.0, vmax=top, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    _name(axes, shares)
    for row, column in np.argwhere(shares.to_numpy() >= max(2.0, 0.15 * top)):
        value = shares.to_numpy()[row, column]
        axes.text(
            column, row, f"{value:.0f}", ha="center", va="center", fontsize=7,
            color="white" if value > 0.5 * top else INK,
        )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30, pad=0.02)
    bar.set_label("% of the sign's occurrences")
    bar.outline.set_visible(False)
    axes.set_title(f"What {variant} takes each sign for")
    return figure


def _name(axes: Axes, shares: pd.DataFrame) -> None:
    axes.set_xticks(
        range(shares.shape[1]), [str(name) for name in shares.columns],
        rotation=90 if len(shares) > 6 else 0, fontsize=8,
    )  # fmt: skip
    axes.set_yticks(range(len(shares)), [str(name) for name in shares.index], fontsize=8)
    axes.set_xlabel("recognised as")
    axes.set_ylabel("signed")
    axes.set_xticks(np.arange(shares.shape[1] + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(shares) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=FAINT, linewidth=0.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
