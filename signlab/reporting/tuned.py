"""What tuning changed: variants at the recipe's own settings beside those that were found."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from signlab.reporting import markdown as md
from signlab.reporting.contrasts import Contrast, questions
from signlab.reporting.effects import Effect, answer_all, answer_family
from signlab.reporting.evidence import Evidence
from signlab.reporting.reading import Run, StudyRuns
from signlab.reporting.summary import StudySummary
from signlab.reporting.tables import verdict_cell


def tuned_text(summary: StudySummary) -> str:
    """Each variant against itself, and the verdicts at both settings.

    Empty before every run at the recipe's own settings is finished.
    """
    study = summary.study
    found = next((search.variant for search in study.searches if search.components), None)
    if found is not None:
        return _chosen(summary, found)
    if not _both_finished(study):
        return ""
    parts = [
        "What tuning changed: test WER in % at the recipe's own settings and at those found, mean "
        "of all folds and seeds.",
        _gains(study),
        _beats(study),
        _by_fold(study),
        _verdicts(summary),
    ]
    return "\n\n".join(part for part in parts if part)


def tuning_said(study: StudyRuns) -> str:
    """What tuning did to the baseline, in a sentence; empty as ``tuned_text`` is."""
    if not _both_finished(study):
        return ""
    baseline = study.variants[0].name
    effect = _effects(study).get(baseline)
    if effect is None:
        return "The search kept the recipe's own settings."
    own, found = _own_and_found(study, baseline)
    verdict = {
        "helps": "Tuning helps",
        "hurts": "Tuning hurts",
        "withheld": f"The verdict on tuning is withheld ({effect.reason})",
    }.get(effect.verdict, "Of tuning no difference was shown")
    return (
        f"{verdict}: {found:.1f} % test WER at the settings found against {own:.1f} % at the "
        "recipe's own."
    )


def _both_finished(study: StudyRuns) -> bool:
    """Whether every run at the recipe's own settings and at those found has a result."""
    return bool(study.untuned) and all(run.result for run in (*study.untuned, *study.runs))


def _mean(runs: Sequence[Run]) -> float:
    return fmean(run.result.test.wer for run in runs if run.result)


def _own_and_found(study: StudyRuns, variant: str, fold: str | None = None) -> list[float]:
    """Mean test WER of a variant at the recipe's own settings and at those found."""
    return [
        _mean([run for run in runs if run.variant == variant and fold in (None, run.fold)])
        for runs in (study.untuned, study.runs)
    ]


def _effects(study: StudyRuns) -> dict[str, Effect]:
    """The settings found against the recipe's own, of each variant that has other ones now."""

    def own(name: str) -> str:
        return f"{name} at its own settings"

    tuned = [variant for variant in study.variants if variant.tuned]
    both = replace(
        study,
        variants=(*study.variants, *[replace(one, name=own(one.name)) for one in tuned]),
        runs=(*study.runs, *[replace(run, variant=own(run.variant)) for run in study.untuned]),
    )
    contrasts = [Contrast(one.name, {one.name: 1}, {own(one.name): 1}) for one in tuned]
    found = answer_family(contrasts, Evidence(both), smoke=study.smoke)
    return {effect.name: effect for effect in found}


def _gains(study: StudyRuns) -> str:
    effects, rows = _effects(study), []
    for variant in study.variants:
        own, found = _own_and_found(study, variant.name)
        effect = effects.get(variant.name)
        said = [md.MISSING, md.MISSING, "kept its own settings"]
        if effect is not None:
            said = [
                md.difference(effect.paired) if effect.paired else md.MISSING,
                md.probability(effect.adjusted_p),
                verdict_cell(effect),
            ]
        rows.append([md.code(variant.name), md.optional(own), md.optional(found), *said])
    header = ["variant", "own", "found", "difference [95 %]", "p (Holm)", "tuning"]
    return md.table(header, rows, text=["tuning"])


def _beats(study: StudyRuns) -> str:
    own, found = _own_and_found(study, study.variants[0].name)
    folds = f" on the mean of the {len(study.folds)} folds" if len(study.folds) > 1 else ""
    return _said(folds, own, found)


def _said(where: str, own: float, found: float) -> str:
    word = "beats" if found < own else "does not beat"
    return (
        f"The searched recipe **{word}** the shipped one{where}: {found:.1f} against {own:.1f} % "
        "test WER."
    )


def _by_fold(study: StudyRuns) -> str:
    """The baseline's two means on each fold."""
    if len(study.folds) < 2 or not study.variants[0].tuned:
        return ""
    baseline, rows = study.variants[0].name, []
    for fold in study.folds:
        own, found = _own_and_found(study, baseline, fold)
        rows.append([md.code(fold), md.optional(own), md.optional(found), md.signed(found - own)])
    return md.table(["fold", "own", "found", "difference"], rows)


def _verdicts(summary: StudySummary) -> str:
    """The ablation as it would have read without the search."""
    study = summary.study
    before = replace(study, runs=study.untuned, untuned=(), searches=())
    own = answer_all(questions(before), Evidence(before), smoke=study.smoke).to_baseline
    tuned = {effect.name: effect for effect in summary.answers.to_baseline}
    if not own:
        return ""
    rows = [[md.code(e.name), *_cells(e), *_cells(tuned.get(e.name))] for e in own]
    header = ["against the baseline", "own: difference", "own: verdict", "found: difference"]
    header += ["found: verdict"]
    changed = [e.name for e in own if e.name in tuned and tuned[e.name].verdict != e.verdict]
    said = (
        f"Tuning changed the verdict on {md.join([md.code(name) for name in changed])}."
        if changed
        else "Tuning changed no verdict."
    )
    text = ["own: verdict", "found: verdict"]
    return f"{said} Each variant against the baseline at the same kind of settings:\n\n" + md.table(
        header, rows, text=text
    )


def _cells(effect: Effect | None) -> list[str]:
    if effect is None or effect.paired is None:
        return [md.MISSING, md.MISSING]
    return [md.difference(effect.paired), verdict_cell(effect)]


def _chosen(summary: StudySummary, variant: str) -> str:
    """The subset that a search over components found, against the recipe as it is."""
    effect = next((e for e in summary.answers.to_baseline if e.name == variant), None)
    if effect is None or effect.paired is None:
        return ""
    study = summary.study
    own, found = (_mean(study.finished(name)) for name in (study.variants[0].name, variant))
    folds = f" on the mean of the {len(study.folds)} folds" if len(study.folds) > 1 else ""
    return _said(folds, own, found)
