"""The figures of a corpus audit."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from signlab.reporting.style import HELPS, INK, MUTED, house_style, new_figure, png, write_if_new

_BLUES = LinearSegmentedColormap.from_list("presence", ["white", HELPS])

MOST_ROWS = 40
"""Signers or glosses in a figure, at most."""


def lengths(seconds: np.ndarray, out: Path) -> None:
    """How long the utterances are."""
    with _axes(out, 6.4, 2.6) as axes:
        axes.hist(seconds, bins=min(40, max(5, len(seconds) // 4)), color=HELPS)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("seconds")
        axes.set_ylabel("utterances")


def frequencies(counts: np.ndarray, out: Path) -> None:
    """How often each gloss occurs, the most frequent first."""
    with _axes(out, 6.4, 2.6) as axes:
        axes.fill_between(np.arange(len(counts)), counts, step="post", color=HELPS)
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.8)
        axes.yaxis.set_major_formatter("{x:.0f}")
        axes.set_xlim(0, len(counts))
        axes.set_xlabel("glosses, the most frequent first")
        axes.set_ylabel("occurrences")


def presence(shares: pd.DataFrame, out: Path) -> None:
    """Share of the frames with each part: a row a signer."""
    shares = shares.head(MOST_ROWS)
    names = [str(part).replace("_", " ") for part in shares.columns]
    with _axes(out, 2.0 + 0.9 * len(names), 0.6 + 0.24 * len(shares)) as axes:
        values = shares.to_numpy()
        axes.imshow(values, cmap=_BLUES, vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(values):
            ink = "white" if share > 0.6 else INK
            axes.text(column, row, f"{share:.0%}", ha="center", va="center", color=ink)
        axes.set_xticks(range(len(names)), names)
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(shares)), [str(signer) for signer in shares.index])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)


def hands(table: pd.DataFrame, out: Path) -> None:
    """Where the left hand moves more: a row a gloss, a point a signer."""
    common = Counter[str]()
    for gloss, count in zip(table["gloss"], table["utterances"], strict=True):
        common[gloss] += count
    glosses = [gloss for gloss, _ in common.most_common(MOST_ROWS)]
    with _axes(out, 6.4, 0.9 + 0.24 * len(glosses)) as axes:
        for y, gloss in enumerate(glosses):
            rows = table[table["gloss"] == gloss]
            axes.scatter(100 * rows["left"], [y] * len(rows), color=MUTED, s=14)
            for left, alike in rows.loc[rows["left"] > 0.7].groupby("left")["signer"]:
                signers = ", ".join(map(str, alike.head(3))) + ", ..." * (len(alike) > 3)
                right = float(str(left)) > 0.85  # no room beside it
                axes.annotate(
                    signers,
                    (100 * float(str(left)), y),
                    (-6 if right else 6, 0),
                    textcoords="offset points",
                    ha="right" if right else "left",
                    va="center",
                )
        axes.set_yticks(range(len(glosses)), glosses)
        axes.set_ylim(len(glosses) - 0.4, -0.6)
        axes.set_xlim(-3, 103)
        axes.set_xlabel("% of the utterances with the left hand moving more (each point a signer)")


@contextmanager
def _axes(out: Path, width: float, height: float) -> Iterator[Axes]:
    """Axes of a figure that is written once they are drawn."""
    with house_style():
        figure = new_figure(width, height)
        yield figure.subplots()
        write_if_new(out, png(figure))
