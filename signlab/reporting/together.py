"""How sure the effects are, and whether components help or hinder one another."""

from signlab.reporting import markdown as md
from signlab.reporting.effects import Effect
from signlab.reporting.summary import StudySummary
from signlab.reporting.tables import effect_table, verdict_cell

_MEANINGS = {
    "leave-one-out": "WER of all components minus WER of all but this one; the last row is all "
    "against the baseline. A component that another can replace shows nothing here.",
    "factorial": "Main effects: WER with the component minus WER without it, averaged over all "
    "combinations of the others.",
}


def together_text(summary: StudySummary) -> str:
    """The section on the effects' uncertainty and on their interplay."""
    answers, design = summary.answers, summary.study.design
    meaning = _MEANINGS.get(design, "WER of the variant minus WER of the baseline.")
    parts = [
        f"{meaning} *p (Holm)* allows for the number of comparisons; *P(better)* is the "
        "probability that the component lowers WER at all; *detectable* is the smallest true "
        "difference that a study like this finds four times in five.",
        effect_table(answers.effects),
        *_withheld(answers.effects),
        *_rests_on_less(summary),
    ]
    if answers.together is not None:
        parts.append(_beyond_sum(answers.together))
    if answers.interactions:
        parts += [
            "**Interactions**: what a component does with the other minus what it does without it. "
            "Below zero the two gain more together than apart, above zero less.",
            md.table(
                ["components", "interaction [95 %]", "p (Holm)", "reading"],
                [_interaction_row(effect) for effect in answers.interactions],
                text=["reading"],
            ),
        ]
    if answers.shapley:
        parts += [
            "**Shapley values**: each component's mean effect over all orders of adding them; they "
            "add up to the difference between `all` and `baseline`.",
            md.table(
                ["component", "share [95 %]"],
                [
                    [md.code(e.name), md.difference(e.paired) if e.paired else md.MISSING]
                    for e in answers.shapley
                ],
            ),
        ]
    return "\n\n".join(parts)


def _withheld(effects: tuple[Effect, ...]) -> list[str]:
    found = [effect for effect in effects if effect.verdict == "withheld"]
    lines = [f"- {md.code(effect.name)}: withheld, {effect.reason}." for effect in found]
    return ["\n".join(lines)] if lines else []


def _rests_on_less(summary: StudySummary) -> list[str]:
    """Comparisons that must do with fewer seeds or folds than were planned."""
    study, lines = summary.study, []
    for effect in summary.answers.effects:
        grid = effect.grid
        if grid is None or len(grid.cells) == len(study.seeds) * len(study.folds):
            continue
        folds = f" and {md.words('fold', grid.folds)}" if len(study.folds) > 1 else ""
        lines.append(
            f"- {md.code(effect.name)}: compared on {md.words('seed', grid.seeds)}{folds} only."
        )
    return ["\n".join(lines)] if lines else []


def _beyond_sum(effect: Effect) -> str:
    if effect.paired is None:
        return ""
    size = f"{md.difference(effect.paired)} points, p {md.probability(effect.paired.p)}"
    reading = {
        "helps": "together they gain more than their effects add up to.",
        "hurts": "together they gain less than their effects add up to.",
        "no difference shown": "that this is more than chance is not shown.",
    }.get(effect.verdict, f"what it means is withheld ({effect.reason}).")
    return f"**All together** against the sum of the single effects: {size}; {reading}"


def _interaction_row(effect: Effect) -> list[str]:
    name = md.code(effect.name.replace(" × ", "` × `"))
    if effect.paired is None:
        return [name, md.MISSING, md.MISSING, "not measured"]
    size, p = md.difference(effect.paired), md.probability(effect.adjusted_p)
    return [name, size, p, verdict_cell(effect)]
