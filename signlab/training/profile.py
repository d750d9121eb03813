"""Size and speed of a recipe's recogniser with its first weights, on invented utterances.

Neither weights nor landmarks change what is computed, so a recipe can be profiled before its
corpus is there, and recipes of different corpora can be compared at the same lengths.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from signlab.corpora.base import Sample
from signlab.corpora.batches import Batch, collate
from signlab.landmarks.layout import Layout, quantise
from signlab.models.operations import multiply_adds
from signlab.scoring.speed import (
    RUNS,
    WARMUPS,
    fixed_threads,
    measure_latency,
    measure_speed,
    peak_memory_mib,
)
from signlab.study.profile import FPS, Timings
from signlab.training.assembly import Assembly, assemble
from signlab.training.engine import Engine
from signlab.training.environment import describe_environment
from signlab.training.update import Updates, adamw

CLIP_SECONDS = (1, 5, 10)
"""Lengths for which inference is timed."""

COUNTED_SECONDS = 4
"""The length for which multiply-adds are counted: attention takes more of them for longer ones."""

STEP_FRAMES = (95, 230)
"""Frames of the shortest and the longest utterance of a training batch."""

STEP_WARMUPS, STEP_RUNS = 2, 10
FRAMES_PER_GLOSS = 25


def count_operations(assembly: Assembly) -> dict[str, int]:
    """Multiply-adds of each slot for one second of landmarks."""
    widths = assembly.features.widths
    counted = multiply_adds(assembly.recognizer, widths, COUNTED_SECONDS * FPS)
    return {slot: round(number / COUNTED_SECONDS) for slot, number in counted.items()}


def time_recipe(
    recipe: Mapping[str, Any],
    layout: Layout,
    vocabulary: tuple[str, ...],
    *,
    threads: int,
    warmups: int = WARMUPS,
    runs: int = RUNS,
) -> Timings:
    """Inference, then updates of the weights; call it in a process that does nothing else."""
    generator = np.random.default_rng(0)
    assembly = assemble(recipe, layout, vocabulary)
    clips = [_invented(seconds * FPS, assembly, layout, generator) for seconds in CLIP_SECONDS]
    assembly.recognizer.eval()
    inference = tuple(
        measure_speed(
            lambda clip=clip: _recognise(assembly, clip),
            frames=len(clip.landmarks),
            threads=threads,
            warmups=warmups,
            runs=runs,
        )
        for clip in clips
    )
    inference_memory = peak_memory_mib()
    size = assembly.schedule.batch_size
    frames = np.linspace(*STEP_FRAMES, size).round().astype(int).tolist()
    samples = [_invented(count, assembly, layout, generator) for count in frames]
    batch = collate(samples, vocabulary, assembly.features.selection)
    with fixed_threads(threads):
        step_ms = float(np.median(_updates(assembly, batch)))
    return Timings(
        threads=threads,
        step_ms=step_ms,
        step_utterances=size,
        step_frames=sum(frames),
        inference=inference,
        inference_memory_mib=inference_memory,
        training_memory_mib=peak_memory_mib(),
        environment=describe_environment(),
    )


def _invented(
    frames: int, assembly: Assembly, layout: Layout, generator: np.random.Generator
) -> Sample:
    """An utterance in which every point is tracked."""
    shape = frames, layout.points, layout.coordinates
    landmarks = generator.uniform(0.2, 0.8, shape).astype(np.float32)
    count = max(1, frames // FRAMES_PER_GLOSS)
    glosses = generator.choice(np.array(assembly.vocabulary, dtype=object), count)
    return Sample(f"invented-{frames}", "nobody", tuple(glosses), quantise(landmarks))


@torch.inference_mode()
def _recognise(assembly: Assembly, sample: Sample) -> None:
    assembly.forward(collate([sample], assembly.vocabulary, assembly.features.selection))


def _updates(assembly: Assembly, batch: Batch) -> np.ndarray:
    """The time of each of some updates, in ms: features, both passes, clipping, optimiser."""
    recognizer, stage = assembly.recognizer.train(), assembly.stages[0]
    engine, clip = Engine(assembly.computation, cpu=True), assembly.schedule.clip
    update = Updates(engine, recognizer, adamw(assembly), clip=clip, pieces=1)

    def nats(piece: Batch) -> Tensor:
        return stage.objective(assembly.forward(piece, update.model), piece)

    return measure_latency(
        lambda: update(batch, nats, rate=assembly.schedule.learning_rate),
        warmups=STEP_WARMUPS,
        runs=STEP_RUNS,
    )
