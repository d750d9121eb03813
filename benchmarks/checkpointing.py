"""Peak memory of an update with ``train.checkpoint_blocks`` and without, for the large recipes.

    OMP_NUM_THREADS=1 python benchmarks/checkpointing.py

Each update, on 8 invented utterances of 95 to 230 frames and a vocabulary of 1,294 glosses, is
computed in a process of its own. Seconds are of the processor, for the second of two updates.
"""

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from signlab.corpora.base import Sample
from signlab.corpora.batches import Batch, collate
from signlab.execution.apart import call_apart
from signlab.execution.profile import Target, read_target
from signlab.landmarks.layout import Layout, quantise
from signlab.scoring.speed import peak_memory_mib
from signlab.study.plugins import load_plugins
from signlab.training.assembly import assemble
from signlab.training.engine import Engine
from signlab.training.update import Updates, adamw

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
RECIPES = (
    "legacy-hierarchical",
    "legacy-teacher",
    "improved-hierarchical",
    "cnn-lstm-hybrid",
    "efficient-transformer",
)
GLOSSES = 1294
FRAMES = np.linspace(95, 230, 8).round().astype(int).tolist()


def invented(frames: int, layout: Layout, vocabulary: tuple[str, ...]) -> Sample:
    """An utterance in which every point is tracked."""
    shape = frames, layout.points, layout.coordinates
    landmarks = np.random.default_rng(frames).uniform(0.2, 0.8, shape).astype(np.float32)
    return Sample(f"invented-{frames}", "nobody", vocabulary[:4], quantise(landmarks))


def measure(target: Target, *, checkpoint_blocks: bool) -> tuple[float, float, float]:
    """MiB before the first update and at most, and seconds of the second."""
    load_plugins()
    torch.set_num_threads(1)
    recipe = target.recipe | {"train": {"checkpoint_blocks": checkpoint_blocks}}
    assembly = assemble(recipe, target.layout, target.vocabulary)
    samples = [invented(frames, target.layout, target.vocabulary) for frames in FRAMES]
    batch = collate(samples, target.vocabulary, assembly.features.selection)
    recognizer, stage = assembly.recognizer.train(), assembly.stages[0]
    engine = Engine(assembly.computation, cpu=True)
    update = Updates(engine, recognizer, adamw(assembly), clip=assembly.schedule.clip, pieces=1)

    def nats(piece: Batch) -> Tensor:
        return stage.objective(assembly.forward(piece, update.model), piece)

    before = peak_memory_mib()
    start = 0.0
    for _ in range(2):
        start = time.process_time()
        update(batch, nats, rate=1e-4)
    return before, peak_memory_mib(), time.process_time() - start


def plain(target: Target) -> tuple[float, float, float]:
    """As every recipe is."""
    return measure(target, checkpoint_blocks=False)


def checkpointing(target: Target) -> tuple[float, float, float]:
    """With blocks computed again."""
    return measure(target, checkpoint_blocks=True)


def main() -> None:
    """Print a row a recipe."""
    print("| recipe | before MiB | peak MiB | with checkpoint_blocks | less | s | with |")
    print("|:--|--:|--:|--:|--:|--:|--:|")
    for name in RECIPES:
        target = read_target(EXPERIMENTS / f"{name}.yaml", GLOSSES)
        before, kept, seconds = call_apart(plain, target)
        _, again, more_seconds = call_apart(checkpointing, target)
        print(
            f"| {name} | {before:,.0f} | {kept:,.0f} | {again:,.0f} | {1 - again / kept:.0%} "
            f"| {seconds:.1f} | {more_seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
