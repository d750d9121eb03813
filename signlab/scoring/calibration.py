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
    places = np.minimum((outcomes["confidence"].to_numpy() * BINS).astype(int), BINS - 1)
    rows = []
    for place in np.unique(places):
        members = outcomes[places == place]
        confidence, accuracy = members["confidence"].mean(), members["correct"].mean()
        rows.append((place / BINS, (place + 1) / BINS, len(members), confidence, accuracy))
    names = ["low", "high", "count", "confidence", "accuracy"]
    return pd.DataFrame(rows, columns=names).astype("float64").astype({"count": "int64"})


def calibration_error(outcomes: pd.DataFrame) -> float:
    """Expected calibration error, 0 to 1: the mean gap between confidence and accuracy.

    Source: Naeini et al. 2015, with bins of equal width.
    """
    curve = reliability(outcomes)
    if curve.empty:
        return float("nan")
    gaps = (curve["confidence"] - curve["accuracy"]).abs()
    return float(np.average(gaps, weights=curve["count"]))


def calibration_by_gloss(outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row a gloss, the most frequent first: gloss, count, confidence, accuracy, error."""
    rows = [
        (
            gloss,
            len(members),
            members["confidence"].mean(),
            members["correct"].mean(),
            calibration_error(members),
        )
        for gloss, members in outcomes.groupby("gloss")
    ]
    table = pd.DataFrame(rows, columns=["gloss", "count", "confidence", "accuracy", "error"])
    return table.sort_values(["count", "gloss"], ascending=[False, True], ignore_index=True)
