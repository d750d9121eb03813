"""Where the errors are, whether confidences can be believed, what each variant repaired.

Made of the tables that every run leaves in its ``analysis`` folder, added up over seeds and folds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from signlab.reporting.evidence import EDITS
from signlab.reporting.reading import Run
from signlab.reporting.variants import VariantSummary
from signlab.scoring.analysis import FREQUENCIES, LENGTHS, SHARES, changes
from signlab.scoring.calibration import calibration_by_gloss, gloss_outcomes
from signlab.scoring.protocol import Scoring, scoring_of
from signlab.scoring.tables import alignments
from signlab.scoring.wer import Alignment


@dataclass(frozen=True, eq=False)
class ErrorAnalysis:
    """Test figures over all finished runs; a column a variant, in percent unless said otherwise.

    Attributes:
        lengths: WER by the length of the reference.
        frequencies: Share of reference glosses not recognised, by their occurrences in training.
        presence: WER by part and by the share of frames in which it was tracked.
        reliability: By variant, the reliability curve of the confidences in glosses.
        calibration: Expected calibration error, a row for glosses and one for utterances.
        calibration_by_sign: By variant, ``calibration.calibration_by_gloss``, indexed by the gloss.
        robustness: WER by the part that was withheld, in the order of the runs; no rows where
            nothing could be, and for runs of before it was measured.
        boundaries: By variant, median ms by which begin and end of glosses are off; no rows
            where the corpus does not tell when glosses are signed.
        changes: By variant, ``analysis.changes`` against the baseline, seeds and folds together.
    """

    lengths: pd.DataFrame
    frequencies: pd.DataFrame
    presence: pd.DataFrame
    reliability: dict[str, pd.DataFrame]
    calibration: pd.DataFrame
    calibration_by_sign: dict[str, pd.DataFrame]
    robustness: pd.DataFrame
    boundaries: pd.DataFrame
    changes: dict[str, pd.DataFrame]


def analyse_errors(variants: Sequence[VariantSummary]) -> ErrorAnalysis | None:
    """All of it; None while no run is finished."""
    measured = [variant for variant in variants if variant.measured is not None]
    if not measured:
        return None

    def each(name: str, figures: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
        found = {v.name: [r.analysis[name] for r in v.runs if name in r.analysis] for v in measured}
        columns = {v: figures(pd.concat(tables)) for v, tables in found.items() if tables}
        return pd.DataFrame(columns)

    curves = {v.name: pd.concat([r.analysis["reliability"] for r in v.runs]) for v in measured}
    baseline = variants[0]
    return ErrorAnalysis(
        lengths=_ordered(each("lengths", _wer("group")), LENGTHS),
        frequencies=_ordered(each("frequencies", _missed), FREQUENCIES),
        presence=_ordered(each("presence", _wer("part", "group")), SHARES),
        reliability={name: _curve(rows.query("of == 'gloss'")) for name, rows in curves.items()},
        calibration=pd.DataFrame({name: _calibration(rows) for name, rows in curves.items()}),
        calibration_by_sign={v.name: _calibration_by_sign(v.runs) for v in measured},
        robustness=each("robustness", _wer("withheld")).reindex(_withheld(measured)),
        boundaries=each("boundaries", _medians).T,
        changes={
            variant.name: _changes(baseline.runs, variant.runs)
            for variant in measured
            if variant is not baseline and baseline.measured is not None
        },
    )


def _withheld(variants: Sequence[VariantSummary]) -> list[str]:
    """What was withheld, in the order of the runs' tables."""
    tables = [run.analysis.get("robustness") for variant in variants for run in variant.runs]
    return list(dict.fromkeys(name for t in tables if t is not None for name in t["withheld"]))


def _wer(*keys: str) -> Callable[[pd.DataFrame], pd.Series]:
    def figures(rows: pd.DataFrame) -> pd.Series:
        sums = rows.pivot_table(index=list(keys), values=[*EDITS, "glosses"], aggfunc="sum")
        errors, glosses = sums[EDITS].to_numpy().sum(axis=1), sums["glosses"].to_numpy(float)
        return pd.Series(100.0 * errors / np.where(glosses > 0, glosses, np.nan), sums.index)

    return figures


def _missed(rows: pd.DataFrame) -> pd.Series:
    sums = rows.pivot_table(index="group", values=["correct", "glosses"], aggfunc="sum")
    right = sums["correct"].to_numpy() / sums["glosses"].to_numpy()
    return pd.Series(100.0 * (1.0 - right), sums.index)


def _medians(rows: pd.DataFrame) -> pd.Series:
    return pd.Series({name: rows[f"{name}_ms"].median() for name in ("begin", "end")})


def _ordered(table: pd.DataFrame, groups: Mapping[float, str]) -> pd.DataFrame:
    """Rows in the order of the groups, which stand last in the index."""
    order = {name: place for place, name in enumerate(groups.values())}
    return table.sort_index(key=lambda values: values.map(lambda value: order.get(value, value)))


def _curve(rows: pd.DataFrame) -> pd.DataFrame:
    """Reliability curves of several runs as one: low, high, count, confidence, accuracy."""
    shares = ["confidence", "accuracy"]
    weighted = rows.assign(**{name: rows[name] * rows["count"] for name in shares})
    sums = pd.DataFrame(weighted.groupby(["low", "high"]).sum(numeric_only=True))
    means = {name: sums[name] / sums["count"] for name in shares}
    return sums.assign(**means).reset_index()


def _calibration(rows: pd.DataFrame) -> pd.Series:
    """Expected calibration errors of glosses and of utterances, 0 to 1."""
    found = {}
    for kind in ("gloss", "utterance"):
        curve = _curve(rows.query("of == @kind"))
        gaps = (curve["confidence"] - curve["accuracy"]).abs()
        found[kind] = float(np.average(gaps, weights=curve["count"])) if len(curve) else np.nan
    return pd.Series(found)


def _calibration_by_sign(runs: Sequence[Run]) -> pd.DataFrame:
    outcomes = [
        gloss_outcomes(
            alignments(run.test, Scoring()), [list(each) for each in run.test["confidences"]]
        )
        for run in runs
    ]
    return calibration_by_gloss(pd.concat(outcomes)).set_index("gloss")


def _changes(baseline: Sequence[Run], variant: Sequence[Run]) -> pd.DataFrame:
    """Of the folds and seeds that both have."""
    before = {run.cell: run for run in baseline}
    pairs = [(before[run.cell], run) for run in variant if run.cell in before]
    old, new = ([one for run in side for one in aligned(run)] for side in zip(*pairs, strict=True))
    return changes(old, new)


def aligned(run: Run) -> list[Alignment]:
    """The test utterances of a finished run, scored as the run scored them."""
    assert run.result is not None
    return alignments(run.test, scoring_of(run.result.signature))
