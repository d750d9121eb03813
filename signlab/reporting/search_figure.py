"""What was tried in a search: its history, and its trials as lines over the searched keys."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.scales import Scale, scale_of, scale_of_values
from signlab.reporting.style import FAINT, HELPS, HURTS, INK, MUTED, bare, new_figure
from signlab.study.searched import Searched

ROOM = 4
"""Searches that are shown."""

ERRORS = {"dev_wer": "dev WER, %", "dev_loss": "dev loss, nats a label"}

_BY_RANK = LinearSegmentedColormap.from_list("rank", [HELPS, "#c3cad1"])
"""Of trials, from the best to the poorest."""


def search_figure(searches: Sequence[Searched]) -> Figure:
    """A row a search: dev error by trial on the left, parallel coordinates on the right."""
    shown = searches[:ROOM]
    figure = new_figure(10.0, 2.9 * len(shown) + 0.3)
    grid = figure.subplots(len(shown), 2, squeeze=False, width_ratios=[1.0, 1.8])
    for search, (left, right) in zip(shown, grid, strict=True):
        error = "dev_wer" if "dev_wer" in search.objectives else search.objectives[0]
        _history(left, search, error)
        _parallel(right, search, error)
        left.set_title(search.variant)
    named = dict[str, Artist]()
    for axes in grid[:, 0]:
        named |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(
        named.values(), named, loc="outside lower left", ncols=len(named), fontsize=8,
        title="On the right, blue: the better trials; thick: the one that is kept",
        title_fontsize=8, alignment="left",
    )  # fmt: skip
    return figure


def _history(axes: Axes, search: Searched, error: str) -> None:
    complete, best = search.of("complete"), float("inf")
    steps: list[float] = []
    for trial in complete:
        best = min(best, trial.values[error])
        steps.append(best)
    last = max(trial.number for trial in search.trials)
    axes.step(
        [*(trial.number for trial in complete), last], [*steps, best],
        where="post", color=INK, linewidth=1.0, label="best so far",
    )  # fmt: skip
    axes.plot(
        [trial.number for trial in complete], [trial.values[error] for trial in complete],
        "o", color=HELPS, markersize=5, label="complete",
    )  # fmt: skip
    if pruned := [trial for trial in search.of("pruned") if trial.curve]:
        axes.plot(
            [trial.number for trial in pruned], [trial.curve[-1] for trial in pruned],
            "o", color=MUTED, mfc="none", markersize=5, label="stopped early",
        )  # fmt: skip
    if lost := search.of("failed", "infeasible"):
        axes.plot(
            [trial.number for trial in lost], [0.0] * len(lost),
            "x", color=HURTS, markersize=6, label="failed or impossible", clip_on=False,
        )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.grid(axis="y", color=FAINT)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("trial")
    axes.set_ylabel(ERRORS[error])


def _parallel(axes: Axes, search: Searched, error: str) -> None:
    """A line a complete trial, from its settings to its error; the best are blue."""
    ranked = sorted(search.of("complete"), key=lambda trial: trial.values[error])
    scales = [
        scale_of(f"components.{one}", {"choices": [False, True]}) for one in search.components
    ]
    scales += [scale_of(key, record) for key, record in search.space.items()]
    title = ERRORS[error].partition(",")[0]
    errors = scale_of_values(title, [trial.values[error] for trial in ranked])
    for rank, trial in reversed(list(enumerate(ranked))):
        kept, point = trial.number == search.chosen, trial.point
        # a line passes by the keys that did not apply
        line = [(x, s.place(point[s.key])) for x, s in enumerate(scales) if s.key in point]
        axes.plot(
            *zip(*line, (len(scales), errors.place(trial.values[error])), strict=True),
            color=_BY_RANK(rank / max(len(ranked) - 1, 1)), alpha=1.0 if kept else 0.75,
            linewidth=2.6 if kept else 1.1, zorder=3 if kept else 2, marker="o",
            markersize=5 if kept else 2.5,
        )  # fmt: skip
    for place, scale in enumerate([*scales, errors]):
        _draw(axes, place, scale)
    axes.set_xticks(
        range(len(scales) + 1), [*(_named(scale.key) for scale in scales), errors.key], fontsize=8
    )
    axes.set_xlim(-0.15, len(scales) + 0.45)
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    bare(axes)


def _draw(axes: Axes, place: int, scale: Scale) -> None:
    axes.axvline(place, 0.07, 0.93, color=MUTED, linewidth=0.8, zorder=1)
    for height, text in scale.ticks:
        axes.annotate(
            text, (place, height), xytext=(5, 0), textcoords="offset points", va="center",
            fontsize=7.5, zorder=4, bbox={"fc": "white", "ec": "none", "pad": 0.6, "alpha": 0.8},
        )  # fmt: skip


def _named(key: str) -> str:
    """The end of a dotted key, in two lines: `model.encoder.name` is the encoder's."""
    return ".\n".join(key.rsplit(".", 2)[-2:])
