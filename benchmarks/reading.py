"""Importing 900 clips of 30 small files each, and reading batches beside the training step.

    python benchmarks/reading.py SHARED [--rounds 5]

SHARED is the folder of reference data. Reading is timed as training does it: samples from the
mapped store, their selected points into a padded array. The step is all that follows:
normalisation, augmentation, features, the model of experiments/baseline.yaml forward and
backward, and the update.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from signlab.corpora.base import Sample
from signlab.corpora.batches import bucketed_batches, collate, frames_of, stored_points
from signlab.corpora.store import Store, write_corpus
from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.layout import HOLISTIC
from signlab.study.document import load
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble

GLOSSES = tuple(f"G{number}" for number in range(40))


def import_clips(shared: Path, folder: Path) -> float:
    """Seconds of ``signlab corpus import mp-data`` on the unpacked tree, start included."""
    clips = folder / "clips"
    unpack = shared / "data" / "unpack.py"
    pack = shared / "data" / "signs3.npz"
    subprocess.run([sys.executable, unpack, pack, clips], check=True, capture_output=True)
    command = [sys.executable, "-m", "signlab", "corpus", "import", "mp-data", clips]
    command += ["--layout", "pose-hands", "--licence", "MIT", "--out", folder / "signs3"]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def store_of_sentences(folder: Path) -> Store:
    """320 utterances of 60 to 150 frames and 543 points."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 8192, (150, HOLISTIC.points, 3), dtype=np.int16)
    samples = (
        (Sample(f"u{n}", f"s{n % 9}", ("G1", "G2", "G3"), frames[: 60 + n % 91]), "train")
        for n in range(320)
    )
    write_corpus(
        folder / "sentences", name="sentences", layout=HOLISTIC, licence="", vocabulary=GLOSSES,
        samples=samples,
    )  # fmt: skip
    return Store.open(folder / "sentences")


def reading_and_training(store: Store) -> tuple[float, float]:
    """Seconds of reading and of training in one epoch."""
    recipe = resolve(load(Path("experiments/baseline.yaml")).values, CATALOGUE)
    assembly = assemble(recipe, store.layout, GLOSSES)
    optimizer = torch.optim.AdamW(assembly.recognizer.parameters())
    samples, draws = store.samples("train"), torch.Generator().manual_seed(0)
    reading = training = 0.0
    for group in bucketed_batches(frames_of(samples), batch_size=8, generator=draws):
        start = time.perf_counter()
        chosen = [samples[i] for i in group]
        stored_points(chosen, assembly.features.selection)
        read = time.perf_counter()
        batch = collate(chosen, GLOSSES, assembly.features.selection)
        stage = assembly.stages[0]
        batch = stage.augment(batch, draws)
        loss = stage.objective(assembly.forward(batch), batch) / batch.label_lengths.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # collate reads once more, from a warm cache; its share is too small to matter
        training += time.perf_counter() - read
        reading += read - start
    return reading, training


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Importing clips and reading batches.")
    parser.add_argument("shared", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        seconds = import_clips(arguments.shared.resolve(), Path(name))
        print(f"900 clips of 30 files imported in {seconds:.1f} s")
        store = store_of_sentences(Path(name))
        reading_and_training(store)
        rounds = [reading_and_training(store) for _ in range(arguments.rounds)]
    shares = [100 * reading / training for reading, training in rounds]
    spread = f"{min(shares):.2f} to {max(shares):.2f}"
    print(f"reading / training step: {statistics.median(shares):.2f} % (median; {spread})")


if __name__ == "__main__":
    main()
