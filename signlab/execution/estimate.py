"""What a study would train and how long that would take, without training it."""

import time
from datetime import timedelta

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

OVERHEAD = 1.15
"""Measured: augmentation, reading and scoring of dev beside the updates themselves."""


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
    side_by_side = min(workers or usable_cores(), len(plan.runs))
    left = timedelta(seconds=round(total / side_by_side))
    console.print(table)
    console.print(
        f"{len(plan.runs)} runs, about {left} with {side_by_side} side by side", highlight=False
    )


def _training_seconds(variant: Variant, fold: Fold, frames: int) -> float:
    """Estimated from two updates of the longest phase on one core, the second of them timed."""
    corpus = open_corpus(variant.recipe["corpus"])
    splits = corpus.open(fold)
    assembly = assemble(variant.recipe, corpus.layout, splits.vocabulary)
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
