"""A small recogniser in double precision and its updates; with a path, the work of one process.

torchrun --nproc_per_node 2 tests/updates.py WEIGHTS
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
import toy  # noqa: F401  # registers

from signlab.corpora.base import open_corpus
from signlab.execution.catalogue import CATALOGUE
from signlab.study.fold import Fold
from signlab.study.recipe import resolve
from signlab.training.assembly import Assembly, assemble
from signlab.training.computation import Computation
from signlab.training.engine import Engine
from signlab.training.epoch import Epoch
from signlab.training.update import Updates

RECIPE = {
    "corpus": {"name": "toy", "sentences": 7},
    "features": {"parts": ["pose", "hands"]},
    "model": {
        "stem": {"name": "conv", "width": 8, "dropout": 0.0, "standardise": False},
        "fusion": {"name": "concat", "width": 16},
        "temporal": {"name": "single-scale", "downsample": 2, "dropout": 0.0},
        "encoder": {"name": "bilstm", "width": 8, "layers": 1, "dropout": 0.0},
        "head": {"name": "linear"},
        "auxiliary": {"name": "interctc"},
    },
    "augment": {"time_warp": {}, "affine": {}, "concatenate": {"rate": 0.5}},
    "regularise": {"consistency": {}},
}


def train(
    *,
    batch_size: int,
    accumulate: int = 1,
    standardise: bool = False,
    epochs: int = 2,
    precision: str = "float32",
    deterministic: bool = False,
    dtype: torch.dtype = torch.float64,
) -> tuple[Assembly, list[list[float]]]:
    """What was trained, and nats, labels and norm of every update."""
    recipe = {**RECIPE, "schedule": {"name": "cosine", "batch_size": batch_size}}
    recipe["train"] = {
        "accumulate": accumulate, "precision": precision, "deterministic": deterministic,
    }  # fmt: skip
    stem = {**RECIPE["model"]["stem"], "standardise": standardise}
    recipe["model"] = {**RECIPE["model"], "stem": stem}
    recipe = resolve(recipe, CATALOGUE)
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(Fold())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assembly = assemble(recipe, corpus.layout, splits.vocabulary)
    assembly.recognizer.to(dtype)
    engine = Engine(assembly.computation)
    stage = assembly.stages[0]
    optimizer = torch.optim.AdamW(assembly.recognizer.parameters())
    updates = Updates(engine, assembly.recognizer, optimizer, clip=1.0, pieces=accumulate)

    def nats(piece):
        landmarks = replace(piece.landmarks, points=piece.landmarks.points.to(dtype))
        piece = replace(piece, landmarks=landmarks)
        return stage.objective(assembly.forward(piece, updates.model), piece)

    history = []
    for number in range(epochs):
        samples = splits.train(number)
        epoch = Epoch(assembly, stage.augment, samples, seed=3, number=number, device=engine.device)
        for batch in epoch:
            done = updates(batch, nats, rate=1e-2, views=stage.objective.views)
            history.append([float(done.nats), float(done.labels), float(done.norm)])
    return assembly, history


if __name__ == "__main__":
    assembly, history = train(batch_size=8, standardise=True)
    if Engine(Computation()).main:
        content = {"weights": assembly.recognizer.state_dict(), "history": history}
        torch.save(content, Path(sys.argv[1]))
