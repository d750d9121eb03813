"""The section of a report on recognition without a hand, both, or the face."""

import pandas as pd

from signlab.reporting import markdown as md
from signlab.reporting.summary import StudySummary
from signlab.scoring.tables import INTACT


def robustness_text(summary: StudySummary) -> str:
    """WER by what was withheld, and how much it is above that of all parts."""
    if summary.errors is None or set(summary.errors.robustness.index) <= {INTACT}:
        return ""
    found = summary.errors.robustness
    rows = [
        [str(name), *(_cell(found, name, variant) for variant in found)] for name in found.index
    ]
    return (
        "Test WER in % where a part is hidden from the trained recogniser in every frame, and in "
        "brackets the points above its WER with all parts. What tells where the body is stays: "
        "the pose, with the rough hands that it shows, or the nose.\n\n"
        + md.table(["withheld", *map(md.code, found)], rows)
    )


def _cell(found: pd.DataFrame, name: object, variant: str) -> str:
    """A variant's WER without a part; a dash where it never had that part."""
    wer, intact = float(found.loc[name, variant]), float(found.loc[INTACT, variant])
    if pd.isna(wer):
        return md.MISSING
    return f"{wer:.1f}" if name == INTACT else f"{wer:.1f} ({md.signed(wer - intact)})"
