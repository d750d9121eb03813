"""How far speed and memory scatter when one run is trained and measured again and again.

    python benchmarks/repeatable.py

Every repetition is what the runner does for any run: a process that trains, then a process that
measures the latency of the trained model. Take it on a machine that does nothing else. A fixed
computation is timed by the same protocol right after, in a process of its own too: where it
scatters, the machine does, and the last line tells what is left for the protocol.
"""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from signlab.execution.apart import call_apart
from signlab.scoring.speed import measure_speed
from signlab.study.folder import RunFolder

REPETITIONS = 10

STUDY = ["studies/ablations.yaml", "--only", "baseline", "--set", "seeds=[0]"]
SHORT = ["--set", "schedule.epochs=2", "--fresh"]

FIGURES = {
    "latency_p50_ms": "latency p50, ms",
    "latency_p95_ms": "latency p95, ms",
    "latency_p99_ms": "latency p99, ms",
    "peak_memory_mib": "memory of training, MiB",
    "train_frames_per_second": "training, frames/s",
    "fixed": "a fixed computation, ms",
    "relative": "latency p50 over it",
}


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        found = [repetition(Path(folder)) for _ in range(REPETITIONS)]
    print(f"{REPETITIONS} repetitions{'median':>22}{'lowest':>10}{'highest':>10}{'apart':>10}")
    for key, name in FIGURES.items():
        values = np.array([figures[key] for figures in found])
        middle, low, high = np.median(values), values.min(), values.max()
        apart = 100 * (high - low) / middle
        print(f"{name:26}{middle:>10.2f}{low:>10.2f}{high:>10.2f}{apart:>8.1f} %")


def repetition(folder: Path) -> dict[str, float]:
    """Train and measure the run anew."""
    places = ["--runs", str(folder / "runs"), "--reports", str(folder / "reports")]
    subprocess.run(
        [sys.executable, "-m", "signlab", "run-study", *STUDY, *SHORT, *places],
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    (place,) = (folder / "runs").glob("*/*/*/result.json")
    run = RunFolder(place.parent)
    speed = run.speed()
    assert speed is not None
    fixed = call_apart(fixed_computation)
    relative = speed.latency_p50_ms / fixed
    return {**asdict(speed), **asdict(run.result()), "fixed": fixed, "relative": relative}


def fixed_computation() -> float:
    """p50 of some LSTM in ms."""
    network, frames = torch.nn.LSTM(96, 96, num_layers=2), torch.randn(100, 1, 96)
    with torch.inference_mode():
        return measure_speed(lambda: network(frames), frames=100).latency_p50_ms


if __name__ == "__main__":
    main()
