"""The tables of a report about variants: what they reach, cost and change."""

from statistics import median
from typing import Any

from signlab.reporting import markdown as md
from signlab.reporting.effects import Effect
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import Measured, VariantSummary


def variant_table(summary: StudySummary) -> str:
    """What every variant reaches and costs; with verdicts where the effects are the variants'."""
    effects = {effect.name: effect for effect in summary.answers.to_baseline}
    judged = summary.answers.effects is summary.answers.to_baseline
    cleaned = any(measured.raw is not None for _, measured in summary.measured)
    header = ["variant", "WER % [95 %]", *(["raw WER %"] if cleaned else []), "difference [95 %]"]
    header += ["p (Holm)", "verdict"] if judged else []
    header += ["parameters", "latency p50 ms", "memory MiB", "training s"]
    rows = []
    for variant in summary.variants:
        row = [md.code(variant.name)]
        row.append(_wer(summary, variant))
        row += [md.optional(variant.measured and variant.measured.raw)] if cleaned else []
        row += _against_baseline(effects.get(variant.name), judged=judged)
        rows.append([*row, *_costs(variant.measured)])
    return md.table(header, rows, text=["verdict"])


def _wer(summary: StudySummary, variant: VariantSummary) -> str:
    if variant.measured is None:
        return "not measured"
    planned = len(summary.study.seeds) * len(summary.study.folds)
    mark = "" if len(variant.measured.grid.cells) == planned else " ‡"
    return md.interval(variant.measured.wer) + mark


def _against_baseline(effect: Effect | None, *, judged: bool) -> list[str]:
    if effect is None or effect.paired is None:
        word = effect.verdict if effect else md.MISSING
        return [md.MISSING, md.MISSING, word] if judged else [md.MISSING]
    cells = [md.difference(effect.paired)]
    return [*cells, md.probability(effect.adjusted_p), verdict_cell(effect)] if judged else cells


def verdict_cell(effect: Effect) -> str:
    """The verdict; a clear one stands out."""
    return f"**{effect.reading}**" if effect.real else effect.reading


def _costs(measured: Measured | None) -> list[str]:
    if measured is None:
        return [md.MISSING] * 4
    costs = measured.costs
    return [
        md.large(costs.parameters),
        md.optional(costs.latency_p50_ms),
        f"{costs.peak_memory_mib:,.0f}",
        f"{costs.seconds:,.0f}",
    ]


def effect_table(effects: tuple[Effect, ...]) -> str:
    """Differences and everything that says how sure they are."""
    header = [
        "component", "difference [95 %]", "p", "p (Holm)", "P(better)", "detectable", "verdict",
    ]  # fmt: skip
    rows = []
    for effect in effects:
        paired = effect.paired
        if paired is None:
            rows.append([md.code(effect.name), *[md.MISSING] * 5, effect.verdict])
            continue
        rows.append(
            [
                md.code(effect.name),
                md.difference(paired),
                md.probability(paired.p),
                md.probability(effect.adjusted_p),
                f"{paired.probability_of_improvement:.2f}",
                f"{paired.smallest_detectable:.1f}",
                verdict_cell(effect) + ("" if paired.reachable else " (out of reach)"),
            ]
        )
    return md.table(header, rows, text=["verdict"])


def cost_table(summary: StudySummary) -> str:
    """Size and speed in full."""
    header = [
        "variant", "parameters", "against baseline", "multiply-adds", "latency p50 / p95 ms",
        "inference frames/s", "training frames/s",
    ]  # fmt: skip
    reference = summary.baseline.measured
    rows = []
    for variant, measured in summary.measured:
        costs = measured.costs
        more = md.percent_more(costs.parameters, reference.costs.parameters) if reference else "–"
        rows.append(
            [
                md.code(variant.name),
                f"{costs.parameters:,}",
                md.MISSING if variant is summary.baseline else more,
                md.large(costs.multiply_adds),
                f"{md.optional(costs.latency_p50_ms)} / {md.optional(costs.latency_p95_ms)}",
                md.optional(costs.frames_per_second, 0),
                f"{costs.train_frames_per_second:,.0f}",
            ]
        )
    return md.table(header, rows)


def change_list(summary: StudySummary) -> str:
    """What each variant changes in the recipe."""
    return "\n".join(
        f"- {md.code(variant.name)}: {variant.plan.summary}.{_changes(variant)}"
        for variant in summary.variants
    )


def _changes(variant: VariantSummary) -> str:
    return "".join(
        f"\n  - {md.code(key)}: {_value(before)} → {_value(after)}"
        for key, (before, after) in variant.plan.changes.items()
    )


def _value(value: Any) -> str:
    return "not set" if value is None else md.code(value)


def health_table(summary: StudySummary) -> str:
    """Whether the runs learnt, and how long it took."""
    header = [
        "variant", "runs", "collapsed", "dev WER %", "S / D / I %", "loss a label / ln V",
        "blank share %", "distinct glosses", "escape, epoch", "best epoch",
    ]  # fmt: skip
    rows = []
    for variant, measured in summary.measured:
        health, test = measured.health, measured.test
        edits = (test.substitutions, test.deletions, test.insertions)
        rows.append(
            [
                md.code(variant.name),
                f"{health.runs} of {variant.planned}",
                f"**{health.collapsed}**" if health.collapsed else "0",
                f"{measured.dev.wer:.1f}",
                " / ".join(f"{100 * edit / test.glosses:.1f}" for edit in edits),
                f"{md.optional(health.loss, 2)} / {md.optional(health.guessing, 2)}",
                f"{100 * health.blank_share:.0f}",
                _span(*health.distinct_glosses),
                _escapes(health.escapes),
                f"{median(health.best_epochs):.0f} of {health.epochs}",
            ]
        )
    return (
        "Loss: CTC on dev in nats a label, of the kept epoch. ln V is what a label costs that is "
        "guessed among all V glosses: a run that stays near it has learnt nothing of them.\n\n"
        + md.table(header, rows)
    )


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _escapes(escapes: tuple[int | None, ...]) -> str:
    known = [escape for escape in escapes if escape is not None]
    never = len(escapes) - len(known)
    parts = [_span(min(known), max(known))] if known else []
    return ", ".join([*parts, *([f"never in {never}"] if never else [])])


def run_table(summary: StudySummary) -> str:
    """Test WER of every run: a row a seed and fold, a column a variant."""
    study = summary.study
    runs = {(run.variant, run.cell): run for run in study.runs}
    names = [variant.name for variant in summary.variants]
    rows = []
    for seed in study.seeds:
        for fold in study.folds:
            row = [f"{seed}" if len(study.folds) == 1 else f"{seed}, {fold}"]
            for name in names:
                run = runs.get((name, (fold, seed)))
                result = run.result if run else None
                mark = "†" if result and result.collapsed else ""
                row.append(f"{result.test.wer:.1f}{mark}" if result else run.status if run else "–")
            rows.append(row)
    return md.table(["seed" if len(study.folds) == 1 else "seed, fold", *map(md.code, names)], rows)
