"""What searching costs, and what stopping hopeless trials early saves, on the embedded corpus.

    OMP_NUM_THREADS=1 python benchmarks/search.py FOLDER [--trials 24]

A trial has one thread, and there are as many side by side as there are cores. Everything is written
below FOLDER; what is finished there is not trained again. The two figures:

Overhead. Trials of the shipped baseline. The CPU time of the process that searches, tracks and
reports, as a share of the time that the trials were trained, each with one thread.

Saving. Settings drawn at random, each trained to the end; then hyperband over the same trials, in
the order in which they were drawn and in 50 shuffled ones, replayed from the recorded curves; and
a search as users run it, with the default sampler and pruner. Costs are epochs of training.
"""

import argparse
import os
import time
from pathlib import Path
from statistics import median

import numpy as np
from hyperband import replay
from rich.console import Console

from signlab.execution.preflight import Plan, make_plan
from signlab.execution.runner import Options, search_study
from signlab.study.searched import Searched
from signlab.study.study import load_study

ROOT = Path(__file__).parents[1]
ORDERS = 50
HYPERBAND = {"name": "hyperband"}
EPOCHS = 27

RECIPE = f"""
corpus: {{name: synthetic, glosses: 10, signers: 6, lengths: [2, 4], utterances: [120, 80, 20]}}
features: {{parts: [pose, hands], points: compact, coordinates: 2, derivatives: 1, local: true}}
model:
  stem: {{name: conv, width: 32, kernel: 3, stride: 2}}
  fusion: {{name: concat, width: 64}}
  temporal: {{name: single-scale, kernel: 5, downsample: 2}}
  encoder: {{name: bilstm, width: 48, layers: 1}}
  head: {{name: linear}}
augment: {{time_warp: {{rate: 1.0}}, affine: {{}}}}
schedule: {{epochs: {EPOCHS}, warmup_epochs: 1, learning_rate: 3.0e-3, batch_size: 8}}
"""

STUDY = """
name: {name}
question: What does a search cost?
recipe: {recipe}
variants: {{baseline: []}}
search:
  space:
    schedule.learning_rate: {{low: 3.0e-4, high: 3.0e-2, log: true}}
    model.encoder.width: {{choices: [32, 48, 64]}}
    model.encoder.dropout: {{low: 0.0, high: 0.6}}
    augment.time_warp.rate: {{low: 0.0, high: 1.0}}
  trials: {trials}
  sampler: {sampler}
  pruner: {pruner}
"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=24)
    arguments = parser.parse_args()
    folder: Path = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.yaml").write_text(RECIPE)
    os.chdir(folder)
    saving(folder, arguments.trials)
    overhead(folder)


def plan(folder: Path, name: str, **settings: object) -> Plan:
    """A study that searches, checked; its corpus is made, should it not be there."""
    written = folder / f"{name}.yaml"
    written.write_text(STUDY.format(name=name, **settings))
    return make_plan(load_study(written))


def search(checked: Plan, folder: Path) -> Searched:
    """Search as ``signlab search`` does, with a trial a core; what was found."""
    options = Options(
        runs=folder / "runs", reports=folder / "reports", workers=None, only=(), fresh=False,
        rerun_failed=False, smoke=False, command="",
    )  # fmt: skip
    outcome = search_study(checked, options, Console(stderr=True))
    [searched] = outcome.summary.study.searches
    return searched


def overhead(folder: Path) -> None:
    """The parent's CPU time beside that of its trials, MLflow's start and the report included."""
    trials = 8
    recipe = ROOT / "experiments" / "baseline.yaml"
    checked = plan(
        folder, "overhead", recipe=recipe, trials=trials, sampler="random", pruner="none"
    )
    started = time.process_time(), time.perf_counter()
    searched = search(checked, folder)
    own, clock = time.process_time() - started[0], time.perf_counter() - started[1]
    spent = sum(trial.seconds for trial in searched.trials)
    if clock < spent / 8:
        print("overhead: the trials were trained before; take another folder")
        return
    print(
        f"overhead: {own:.1f} s of CPU beside {spent:.1f} s of training {trials} trials "
        f"({clock:.0f} s by the clock): {100 * own / spent:.2f} %"
    )


def saving(folder: Path, trials: int) -> None:
    """Epochs and best dev WER with hyperband and without."""
    every = {"recipe": folder / "small.yaml", "trials": trials}
    whole = search(plan(folder, "whole", **every, sampler="random", pruner="none"), folder)
    curves = [trial.curve for trial in whole.of("complete")]
    best, cost = min(min(curve) for curve in curves), sum(map(len, curves))
    print(f"all trained to the end: {len(curves)} trials, {cost} epochs, dev WER {best:.2f} %")
    first = replay(curves, HYPERBAND)
    print(f"hyperband, same trials: {told(first, cost, best)}")
    generator = np.random.default_rng(0)
    orders = [generator.permutation(len(curves)) for _ in range(ORDERS)]
    found = [replay([curves[i] for i in order], HYPERBAND) for order in orders]
    middle = median(epochs for epochs, _ in found), median(wer for _, wer in found)
    near = sum(wer <= 1.05 * best for _, wer in found)
    print(
        f"hyperband, {ORDERS} orders: median {told(middle, cost, best)}; "
        f"within 5 % of the best in {near}, cost {share(min(found), cost)} to "
        f"{share(max(found), cost)}"
    )
    pruned = search(plan(folder, "pruned", **every, sampler="tpe", pruner="hyperband"), folder)
    epochs = sum(len(trial.curve) for trial in pruned.trials)
    reached = min(trial.values["dev_wer"] for trial in pruned.of("complete"))
    print(f"hyperband and tpe, trained: {told((epochs, reached), cost, best)}")


def share(found: tuple[float, float], cost: float) -> str:
    """Of the whole cost."""
    return f"{100 * found[0] / cost:.0f} %"


def told(found: tuple[float, float], cost: float, best: float) -> str:
    """Cost and WER beside those without pruning."""
    epochs, wer = found
    return (
        f"{epochs:.0f} epochs ({100 * epochs / cost:.0f} %), dev WER {wer:.2f} % "
        f"({100 * (wer / best - 1):+.1f} %)"
    )


if __name__ == "__main__":
    main()
