"""How the best variant does on each sign: a table that is folded away."""

from signlab.reporting import markdown as md
from signlab.reporting.summary import StudySummary

MOST_SIGNS = 100
"""Rows; with more, the easiest are left to the tables of the runs."""

_COLUMNS = {
    "signed": ("support", 1, 0),
    "recall %": ("recall", 100, 1),
    "precision %": ("precision", 100, 1),
    "F1": ("f1", 1, 2),
    "accuracy %": ("accuracy", 100, 1),
    "substituted": ("substituted", 1, 0),
    "deleted": ("deleted", 1, 0),
    "inserted": ("inserted", 1, 0),
    "confidence %": ("confidence", 100, 1),
    "calibration error": ("error", 100, 1),
}
"""Of each heading: a column of the tables, by how much it is multiplied, and its decimals."""


def sign_table_text(summary: StudySummary) -> str:
    """Signs from the hardest to the easiest, with all that is known of each."""
    if summary.signs is None or summary.errors is None or summary.best is None:
        return ""
    best = summary.best[0].name
    signs = summary.signs.tables[best].sort_values(["accuracy", "support"], kind="stable")
    signs = signs.join(summary.errors.calibration_by_sign[best][["confidence", "error"]])
    rows = [
        [name, *(md.figure(times * row[key], digits) for key, times, digits in _COLUMNS.values())]
        for name, row in signs.head(MOST_SIGNS).T.to_dict().items()
    ]
    which = (
        f"Every sign of {best}"
        if len(signs) <= MOST_SIGNS
        else f"The {MOST_SIGNS} hardest of the {len(signs)} signs of {best}"
    )
    return (
        f"<details><summary>{which}, the hardest first</summary>\n\n"
        "Over all folds and seeds. *Accuracy* is the recall drawn towards that of all signs, as if "
        "each had been signed five times more, so that a rare sign is neither 0 nor 100.\n\n"
        + md.table(["sign", *_COLUMNS], rows)
        + "\n\n</details>"
    )
