"""What each run repaired and damaged, against the baseline's run of its fold and seed."""

from collections.abc import Iterable

import pandas as pd

from signlab.scoring.analysis import changes
from signlab.scoring.protocol import scoring_of
from signlab.scoring.tables import alignments
from signlab.scoring.wer import Alignment
from signlab.study.folder import RunFolder
from signlab.study.plan import Run


def write_changes(runs: Iterable[tuple[Run, RunFolder]], baseline: str) -> None:
    """Leave ``analysis/changes.parquet`` (``scoring.analysis.changes``) in each finished run.

    Args:
        runs: Of one study; those that are not finished are passed over.
        baseline: The name of the variant that the others are compared with.
    """
    finished = [(run, folder) for run, folder in runs if folder.finished]
    before = {
        (run.fold, run.seed): aligned(folder)
        for run, folder in finished
        if run.variant.name == baseline
    }
    for run, folder in finished:
        if run.variant.name != baseline and (run.fold, run.seed) in before:
            found = changes(before[run.fold, run.seed], aligned(folder))
            folder.write_table("analysis/changes", found)


def aligned(folder: RunFolder) -> list[Alignment]:
    """The test utterances in the order of their ids, as the run scored them."""
    hypotheses = folder.hypotheses()
    test = pd.DataFrame(hypotheses[hypotheses["split"] == "test"]).sort_values("id")
    return alignments(test, scoring_of(folder.result().signature))
