"""One variant's finished runs in figures: error rates, costs, health, learning curves."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
import pandas as pd
from jaxtyping import Float

from signlab.reporting.evidence import Evidence, Grid
from signlab.reporting.reading import Run, StudyRuns, Variant
from signlab.scoring.protocol import scoring_of
from signlab.scoring.significance import Interval, wer_interval
from signlab.scoring.wer import corpus_errors, total
from signlab.study.folder import Errors, RunResult

DRAWS = 2000
"""Bootstrap samples behind every interval and p."""


@dataclass(frozen=True)
class Costs:
    """What a variant costs: medians over its runs, but the largest memory.

    Attributes:
        multiply_adds: For one second of landmarks.
        latency_p50_ms: At batch 1; None until inference was measured.
        frames_per_second: Of inference at batch 1.
        seconds: Wall clock of one training with its scoring.
    """

    parameters: int
    multiply_adds: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    frames_per_second: float | None
    peak_memory_mib: float
    seconds: float
    train_frames_per_second: float


@dataclass(frozen=True)
class Health:
    """Whether the runs learnt, and how long it took.

    Attributes:
        blank_share: Mean share of blank timesteps on dev, 0 to 1.
        distinct_glosses: Fewest and most glosses that a run's dev hypotheses use.
        loss: Mean CTC loss on dev in nats a label, of the epochs that are kept; None where runs are
            older than its record.
        guessing: ln V, what a label costs that is guessed among V glosses; None likewise.
        escapes: The epoch in which each run left the plateau, or None.
    """

    runs: int
    collapsed: int
    blank_share: float
    distinct_glosses: tuple[int, int]
    loss: float | None
    guessing: float | None
    escapes: tuple[int | None, ...]
    best_epochs: tuple[int, ...]
    epochs: int


@dataclass(frozen=True, eq=False)
class Curve:
    """A figure by epoch: its mean and range over the runs that reached the epoch."""

    epochs: Float[np.ndarray, " epochs"]
    mean: Float[np.ndarray, " epochs"]
    low: Float[np.ndarray, " epochs"]
    high: Float[np.ndarray, " epochs"]


@dataclass(frozen=True, eq=False)
class Schedule:
    """How a variant was trained, epoch by epoch.

    Attributes:
        phases: The first epoch of each, by its name, of the longest run.
    """

    learning_rate: Curve
    gradient_norm: Curve
    phases: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Measured:
    """What the finished runs of a variant say.

    Attributes:
        grid: The folds and seeds that ``wer`` rests on.
        wer: Test WER in percent with its 95 % interval.
        raw: Test WER without any clean-up, where there is one.
        dev, test: Errors of all finished runs together.
        dev_wer: In percent.
        loss: Training loss in nats a label.
        schedule: None where runs are older than its record.
    """

    grid: Grid
    wer: Interval
    raw: float | None
    dev: Errors
    test: Errors
    costs: Costs
    health: Health
    dev_wer: Curve
    loss: Curve
    schedule: Schedule | None


@dataclass(frozen=True, eq=False)
class VariantSummary:
    """A planned variant and what was measured of it; None while no run is finished."""

    plan: Variant
    planned: int
    runs: tuple[Run, ...]
    measured: Measured | None

    @property
    def name(self) -> str:
        """The variant's name."""
        return self.plan.name


def summarise_variant(study: StudyRuns, plan: Variant, evidence: Evidence) -> VariantSummary:
    """All figures of one variant."""
    runs, grid = tuple(study.finished(plan.name)), evidence.grid([plan.name])
    if grid is None:
        return VariantSummary(plan, len(study.of(plan.name)), runs, None)
    results = [run.result for run in runs if run.result is not None]
    measured = Measured(
        grid=grid,
        wer=wer_interval(
            evidence.table({plan.name: 1}, grid), draws=DRAWS, generator=np.random.default_rng(0)
        ),
        raw=_raw(runs),
        dev=total(result.dev for result in results),
        test=total(result.test for result in results),
        costs=_costs(runs, results),
        health=_health(runs, results),
        dev_wer=_curve(runs, "dev_wer"),
        loss=_curve(runs, "loss_per_label"),
        schedule=_schedule(runs),
    )
    return VariantSummary(plan, len(study.of(plan.name)), runs, measured)


def _raw(runs: Sequence[Run]) -> float | None:
    scorings = [scoring_of(run.result.signature) for run in runs if run.result is not None]
    if all(scoring.clean == "plain" for scoring in scorings):
        return None
    test = pd.concat([run.test for run in runs])
    sides = [[text.split() for text in test[name]] for name in ("reference", "hypothesis")]
    return corpus_errors(*sides, aligner=scorings[0].aligner).wer


def _costs(runs: Sequence[Run], results: Sequence[RunResult]) -> Costs:
    speeds = [run.speed for run in runs if run.speed is not None]

    def middle(value: Callable[[RunResult], int | float]) -> float:
        return float(median(map(value, results)))

    return Costs(
        parameters=round(middle(lambda result: result.parameters)),
        multiply_adds=round(middle(lambda result: result.multiply_adds)),
        latency_p50_ms=median(s.latency_p50_ms for s in speeds) if speeds else None,
        latency_p95_ms=median(s.latency_p95_ms for s in speeds) if speeds else None,
        frames_per_second=median(s.frames_per_second for s in speeds) if speeds else None,
        peak_memory_mib=max(result.peak_memory_mib for result in results),
        seconds=middle(lambda result: result.seconds),
        train_frames_per_second=middle(lambda result: result.train_frames_per_second),
    )


def _health(runs: Sequence[Run], results: Sequence[RunResult]) -> Health:
    sizes = [result.vocabulary for result in results if result.vocabulary is not None]
    used = [result.distinct_glosses for result in results]
    return Health(
        runs=len(results),
        collapsed=sum(result.collapsed for result in results),
        blank_share=fmean(result.blank_share for result in results),
        distinct_glosses=(min(used), max(used)),
        loss=_kept_loss(runs),
        guessing=fmean(map(math.log, sizes)) if len(sizes) == len(results) else None,
        escapes=tuple(result.epochs_to_escape for result in results),
        best_epochs=tuple(result.best_epoch for result in results),
        epochs=max(result.epochs for result in results),
    )


def _kept_loss(runs: Sequence[Run]) -> float | None:
    if not all("dev_loss_per_label" in run.epochs for run in runs):
        return None
    return fmean(
        run.epochs.set_index("epoch")["dev_loss_per_label"].loc[run.result.best_epoch]
        for run in runs
        if run.result is not None
    )


def _schedule(runs: Sequence[Run]) -> Schedule | None:
    if not all({"learning_rate", "gradient_norm", "phase"} <= set(run.epochs) for run in runs):
        return None
    longest = max((run.epochs for run in runs), key=len)
    phases = longest.groupby("phase", sort=False)["epoch"].first().to_dict()
    return Schedule(_curve(runs, "learning_rate"), _curve(runs, "gradient_norm"), phases)


def _curve(runs: Sequence[Run], column: str) -> Curve:
    rows = pd.concat([run.epochs for run in runs], ignore_index=True)
    values = rows.pivot_table(index="epoch", values=column, aggfunc=["mean", "min", "max"])
    mean, low, high = values.to_numpy(dtype=float).T
    return Curve(values.index.to_numpy(dtype=float), mean, low, high)
