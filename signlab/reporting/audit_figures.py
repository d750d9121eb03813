"""The figures of a corpus audit."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from signlab.reporting.skeleton import COLOURS, OTHER
from signlab.reporting.style import HELPS, MUTED, house_style, new_figure, png, write_if_new

MOST_ROWS = 40
"""Signers or glosses in a figure, at most."""


def lengths(seconds: np.ndarray, out: Path) -> None:
    """How long the utterances are."""
    with _axes(out, 6.4, 2.6) as axes:
        axes.hist(seconds, bins=min(40, max(5, len(seconds) // 4)), color=HELPS)
        axes.set_xlabel("seconds")
        axes.set_ylabel("utterances")


def presence(shares: pd.DataFrame, out: Path) -> None:
    """Share of the frames with each part, a group of bars a signer."""
    shares = shares.head(MOST_ROWS)
    parts = [str(part) for part in shares.columns]
    with _axes(out, 6.4, 0.8 + 0.16 * len(shares) * (len(parts) + 1)) as axes:
        for place, part in enumerate(parts):
            rows = np.arange(len(shares)) * (len(parts) + 1) + place
            label = part.replace("_", " ")
            axes.barh(rows, 100 * shares[part], color=COLOURS.get(part, OTHER), label=label)
        middle = np.arange(len(shares)) * (len(parts) + 1) + (len(parts) - 1) / 2
        axes.set_yticks(middle, [str(signer) for signer in shares.index])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of the frames")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)


def hands(table: pd.DataFrame, out: Path) -> None:
    """Where the left hand moves more: a row a gloss, a point a signer."""
    common = Counter[str]()
    for gloss, count in zip(table["gloss"], table["utterances"], strict=True):
        common[gloss] += count
    glosses = [gloss for gloss, _ in common.most_common(MOST_ROWS)]
    with _axes(out, 6.4, 0.9 + 0.24 * len(glosses)) as axes:
        for gloss, y in zip(glosses, range(len(glosses)), strict=True):
            rows = table[table["gloss"] == gloss]
            axes.scatter(100 * rows["left"], [y] * len(rows), color=MUTED, s=14)
            for signer, left in zip(rows["signer"], rows["left"], strict=True):
                if left > 0.7:
                    axes.annotate(str(signer), (100 * left, y), (5, -3), textcoords="offset points")
        axes.set_yticks(range(len(glosses)), glosses)
        axes.invert_yaxis()
        axes.set_xlim(-3, 108)
        axes.set_xlabel("% of the utterances with the left hand moving more (each point a signer)")


@contextmanager
def _axes(out: Path, width: float, height: float) -> Iterator[Axes]:
    """Axes of a figure that is written once they are drawn."""
    with house_style():
        figure = new_figure(width, height)
        yield figure.subplots()
        write_if_new(out, png(figure))
