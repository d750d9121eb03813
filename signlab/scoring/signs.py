"""Which signs a recogniser knows, and what it takes them for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import pandas as pd

from signlab.scoring.wer import CORRECT, DELETION, INSERTION, SUBSTITUTION, Alignment

PRIOR_OCCURRENCES = 5.0
"""How many occurrences of an average sign are added to each sign's own in ``accuracy``."""


def per_sign(alignments: Iterable[Alignment]) -> pd.DataFrame:
    """One row a gloss, the most frequent first.

    Columns: gloss; support (occurrences in references); correct, substituted, deleted (what became
    of those); predicted (occurrences in hypotheses); inserted; precision, recall and f1 (0 to 1,
    missing where there is nothing to divide by); accuracy (recall shrunk towards that of the
    whole corpus by ``PRIOR_OCCURRENCES``, so that a sign seen once is not 0 or 1).
    """
    counts = {edit: Counter[str]() for edit in (CORRECT, SUBSTITUTION, DELETION, INSERTION)}
    predicted = Counter[str]()
    for alignment in alignments:
        predicted.update(alignment.hypothesis)
        for edit, reference, hypothesis in alignment.columns():
            counts[edit][reference or hypothesis or ""] += 1
    glosses = sorted(set(predicted).union(*counts.values()))
    table = pd.DataFrame({"gloss": pd.Series(glosses, dtype="str")})
    for column, edit in (
        ("correct", CORRECT),
        ("substituted", SUBSTITUTION),
        ("deleted", DELETION),
        ("inserted", INSERTION),
    ):
        table[column] = _column(counts[edit], glosses)
    table["predicted"] = _column(predicted, glosses)
    support = table["correct"] + table["substituted"] + table["deleted"]
    table.insert(1, "support", support)
    table["precision"] = table["correct"] / table["predicted"].where(table["predicted"] > 0)
    table["recall"] = table["correct"] / support.where(support > 0)
    table["f1"] = 2.0 * table["correct"] / (support + table["predicted"])
    overall = counts[CORRECT].total() / max(int(support.to_numpy().sum()), 1)
    table["accuracy"] = (table["correct"] + PRIOR_OCCURRENCES * overall) / (
        support + PRIOR_OCCURRENCES
    )
    return table.sort_values(["support", "gloss"], ascending=[False, True], ignore_index=True)


def _column(counter: Counter[str], glosses: Sequence[str]) -> pd.Series:
    return pd.Series([counter[gloss] for gloss in glosses], dtype="int64")


def confusions(
    alignments: Iterable[Alignment], ids: Sequence[str] | None = None, *, examples: int = 3
) -> pd.DataFrame:
    """One row a pair of glosses that were substituted, the most frequent first.

    Args:
        ids: Names of the utterances, for the examples; without them their positions are named.
        examples: The most utterances that a row names.

    Returns:
        Columns: reference, hypothesis, count, share (of the reference gloss's occurrences,
        0 to 1), examples (names of utterances, joined by blanks).
    """
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    support = Counter[str]()
    for index, alignment in enumerate(alignments):
        support.update(alignment.reference)
        name = str(index) if ids is None else ids[index]
        for edit, reference, hypothesis in alignment.columns():
            if edit == SUBSTITUTION and reference is not None and hypothesis is not None:
                found[reference, hypothesis].append(name)
    rows = [
        {
            "reference": reference,
            "hypothesis": hypothesis,
            "count": len(names),
            "share": len(names) / support[reference],
            "examples": " ".join(list(dict.fromkeys(names))[:examples]),
        }
        for (reference, hypothesis), names in found.items()
    ]
    kinds = {
        "reference": "str",
        "hypothesis": "str",
        "count": "int64",
        "share": "float64",
        "examples": "str",
    }
    return (pd.DataFrame(rows, columns=list(kinds)).astype(kinds)).sort_values(
        ["count", "reference", "hypothesis"], ascending=[False, True, True], ignore_index=True
    )
