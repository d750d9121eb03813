"""How every figure of a report looks.

Quiet axes, few colours that colour-blind readers can tell apart (Okabe and Ito 2008), and a white
ground, so that it reads on a dark page too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

INK = "#1f2328"
MUTED = "#6e7781"
FAINT = "#d8dee4"
HELPS = "#0072B2"
HURTS = "#D55E00"

VERDICT_COLOURS = {
    "helps": HELPS,
    "hurts": HURTS,
    "no difference shown": MUTED,
    "withheld": MUTED,
}

_DPI = 160

_STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
}


@contextmanager
def house_style() -> Iterator[None]:
    """The style, on top of matplotlib's own defaults whatever the user's configuration."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, without pyplot and its global state."""
    return Figure(figsize=(width, height), dpi=_DPI)


def bare(axes: Axes) -> None:
    """Take the left edge and its ticks away, where rows carry names."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


class _LogLocator(LogLocator):
    """1, 2 and 5 of every decade; of more than two decades 1 alone, or the labels would touch.

    matplotlib's own has no tick at all where it finds no room for all of several in a decade.
    """

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        self.set_params(subs=(1, 2, 5) if vmax < 100 * vmin else (1,), numticks=9)
        return list(super().tick_values(vmin, vmax))


def log_heights(*panels: Axes) -> None:
    """Make heights logarithmic, with values to read however small the panel and its range."""
    for axes in panels:
        axes.set_yscale("log")  # takes the ticks of those away that share the scale
    for axes in panels:
        axes.yaxis.set_major_locator(_LogLocator())
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    stream = BytesIO()
    # unlike savefig this lays the figure out once only; and there is no "Software" entry, which
    # would change with matplotlib's version though nothing else did
    FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})
    return stream.getvalue()


def write_if_new(path: Path, content: bytes) -> None:
    """Write a file in one step, or leave it untouched where it says the same already."""
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
