"""What a study would train and how long that would take, without training it."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.table import Table

from signlab.corpora.base import open_corpus
from signlab.execution.pool import usable_cores
from signlab.execution.preflight import Plan
from signlab.study.fold import Fold
from signlab.study.plan import Variant
from signlab.training.assembly import assemble
from signlab.training.epoch import Epoch

if TYPE_CHECKING:
    from signlab.execution.search.definition import Definition

OVERHEAD = 1.15
"""Measured: augmentation, reading and scoring of dev beside the updates themselves."""


def print_searches(
    plan: Plan, definitions: Sequence["Definition"], workers: int | None, console: Console
) -> None:
    """Print what would be searched, and how long that would take if no trial is stopped early."""
    table = Table("search", "keys", "trials", "minutes a trial", box=None, pad_edge=False)
    variants, total = {variant.name: variant for variant in plan.variants}, 0.0
    for one in definitions:
        variant = variants.get(one.space.variant, plan.variants[0])
        frames = plan.training_frames[variant.name]
        seconds = one.parts * _training_seconds(variant, one.folds[0], frames)
        total += seconds * one.search.trials
        table.add_row(
            one.space.variant,
            ", ".join(str(dimension.key) for dimension in one.space.every),
            str(one.search.trials),
            f"{seconds / 60:.1f}",
        )
    side_by_side = 1 if any(one.timed for one in definitions) else workers or usable_cores()
    left = timedelta(seconds=round(total / side_by_side))
    trials = sum(one.search.trials for one in definitions)
    console.print(table)
    console.print(
        f"{trials} trials, about {left} with {side_by_side} side by side, or less as trials are "
        "stopped early; then",
        highlight=False,
    )


def print_plan(plan: Plan, workers: int | None, console: Console) -> None:
    """Print the variants with parameters and estimated time, and the sum over all runs."""
    table = Table(
        "variant", "components", "parameters", "runs", "minutes a run", box=None, pad_edge=False
    )
    total = 0.0
    fold = plan.runs[0].fold
    for variant in plan.variants:
        count = sum(run.variant is variant for run in plan.runs)
        seconds = _training_seconds(variant, fold, plan.training_frames[variant.name])
        total += seconds * count
        table.add_row(
            variant.name,
            ", ".join(variant.components) or "-",
            f"{plan.parameters[variant.name]:,}",
            str(count),
            f"{seconds / 60:.1f}",
        )
    twice = 2 if plan.spaces and plan.study.search and plan.study.search.untuned else 1
    side_by_side = min(workers or usable_cores(), twice * len(plan.runs))
    left = timedelta(seconds=round(twice * total / side_by_side))
    console.print(table)
    console.print(
        f"{twice * len(plan.runs)} runs, about {left} with {side_by_side} side by side",
        highlight=False,
    )


def _training_seconds(variant: Variant, fold: Fold, frames: int) -> float:
    """Estimated from two updates of the longest phase on one core, the second of them timed."""
    corpus = open_corpus(variant.recipe["corpus"])
    splits = corpus.open(fold)
    assembly = assemble(variant.recipe, corpus.layout, splits.vocabulary, splits.references)
    samples = splits.train(0)
    stage = max(assembly.stages, key=lambda stage: stage.phase.epochs)
    stage.objective.fit(splits.references, splits.vocabulary, blank=0.5)
    epoch = Epoch(assembly, stage.augment, samples, seed=0, number=0, device=torch.device("cpu"))
    batch = next(iter(epoch))
    threads, seconds = torch.get_num_threads(), 0.0
    torch.set_num_threads(1)
    for _ in range(2):
        started = time.perf_counter()
        stage.objective(assembly.forward(batch), batch).backward()
        seconds = time.perf_counter() - started
    torch.set_num_threads(threads)
    batch_frames = sum(len(samples[i].landmarks) for i in epoch.groups[0])
    return OVERHEAD * assembly.schedule.total_epochs * frames * seconds / batch_frames
