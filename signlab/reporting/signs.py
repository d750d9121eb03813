"""Which signs each variant recognises, what it takes them for, and on whose signing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from signlab.reporting.errors import aligned
from signlab.reporting.evidence import EDITS
from signlab.reporting.reading import Run
from signlab.reporting.variants import VariantSummary
from signlab.scoring.signs import confusions, per_sign


@dataclass(frozen=True, eq=False)
class SignAnalysis:
    """Test figures by sign, signer and fold; a column a variant, over all its finished runs.

    Attributes:
        support: How often the references hold each sign.
        recall: Percent of a sign's occurrences that came out right, by sign.
        confusions: Pairs of substituted signs by variant, as ``scoring.signs.confusions`` has them.
        tables: By variant, ``scoring.signs.per_sign``, a row a sign of the references.
        missed: Percent of a sign's occurrences that were left out, by sign.
        signers: WER in percent by signer.
        folds: WER in percent by fold.
    """

    support: pd.Series
    recall: pd.DataFrame
    missed: pd.DataFrame
    confusions: Mapping[str, pd.DataFrame]
    tables: Mapping[str, pd.DataFrame]
    signers: pd.DataFrame
    folds: pd.DataFrame

    def changed(self, variant: str, baseline: str) -> list[tuple[str, float]]:
        """Signs whose recall changed beyond chance, in points, the most improved first.

        Beyond chance is two standard errors of the difference of two independent shares, each
        of ``support`` draws: seeds see the same utterances, so they do not add to the draws.
        """
        draws = self.support.to_numpy(dtype=float)
        before, after = (self.recall[name].to_numpy(float) / 100 for name in (baseline, variant))
        # Agresti and Caffo (2000) add one hit and one miss, so that 0 and 1 have an error too
        shares = [(share * draws + 1) / (draws + 2) for share in (before, after)]
        variance = np.sum([share * (1 - share) / (draws + 2) for share in shares], axis=0)
        beyond = np.abs(after - before) > 2 * np.sqrt(variance)
        changes = zip(self.recall.index, 100 * (after - before), beyond, strict=True)
        found = [(str(name), float(change)) for name, change, real in changes if real]
        return sorted(found, key=lambda pair: -pair[1])


def analyse_signs(variants: Sequence[VariantSummary]) -> SignAnalysis | None:
    """Figures by sign, signer and fold; None while no run is finished."""
    measured = [variant for variant in variants if variant.measured is not None]
    if not measured:
        return None
    alignments = {v.name: [a for run in v.runs for a in aligned(run)] for v in measured}
    ids = {v.name: [name for run in v.runs for name in run.test.index] for v in measured}
    tables = {name: per_sign(found).set_index("gloss") for name, found in alignments.items()}
    missed = {
        n: 100 * t["deleted"] / t["support"].where(t["support"] > 0) for n, t in tables.items()
    }
    support = _support([run for variant in measured for run in variant.runs])
    known = support.index
    return SignAnalysis(
        support=support,
        recall=pd.DataFrame({n: 100 * t["recall"] for n, t in tables.items()}).reindex(known),
        missed=pd.DataFrame(missed).reindex(known),
        confusions={name: confusions(a, ids[name]) for name, a in alignments.items()},
        tables={name: table.reindex(known) for name, table in tables.items()},
        signers=pd.DataFrame({v.name: _wer_by(v.runs, "signer") for v in measured}),
        folds=pd.DataFrame({v.name: _wer_by(v.runs, "fold") for v in measured}),
    )


def _support(runs: Sequence[Run]) -> pd.Series:
    one_a_fold = {run.fold: run for run in runs}.values()
    references = pd.concat([run.test["reference"] for run in one_a_fold])
    return references.str.split().explode().value_counts().sort_index()


def _wer_by(runs: Sequence[Run], key: str) -> pd.Series:
    tests = pd.concat([run.test.assign(fold=run.fold) for run in runs], ignore_index=True)
    sums = tests.pivot_table(index=key, values=[*EDITS, "glosses"], aggfunc="sum")
    errors = sums[EDITS].to_numpy().sum(axis=1)
    return pd.Series(100 * errors / sums["glosses"].to_numpy(), index=sums.index)
