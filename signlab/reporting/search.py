"""The section of a report on what was searched, what was tried, and what was found."""

from collections import Counter
from collections.abc import Callable, Sequence

from signlab.reporting import markdown as md
from signlab.reporting.reading import Variant
from signlab.reporting.summary import StudySummary
from signlab.reporting.tuned import tuned_text
from signlab.study.choice import front
from signlab.study.searched import Searched
from signlab.study.trial import Trial

RULE = (
    "With several objectives no trial is best. Kept is, of the trials whose dev WER is within one "
    "standard error of the best (left of the dashed line), the one that is best in the other "
    "objectives."
)

TITLES = {
    "dev_wer": "dev WER %",
    "dev_loss": "dev loss",
    "latency_p50": "latency p50 ms",
    "latency_p95": "latency p95 ms",
    "multiply_adds": "multiply-adds / s",
    "peak_memory": "memory MiB",
    "training_seconds": "training s",
}
"""Of columns, by the objective, where its name is none."""

DIGITS = {"dev_wer": 1, "dev_loss": 3, "latency_p50": 1, "latency_p95": 1}
"""Decimals of an objective; none of the others."""


def search_text(summary: StudySummary, figure: Callable[[str, str], str]) -> str:
    """Budget, outcomes, importances, the recipes found, and what they changed.

    Args:
        figure: The line that shows a figure, by file name and caption, if it exists.
    """
    searches = summary.study.searches
    if not searches:
        return ""
    tried = "What was tried: dev error by trial; trials as lines over the searched keys"
    parts = [_budget(searches), figure("search.png", tried), _outcomes(searches)]
    parts += [_lacking(search) for search in searches]
    if len(searches[0].objectives) > 1:
        caption = "What was measured of each trial, and the Pareto front"
        parts += [RULE, figure("search-front.png", caption), *map(_front, searches)]
    parts += [_importances(searches), _components(summary), _recipes(summary), tuned_text(summary)]
    return "\n\n".join(part for part in parts if part)


def _budget(searches: Sequence[Searched]) -> str:
    one, states = searches[0], Counter(t.state for s in searches for t in s.trials)
    counts = md.join([f"{states[state]} {state}" for state in states])
    seconds = sum(trial.seconds for search in searches for trial in search.trials)
    return (
        f"Searched: {md.join([md.code(search.variant) for search in searches])}, "
        f"{md.count(one.total, 'trial')}{' each' * (len(searches) > 1)}, by "
        f"{md.code(one.sampler['name'])} with the pruner {md.code(one.pruner['name'])}, judged by "
        f"{md.join([md.code(o) for o in one.objectives])} on dev of {md.words('fold', one.folds)} "
        f"with {md.words('seed', one.seeds)}; the test was never looked at. What became of the "
        f"trials: {counts}. Time spent in training them: {seconds / 60:.1f} minutes."
    )


def _outcomes(searches: Sequence[Searched]) -> str:
    shown = list(dict.fromkeys([*searches[0].objectives, "dev_wer"]))
    rows = []
    for search in searches:
        own = next((t for t in search.trials if t.number == 0), None)
        best = search.best
        rows.append(
            [
                md.code(search.variant),
                *[str(len(search.of(state))) for state in _STATES],
                *[_value(name, trial) for name in shown for trial in (own, best)],
                md.MISSING if best is None else str(best.number),
                f"{sum(t.seconds for t in search.trials) / 60:.1f}",
            ]
        )
    figures = [f"{_title(name)}, {of}" for name in shown for of in ("first trial", "kept")]
    return md.table(["search", *_STATES, *figures, "kept trial", "minutes"], rows)


_STATES = ("complete", "pruned", "infeasible", "failed")


def _title(objective: str) -> str:
    return TITLES.get(objective, objective)


def _value(objective: str, trial: Trial | None) -> str:
    value = trial.values.get(objective) if trial else None
    return md.optional(value, DIGITS.get(objective, 0))


def _lacking(search: Searched) -> str:
    """What the first trial, which is the recipe as it is, could not have."""
    if not search.lacking:
        return ""
    values = md.join([md.code(f"{key}: {value}") for key, value in search.lacking.items()])
    return (
        f"The space of {md.code(search.variant)} does not have the recipe's own {values}, so that "
        "its first trial is only near the recipe."
    )


def _front(search: Searched) -> str:
    rows = [
        [
            f"{trial.number}{' (kept)' * (trial.number == search.chosen)}",
            *[_value(name, trial) for name in search.objectives],
            ", ".join(md.code(f"{key}: {_short(value)}") for key, value in trial.point.items()),
        ]
        for trial in front(search.trials, search.objectives)
    ]
    return f"The Pareto front of {md.code(search.variant)}:\n\n" + md.table(
        ["trial", *map(_title, search.objectives), "settings"], rows, text=["settings"]
    )


def _short(value: object) -> object:
    return f"{value:.3g}" if isinstance(value, float) else value


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
    found = [search.importances.get(name, {}).get(key) for name in ("fanova", "ped_anova")]
    return [md.optional(None if share is None else 100.0 * share, 0) for share in found]


def _components(summary: StudySummary) -> str:
    """The importances of components that were switches beside what a factorial says of them."""
    search = next((search for search in summary.study.searches if search.components), None)
    if search is None:
        return ""
    if not summary.answers.shapley:
        return (
            "The components were switches of this search. Its importances tell how much each "
            "matters, not whether it helps; with `design: factorial` their Shapley values would "
            "stand here beside them."
        )
    shares = {effect.name: effect.paired for effect in summary.answers.shapley}
    rows = []
    for name in search.components:
        paired = shares.get(name)
        told = md.difference(paired) if paired else md.MISSING
        rows.append([md.code(name), *_shares(search, f"components.{name}"), told])
    header = ["component", "fANOVA %", "PED-ANOVA %", "Shapley value, points of test WER [95 %]"]
    return (
        "The components as the search and as the factorial see them. The importances are without "
        "a sign, and shares among all that was searched; the Shapley values add up to the "
        "difference between all components and none, at the recipe's own settings.\n\n"
        + md.table(header, rows)
    )


def _recipes(summary: StudySummary) -> str:
    variants = {variant.name: variant for variant in summary.study.variants}
    lines = [_found(search, variants.get(search.variant)) for search in summary.study.searches]
    return "What was found, as a difference to the recipe's own settings:\n\n" + "\n".join(lines)


def _found(search: Searched, variant: Variant | None) -> str:
    name, best = md.code(search.variant), search.best
    if best is None:
        return f"- {name}: nothing, no trial is complete."
    on = [md.code(one) for one in search.components if best.point[f"components.{one}"]]
    which = f" {md.join(on) or 'no component'}" if search.components else ""
    if variant is None:
        return f"- {name}:{which}, which is among the study's variants as it is."
    if not variant.tuned:
        return f"- {name}:{which or ' nothing'}, no trial was better than the settings as they are."
    changes = [
        f"  - {md.code(key)}: {md.code(_short(before))} → {md.code(_short(after))}"
        for key, (before, after) in variant.tuned.items()
    ]
    return "\n".join([f"- {name}:{which}", *changes])
