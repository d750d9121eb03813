"""The section of a report on what was searched, what was found, and what that changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from signlab.reporting import markdown as md
from signlab.reporting.contrasts import questions
from signlab.reporting.effects import Effect, answer_all
from signlab.reporting.evidence import Evidence
from signlab.reporting.summary import StudySummary
from signlab.study.choice import front
from signlab.study.searched import Searched
from signlab.study.trial import Trial

RULE = (
    "Kept is the recipe that is best in the other objectives among those within one standard error "
    "of the best dev WER."
)


def search_text(summary: StudySummary) -> str:
    """Budget, outcomes, importances, the recipes found, and the verdicts with and without them."""
    searches = summary.study.searches
    if not searches:
        return ""
    parts = [_budget(searches), _outcomes(searches)]
    if len(searches[0].objectives) > 1:
        parts += [RULE, *map(_front, searches)]
    parts += [_importances(searches), _recipes(summary), _verdicts(summary)]
    return "\n\n".join(part for part in parts if part)


def _budget(searches: Sequence[Searched]) -> str:
    one, states = searches[0], Counter(t.state for s in searches for t in s.trials)
    counts = ", ".join(f"{states[state]} {state}" for state in states)
    seconds = sum(trial.seconds for search in searches for trial in search.trials)
    return (
        f"Searched: {md.join([md.code(search.variant) for search in searches])}, with "
        f"{md.count(one.total, 'trial')} each, by {md.code(one.sampler['name'])} and the pruner "
        f"{md.code(one.pruner['name'])}, judged by {md.join([md.code(o) for o in one.objectives])} "
        f"on dev of {md.words('fold', one.folds)} with {md.words('seed', one.seeds)}; the test "
        f"was never looked at. Trials: {counts}. Time spent in training them: {seconds / 60:.1f} "
        "minutes."
    )


def _outcomes(searches: Sequence[Searched]) -> str:
    rows = []
    for search in searches:
        own = next((t for t in search.trials if t.number == 0), None)
        best = search.best
        rows.append(
            [
                md.code(search.variant),
                f"{len(search.of('complete'))} / {len(search.of('pruned'))} / "
                f"{len(search.of('infeasible'))} / {len(search.of('failed'))}",
                _wer(own),
                _wer(best),
                md.MISSING if best is None else str(best.number),
                f"{sum(t.seconds for t in search.trials) / 60:.1f}",
            ]
        )
    return md.table(
        [
            "search", "complete / pruned / infeasible / failed", "own settings, dev WER %",
            "found, dev WER %", "trial", "minutes",
        ],
        rows,
    )  # fmt: skip


def _wer(trial: Trial | None) -> str:
    return md.optional(trial.values.get("dev_wer") if trial else None)


def _front(search: Searched) -> str:
    rows = [
        [
            f"{trial.number}" + (" (kept)" if trial.number == search.chosen else ""),
            *[f"{trial.values[name]:,.4g}" for name in search.objectives],
        ]
        for trial in front(search.trials, search.objectives)
    ]
    return f"The Pareto front of {md.code(search.variant)}:\n\n" + md.table(
        ["trial", *search.objectives], rows
    )


def _importances(searches: Sequence[Searched]) -> str:
    rows = [
        [md.code(search.variant), md.code(key), *_shares(search, key)]
        for search in searches
        if search.importances
        for key in search.importances["ped_anova"]
    ]
    if not rows:
        return "Too few trials are complete to tell how much each setting matters."
    return (
        "How much each setting matters, in %: of the variance of the results (fANOVA), and for "
        "being among the best tenth (PED-ANOVA). Over few trials these are hints.\n\n"
        + md.table(["search", "key", "fANOVA", "PED-ANOVA"], rows, text=["key"])
    )


def _shares(search: Searched, key: str) -> list[str]:
    found = [search.importances[name].get(key) for name in ("fanova", "ped_anova")]
    return [md.optional(None if share is None else 100.0 * share, 0) for share in found]


def _recipes(summary: StudySummary) -> str:
    lines = []
    for variant in summary.study.variants:
        if not any(search.variant == variant.name for search in summary.study.searches):
            continue
        if not variant.tuned:
            lines.append(f"- {md.code(variant.name)}: its own settings were best, or are kept.")
            continue
        lines.append(f"- {md.code(variant.name)}:")
        lines += [
            f"  - {md.code(key)}: {md.code(before)} → {md.code(after)}"
            for key, (before, after) in variant.tuned.items()
        ]
    return "What was found, as a difference to the recipe's own settings:\n\n" + "\n".join(lines)


def _verdicts(summary: StudySummary) -> str:
    study = summary.study
    if not study.untuned or not all(run.result for run in study.untuned):
        return ""
    before = replace(study, runs=study.untuned, untuned=(), searches=())
    own = answer_all(questions(before), Evidence(before), smoke=study.smoke).to_baseline
    tuned = {effect.name: effect for effect in summary.answers.to_baseline}
    means = [_means(summary, variant.name) for variant in study.variants]
    parts = [
        "What tuning changed: test WER in % at the recipe's own settings and at those found, mean "
        "of all folds and seeds.",
        md.table(["variant", "own", "found", "difference"], means),
        _beats(summary),
    ]
    if own:
        rows = [[md.code(e.name), *_said(e), *_said(tuned.get(e.name))] for e in own]
        parts.append(
            md.table(
                [
                    "against the baseline",
                    "own: difference",
                    "verdict",
                    "found: difference",
                    "verdict ",
                ],
                rows,
                text=["verdict", "verdict "],
            )
        )
    return "\n\n".join(parts)


def _mean(wers: Sequence[float]) -> float | None:
    return sum(wers) / len(wers) if wers else None


def _pair(summary: StudySummary, variant: str) -> tuple[float | None, float | None]:
    own, found = (
        _mean([r.result.test.wer for r in runs if r.variant == variant and r.result])
        for runs in (summary.study.untuned, summary.study.runs)
    )
    return own, found


def _means(summary: StudySummary, variant: str) -> list[str]:
    own, found = _pair(summary, variant)
    change = md.MISSING if own is None or found is None else md.signed(found - own)
    return [md.code(variant), md.optional(own), md.optional(found), change]


def _beats(summary: StudySummary) -> str:
    own, found = _pair(summary, summary.baseline.name)
    if own is None or found is None:
        return ""
    word = "beats" if found < own else "does not beat"
    return (
        f"The searched recipe **{word}** the shipped one: {found:.1f} against {own:.1f} % test WER."
    )


def _said(effect: Effect | None) -> list[str]:
    if effect is None or effect.paired is None:
        return [md.MISSING, md.MISSING]
    return [md.difference(effect.paired), effect.reading]
