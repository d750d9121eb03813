"""Test errors of all finished runs, lined up so that variants are compared by the utterance.

Rows are seeds. Columns are the utterances of all folds: each is tested in exactly one of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from signlab.errors import BadStudy
from signlab.reporting.contrasts import Weights
from signlab.reporting.reading import Cell, Run, StudyRuns
from signlab.scoring.significance import ErrorTable

EDITS = ["substitutions", "deletions", "insertions"]


@dataclass(frozen=True)
class Grid:
    """Folds and seeds for which every variant of a comparison has a finished run."""

    folds: tuple[str, ...]
    seeds: tuple[int, ...]

    @property
    def cells(self) -> list[Cell]:
        """All of them."""
        return [(fold, seed) for seed in self.seeds for fold in self.folds]


class Evidence:
    """The test errors of a study.

    Raises:
        BadStudy: Two runs of one fold were tested on different utterances.
    """

    def __init__(self, study: StudyRuns) -> None:
        self._folds, self._seeds = tuple(study.folds), study.seeds
        self._runs = {
            variant.name: {run.cell: run for run in study.finished(variant.name)}
            for variant in study.variants
        }
        for fold in self._folds:
            _check_same_utterances(
                [run for run in study.runs if run.fold == fold and run.status == "finished"]
            )

    def grid(self, variants: Iterable[str]) -> Grid | None:
        """The largest set of folds x seeds that all the variants share, or None."""
        shared = set.intersection(*({*self._runs[variant]} for variant in variants))
        by_coverage = sorted(
            self._folds, key=lambda fold: -sum((fold, seed) in shared for seed in self._seeds)
        )
        best, most = None, 0
        for count in range(1, len(by_coverage) + 1):
            chosen = set(by_coverage[:count])
            folds = tuple(fold for fold in self._folds if fold in chosen)
            seeds = tuple(s for s in self._seeds if all((fold, s) in shared for fold in folds))
            if len(folds) * len(seeds) > most:
                best, most = Grid(folds, seeds), len(folds) * len(seeds)
        return best

    def runs(self, variants: Iterable[str], grid: Grid) -> list[Run]:
        """The runs that a comparison rests on."""
        return [self._runs[variant][cell] for variant in variants for cell in grid.cells]

    def table(self, weights: Weights, grid: Grid) -> ErrorTable:
        """Errors and glosses of each utterance, summed over variants as often as they weigh.

        Its WER is the weighted mean of theirs, since all share the references.
        """
        errors = sum(weight * self._errors(name, grid) for name, weight in weights.items())
        variant = next(iter(weights))
        columns = pd.concat([self._runs[variant][fold, grid.seeds[0]].test for fold in grid.folds])
        return ErrorTable(
            errors=np.asarray(errors),
            glosses=columns["glosses"].to_numpy() * sum(weights.values()),
            signers=tuple(columns["signer"]),
        )

    def _errors(self, variant: str, grid: Grid) -> np.ndarray:
        return np.stack(
            [
                np.concatenate(
                    [
                        self._runs[variant][fold, seed].test[EDITS].sum(axis=1).to_numpy()
                        for fold in grid.folds
                    ]
                )
                for seed in grid.seeds
            ]
        )


def _check_same_utterances(runs: list[Run]) -> None:
    for run in runs[1:]:
        if not run.test["reference"].equals(runs[0].test["reference"]):
            raise BadStudy(
                f"runs {runs[0].folder} and {run.folder} were not tested on the same utterances, "
                "so they cannot be compared; delete the older one and run the study again"
            )
