"""The main figure: each variant's WER, run by run, and what each component does to it."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signlab.reporting.effects import Effect
from signlab.reporting.markdown import signed
from signlab.reporting.reading import Run
from signlab.reporting.style import FAINT, HELPS, INK, MUTED, VERDICT_COLOURS, bare, new_figure
from signlab.reporting.summary import StudySummary

ROW = 0.36
"""Inches a row."""

_TITLES = {
    "leave-one-out": "Effect of each, given the others",
    "factorial": "Main effects and interactions",
}

_MARKERS = "osD^vP"
"""One a fold, where there are few enough to tell apart."""


def effects_figure(summary: StudySummary) -> Figure:
    """WER by variant on the left, differences by component on the right."""
    study, answers = summary.study, summary.answers
    aligned = answers.effects is answers.to_baseline
    effects = {effect.name: effect for effect in (*answers.effects, *answers.interactions)}
    names = [variant.name for variant in summary.variants]
    rows = names if aligned else list(effects)
    figure = new_figure(9.0, 1.25 + ROW * max(len(names), len(rows)))
    if effects:
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
        _differences(right, [effects.get(name) for name in rows])
        right.set_title(_TITLES.get(study.design, "Difference to the baseline"))
        right.set_yticks(range(len(rows)), ["" for _ in rows] if aligned else rows)
    else:
        left = figure.subplots()
    _error_rates(left, summary)
    for axes in figure.axes:
        axes.set_ylim(max(len(names), len(rows)) - 0.5, -0.5)
    if 1 < len(study.folds) <= len(_MARKERS):
        handles, labels = left.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower left", ncols=len(labels), fontsize=8,
            handletextpad=0.1, columnspacing=1.2, title_fontsize=8,
        )  # fmt: skip
    return figure


def _error_rates(axes: Axes, summary: StudySummary) -> None:
    folds = list(summary.study.folds)
    markers = dict(zip(folds, _MARKERS, strict=False)) if len(folds) <= len(_MARKERS) else {}
    for row, variant in enumerate(summary.variants):
        _dots(axes, row, variant.runs, markers)
        if variant.measured is not None:
            wer = variant.measured.wer
            axes.plot([wer.low, wer.high], [row, row], color=INK, linewidth=1.6, zorder=3)
            axes.plot(wer.value, row, "o", color=INK, markersize=5.5, zorder=4)
    reference = summary.baseline.measured
    if reference is not None:
        axes.axvline(reference.wer.value, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    for fold, marker in markers.items():
        axes.plot([], [], marker, color=HELPS, alpha=0.5, markersize=4.5, label=fold)
    axes.set_title("Test WER, %")
    axes.set_yticks(range(len(summary.variants)), [variant.name for variant in summary.variants])
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="x")
    bare(axes)


def _dots(axes: Axes, row: int, runs: Sequence[Run], markers: Mapping[str, str]) -> None:
    """The runs, a little above each other by seed so that equal ones stay visible."""
    seeds = sorted({run.seed for run in runs})
    for run in runs:
        if run.result is None:
            continue
        offset = 0.16 * (seeds.index(run.seed) - (len(seeds) - 1) / 2)
        marker = markers.get(run.fold, "o")
        face = "none" if run.result.collapsed else HELPS
        axes.plot(
            run.result.test.wer, row + offset, marker,
            markersize=4.5, markeredgewidth=0.8, markeredgecolor=HELPS, markerfacecolor=face,
            alpha=0.5, zorder=2,
        )  # fmt: skip


def _differences(axes: Axes, effects: Sequence[Effect | None]) -> None:
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    for row, effect in enumerate(effects):
        if effect is None:
            axes.text(0.0, row, " reference", color=MUTED, va="center", fontsize=8.5)
        elif effect.paired is None:
            axes.text(0.0, row, " not measured", color=MUTED, va="center", fontsize=8.5)
        else:
            _difference(axes, row, effect)
    axes.margins(x=0.08)
    axes.set_xlabel("← better      points of WER      worse →")
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.grid(axis="x", color=FAINT)
    bare(axes)


def _difference(axes: Axes, row: int, effect: Effect) -> None:
    paired = effect.paired
    if paired is None:
        return
    colour = VERDICT_COLOURS[effect.verdict]
    axes.plot([paired.low, paired.high], [row, row], color=colour, linewidth=2.0)
    face = colour if effect.real else "white"
    axes.plot(
        paired.difference, row, "o",
        markersize=6.5, markeredgewidth=1.6, markeredgecolor=colour, markerfacecolor=face,
    )  # fmt: skip
    axes.annotate(
        f"{signed(paired.difference)}  {effect.reading}",
        (1.0, row),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        fontsize=8.5,
        fontweight="bold" if effect.real else "normal",
    )
