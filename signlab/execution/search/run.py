"""Searches what a study asks for, before it is trained."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from signlab.errors import BadInput, BadStudy
from signlab.execution.locks import beside_others, if_first
from signlab.execution.pool import usable_cores
from signlab.execution.preflight import Plan
from signlab.execution.search.definition import Definition, make_definitions
from signlab.execution.search.freeze import freeze
from signlab.execution.search.importances import importances
from signlab.execution.search.opening import describe, open_session
from signlab.execution.search.progress import SearchProgress
from signlab.execution.search.session import Attempt, Session
from signlab.execution.search.storage import open_storage, public, reason
from signlab.execution.search.work import Work
from signlab.study.choice import choose
from signlab.study.files import write_json
from signlab.study.plan import study_record
from signlab.study.search import FOLDER
from signlab.study.searched import Searched, write_searched
from signlab.tracking.mirror import Mirror


def search(
    plan: Plan,
    runs: Path,
    *,
    only: Sequence[str],
    workers: int | None,
    smoke: bool,
    command: str,
    console: Console,
) -> Plan:
    """Work on every search until it has its total, and give the variants what was found.

    Others may work on the same searches meanwhile; their trials count.

    Args:
        runs: Folder of all studies' runs.
        only: Variants to search; all, where none is named.

    Raises:
        BadInput: The search cannot be what it says, or its storage cannot be reached.
        SearchFailed: No trial of a variant can be used.
    """
    root = runs / plan.study.name
    definitions = make_definitions(plan, runs)
    storage = _storage(plan, root)
    with beside_others(root), _explained(plan, root):
        sessions = [
            open_session(one, storage, lambda text: _tell(console, text))
            for one in definitions
            if not only or one.space.variant in only or one.space.switches
        ]
        searches = {one.space.variant: one.folder.relative_to(root) for one in definitions}
        plan = replace(plan, searches=searches)
        record = study_record(
            plan.study, plan.variants, plan.runs, searches=searches, smoke=smoke, command=command
        )
        write_json(root / "study.json", record)
        try:
            _work(sessions, plan, root, workers, console)
        finally:
            for session in sessions:
                write_searched(session.definition.folder, _summary(session))
    return freeze(plan, definitions)


def check_search(plan: Plan, runs: Path) -> list[Definition]:
    """See that all searches can be made and their storage reached; nothing is tried.

    Raises:
        BadInput: Names file, line, key, value and what instead.
    """
    definitions = make_definitions(plan, runs)
    if plan.study.search is not None and plan.study.search.storage is not None:
        _storage(plan, runs / plan.study.name)
    return definitions


def _work(
    sessions: Sequence[Session],
    plan: Plan,
    root: Path,
    workers: int | None,
    console: Console,
) -> None:
    side_by_side = workers or usable_cores()
    if any(session.definition.timed for session in sessions) and side_by_side > 1:
        _tell(console, "latency is an objective, so that trials are trained one at a time")
        side_by_side = 1
    with _mirrored(root, console) as tick, SearchProgress(sessions, console) as progress:
        Work(sessions, plan.fitting, progress, tick).run(side_by_side)


@contextmanager
def _mirrored(root: Path, console: Console) -> Iterator[Callable[[Sequence[Attempt]], None]]:
    """Send trials to MLflow, unless another process on the same folder does so."""
    with if_first(root / FOLDER / ".tracking") as first:
        if not first:
            yield lambda attempts: None  # noqa: ARG005
            return
        with Mirror(root, warn=console.print) as mirror:
            yield lambda attempts: mirror.update(attempt.folder for attempt in attempts)


def _summary(session: Session) -> Searched:
    objectives, trials = session.objectives, session.trials()
    best = choose(trials, objectives)
    return replace(
        describe(session.definition),
        trials=tuple(trials),
        importances=importances(session.study, objectives),
        chosen=None if best is None else best.number,
    )


def _storage(plan: Plan, root: Path) -> BaseStorage:
    url = plan.study.search and plan.study.search.storage
    try:
        return open_storage(url or None, root / FOLDER)
    except BadInput as error:
        where = plan.study.source.where(("search", "storage"))
        raise BadStudy(f"{where}: search.storage: {error}") from None


@contextmanager
def _explained(plan: Plan, root: Path) -> Iterator[None]:
    """A storage that is lost on the way costs what its trials did not finish, and no more."""
    url = plan.study.search and plan.study.search.storage
    try:
        yield
    except (OptunaError, SQLAlchemyError) as error:
        raise BadInput(
            f"{public(url) or root / FOLDER}: the search's storage was lost "
            f"({reason(error, url)}); the same command goes on"
        ) from error


def _tell(console: Console, text: str) -> None:
    console.print(f"search  {text}", soft_wrap=True, highlight=False)
