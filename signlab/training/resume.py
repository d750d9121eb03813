"""Going on where a killed run stopped: its checkpoints, and what damaged ones are good for."""

from collections.abc import Callable
from pathlib import Path

from signlab.errors import BadInput
from signlab.study.recipe import flatten
from signlab.training.checkpoint import (
    Checkpoint,
    Damaged,
    State,
    load_checkpoint,
    save_checkpoint,
)

SHOWN = 5
"""How many differences an error tells before it counts the rest."""

AGAIN = "delete the run's folder to train it again, as `run-study --fresh` does"
"""What helps where a checkpoint is of no use."""

LONGEST = 60
"""How many characters it tells of a value: a vocabulary may be long."""


class Checkpoints:
    """Those of the last two epochs, and of the place within the next where a run was left.

    Args:
        path: Of the last epoch's; the others lie beside it.
        origin: What decides the training; a checkpoint of another origin is refused.
        tell: Is given a sentence about what could not be read.
    """

    def __init__(self, path: Path, origin: State, tell: Callable[[str], None]) -> None:
        self._origin, self._tell = origin, tell
        self._last = path
        self._before = path.with_stem(f"{path.stem}-before")
        self._within = path.with_stem(f"{path.stem}-within")
        self._all = self._last, self._before, self._within

    def save(self, state: Checkpoint) -> None:
        """Keep a state; those of epochs are kept two at a time."""
        if state.within is not None:
            save_checkpoint(self._within, state, self._origin)
            return
        following = self._last.with_stem(f"{self._last.stem}-next")
        save_checkpoint(following, state, self._origin)
        if self._last.exists():
            self._last.replace(self._before)
        following.replace(self._last)
        self._within.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """The latest state that can be read; None where the training has to begin.

        Raises:
            BadInput: It is of another training.
        """
        epoch, within = self.last_epoch(), self._read(self._within)
        # a kill just after an epoch leaves the place within it beside its end
        if within is not None and (epoch is None or within.epoch >= epoch.epoch):
            return within
        if epoch is None and any(path.exists() for path in self._all):
            self._tell("no checkpoint could be read; beginning again")
        return epoch

    def last_epoch(self) -> Checkpoint | None:
        """The latest state after an epoch that can be read."""
        for path in (self._last, self._before):
            state = self._read(path)
            if state is not None:
                return state
        return None

    def remove(self) -> None:
        """Take them all away, once the run has its result, with what kills left half written."""
        for path in self._last.parent.glob(f"{self._last.stem}*.pt*"):
            path.unlink()

    def _read(self, path: Path) -> Checkpoint | None:
        if not path.exists():
            return None
        try:
            state, origin = load_checkpoint(path)
        except Damaged as error:
            self._tell(f"{error}; going on from the one before")
            return None
        except BadInput as error:
            raise BadInput(f"{error}; {AGAIN}") from None
        if origin != self._origin:
            differences = _differences(origin, self._origin)
            raise BadInput(f"{path} is the checkpoint of another training ({differences}); {AGAIN}")
        return state


def _differences(there: State, here: State) -> str:
    before, after = flatten(there), flatten(here)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    shown = [
        f"{key}: {_short(before.get(key))} there, {_short(after.get(key))} here"
        for key in keys[:SHOWN]
    ]
    return "; ".join(shown) + (f"; and {len(keys) - SHOWN} more" if len(keys) > SHOWN else "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
