"""The page of a report: sections of sentences, tables and figures."""

from collections.abc import Callable

from signlab.reporting import markdown as md
from signlab.reporting.answer import answer, notices
from signlab.reporting.beginning import beginning_text
from signlab.reporting.curves_figure import curves_caption
from signlab.reporting.details import (
    confusion_text,
    environment_text,
    failures_text,
    latency_text,
    sign_text,
    signer_text,
)
from signlab.reporting.field_tests import field_tests_text
from signlab.reporting.projections import projections_text
from signlab.reporting.robustness import robustness_text
from signlab.reporting.schedule_figure import SCHEDULE_CAPTION
from signlab.reporting.search import search_text
from signlab.reporting.sign_table import sign_table_text
from signlab.reporting.summary import StudySummary
from signlab.reporting.tables import (
    change_list,
    cost_table,
    health_table,
    run_table,
    variant_table,
)
from signlab.reporting.together import together_text
from signlab.reporting.where import confidence_text, where_text

HELP = "docs/reading-the-report.md"


def page(summary: StudySummary, figures: frozenset[str]) -> str:
    """The whole report.

    Args:
        figures: File names of the figures that exist beside it.
    """

    def figure(name: str, caption: str) -> str:
        return f"![{caption}]({name})" if name in figures else ""

    study = summary.study
    parts = [f"# {study.name}", *(f"> {notice}" for notice in notices(summary))]
    parts += [f"**Question.** {study.question}", f"**Answer.** {answer(summary)}"]
    if summary.measured:
        parts += ["## Variants", variant_table(summary), _population(summary), _scoring(summary)]
        parts += [figure("effects.png", "Test WER by variant, and what each component does to it")]
        for title, section in _SECTIONS:
            if text := section(summary, figure):
                parts += [f"## {title}", text]
    if text := search_text(summary, figure):
        parts += ["## Search", text]
    parts += ["## What each variant changes", change_list(summary)]
    if text := failures_text(summary):
        parts += ["## Failed runs", text]
    parts += ["## Environment", environment_text(summary)]
    return "\n\n".join(part for part in parts if part) + "\n"


Figure = Callable[[str, str], str]


def _complete(summary: StudySummary) -> bool:
    return all(run.status == "finished" for run in summary.study.runs)


def _population(summary: StudySummary) -> str:
    paired = next((e.paired for e in summary.answers.to_baseline if e.paired), None)
    if paired is None:
        return ""
    who = (
        f"new signers like the {paired.signers} of the test"
        if paired.population == "new signers"
        else "this one test signer alone"
    )
    less = "" if _complete(summary) else "‡ rests on fewer runs than planned. "
    return (
        f"{less}Intervals and tests speak of new seeds, new sentences and {who}. A difference is "
        "the variant's WER minus the baseline's, in points: below zero is better. "
        f"*No difference shown* is not *no effect*: see *detectable* below. How to read all this: "
        f"`{HELP}`."
    )


def _scoring(summary: StudySummary) -> str:
    """The signature of every WER, by variant where they differ."""
    found: dict[str, list[str]] = {}
    for variant, _ in summary.measured:
        for run in variant.runs:
            if run.result and variant.name not in found.setdefault(run.result.signature, []):
                found[run.result.signature].append(variant.name)
    if len(found) == 1:
        return f"Signature of every WER: {md.code(*found)}."
    return "WERs of different signatures stand here; a difference may be the scoring's:\n\n" + (
        "\n".join(
            f"- {md.code(signature)}: {md.join(list(map(md.code, names)))}"
            for signature, names in found.items()
        )
    )


def _sure(summary: StudySummary, _figure: Figure) -> str:
    if not summary.answers.effects:
        return ""
    return "\n\n".join(filter(None, [together_text(summary), field_tests_text(summary)]))


def _cost(summary: StudySummary, figure: Figure) -> str:
    plot = figure("pareto.png", "Test WER against median latency")
    return "\n\n".join(filter(None, [plot, latency_text(summary), cost_table(summary)]))


def _projected(summary: StudySummary, _figure: Figure) -> str:
    return projections_text(summary)


def _learning(summary: StudySummary, figure: Figure) -> str:
    plots = [figure("curves.png", "Learning curves"), curves_caption(summary)]
    if schedule := figure("schedule.png", "Learning rate and gradient norm by epoch"):
        plots += [schedule, SCHEDULE_CAPTION]
    return "\n\n".join([*plots, health_table(summary)])


def _signs(summary: StudySummary, figure: Figure) -> str:
    plot = figure("signs.png", "Signs by recall, and the change that each variant makes")
    return "\n\n".join(filter(None, [plot, sign_text(summary), sign_table_text(summary)]))


def _confused(summary: StudySummary, figure: Figure) -> str:
    plot = figure("confusions.png", "Confusion map of the best variant")
    return "\n\n".join(filter(None, [plot, confusion_text(summary)]))


def _where(summary: StudySummary, _figure: Figure) -> str:
    return where_text(summary)


def _robust(summary: StudySummary, _figure: Figure) -> str:
    return robustness_text(summary)


def _confidence(summary: StudySummary, figure: Figure) -> str:
    plot = figure("calibration.png", "Reliability of the confidences")
    return "\n\n".join(filter(None, [plot, confidence_text(summary)]))


def _begun(summary: StudySummary, _figure: Figure) -> str:
    return beginning_text(summary)


def _people(summary: StudySummary, _figure: Figure) -> str:
    return "\n\n".join([signer_text(summary), run_table(summary)])


_SECTIONS: list[tuple[str, Callable[[StudySummary, Figure], str]]] = [
    ("How sure is that", _sure),
    ("What it costs", _cost),
    ("What runs began with", _begun),
    ("Projections and what was measured", _projected),
    ("Learning", _learning),
    ("Signs", _signs),
    ("Confusions", _confused),
    ("Where the errors are", _where),
    ("Robustness", _robust),
    ("Confidence", _confidence),
    ("Signers, folds and seeds", _people),
]
