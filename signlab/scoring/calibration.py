"""Whether confidences can be believed: reliability curves and expected calibration errors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from signlab.scoring.wer import CORRECT, DELETION, Alignment

BINS = 10


def gloss_outcomes(
    alignments: Sequence[Alignment], confidences: Sequence[Sequence[float]]
) -> pd.DataFrame:
    """One row a hypothesis gloss: gloss, confidence (0 to 1), correct.

    Args:
        confidences: Of each utterance, one a gloss of its hypothesis.

    Raises:
        ValueError: The numbers of confidences and glosses differ.
    """
    rows = []
    for alignment, each in zip(alignments, confidences, strict=True):
        outcomes = [edit == CORRECT for edit in alignment.edits if edit != DELETION]
        rows += zip(alignment.hypothesis, each, outcomes, strict=True)
    kinds = {"gloss": "str", "confidence": "float64", "correct": "bool"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def utterance_outcomes(
    alignments: Sequence[Alignment], confidences: Sequence[float]
) -> pd.DataFrame:
    """One row an utterance: confidence (0 to 1), correct (no error at all)."""
    pairs = zip(alignments, confidences, strict=True)
    rows = [(confidence, alignment.correct) for alignment, confidence in pairs]
    kinds = {"confidence": "float64", "correct": "bool"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def reliability(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The reliability curve: one row a bin of confidence that has outcomes.

    Columns: low, high (bounds of the bin), count, confidence (mean), accuracy (share correct).
    """
    sums = _sums(outcomes, by=["bin"]).reset_index()
    return pd.DataFrame(
        {
            "low": sums["bin"] / BINS,
            "high": (sums["bin"] + 1) / BINS,
            "count": sums["count"],
            "confidence": sums["confidence"] / sums["count"],
            "accuracy": sums["correct"] / sums["count"],
        }
    )


def calibration_error(outcomes: pd.DataFrame) -> float:
    """Expected calibration error, 0 to 1: the mean gap between confidence and accuracy.

    Source: Naeini et al. 2015, with bins of equal width.
    """
    sums = _sums(outcomes, by=["bin"])
    return float(sums["gap"].to_numpy().sum() / len(outcomes)) if len(outcomes) else float("nan")


def calibration_by_gloss(outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row a gloss, the most frequent first: gloss, count, confidence, accuracy, error."""
    sums = pd.DataFrame(_sums(outcomes, by=["gloss", "bin"]).groupby("gloss").sum())
    table = pd.DataFrame(
        {
            "count": sums["count"],
            "confidence": sums["confidence"] / sums["count"],
            "accuracy": sums["correct"] / sums["count"],
            "error": sums["gap"] / sums["count"],
        }
    )
    return table.reset_index().sort_values(
        ["count", "gloss"], ascending=[False, True], ignore_index=True
    )


def _sums(outcomes: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Sums over each group that has outcomes; ``bin`` is that of an outcome's confidence.

    Columns: count, confidence, correct, and gap, by how much the last two differ: the gap of the
    means, as often as there are outcomes.
    """
    bins = np.minimum((outcomes["confidence"] * BINS).astype(int), BINS - 1)
    members = outcomes.assign(count=1, bin=bins).groupby(by)
    sums = pd.DataFrame(members[["count", "confidence", "correct"]].sum())
    return sums.assign(gap=(sums["confidence"] - sums["correct"]).abs())
