"""Matched pairs sentence-segment word error test (MAPSSWE), as NIST's sc_stats computes it.

Two systems' errors are compared in segments that begin and end where both recognised two
reference words in a row, so that segments may count as independent.

Source: Gillick and Cox 1989; Pallett, Fisher and Fiscus 1990; segment rules of SCTK 2.4.10,
``mtchprs.c``. Where alternations make the two references differ, sc_stats tries to find common
words again; here the rest of that sentence counts as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from signlab.scoring.wer import CORRECT, INSERTION, Alignment

MIN_CORRECT = 2
"""Reference words in a row that both systems must get right to end a segment."""


@dataclass(frozen=True)
class MatchedPairs:
    """Errors of system A less those of system B, a segment.

    Attributes:
        segments: Their number.
        mean: Mean difference; above 0 where A makes more errors.
        std: Standard deviation of the differences (n - 1).
        z: Mean over its standard error; 0 where all differences are equal.
        p: Two-sided, of a normal z.
    """

    segments: int
    mean: float
    std: float
    z: float
    p: float


def mapsswe(first: Sequence[Alignment], second: Sequence[Alignment]) -> MatchedPairs:
    """The test on sc_stats' segments.

    Raises:
        ValueError: The numbers of utterances differ.
    """
    return _test(
        [
            errors_a - errors_b
            for a, b in zip(first, second, strict=True)
            for errors_a, errors_b in segments(a.edits, b.edits)
        ]
    )


def by_utterance(first: Sequence[Alignment], second: Sequence[Alignment]) -> MatchedPairs:
    """The same test with every utterance as one segment; fit for isolated short sentences."""
    pairs = zip(first, second, strict=True)
    return _test([_errors(a.edits) - _errors(b.edits) for a, b in pairs])


def segments(first: str, second: str) -> list[tuple[int, int]]:
    """Errors of both systems in each segment of one sentence that has any.

    Args:
        first: The edits of system A, one letter a column (C, S, D, I).
        second: Those of system B for the same reference.
    """
    found: list[tuple[int, int]] = []
    # where the last word before the segment stands in each alignment
    begin_a = begin_b = a = b = 0
    good, in_segment = 0, False

    def close(end_a: int, end_b: int) -> None:
        start_a, start_b = max(begin_a - MIN_CORRECT + 1, 0), max(begin_b - MIN_CORRECT + 1, 0)
        pair = _errors(first[start_a : end_a + 1]), _errors(second[start_b : end_b + 1])
        if any(pair):
            found.append(pair)

    while a < len(first):
        after_a, after_b = _skip_insertions(first, a), _skip_insertions(second, b)
        if (after_a, after_b) != (a, b):
            in_segment, good = True, 0
        a, b = after_a, after_b
        both = first[a : a + 1] == CORRECT == second[b : b + 1]
        if not both:
            in_segment, good = True, 0
        elif not in_segment:
            begin_a, begin_b = a, b
        else:
            good += 1
            if good == MIN_CORRECT:
                close(a, b)
                begin_a, begin_b, in_segment, good = a, b, False, 0
        a, b = min(a + 1, len(first)), min(b + 1, len(second))
    if in_segment or b < len(second):
        close(len(first), len(second))
    return found


def _skip_insertions(edits: str, position: int) -> int:
    while edits[position : position + 1] == INSERTION:
        position += 1
    return position


def _errors(edits: str) -> int:
    return len(edits) - edits.count(CORRECT)


def _test(differences: Sequence[int]) -> MatchedPairs:
    values = np.asarray(differences, dtype=float)
    if not len(values):
        return MatchedPairs(0, 0.0, 0.0, 0.0, 1.0)
    mean = float(values.mean())
    if not np.ptp(values):
        return MatchedPairs(len(values), mean, 0.0, 0.0, 1.0)
    std = float(values.std(ddof=1))
    z = mean / (std / len(values) ** 0.5)
    return MatchedPairs(len(values), mean, std, z, float(2.0 * stats.norm.sf(abs(z))))
