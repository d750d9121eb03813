"""What hyperband saves, and what it misses, on invented learning curves: no training, seconds.

    OMP_NUM_THREADS=1 python benchmarks/hyperband.py

Each trial ends at a WER drawn from 20 to 80 %, which it approaches at a rate of its own, with
noise: early epochs can mislead. ``benchmarks/search.py`` asks the same of real trainings.
"""

from collections.abc import Mapping

import numpy as np
import optuna

from signlab.execution.search.pruners import PRUNERS

SEARCHES = 40


def main() -> None:
    """Print a row a size of search."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"{SEARCHES} searches a row; cost in epochs, of those of whole trials")
    print("trials  epochs  reduction  cost: median  most  within 5 % of the best dev WER")
    for trials in (12, 30, 60):
        for epochs in (30, 90):
            for reduction in (3, 4):
                found = np.array([one(s, trials, epochs, reduction) for s in range(SEARCHES)])
                near = int((found[:, 1] <= 1.05).sum())
                print(
                    f"{trials:6}  {epochs:6}  {reduction:9}  {100 * np.median(found[:, 0]):10.0f} %"
                    f"  {100 * found[:, 0].max():2.0f} %  {near} of {SEARCHES}",
                    flush=True,
                )


def one(seed: int, trials: int, epochs: int, reduction: int) -> tuple[float, float]:
    """The share of the cost, and the best WER as a multiple of the one without pruning."""
    curves = invent(np.random.default_rng(seed), trials, epochs)
    spent, best = replay(curves, {"name": "hyperband", "reduction": reduction})
    return spent / (trials * epochs), best / min(curve[-1] for curve in curves)


def invent(generator: np.random.Generator, trials: int, epochs: int) -> list[list[float]]:
    """Dev WERs by epoch, the best so far, as a pruner is told."""
    ends = generator.uniform(20, 80, (trials, 1))
    rates = generator.uniform(0.1, 0.27, (trials, 1))
    curves = ends + (100 - ends) * np.exp(-rates * 30 / epochs * np.arange(epochs))
    noisy = curves + generator.normal(0, 1.5, curves.shape)
    return np.minimum.accumulate(noisy, axis=1).tolist()


def replay(curves: list[list[float]], pruner: Mapping[str, object]) -> tuple[int, float]:
    """Epochs that a pruner lets trials have, and the best WER of those that it lets finish."""
    epochs = len(curves[0])
    study = optuna.create_study(
        study_name="replay", pruner=PRUNERS.build_choice(pruner).pruner(epochs, 1)
    )
    spent, best = 0, float("inf")
    for curve in curves:
        trial = study.ask()
        for step, value in enumerate(curve, start=1):
            trial.report(value, step)
            spent += 1
            if trial.number > 0 and step < epochs and trial.should_prune():  # as a search does
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, curve[-1])
            best = min(best, curve[-1])
    return spent, best


if __name__ == "__main__":
    main()
