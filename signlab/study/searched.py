"""What a search found, as its ``search.json`` keeps it: all that a report needs, without Optuna."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from signlab.study.files import read_json, write_json
from signlab.study.trial import Trial

NAME = "search.json"


@dataclass(frozen=True)
class Searched:
    """One search and its trials.

    Attributes:
        name: Of the Optuna study.
        variant: Whose settings were searched.
        total: How many trials were asked for.
        components: Those that were switches.
        decides: All that the trials' figures depend on; ``space`` is a part of it.
        lacking: The recipe's own values that are not in the space, by key.
        objectives: What the trials were judged by.
        sampler, pruner: Name and settings.
        seeds, folds: That every trial was trained on.
        epochs: Of a whole trial.
        trials: By number.
        importances: By the evaluator's name, of each key, 0 to 1; empty with too few trials.
        chosen: The number of the trial whose settings are kept.
    """

    name: str
    variant: str
    total: int
    components: tuple[str, ...]
    decides: Mapping[str, Any]
    lacking: Mapping[str, Any]
    objectives: tuple[str, ...]
    sampler: Mapping[str, Any]
    pruner: Mapping[str, Any]
    seeds: tuple[int, ...]
    folds: tuple[str, ...]
    epochs: int
    trials: tuple[Trial, ...] = ()
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    chosen: int | None = None

    @property
    def space(self) -> Mapping[str, Any]:
        """The range or choices of each key (``Dimension.record``)."""
        return self.decides["space"]

    @property
    def best(self) -> Trial | None:
        """The trial whose settings are kept."""
        return next((trial for trial in self.trials if trial.number == self.chosen), None)

    def of(self, *states: str) -> list[Trial]:
        """The trials in one of these states."""
        return [trial for trial in self.trials if trial.state in states]


def write_searched(folder: Path, searched: Searched) -> None:
    """Write the search into its folder."""
    write_json(folder / NAME, asdict(searched))


def read_searched(folder: Path) -> Searched | None:
    """The search in a folder, or None before its first trial ended."""
    if not (folder / NAME).exists():
        return None
    values = read_json(folder / NAME)
    for key in ("components", "objectives", "seeds", "folds"):
        values[key] = tuple(values[key])
    trials = tuple(Trial(**trial) for trial in values.pop("trials"))
    return Searched(**values, trials=trials)
