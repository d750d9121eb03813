"""What a study says, in sentences: first what limits it, then the answer."""

from collections import Counter
from collections.abc import Sequence

from signlab.reporting.effects import Effect
from signlab.reporting.markdown import code, count, interval, join, percent_more, signed
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import Costs

_SCOPE = {
    "leave-one-out": "With all other components in place, ",
    "factorial": "Averaged over all combinations of the other components, ",
}
"""What a component's effect is relative to, where it is not the baseline."""


def notices(summary: StudySummary) -> list[str]:
    """What a reader must know before any figure."""
    return [
        *_smoke(summary),
        *_incomplete(summary),
        *_collapsed(summary),
    ]


def _smoke(summary: StudySummary) -> list[str]:
    if not summary.study.smoke:
        return []
    return ["**A smoke test: the figures mean nothing.** It shows that all holds together."]


def _incomplete(summary: StudySummary) -> list[str]:
    statuses = Counter(run.status for run in summary.study.runs)
    total, finished = statuses.total(), statuses["finished"]
    failed, open_ = statuses["failed"], statuses["waiting"] + statuses["unfinished"]
    found = []
    if open_:
        found.append(
            f"**The study is not complete:** {finished} of {count(total, 'run')} are finished, "
            f"{open_} not yet. All figures can still change."
        )
    if failed:
        where = "[they have no WER and count nowhere](#failed-runs)"
        found.append(f"**{count(failed, 'run')} of {total} failed;** {where}.")
    return found


def _collapsed(summary: StudySummary) -> list[str]:
    finished = [run for run in summary.study.runs if run.result is not None]
    collapsed = [
        f"{code(run.variant)} ({run.fold}, seed {run.seed})"
        for run in finished
        if run.result is not None and run.result.collapsed
    ]
    if not collapsed:
        return []
    return [
        f"**{len(collapsed)} of {count(len(finished), 'finished run')} collapsed** (never left the "
        f"blank plateau): {join(collapsed)}. No verdict rests on a collapsed run."
    ]


def answer(summary: StudySummary) -> str:
    """The answer in two sentences."""
    if not summary.measured:
        return "No run is finished, so there is no answer yet."
    return f"{_components(summary)} {_best(summary)}"


def _components(summary: StudySummary) -> str:
    answers, scope = summary.answers, _SCOPE.get(summary.study.design, "")
    if not answers.effects:
        return "The study has no components, so there is nothing to compare."
    withheld = answers.with_verdict("withheld")
    clauses = [
        _clause(answers.with_verdict("helps"), "helps", "help"),
        _clause(answers.with_verdict("hurts"), "hurts", "hurt"),
        _undecided(answers.with_verdict("no difference shown")),
    ]
    said = [clause for clause in clauses if clause]
    if withheld:
        reasons = join(list(dict.fromkeys(effect.reason for effect in withheld)))
        names = join([code(effect.name) for effect in withheld])
        what = f"the verdict on {names} is" if said else "every verdict is"
        said.append(f"{what} withheld ({reasons})")
    sentence = scope + join(said)
    return sentence[0].upper() + sentence[1:] + "."


def _clause(effects: Sequence[Effect], one: str, many: str) -> str:
    if not effects:
        return ""
    ordered = sorted(effects, key=lambda e: -abs(e.paired.difference) if e.paired else 0.0)
    points = [
        f"{code(effect.name)} ({signed(effect.paired.difference)})"
        for effect in ordered
        if effect.paired is not None
    ]
    unit = points[0].replace(")", " points of WER)")
    return f"{join([unit, *points[1:]])} {one if len(points) == 1 else many}"


def _undecided(effects: Sequence[Effect]) -> str:
    names = join([code(effect.name) for effect in effects])
    return f"for {names} no difference was shown" if names else ""


def _best(summary: StudySummary) -> str:
    found, reference = summary.best, summary.baseline.measured
    if found is None:
        return ""
    variant, measured = found
    wer = f"{interval(measured.wer)} % test WER"
    if reference is None:
        return f"Of what is finished, {code(variant.name)} is best on dev, with {wer}."
    if variant is summary.baseline:
        return f"No variant is better on dev than the baseline, which has {wer}."
    return (
        f"The best on dev, {code(variant.name)}, has {wer} against {interval(reference.wer)} % of "
        f"the baseline, {_price(measured.costs, reference.costs)}."
    )


def _price(costs: Costs, reference: Costs) -> str:
    parts = [f"{percent_more(costs.parameters, reference.parameters)} parameters"]
    if costs.latency_p50_ms is not None and reference.latency_p50_ms is not None:
        parts.append(f"{percent_more(costs.latency_p50_ms, reference.latency_p50_ms)} latency")
    return "at " + join(parts)
