"""The section of a report on runs that began with the weights of others."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from signlab.reporting import markdown as md
from signlab.reporting.reading import Run
from signlab.reporting.summary import StudySummary

NAMED = 3
"""How many sources are named of a variant."""

WHY = {
    "resized": "of glosses that the source does not know",
    "left: not in the source": "not in the source",
    "left: another shape": "of another shape",
}
"""Why numbers are fresh, by the fate of what they belong to."""

NOWHERE = "left: no place here"
"""The fate of what the source alone has."""


def beginning_text(summary: StudySummary) -> str:
    """What became of the weights that runs began with, a table a variant."""
    found = {
        variant.name: [run for run in variant.runs if not run.beginning.empty]
        for variant in summary.variants
    }
    return "\n\n".join(_variant(name, runs) for name, runs in found.items() if runs)


def _variant(name: str, runs: Sequence[Run]) -> str:
    sources = list(dict.fromkeys(str(run.beginning["source"].iloc[0]) for run in runs))
    more = f" and {len(sources) - NAMED} more" if len(sources) > NAMED else ""
    fates = [run.beginning.drop(columns="source") for run in runs]
    others = "" if all(fates[0].equals(fate) for fate in fates) else ", others differ"
    parts: dict[str, list[dict[str, Any]]] = {}
    nowhere = Counter[str]()
    for weight in fates[0].to_dict("records"):
        part = weight["name"].partition(".")[0]
        if weight["fate"] == NOWHERE:
            nowhere[part] += math.prod(_lengths(weight))
        else:
            parts.setdefault(part, []).append(weight)
    table = md.table(
        ["part", "numbers", "taken as they are", "taken gloss by gloss", "left fresh", "why"],
        [_row(part, weights) for part, weights in parts.items()],
        text=["why"],
    )
    return (
        f"{md.code(name)} begins with what {md.join(list(map(md.code, sources[:NAMED])))}{more} "
        f"learnt, and trains on from there. What was taken of it (fold {runs[0].fold}, seed "
        f"{runs[0].seed}{others}):\n\n{table}{_lost(nowhere)}"
    )


def _lost(nowhere: Mapping[str, int]) -> str:
    """What the source has learnt in vain."""
    if not nowhere:
        return ""
    numbers = md.join([f"{count:,} of {md.code(part)}" for part, count in nowhere.items()])
    return f"\n\nOf the source's numbers, these have no place here: {numbers}."


def _lengths(weight: Mapping[str, Any]) -> list[int]:
    return [int(n) for n in weight["shape"].split("x") if n]


def _row(part: str, weights: Sequence[Mapping[str, Any]]) -> list[str]:
    taken, fresh = Counter[str](), Counter[str]()
    for weight in weights:
        fate, shape = weight["fate"], _lengths(weight)
        size = math.prod(shape)
        of_it = {"loaded": size, "resized": size // shape[0] * weight["rows"] if shape else 0}
        taken[fate] += (found := of_it.get(fate, 0))
        fresh[fate] += size - found
    total = taken.total() + fresh.total()
    counts = taken["loaded"], taken["resized"], fresh.total()
    return [
        part,
        f"{total:,}",
        *(f"{count:,}" if count else md.MISSING for count in counts),
        "; ".join(f"{fresh[fate]:,} {why}" for fate, why in WHY.items() if fresh[fate])
        or md.MISSING,
    ]
