"""Opens a search in its storage, or makes it, with what is to be tried first."""

import fcntl
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection

from signlab.execution.search.definition import Definition
from signlab.execution.search.experimental import accepted
from signlab.execution.search.points import encode
from signlab.execution.search.samplers import SeededByTrial
from signlab.execution.search.session import Session
from signlab.study.recipe import flatten
from signlab.study.searched import Searched, read_searched, write_searched

SHOWN = 3
"""How many changed keys a message names."""


def open_session(
    definition: Definition, storage: BaseStorage, tell: Callable[[str], None]
) -> Session:
    """The search of a definition; one whose space changed is a new one, which is told."""
    definition.folder.mkdir(parents=True, exist_ok=True)
    with (definition.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process at a time says what is tried first
        known = optuna.get_all_study_names(storage)
        session = Session(definition, _open(definition, storage))
        _enqueue(definition, session.study, new=definition.name not in known)
        if read_searched(definition.folder) is None:
            write_searched(definition.folder, describe(definition))
    if definition.name not in known:
        _tell_new(definition, known, tell)
    return session


def describe(definition: Definition) -> Searched:
    """The search before its first trial."""
    space, search = definition.space, definition.search
    return Searched(
        name=definition.name,
        variant=space.variant,
        total=search.trials,
        components=tuple(space.switches),
        decides=definition.decides,
        lacking=space.lacking(),
        objectives=tuple(search.objectives),
        sampler=search.sampler,
        pruner=search.pruning,
        seeds=tuple(search.seeds),
        folds=tuple(fold.name for fold in definition.folds),
        epochs=definition.epochs,
    )


def _open(definition: Definition, storage: BaseStorage) -> optuna.Study:
    search = definition.search
    settings: dict[str, Any] = {
        "storage": storage,
        "study_name": definition.name,
        "sampler": SeededByTrial(definition.sampling, search.seeds, search.trials),
        "pruner": definition.pruning.pruner(definition.epochs, definition.parts),
    }
    try:
        minimise = [StudyDirection.MINIMIZE] * len(search.objectives)
        study = optuna.create_study(directions=minimise, **settings)
    except DuplicatedStudyError:
        return optuna.load_study(**settings)
    with accepted():
        study.set_metric_names(list(search.objectives))  # as the dashboard calls them
    return study


def _enqueue(definition: Definition, study: optuna.Study, *, new: bool) -> None:
    """The recipe's own settings, those known to be good, and a grid where one is asked for."""
    space, search = definition.space, definition.search
    first = [space.completed(given) for given in ({}, *search.enqueue)]
    for point in first:
        study.enqueue_trial(encode(point), skip_if_exists=True)
    if new and search.sampler["name"] == "grid":
        points = [point for point in space.grid() if point not in first]
        for index in np.random.default_rng(search.seeds).permutation(len(points)):
            study.enqueue_trial(encode(points[index]))


def _tell_new(definition: Definition, known: Sequence[str], tell: Callable[[str], None]) -> None:
    variant = definition.space.variant
    earlier = [name for name in known if name.startswith(f"{definition.study}/{variant}/")]
    if earlier:
        tell(
            f"{variant}: {_changed(definition)}, so that this is a new search; the trials of "
            f"{earlier[-1]} stay where they are"
        )
    if lacking := definition.space.lacking():
        words = ", ".join(f"{key} = {value!r}" for key, value in lacking.items())
        tell(f"{variant}: the space has not the recipe's own {words}; first comes what is near")


def _changed(definition: Definition) -> str:
    """What is not as in the last search of the variant, as far as its folder is here."""
    pattern = f"{definition.space.variant}-????????"
    folders = [f for f in definition.folder.parent.glob(pattern) if f != definition.folder]
    if not folders:
        return "the space, the recipe or the data changed"
    last = read_searched(max(folders, key=lambda folder: folder.stat().st_mtime))
    before, after = (flatten(d) for d in (last.decides if last else {}, definition.decides))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    shown = [key.removeprefix("recipe.") for key in keys[:SHOWN]]
    return f"{', '.join(shown)}{', ...' * (len(keys) > SHOWN)} changed"
