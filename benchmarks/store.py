"""A corpus larger than memory, and one of a million utterances: what opening and reading cost.

    python benchmarks/store.py FOLDER [--gigabytes 10] [--utterances 1000000]

Writes both below FOLDER, reads them in a process of its own each, and removes them again.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from signlab.corpora.base import Sample
from signlab.corpora.store import Store, write_corpus
from signlab.landmarks.layout import HOLISTIC, Layout, Part

FRAMES = 150
TINY = Layout("tiny", (Part("pose", 1),), coordinates=2)
GLOSSES = tuple(f"G{number}" for number in range(1000))


def large(gigabytes: float) -> Iterator[tuple[Sample, str]]:
    """Utterances of 543 points and 150 frames: 0.49 MB each."""
    rng = np.random.default_rng(0)
    frames = rng.integers(-8192, 8192, (FRAMES, 543, 3), dtype=np.int16)
    for number in range(int(gigabytes * 1e9 / frames.nbytes)):
        frames[0, 0, 0] = number % 8192
        yield Sample(f"u{number:06d}", f"s{number % 9}", ("G1", "G2"), frames), "train"


def many(utterances: int) -> Iterator[tuple[Sample, str]]:
    """Utterances of one point and four frames, with six glosses."""
    frames = np.zeros((4, 1, 2), dtype=np.int16)
    for number in range(utterances):
        glosses = tuple(GLOSSES[(number * 7 + place) % 1000] for place in range(6))
        yield Sample(f"utterance-{number:07d}", f"s{number % 50}", glosses, frames), "train"


def peak() -> float:
    """Largest resident set so far in MiB, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path: Path) -> dict[str, float]:
    """Open, index, and read the landmarks of up to 20,000 utterances in order and shuffled."""
    before = peak()
    start = time.perf_counter()
    store = Store.open(path)
    samples = store.samples("train")
    opened = time.perf_counter() - start
    indexed = peak() - before
    count = min(len(samples), 20_000)
    found: dict[str, float] = {"open_s": opened, "open_mib": indexed}
    orders = {"ordered": np.arange(count), "shuffled": np.random.default_rng(0).permutation(count)}
    for name, order in orders.items():
        start = time.perf_counter()
        total = sum(int(samples[int(row)].landmarks.astype(np.int32).sum()) for row in order)
        found[f"{name}_us"] = (time.perf_counter() - start) / count * 1e6
        found[f"{name}_mib"] = peak() - before
        found["checksum"] = total
    return found


def main() -> None:
    """Print a line a corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--utterances", type=int, default=1_000_000)
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        print(json.dumps(read(args.folder)))
        return
    kinds = {
        f"{args.gigabytes:g} GB": (HOLISTIC, large(args.gigabytes)),
        f"{args.utterances:,} utterances": (TINY, many(args.utterances)),
    }
    for name, (layout, samples) in kinds.items():
        path = args.folder / "benchmark-store"
        start = time.perf_counter()
        write_corpus(
            path, name=name, layout=layout, licence="", vocabulary=GLOSSES, samples=samples
        )
        written = time.perf_counter() - start
        command = [sys.executable, __file__, str(path), "--read"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        print(
            f"{name}: written in {written:.0f} s, opened in {told['open_s']:.3f} s with "
            f"{told['open_mib']:.0f} MiB; an utterance in order {told['ordered_us']:.0f} us, "
            f"shuffled {told['shuffled_us']:.0f} us; at most {told['shuffled_mib']:.0f} MiB more "
            "than before"
        )
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
