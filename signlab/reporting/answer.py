"""What a study says, in sentences: first what limits it, then the answer."""

from collections import Counter
from collections.abc import Sequence

from signlab.reporting.effects import Effect
from signlab.reporting.markdown import code, count, interval, join, percent_more, signed
from signlab.reporting.summary import StudySummary
from signlab.reporting.tuned import tuning_said
from signlab.reporting.variants import Costs

_SCOPE = {
    "leave-one-out": "With all other components in place, ",
    "factorial": "Averaged over all combinations of the other components, ",
}
"""What a component's effect is relative to, where it is not the baseline."""


MOST_NAMED = 6
"""Collapsed runs that are named one by one."""


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
        where = "[a failed run has no WER and counts nowhere](#failed-runs)"
        found.append(f"**{count(failed, 'run')} of {total} failed;** {where}.")
    return found


def _collapsed(summary: StudySummary) -> list[str]:
    finished = [run for run in summary.study.runs if run.result is not None]
    collapsed = [run for run in finished if run.result is not None and run.result.collapsed]
    if not collapsed or summary.study.smoke:
        return []
    which = [f"{code(run.variant)} ({run.fold}, seed {run.seed})" for run in collapsed]
    if len(which) > MOST_NAMED:
        times = Counter(run.variant for run in collapsed)
        which = [f"{number} of {code(variant)}" for variant, number in times.items()]
    return [
        f"**{len(collapsed)} of {count(len(finished), 'finished run')} collapsed** (never left the "
        f"blank plateau): {join(which)}. No verdict rests on a collapsed run."
    ]


def answer(summary: StudySummary) -> str:
    """The answer in two sentences."""
    if summary.study.smoke:
        return "A smoke test answers nothing."
    if not summary.measured:
        return "No run is finished, so there is no answer yet."
    sentences = f"{_components(summary)} {_best(summary)}"
    done = all(run.status in ("finished", "failed") for run in summary.study.runs)
    return sentences if done else f"So far: {sentences[0].lower()}{sentences[1:]}"


def _components(summary: StudySummary) -> str:
    answers, design = summary.answers, summary.study.design
    if not answers.effects:
        nothing = "The study has no components, so there is nothing to compare."
        return tuning_said(summary.study) or nothing
    to_baseline = [effect.contrast for effect in answers.to_baseline]
    step = [e for e in answers.effects if design in _SCOPE and e.contrast in to_baseline]
    said = _said([effect for effect in answers.effects if effect not in step])
    sentence = _SCOPE.get(design, "") + said
    if step:
        sentence += f"; against the baseline, {_said(step)}"
    if "(+" in sentence or "(−" in sentence:  # the unit, once
        sentence = sentence.replace(")", " points of WER)", 1)
    return sentence[0].upper() + sentence[1:] + "."


def _said(effects: Sequence[Effect]) -> str:
    by_verdict = {
        word: [effect for effect in effects if effect.verdict == word]
        for word in ("helps", "hurts", "no difference shown", "withheld")
    }
    clauses = [
        _clause(by_verdict["helps"], "helps", "help"),
        _clause(by_verdict["hurts"], "hurts", "hurt"),
        _undecided(by_verdict["no difference shown"]),
        _withheld(by_verdict["withheld"], everything=len(by_verdict["withheld"]) == len(effects)),
    ]
    return join([clause for clause in clauses if clause])


def _withheld(effects: Sequence[Effect], *, everything: bool) -> str:
    if not effects:
        return ""
    reasons = "; ".join(dict.fromkeys(effect.reason for effect in effects))
    names = join([code(effect.name) for effect in effects])
    verdicts = (
        "every verdict is" if everything and len(effects) > 1 else f"the verdict on {names} is"
    )
    return f"{verdicts} withheld ({reasons})"


def _clause(effects: Sequence[Effect], one: str, many: str) -> str:
    if not effects:
        return ""
    ordered = sorted(effects, key=lambda e: -abs(e.paired.difference) if e.paired else 0.0)
    points = [
        f"{code(effect.name)} ({signed(effect.paired.difference)})"
        for effect in ordered
        if effect.paired is not None
    ]
    return f"{join(points)} {one if len(points) == 1 else many}"


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
    if len(summary.variants) == 1:
        return f"The baseline has {wer}."
    if variant is summary.baseline:
        return f"No variant is better on dev than the baseline, which has {wer}."
    return (
        f"The best on dev, {code(variant.name)}, has {wer} against {interval(reference.wer)} % of "
        f"the baseline {_price(measured.costs, reference.costs)}."
    )


def _price(costs: Costs, reference: Costs) -> str:
    parts = [f"parameters {percent_more(costs.parameters, reference.parameters)}"]
    if costs.latency_p50_ms is not None and reference.latency_p50_ms is not None:
        more = percent_more(costs.latency_p50_ms, reference.latency_p50_ms)
        parts.append(f"latency {more}")
    return f"({', '.join(parts)})"
