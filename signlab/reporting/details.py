"""The sections of a report that say where errors come from, what failed, and what it ran on."""

from collections.abc import Sequence

import pandas as pd

from signlab.reporting import markdown as md
from signlab.reporting.summary import StudySummary
from signlab.reporting.where import repaired_cells

PAIRS = 10
"""Confusion pairs that are listed."""

EXAMPLES = 2
"""Utterances that are named for each pair."""

CHANGED = 5
"""Most improved and most damaged signs that are listed, of each variant."""


def latency_text(summary: StudySummary) -> str:
    """What was timed."""
    speeds = [run.speed for run in summary.study.runs if run.speed is not None]
    if not speeds:
        return "Inference speed was not measured."
    frames = sorted({speed.frames for speed in speeds})
    span = f"{frames[0]}" if len(frames) == 1 else f"{frames[0]} to {frames[-1]}"
    threads = md.join([md.count(n, "thread") for n in sorted({s.threads for s in speeds})])
    return (
        f"Latency: landmarks to glosses of one utterance of {span} frames on {threads}, tracking "
        "of the video excluded. Multiply-adds: for one second of landmarks."
    )


def sign_text(summary: StudySummary) -> str:
    """Which signs each variant improves and damages."""
    if summary.signs is None or summary.errors is None or summary.baseline.measured is None:
        return ""
    rows = []
    for variant, _ in summary.measured[1:]:
        changed = summary.signs.changed(variant.name, summary.baseline.name)
        improved = [pair for pair in changed if pair[1] > 0]
        damaged = [pair for pair in reversed(changed) if pair[1] < 0]
        share = repaired_cells(summary.errors, variant.name)
        rows.append([md.code(variant.name), *share, _signs(improved), _signs(damaged)])
    if not rows:
        return ""
    return (
        "*Repaired*: signed glosses that the baseline misses and the variant recognises; "
        "*damaged*: the reverse. Then the signs whose recall changed by more than two standard "
        "errors, in points, the largest first. With many signs some pass by chance: take it as "
        "where to look.\n\n"
        + md.table(
            ["variant", "repaired %", "damaged %", "signs improved", "signs damaged"],
            rows,
            text=["signs improved", "signs damaged"],
        )
    )


def _signs(changes: Sequence[tuple[str, float]]) -> str:
    words = [f"{name} {md.signed(change, 0)}" for name, change in changes[:CHANGED]]
    rest = len(changes) - len(words)
    return ", ".join(words) + (f" and {rest} more" if rest else "") or "none"


def confusion_text(summary: StudySummary) -> str:
    """The pairs that the best variant confuses most, beside the baseline's figures."""
    if summary.signs is None or summary.best is None:
        return ""
    best, baseline = summary.best[0].name, summary.baseline.name
    pairs = summary.signs.confusions[best].head(PAIRS)
    if pairs.empty:
        return f"{md.code(best)} substitutes no sign."
    before: dict[tuple[str, str], float] = {}
    if best != baseline and baseline in summary.signs.confusions:
        before = {
            (row["reference"], row["hypothesis"]): row["share"]
            for row in summary.signs.confusions[baseline].to_dict("records")
        }
    header = ["signed", "recognised as", "times", f"% in {best}"]
    header += [f"% in {baseline}"] if before else []
    header.append("utterances")
    rows = []
    for pair in pairs.to_dict("records"):
        names = pair["reference"], pair["hypothesis"]
        row = [*names, f"{pair['count']}", f"{100 * pair['share']:.1f}"]
        row += [f"{100 * before.get(names, 0.0):.1f}"] if before else []
        rows.append([*row, ", ".join(map(md.code, pair["examples"].split()[:EXAMPLES]))])
    return (
        f"The pairs that {md.code(best)} confuses most, as shares of the sign's occurrences over "
        "all folds and seeds, with the first utterances to look at.\n\n"
        + md.table(header, rows, text=["recognised as", "utterances"])
    )


def signer_text(summary: StudySummary) -> str:
    """WER by signer and, where folds are not signers, by fold."""
    if summary.signs is None:
        return ""
    parts = ["Test WER in %, seeds together.", _by("signer", summary.signs.signers)]
    folds = summary.signs.folds
    if len(folds) > 1 and set(folds.index) != set(summary.signs.signers.index):
        parts.append(_by("fold", folds))
    parts.append("Test WER in % of every run (†: collapsed).")
    return "\n\n".join(parts)


def _by(what: str, wer: pd.DataFrame) -> str:
    rows = [[str(name), *[md.optional(value) for value in row]] for name, row in wer.T.items()]
    if len(wer) > 1:
        rows.append(["mean", *[md.optional(value) for value in wer.mean()]])
    return md.table([what, *[md.code(name) for name in wer.columns]], rows)


def failures_text(summary: StudySummary) -> str:
    """Why runs failed."""
    failed = [run for run in summary.study.runs if run.status == "failed"]
    if not failed:
        return ""
    return md.table(
        ["run", "reason"],
        [[md.code(run.folder), run.reason or "unknown"] for run in failed],
        text=["reason"],
    )


def environment_text(summary: StudySummary) -> str:
    """All that is needed to make these figures again."""
    study = summary.study
    results = [run.result for run in study.runs if run.result is not None]
    facts: dict[str, list[str]] = {
        "command": [study.command],
        "study": [study.source],
        "recipe": [study.recipe],
        "design": [study.design],
        "seeds": [", ".join(map(str, study.seeds))],
        "corpus digest": [result.corpus_digest for result in results],
        "scoring signature": [result.signature for result in results],
    }
    for result in results:
        for name, value in result.environment.items():
            facts.setdefault(name, []).append(value)
    return md.table(
        ["what", "value"],
        [[name, _values(values)] for name, values in facts.items() if values],
        text=["value"],
    )


def _values(values: list[str]) -> str:
    """Each value once; more than one means that the runs differ."""
    distinct = list(dict.fromkeys(values))
    words = [md.code(value) for value in distinct]
    return words[0] if len(words) == 1 else f"**runs differ:** {md.join(words)}"
