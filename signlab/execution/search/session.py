"""One search in its storage: what to try next, when to stop it, and what became of it.

Any number of processes and machines may work on one search. A trial's folder is locked by the
process that works on it, so that a trial whose process was killed is known by its lock, and goes on
from its checkpoint. Of a trial that has no folder here the storage tells when it last gave a sign
of life; one that is silent for long is given up, and its settings are tried again.
"""

import fcntl
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

import optuna
from optuna.trial import FrozenTrial, TrialState

from signlab.execution.search.definition import Definition
from signlab.execution.search.points import decode, suggest
from signlab.study.space import Point
from signlab.study.trial import State, Trial, TrialFolder

ALIVE_SECONDS = 60.0
"""Between two signs of life of a trial."""

LOST_SECONDS = 600.0
"""A trial elsewhere that gave none for so long is given up."""

LOST, SURPLUS = "lost", "surplus"
"""Outcomes that do not count: given up elsewhere, or beyond the total when two asked at once."""


@dataclass
class Attempt:
    """A trial that this process works on.

    Attributes:
        lock: Of its folder, held while it is open.
        told: Of how many epochs (or trainings) the storage knows.
        alive: When the storage was last told that it is at work, in seconds since 1970.
        seen: When its folder was last changed, in nanoseconds, as far as it was looked at.
        tries: How many processes it had.
    """

    session: "Session"
    trial: optuna.Trial
    folder: TrialFolder
    lock: IO[str]
    told: int
    alive: float = field(default_factory=time.time)
    seen: int = 0
    tries: int = 1

    @property
    def name(self) -> str:
        """As people are told of it."""
        return f"{self.session.definition.space.variant}/{self.trial.number:04}"


class Session:
    """One search of one variant."""

    def __init__(self, definition: Definition, study: optuna.Study) -> None:
        self.definition = definition
        self._study = study
        self._own: dict[int, Attempt] = {}

    def next(self) -> Attempt | None:
        """A trial to work on: one that was left behind, or a new one while the total allows."""
        for frozen in self._running_elsewhere():
            if attempt := self._take_over(frozen):
                return attempt
        if len(self._counted()) >= self.definition.search.trials:
            return None
        trial = self._study.ask()
        if sum(t.number < trial.number for t in self._counted()) >= self.definition.search.trials:
            self._end(trial, SURPLUS, "another process asked at the same time", TrialState.FAIL)
            return None
        folder = self.definition.trial_folder(trial.number)
        folder.path.mkdir(parents=True, exist_ok=True)
        return self._hold(trial, folder)

    def point(self, attempt: Attempt) -> Point:
        """The settings to try, proposed now unless they were before."""
        return self.definition.space.point(lambda dimension: suggest(attempt.trial, dimension))

    def stop_early(self, attempt: Attempt) -> str | None:
        """Tell the storage what is new; the reason if the trial is to be stopped."""
        self._give_sign(attempt)
        definition = self.definition
        if len(definition.search.objectives) > 1 or not _changed(attempt):
            return None
        objective = definition.search.objectives[0]
        if definition.pruning.by_part:
            reports = [part.values()[objective] for part in attempt.folder.parts()]
            unit, last = "training", definition.parts
        else:
            reports, unit, last = attempt.folder.curve(objective), "epoch", definition.epochs
        for step in range(attempt.told + 1, len(reports) + 1):
            attempt.trial.report(reports[step - 1], step)
            attempt.told = step
            # the first, with the recipe's own settings, is what the others have to beat; and after
            # its last epoch a trial is complete, so that nothing would be saved
            if attempt.trial.number > 0 and step < last and attempt.trial.should_prune():
                return f"stopped after {unit} {step} of {last}"
        return None

    def finish(self, attempt: Attempt) -> tuple[State, str]:
        """Tell the storage how a trial ended, which its folder says."""
        state, reason = attempt.folder.outcome() or ("failed", "it left no result")
        attempt.seen = 0
        self.stop_early(attempt)
        attempt.trial.set_user_attr("seconds", attempt.folder.seconds())
        if state == "complete":
            measured = attempt.folder.measured()
            values = measured.values()
            attempt.trial.set_user_attr("values", values)
            attempt.trial.set_user_attr("glosses", measured.glosses)
            told = [values[name] for name in self.definition.search.objectives]
            self._end(attempt.trial, state, reason, TrialState.COMPLETE, told)
        else:
            # an infeasible trial is pruned to Optuna, so that samplers keep away from there
            known = TrialState.FAIL if state == "failed" else TrialState.PRUNED
            self._end(attempt.trial, state, reason, known)
        attempt.folder.discard()
        return state, reason

    def release(self, attempt: Attempt) -> None:
        """Let go of a trial, finished or not; one that is not goes on next time."""
        self._own.pop(attempt.trial.number, None)
        attempt.lock.close()

    @property
    def objectives(self) -> list[str]:
        """What trials are judged by."""
        return self.definition.search.objectives

    @property
    def taken(self) -> int:
        """How many of the trials are done or being worked on."""
        return min(len(self._counted()), self.definition.search.trials)

    @property
    def unfinished(self) -> bool:
        """Whether there are trials to come, or being worked on."""
        if self.taken < self.definition.search.trials:
            return True
        return any(trial.state == TrialState.RUNNING for trial in self._counted())

    def trials(self) -> list[Trial]:
        """All that count, by number."""
        return [self._read(frozen) for frozen in self._counted()]

    @property
    def study(self) -> optuna.Study:
        """Optuna's."""
        return self._study

    def _read(self, frozen: FrozenTrial) -> Trial:
        known = frozen.user_attrs
        return Trial(
            number=frozen.number,
            state=known.get("outcome", "running"),
            point=decode(frozen.params, self.definition.space),
            values=known.get("values", {}),
            reason=known.get("reason", ""),
            glosses=known.get("glosses", 0),
            seconds=known.get("seconds", 0.0),
            curve=[value for _, value in sorted(frozen.intermediate_values.items())],
        )

    def _counted(self) -> list[FrozenTrial]:
        states = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False, states=states)
            if trial.user_attrs.get("outcome") not in (LOST, SURPLUS)
        ]

    def _running_elsewhere(self) -> Iterable[FrozenTrial]:
        states = (TrialState.RUNNING,)
        running = self._study.get_trials(deepcopy=False, states=states)
        return (trial for trial in running if trial.number not in self._own)

    def _take_over(self, frozen: FrozenTrial) -> Attempt | None:
        folder = self.definition.trial_folder(frozen.number)
        if folder.path.exists():
            trial = optuna.Trial(self._study, frozen._trial_id)  # noqa: SLF001  # no other way
            return self._hold(trial, folder)
        started = frozen.datetime_start.timestamp() if frozen.datetime_start else 0.0
        if time.time() - frozen.user_attrs.get("alive", started) < LOST_SECONDS:
            return None
        with suppress(ValueError, optuna.exceptions.UpdateFinishedTrialError):
            trial = optuna.Trial(self._study, frozen._trial_id)  # noqa: SLF001
            self._end(trial, LOST, "its machine gave no sign of life", TrialState.FAIL)
            self._study.enqueue_trial(frozen.params)
        return None

    def _hold(self, trial: optuna.Trial, folder: TrialFolder) -> Attempt | None:
        lock = folder.lock_path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        now = self._study.get_trials(deepcopy=False)[trial.number]
        if now.state != TrialState.RUNNING:  # it ended between being listed and being locked
            lock.close()
            return None
        told = max(now.intermediate_values, default=0)
        attempt = Attempt(self, trial, folder, lock, told)
        self._own[trial.number] = attempt
        return attempt

    def _give_sign(self, attempt: Attempt) -> None:
        if time.time() - attempt.alive > ALIVE_SECONDS:
            attempt.alive = time.time()
            attempt.trial.set_user_attr("alive", attempt.alive)

    def _end(
        self,
        trial: optuna.Trial,
        outcome: str,
        reason: str,
        state: TrialState,
        values: list[float] | None = None,
    ) -> None:
        trial.set_user_attr("outcome", outcome)
        trial.set_user_attr("reason", reason)
        self._study.tell(trial, values, state)


def _changed(attempt: Attempt) -> bool:
    """Whether the trial's process has written since this was last asked."""
    files = (attempt.folder.path / name for name in ("epochs.parquet", "parts.json"))
    newest = max((file.stat().st_mtime_ns for file in files if file.exists()), default=0)
    changed, attempt.seen = newest > attempt.seen, newest
    return changed
