"""What stops hopeless trials early: Optuna's pruners, by the name that a study writes."""

from abc import ABC, abstractmethod
from typing import Annotated

import optuna
from optuna.pruners import BasePruner
from pydantic import Field

from signlab.errors import BadInput
from signlab.execution.search.experimental import accepted
from signlab.registry import Registry

Count = Annotated[int, Field(ge=1)]
Factor = Annotated[int, Field(ge=2)]


class Pruning(ABC):
    """How trials are stopped.

    Attributes:
        by_part: Whether it looks at a trial when one of its trainings ends, instead of after each
            epoch.
    """

    by_part = False

    @abstractmethod
    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's pruner.

        Args:
            epochs: Of a whole trial, all its trainings together.
            parts: Its trainings: folds x seeds.

        Raises:
            BadInput: It cannot decide anything about such trials.
        """


PRUNERS: Registry[Pruning] = Registry("pruner")


@PRUNERS.register("none")
class NoPruning(Pruning):
    """Every trial is trained to its end."""

    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's."""
        return optuna.pruners.NopPruner()


@PRUNERS.register("median")
class Median(Pruning):
    """Stops a trial whose best so far is worse than the median of the others at that epoch.

    Args:
        startup: Complete trials before any is stopped.
        min_epochs: Epochs that every trial gets; by default a ninth of them.
    """

    def __init__(self, *, startup: Count = 4, min_epochs: Count | None = None) -> None:
        self._startup = startup
        self._min_epochs = min_epochs

    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's."""
        warmup = _first_epochs(self._min_epochs, epochs)
        return optuna.pruners.MedianPruner(self._startup, warmup)


class Halving(Pruning):
    """Trials that are stopped in rounds.

    Args:
        reduction: One in so many goes on. Li et al. 2018 ("Hyperband") advise 3 or 4; with 4 some
            thirty trials cost less than half of what they would unpruned, with 3 about half.
        min_epochs: Epochs that every trial gets; by default a ninth of them.
    """

    def __init__(self, *, reduction: Factor = 4, min_epochs: Count | None = None) -> None:
        self._reduction = reduction
        self._min_epochs = min_epochs


@PRUNERS.register("successive-halving")
class SuccessiveHalving(Halving):
    """Lets the best quarter (or less) go on after 1, 4, 16, ... times the first epochs."""

    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's."""
        first = _first_epochs(self._min_epochs, epochs)
        return optuna.pruners.SuccessiveHalvingPruner(first, self._reduction)


@PRUNERS.register("hyperband")
class Hyperband(Halving):
    """Successive halving with several first lengths, of which each trial gets one."""

    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's."""
        first = _first_epochs(self._min_epochs, epochs)
        if first > epochs:
            raise BadInput(f"min_epochs = {first} are more than the {epochs} epochs of a trial")
        return optuna.pruners.HyperbandPruner(first, epochs, self._reduction)


@PRUNERS.register("wilcoxon")
class Wilcoxon(Pruning):
    """Stops a trial that is worse than the best in a signed-rank test over folds and seeds.

    Args:
        p: Below it a trial is stopped.
    """

    by_part = True

    def __init__(self, *, p: Annotated[float, Field(gt=0, lt=1)] = 0.1) -> None:
        self._p = p

    def pruner(self, epochs: int, parts: int) -> BasePruner:
        """Optuna's."""
        if 0.5 ** (parts - 1) >= self._p:  # the last training is worth no test any more
            raise BadInput(
                f"wilcoxon compares trials over folds and seeds, and with {parts} of them it can "
                f"never reach p = {self._p}; take more seeds, or another pruner"
            )
        with accepted():
            return optuna.pruners.WilcoxonPruner(p_threshold=self._p)


def _first_epochs(given: int | None, epochs: int) -> int:
    """Those that every trial gets, of the epochs of a whole one."""
    return given or max(1, epochs // 9)
