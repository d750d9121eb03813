"""Reliability curves: how often glosses are right that a recogniser is so sure of."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from signlab.reporting.style import FAINT, HELPS, INK, new_figure


def calibration_figure(curves: Mapping[str, pd.DataFrame], shown: Sequence[str]) -> Figure:
    """Accuracy by confidence; points are bins, their area tells how many glosses are in one.

    Args:
        curves: By variant, as ``ErrorAnalysis.reliability``.
        shown: The baseline and one variant, or the baseline alone.
    """
    figure = new_figure(4.6, 4.2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2)
    axes.grid()
    for name, colour in zip(shown, (INK, HELPS), strict=False):
        curve = curves[name]
        size = 120.0 * curve["count"] / curve["count"].max()
        axes.plot(curve["confidence"], curve["accuracy"], color=colour, linewidth=1.2)
        axes.scatter(curve["confidence"], curve["accuracy"], s=size + 6, color=colour, label=name)
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_aspect("equal")
    axes.legend(loc="upper left", scatterpoints=1)
    return figure
