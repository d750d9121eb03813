"""Works through searches: trials side by side, each in a process of its own."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError

from signlab.errors import SignlabError
from signlab.execution.fitting import Fitting
from signlab.execution.pool import Job, Pool
from signlab.execution.search.progress import SearchProgress
from signlab.execution.search.session import Attempt, Session
from signlab.study.files import write_json
from signlab.study.plan import Variant

IDLE_SECONDS = 2.0
"""Between two questions for a trial, where there was none."""

TRIES = 3
"""How often a trial's process may be killed before the trial has failed."""


class Work:
    """Trials of several searches, until each has its total.

    Args:
        fitting: Tells whether a trial can be trained.
        tick: Called several times a second with the folders at work.
    """

    def __init__(
        self,
        sessions: Sequence[Session],
        fitting: Fitting,
        progress: SearchProgress,
        tick: Callable[[Sequence[Attempt]], None],
    ) -> None:
        self._sessions = sessions
        self._fitting = fitting
        self._progress = progress
        self._tick = tick
        self._attempts: list[Attempt] = []
        self._asked = 0.0

    def run(self, workers: int) -> None:
        """Work until all is done, here and elsewhere; what is unfinished then goes on next time."""
        try:
            with Pool(workers) as pool:
                while self._fill(pool) or self._attempts:
                    for job in pool.ended():
                        self._after(next(a for a in self._attempts if a.folder is job.folder), pool)
                    for attempt in list(self._attempts):
                        self._look(attempt, pool)
                    self._progress.update(self._attempts)
                    self._tick(self._attempts)
        finally:
            for attempt in self._attempts:
                attempt.session.release(attempt)

    def _fill(self, pool: Pool) -> bool:
        """Start trials while there is room; whether there is, or will be, anything to do."""
        while pool.free and time.monotonic() > self._asked + IDLE_SECONDS:
            attempt = next(filter(None, (session.next() for session in self._sessions)), None)
            if attempt is None:
                self._asked = time.monotonic()
                return any(session.unfinished for session in self._sessions)
            self._begin(attempt, pool)
        return True

    def _begin(self, attempt: Attempt, pool: Pool) -> None:
        self._attempts.append(attempt)
        folder = attempt.folder
        if folder.outcome() is None and not folder.recipe_path.exists():
            self._prepare(attempt)
        if folder.outcome() is None:
            pool.start(Job("search", folder))
        else:
            self._finish(attempt)

    def _prepare(self, attempt: Attempt) -> None:
        """Write what the trial's process is told, or why its settings cannot be trained."""
        definition = attempt.session.definition
        point = attempt.session.point(attempt)
        recipe, digest, problem = dict[str, Any](), "", None
        try:
            recipe = definition.space.recipe(point)
            variant = Variant(definition.space.variant, (), "a trial", recipe, {})
            digest = self._fitting.corpus(variant).digest
            self._fitting.check(variant, definition.folds, definition.search.seeds)
        except SignlabError as error:
            problem = str(error)
        record = definition.trial_record(attempt.trial.number, point, recipe, digest)
        write_json(attempt.folder.recipe_path, record)
        if problem is not None:
            attempt.folder.write_outcome("infeasible", problem)

    def _after(self, attempt: Attempt, pool: Pool) -> None:
        """A process has ended."""
        folder = attempt.folder
        if folder.outcome() is None and attempt.tries < TRIES:
            attempt.tries += 1
            pool.start(Job("search", folder))
            return
        if folder.outcome() is None:
            folder.write_failure(f"stopped {TRIES} times; the last time: {folder.failure()}")
        self._finish(attempt)

    def _look(self, attempt: Attempt, pool: Pool) -> None:
        """Tell the storage how a trial goes, and stop it if it is hopeless."""
        try:
            reason = attempt.session.stop_early(attempt)
        except UpdateFinishedTrialError:
            pool.stop(attempt.folder)
            self._finish(attempt)
            return
        if reason is not None:
            pool.stop(attempt.folder)
            attempt.folder.write_outcome("pruned", reason)
            self._finish(attempt)

    def _finish(self, attempt: Attempt) -> None:
        self._attempts.remove(attempt)
        try:
            state, reason = attempt.session.finish(attempt)
        except UpdateFinishedTrialError:  # another machine took it for lost
            self._progress.lost(attempt)
        else:
            self._progress.ended(attempt, state, reason)
        finally:
            attempt.session.release(attempt)
