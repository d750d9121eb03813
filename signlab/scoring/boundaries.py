"""How far recognised glosses lie from where they were signed, for corpora with timed glosses."""

from collections.abc import Sequence

import pandas as pd

from signlab.scoring.wer import CORRECT, DELETION, INSERTION, Alignment

Span = tuple[float, float]
"""Beginning and end in ms."""


def boundary_errors(
    alignments: Sequence[Alignment],
    references: Sequence[Sequence[Span]],
    hypotheses: Sequence[Sequence[Span]],
) -> pd.DataFrame:
    """One row a correct gloss: utterance (position), gloss, and by how many ms it is off.

    ``begin_ms`` and ``end_ms`` are the hypothesis's less the reference's: below 0 is too early.
    CTC puts a gloss where it is surest of it, not where it begins: expect late beginnings and
    early ends.

    Args:
        references: Where each reference gloss was signed.
        hypotheses: Where each hypothesis gloss was found (timesteps times the ms of one).

    Raises:
        ValueError: Glosses and spans differ in number.
    """
    rows = []
    for index, alignment in enumerate(alignments):
        expected, found = iter(references[index]), iter(hypotheses[index])
        if (len(references[index]), len(hypotheses[index])) != (
            len(alignment.reference),
            len(alignment.hypothesis),
        ):
            raise ValueError(f"utterance {index}: every gloss needs one span")
        for edit, gloss, _ in alignment.columns():
            signed = None if edit == INSERTION else next(expected)
            seen = None if edit == DELETION else next(found)
            if edit == CORRECT and signed and seen:
                rows.append((index, gloss, seen[0] - signed[0], seen[1] - signed[1]))
    return pd.DataFrame(rows, columns=["utterance", "gloss", "begin_ms", "end_ms"])
