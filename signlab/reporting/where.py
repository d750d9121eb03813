"""The sections of a report on where errors are and how far confidences can be believed."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from signlab.reporting import markdown as md
from signlab.reporting.errors import ErrorAnalysis
from signlab.reporting.summary import StudySummary


def where_text(summary: StudySummary) -> str:
    """WER by length of the sentence, frequency of the gloss and presence of the parts."""
    found = summary.errors
    if found is None:
        return ""
    parts = [
        "Test WER in % by the number of glosses of the sentence.",
        _table("glosses", found.lengths),
        "Share of the signed glosses that were not recognised, in %, by how often training has "
        "the gloss.",
        _table("in training", found.frequencies),
    ]
    groups = Counter(part for part, _ in found.presence.index)
    varying = [place for place in found.presence.index if groups[place[0]] > 1]
    if varying:
        named = found.presence.loc[varying].set_axis([", ".join(place) for place in varying])
        parts += [
            "Test WER in % by the share of an utterance's frames in which a part was tracked.",
            _table("part, share", named),
        ]
    if len(found.boundaries):
        parts += [
            "Glosses that were recognised begin and end, in the median, so many ms after they do "
            "in the corpus's annotation (below zero: before). CTC marks where it is surest of a "
            "gloss, which is shorter than the sign.",
            _table("ms", found.boundaries.T, digits=0),
        ]
    return "\n\n".join(parts)


def confidence_text(summary: StudySummary) -> str:
    """How far confidence and accuracy are apart."""
    found = summary.errors
    if found is None:
        return ""
    return (
        "Expected calibration error in points: how far the confidence in a gloss (or the mean of "
        "an utterance's) is from the share that is right.\n\n"
        + _table("of", 100.0 * found.calibration)
    )


def repaired_cells(found: ErrorAnalysis, variant: str) -> list[str]:
    """The shares of the signed glosses that a variant repaired and damaged, in percent."""
    changes = found.changes.get(variant)
    if changes is None:
        return [md.MISSING, md.MISSING]
    totals = changes[["support", "repaired", "damaged"]].to_numpy().sum(axis=0)
    return [f"{100.0 * count / max(totals[0], 1):.1f}" for count in totals[1:]]


def _table(what: str, figures: pd.DataFrame, digits: int = 1) -> str:
    header = [what, *map(md.code, figures.columns)]
    return md.table(header, [_row(str(name), row, digits) for name, row in _rows(figures)])


def _rows(figures: pd.DataFrame) -> Sequence[tuple[object, list[float]]]:
    return list(zip(figures.index, figures.to_numpy().tolist(), strict=True))


def _row(name: str, values: list[float], digits: int) -> list[str]:
    return [name, *(md.figure(value, digits) for value in values)]
