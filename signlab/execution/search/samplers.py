"""What proposes the next settings to try: Optuna's samplers, by the name that a study writes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState
from pydantic import Field

from signlab.registry import Registry

Count = Annotated[int, Field(ge=1)]


class Sampling(ABC):
    """How settings are proposed."""

    several_objectives = True

    @abstractmethod
    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's sampler for a search of so many trials."""


SAMPLERS: Registry[Sampling] = Registry("sampler")


@SAMPLERS.register("random")
class Random(Sampling):
    """Independent draws."""

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's."""
        return optuna.samplers.RandomSampler(seed)


class Modelled(Sampling):
    """Settings drawn from a model of the trials so far.

    Args:
        startup: Random trials before; by default a third of the trials, ten at most.
    """

    def __init__(self, *, startup: Count | None = None) -> None:
        self._startup = startup

    def _first(self, trials: int) -> int:
        return self._startup or min(10, -(-trials // 3))


@SAMPLERS.register("tpe")
class Tpe(Modelled):
    """Tree-structured Parzen estimators: draws where good trials are dense."""

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's."""
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._first(trials))


@SAMPLERS.register("nsga2")
class Nsga2(Sampling):
    """A genetic algorithm that keeps a Pareto front.

    Args:
        population: Trials a generation.
    """

    def __init__(self, *, population: Annotated[int, Field(ge=2)] = 10) -> None:
        self._population = population

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's."""
        return optuna.samplers.NSGAIISampler(seed=seed, population_size=self._population)


@SAMPLERS.register("cmaes")
class Cmaes(Sampling):
    """CMA-ES over the ranges; choices are drawn at random."""

    several_objectives = False

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's."""
        return optuna.samplers.CmaEsSampler(seed=seed)


@SAMPLERS.register("gp")
class Gp(Modelled):
    """A Gaussian process: few trials, each thought over for longer."""

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """Optuna's."""
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=self._first(trials))


@SAMPLERS.register("grid")
class Grid(Sampling):
    """Every point once, in random order; each range needs a step."""

    def sampler(self, seed: int, trials: int) -> BaseSampler:
        """For what is asked beyond the grid, whose points wait in the storage."""
        return optuna.samplers.RandomSampler(seed)


class SeededByTrial(BaseSampler):
    """A fresh sampler for each trial, seeded by the trial's number.

    So a search that is resumed proposes what it would have proposed, and processes that share a
    storage do not propose the same.
    """

    def __init__(self, sampling: Sampling, seeds: Sequence[int], trials: int) -> None:
        self._sampling = sampling
        self._seeds = list(seeds)
        self._trials = trials
        self._current: tuple[int, BaseSampler] | None = None

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Ask the trial's sampler."""
        self._of(trial).before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Ask the trial's sampler."""
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Ask the trial's sampler."""
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Ask the trial's sampler."""
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell the trial's sampler."""
        self._of(trial).after_trial(study, trial, state, values)

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if self._current is None or self._current[0] != trial.number:
            mixed = np.random.SeedSequence([*self._seeds, trial.number]).generate_state(1)[0]
            sampler = self._sampling.sampler(int(mixed), self._trials)
            self._current = trial.number, sampler
        return self._current[1]
