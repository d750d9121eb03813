"""Every table of the error analysis, from the hypotheses of one split."""

from collections.abc import Mapping, Sequence

import pandas as pd

from signlab.scoring.analysis import by_frequency, by_group, by_length, by_presence
from signlab.scoring.boundaries import Span, boundary_errors
from signlab.scoring.calibration import (
    calibration_by_gloss,
    gloss_outcomes,
    reliability,
    utterance_outcomes,
)
from signlab.scoring.protocol import Scoring
from signlab.scoring.signs import confusions, per_sign
from signlab.scoring.wer import Alignment

PRESENT = "present_"
"""What the columns begin with that tell in what share of the frames a part was tracked."""

INTACT = "nothing"
"""What the table of robustness says is withheld where all parts are there."""


def analyse(
    table: pd.DataFrame, training: Mapping[str, int], scoring: Scoring
) -> dict[str, pd.DataFrame]:
    """The tables by name.

    Confidences and boundaries belong to glosses as they were recognised, so that these tables
    know of no clean-up.

    Args:
        table: Rows of ``RunFolder.hypotheses``.
        training: How often training has each gloss.

    Returns:
        signs (with a column ``training``), confusions, lengths, frequencies, signers, presence
        (with a column ``part``), reliability (with a column ``of``: gloss or utterance),
        calibration and, where the corpus tells when glosses are signed, boundaries.
    """
    found, plain = alignments(table, scoring), alignments(table, Scoring())
    signs = per_sign(found)
    signs.insert(2, "training", [training.get(gloss, 0) for gloss in signs["gloss"]])
    tables = {
        "signs": signs,
        "confusions": confusions(found, list(table["id"])),
        "lengths": by_length(found),
        "frequencies": by_frequency(found, training),
        "signers": by_group(found, list(table["signer"])),
        "presence": presence(table, found),
        "reliability": reliability_of(table, plain),
        "calibration": calibration_by_gloss(gloss_outcomes(plain, list(table["confidences"]))),
    }
    timed = table["signed_begin_ms"].notna().to_numpy()
    if timed.any():
        rows = pd.DataFrame(table[timed])
        tables["boundaries"] = boundary_errors(
            [one for one, known in zip(plain, timed, strict=True) if known],
            _spans(rows, "signed_begin_ms", "signed_end_ms"),
            _spans(rows, "begin_ms", "end_ms"),
        )
    return tables


def alignments(table: pd.DataFrame, scoring: Scoring) -> list[Alignment]:
    """One alignment a row."""
    return scoring.align(
        *([text.split() for text in table[c]] for c in ("reference", "hypothesis"))
    )


def presence(table: pd.DataFrame, found: Sequence[Alignment]) -> pd.DataFrame:
    """``by_presence`` of each part, below each other."""
    columns = [column for column in table.columns if column.startswith(PRESENT)]
    each = [by_presence(found, table[column].tolist()) for column in columns]
    for column, rows in zip(columns, each, strict=True):
        rows.insert(0, "part", column.removeprefix(PRESENT))
    return pd.concat(each, ignore_index=True)


def reliability_of(table: pd.DataFrame, found: Sequence[Alignment]) -> pd.DataFrame:
    """``reliability`` of the confidences in glosses and in whole utterances."""
    each = {
        "gloss": reliability(gloss_outcomes(found, list(table["confidences"]))),
        "utterance": reliability(utterance_outcomes(found, list(table["confidence"]))),
    }
    for kind, rows in each.items():
        rows.insert(0, "of", kind)
    return pd.concat(each.values(), ignore_index=True)


def _spans(table: pd.DataFrame, begins: str, ends: str) -> list[list[Span]]:
    return [
        list(zip(map(float, begin), map(float, end), strict=True))
        for begin, end in zip(table[begins], table[ends], strict=True)
    ]
