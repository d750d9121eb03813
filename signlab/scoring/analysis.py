"""Where the errors are: WER by groups of utterances or glosses, and what a variant changed."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from signlab.scoring.wer import CORRECT, INSERTION, Alignment, total

LENGTHS = {
    0.0: "0",
    1.0: "1 to 2",
    3.0: "3 to 4",
    5.0: "5 to 7",
    8.0: "8 to 11",
    12.0: "12 to 19",
    20.0: "20 or more",
}
"""Groups of sentences by their glosses: the lower end of each, and its name."""

FREQUENCIES = {
    0.0: "0",
    1.0: "1",
    2.0: "2 to 4",
    5.0: "5 to 9",
    10.0: "10 to 49",
    50.0: "50 or more",
}
"""Groups of glosses by their occurrences in training."""

SHARES = {
    0.0: "below 0.25",
    0.25: "0.25 to 0.5",
    0.5: "0.5 to 0.75",
    0.75: "0.75 to 0.95",
    0.95: "0.95 or more",
}
"""Groups of utterances by the share of frames in which a part was tracked."""


def by_group(alignments: Sequence[Alignment], groups: Sequence[str]) -> pd.DataFrame:
    """WER of each group of utterances, in the order in which the groups appear.

    Columns: group, utterances, glosses, substitutions, deletions, insertions, wer (percent;
    missing where a group has no reference gloss).
    """
    rows = []
    for group in dict.fromkeys(groups):
        members = [one for one, name in zip(alignments, groups, strict=True) if name == group]
        errors = total(one.errors for one in members)
        rows.append(
            {
                "group": group,
                "utterances": len(members),
                "glosses": errors.glosses,
                "substitutions": errors.substitutions,
                "deletions": errors.deletions,
                "insertions": errors.insertions,
                "wer": errors.wer if errors.glosses else np.nan,
            }
        )
    return pd.DataFrame(rows)


def by_length(alignments: Sequence[Alignment]) -> pd.DataFrame:
    """``by_group`` of the reference's length, the shortest first."""
    return _by_value(alignments, [float(len(one.reference)) for one in alignments], LENGTHS)


def by_presence(alignments: Sequence[Alignment], shares: Sequence[float]) -> pd.DataFrame:
    """``by_group`` of the share of frames (0 to 1) in which some part was tracked."""
    return _by_value(alignments, shares, SHARES)


def by_frequency(alignments: Sequence[Alignment], training: Mapping[str, int]) -> pd.DataFrame:
    """How reference glosses fare by their occurrences in training.

    Columns: group, kinds (different glosses), glosses, correct, error_rate (percent of the
    group's glosses that were substituted or deleted; an insertion has no reference gloss).
    """
    support, correct = Counter[str](), Counter[str]()
    for alignment in alignments:
        support.update(alignment.reference)
        correct.update(gloss for edit, gloss, _ in alignment.columns() if edit == CORRECT and gloss)
    groups = {gloss: _lower(float(training.get(gloss, 0)), FREQUENCIES) for gloss in support}
    rows = []
    for low, name in FREQUENCIES.items():
        members = [gloss for gloss, group in groups.items() if group == low]
        glosses = sum(support[gloss] for gloss in members)
        right = sum(correct[gloss] for gloss in members)
        if glosses:
            rate = 100.0 * (1.0 - right / glosses)
            rows.append((name, len(members), glosses, right, rate))
    return pd.DataFrame(rows, columns=["group", "kinds", "glosses", "correct", "error_rate"])


def changes(baseline: Sequence[Alignment], variant: Sequence[Alignment]) -> pd.DataFrame:
    """What a variant repaired and damaged: one row a gloss, the largest net gain first.

    Columns: gloss, support, repaired (wrong in the baseline, correct in the variant), damaged
    (the reverse), net (repaired less damaged).

    Raises:
        ValueError: The two were not scored on the same references.
    """
    support, repaired, damaged = Counter[str](), Counter[str](), Counter[str]()
    for before, after in zip(baseline, variant, strict=True):
        if before.reference != after.reference:
            raise ValueError("baseline and variant must be scored on the same references")
        support.update(before.reference)
        for gloss, was, now in zip(before.reference, _right(before), _right(after), strict=True):
            repaired[gloss] += now and not was
            damaged[gloss] += was and not now
    rows = [(gloss, support[gloss], repaired[gloss], damaged[gloss]) for gloss in support]
    table = pd.DataFrame(rows, columns=["gloss", "support", "repaired", "damaged"])
    table["net"] = table["repaired"] - table["damaged"]
    return table.sort_values(["net", "gloss"], ascending=[False, True], ignore_index=True)


def _right(alignment: Alignment) -> list[bool]:
    """Of each reference gloss, whether it was recognised."""
    return [edit == CORRECT for edit in alignment.edits if edit != INSERTION]


def _by_value(
    alignments: Sequence[Alignment], values: Sequence[float], groups: Mapping[float, str]
) -> pd.DataFrame:
    lows = [_lower(value, groups) for value in values]
    order = np.argsort(lows, kind="stable")
    return by_group(
        [alignments[index] for index in order], [groups[lows[index]] for index in order]
    )


def _lower(value: float, groups: Mapping[float, str]) -> float:
    """The lower end of the group that ``value`` belongs to."""
    return max(low for low in groups if low <= value)
