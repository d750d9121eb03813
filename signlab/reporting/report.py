"""Writes a study's report: one markdown page and its figures.

The same runs give the same bytes, so that a report can be committed and made again at will.
"""

from pathlib import Path

from matplotlib.figure import Figure

from signlab.reporting.calibration_figure import calibration_figure
from signlab.reporting.confusions_figure import confusion_shares, confusions_figure
from signlab.reporting.curves_figure import curves_figure
from signlab.reporting.effects_figure import effects_figure
from signlab.reporting.page import page
from signlab.reporting.pareto_figure import pareto_figure, points
from signlab.reporting.schedule_figure import schedule_figure, schedules
from signlab.reporting.search_figure import search_figure
from signlab.reporting.search_front_figure import search_front_figure
from signlab.reporting.signs_figure import signs_figure
from signlab.reporting.style import house_style, png, write_if_new
from signlab.reporting.summary import StudySummary

FIGURES = (
    "effects.png",
    "pareto.png",
    "curves.png",
    "schedule.png",
    "signs.png",
    "confusions.png",
    "calibration.png",
    "search.png",
    "search-front.png",
)


def write_report(summary: StudySummary, out: Path) -> Path:
    """Write ``out/report.md`` and its figures, the page last.

    Args:
        summary: Of a study's runs, as ``summarise`` makes it.
        out: ``reports/<study>``; made if absent.

    Returns:
        The page.
    """
    with house_style():
        figures = {name: png(figure) for name, figure in _figures(summary).items()}
    out.mkdir(parents=True, exist_ok=True)
    for name, content in figures.items():
        write_if_new(out / name, content)
    report = out / "report.md"
    write_if_new(report, page(summary, frozenset(figures)).encode())
    for name in set(FIGURES) - set(figures):
        (out / name).unlink(missing_ok=True)
    return report


def _figures(summary: StudySummary) -> dict[str, Figure]:
    """The figures for which there is something to show, by file name."""
    found: dict[str, Figure] = {}
    if searches := [search for search in summary.study.searches if search.of("complete")]:
        found["search.png"] = search_figure(searches)
        if len(searches[0].objectives) > 1:
            found["search-front.png"] = search_front_figure(searches)
    if not summary.measured or summary.signs is None or summary.best is None:
        return found
    found["effects.png"] = effects_figure(summary)
    if len(measured_speeds := points(summary)) > 1:
        found["pareto.png"] = pareto_figure(measured_speeds, {v.name for v, _ in summary.principal})
    found["curves.png"] = curves_figure(summary)
    if trained := schedules(summary):
        found["schedule.png"] = schedule_figure(trained)
    if summary.baseline.measured is not None and len(summary.measured) > 1:
        others = [v.name for v, _ in summary.principal if v is not summary.baseline]
        found["signs.png"] = signs_figure(summary.signs, summary.baseline.name, others)
    best = summary.best[0].name
    shares = confusion_shares(summary.signs, best)
    if len(shares):
        found["confusions.png"] = confusions_figure(shares, best)
    if summary.errors is not None:
        shown = [v.name for v, _ in summary.measured if v.name in (summary.baseline.name, best)]
        found["calibration.png"] = calibration_figure(summary.errors.reliability, shown)
    return found
