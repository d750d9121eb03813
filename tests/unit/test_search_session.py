"""Searches in their storage: shared by processes, left behind, lost, changed; nothing is trained."""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from signlab.errors import BadInput
from signlab.execution.search.definition import Definition
from signlab.execution.search.importances import importances
from signlab.execution.search.opening import open_session
from signlab.execution.search.pruners import PRUNERS
from signlab.execution.search.samplers import SAMPLERS
from signlab.execution.search.session import Attempt, Session
from signlab.execution.search.storage import open_storage
from signlab.registry import BadSetting, Settings
from signlab.study.choice import choose, front
from signlab.study.dimension import Dimension
from signlab.study.files import write_json
from signlab.study.fold import Fold
from signlab.study.folder import Errors
from signlab.study.recipe import Catalogue
from signlab.study.search import Search
from signlab.study.space import Space
from signlab.study.trial import Measured, Part, Trial

EPOCHS = 9


class Schedule:
    """What is searched."""

    def __init__(
        self, *, rate: float = 0.5, width: int = 64, epochs: int = EPOCHS, keep: str = "best"
    ) -> None: ...


SETTINGS = Settings(Schedule, "schedule")
CATALOGUE = Catalogue({}, {"schedule": SETTINGS}, {}, {})
OWN = {"schedule": SETTINGS.resolve({})}
DIMENSIONS = (
    Dimension("schedule.rate", 0.0, 1.0),
    Dimension("schedule.width", choices=(32, 64, 128)),
)


def define(root: Path, **changes) -> Definition:
    search = Search(**{"trials": 12, "pruner": {"name": "none"}, **changes})
    space = Space("baseline", OWN, OWN, DIMENSIONS, CATALOGUE)
    return Definition(
        "study", space, search, (Fold(),), "0" * 64, (), root,
        SAMPLERS.build_choice(search.sampler), PRUNERS.build_choice(search.pruning), EPOCHS,
    )  # fmt: skip


def open_here(definition: Definition, tell=[].append) -> Session:
    storage = open_storage(definition.search.storage, definition.root / "search")
    return open_session(definition, storage, tell)


def begin(session: Session, attempt: Attempt) -> dict:
    """Write what a trial's process is told; the settings."""
    definition = session.definition
    point = session.point(attempt)
    record = definition.trial_record(
        attempt.trial.number, point, definition.space.recipe(point), ""
    )
    write_json(attempt.folder.recipe_path, record)
    return point


def errors_of(point: dict) -> float:
    """Best at rate 0.3; the width matters little."""
    return 1000.0 * (point["schedule.rate"] - 0.3) ** 2 + point["schedule.width"] / 100.0


def write_epochs(attempt: Attempt, point: dict, count: int) -> None:
    wers = [errors_of(point) + 300.0 / epoch for epoch in range(1, count + 1)]
    attempt.folder.write_table(
        "epochs",
        pd.DataFrame(
            {
                "epoch": range(1, count + 1), "part": 0, "dev_wer": wers,
                "dev_loss_per_label": wers, "seconds": np.arange(1.0, count + 1),
            }
        ),
    )  # fmt: skip


def complete(session: Session, attempt: Attempt) -> None:
    point = begin(session, attempt)
    write_epochs(attempt, point, EPOCHS)
    dev = Errors(round(10 * errors_of(point)), 0, 0, 1000)
    measured = Measured((Part("default", 100, dev, 0.5, 9.0, EPOCHS),), 1000, 10, 100.0)
    attempt.folder.write_measured(measured)
    session.finish(attempt)
    session.release(attempt)


def run_all(session: Session) -> int:
    done = 0
    while session.unfinished:
        attempt = session.next()
        if attempt is None:
            time.sleep(0.01)
            continue
        complete(session, attempt)
        done += 1
    return done


def test_the_recipes_own_settings_come_first_then_known_good_ones(tmp_path):
    session = open_here(define(tmp_path, enqueue=[{"schedule.rate": 0.25}]))
    run_all(session)
    first, second, *rest = session.trials()
    assert first.point == {"schedule.rate": 0.5, "schedule.width": 64}
    assert second.point == {"schedule.rate": 0.25, "schedule.width": 64}
    assert len(rest) == 10
    assert {trial.state for trial in session.trials()} == {"complete"}
    assert choose(session.trials(), ["dev_wer"]).values["dev_wer"] < first.values["dev_wer"]
    shares = importances(session.study, ["dev_wer"])
    assert set(shares) == {"fanova", "ped_anova"}
    assert shares["fanova"]["schedule.rate"] > 0.8
    assert sum(shares["ped_anova"].values()) == pytest.approx(1.0)


@pytest.mark.parametrize("sampler", ["random", "tpe", "cmaes", "gp", "nsga2"])
def test_a_resumed_search_proposes_what_it_would_have_proposed(tmp_path, sampler):
    whole = open_here(define(tmp_path / "whole", sampler=sampler, trials=7))
    run_all(whole)
    parts = define(tmp_path / "parts", sampler=sampler, trials=7)
    for _ in range(7):  # a session for each trial
        session = open_here(parts)
        complete(session, session.next())
    assert [t.point for t in session.trials()] == [t.point for t in whole.trials()]
    assert len({tuple(t.point.items()) for t in whole.trials()}) > 4


def test_trials_are_a_total_and_more_go_on(tmp_path):
    assert run_all(open_here(define(tmp_path, trials=4))) == 4
    assert run_all(open_here(define(tmp_path, trials=4))) == 0
    again = open_here(define(tmp_path, trials=6))
    assert run_all(again) == 2
    assert [trial.number for trial in again.trials()] == list(range(6))


def test_a_grid_is_tried_point_by_point(tmp_path):
    definition = define(tmp_path, sampler="grid", trials=9)
    steps = Dimension("schedule.rate", 0.0, 1.0, step=0.5)
    space = replace(definition.space, dimensions=(steps, DIMENSIONS[1]))
    session = open_here(replace(definition, space=space))
    run_all(session)
    points = {tuple(trial.point.items()) for trial in session.trials()}
    assert len(points) == 9


def work(definition: Definition, counts) -> None:
    counts.put(run_all(open_here(definition)))


def share(definition: Definition, processes: int = 4) -> list[int]:
    """Work on a search with several processes; how many trials each did."""
    context = multiprocessing.get_context("fork")
    counts = context.Queue()
    workers = [context.Process(target=work, args=(definition, counts)) for _ in range(processes)]
    deadline = time.monotonic() + 100
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=max(deadline - time.monotonic(), 0))
            assert worker.exitcode == 0
        return [counts.get(timeout=10) for _ in workers]
    finally:
        for worker in workers:
            worker.kill()


def check_shared(definition: Definition, done: list[int]) -> None:
    session = open_here(definition)
    trials = session.trials()
    assert sum(done) == len(trials) == definition.search.trials
    assert {trial.state for trial in trials} == {"complete"}
    assert trials[0].point == definition.space.completed({})
    drawn = [tuple(trial.point.items()) for trial in trials]
    assert len(set(drawn)) == len(drawn)  # no two processes proposed the same


def test_four_processes_share_a_journal(tmp_path):
    definition = define(tmp_path, trials=24, sampler="random")
    check_shared(definition, share(definition))


POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server of its own; its URL."""
    data, binaries = folder / "data", POSTGRES.parent
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [binaries / "initdb", "-D", data, "-A", "trust", "-U", "me", "-N"],
        user=user, check=True, capture_output=True,
    )  # fmt: skip
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, "-F"],
        user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"postgresql+psycopg://me:secret@127.0.0.1:{port}/postgres"
        deadline = time.monotonic() + 60
        while subprocess.run(
            [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        ).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


@pytest.mark.nightly
def test_four_processes_share_a_postgresql_server():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if POSTGRES is None:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql")
    folder = Path("/tmp") / f"signlab-postgres-{os.getpid()}"  # where its user may go
    try:
        with postgres(folder) as url:
            definition = define(folder / "runs", trials=8, sampler="random", storage=url)
            check_shared(definition, share(definition))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def number_of(attempt: Attempt) -> int:
    """Of a trial that is left to its own then."""
    attempt.lock.close()
    return attempt.trial.number


def test_a_trial_left_behind_is_taken_over_by_one(tmp_path):
    definition = define(tmp_path)
    killed, other = open_here(definition), open_here(definition)
    attempt = killed.next()
    point = begin(killed, attempt)
    write_epochs(attempt, point, 3)
    killed.stop_early(attempt)
    assert number_of(other.next()) == 1  # the first is locked
    attempt.lock.close()  # as a process that is killed does
    taken = other.next()
    assert (taken.trial.number, taken.told) == (0, 3)
    assert other.point(taken) == point
    complete(other, taken)
    assert other.trials()[0].state == "complete"
    assert len(other.trials()[0].curve) == EPOCHS


def test_a_silent_trial_elsewhere_is_given_up_and_its_settings_are_tried_again(
    tmp_path, monkeypatch
):
    definition = define(tmp_path, trials=3)
    away = open_here(definition)
    attempt = away.next()
    point = begin(away, attempt)
    attempt.lock.close()
    shutil.rmtree(attempt.folder.path)  # its machine has a disk of its own
    here = open_here(definition)
    assert number_of(here.next()) == 1  # it may be at work
    monkeypatch.setattr("signlab.execution.search.session.LOST_SECONDS", 0.0)
    again = here.next()
    while here.point(again) != point:
        again.lock.close()
        again = here.next()
    again.lock.close()
    assert 0 not in [trial.number for trial in here.trials()]


def test_hopeless_trials_are_stopped_and_the_states_told_apart(tmp_path):
    definition = define(tmp_path, pruner="successive-halving", trials=8, sampler="random")
    session = open_here(definition)
    for number in range(8):
        attempt = session.next()
        point = begin(session, attempt)
        if number == 1:
            attempt.folder.write_outcome("infeasible", "too short")
        elif number == 2:
            attempt.folder.write_failure("it diverged")
        for epoch in range(1, EPOCHS) if number > 2 else ():
            write_epochs(attempt, point, epoch)
            if reason := session.stop_early(attempt):
                attempt.folder.write_outcome("pruned", reason)
                break
        if attempt.folder.outcome():
            session.finish(attempt)
            session.release(attempt)
        else:
            complete(session, attempt)
    states = {trial.number: trial.state for trial in session.trials()}
    assert (states[0], states[1], states[2]) == ("complete", "infeasible", "failed")
    pruned = [trial for trial in session.trials() if trial.state == "pruned"]
    assert pruned
    assert all(trial.reason.startswith("stopped after epoch") for trial in pruned)
    assert all(len(trial.curve) < EPOCHS for trial in pruned)
    assert (
        max(t.values["dev_wer"] for t in session.trials() if t.state == "complete")
        < min(errors_of(trial.point) for trial in pruned)
        or len(pruned) < 5
    )


def test_the_recipes_own_settings_are_trained_to_their_end_however_the_others_do(tmp_path):
    better = [{"schedule.rate": rate} for rate in (0.27, 0.28, 0.29, 0.31)]
    settings = {"pruner": "successive-halving", "trials": 6, "enqueue": better}
    session = open_here(define(tmp_path, **settings))
    own = session.next()
    for _ in better:
        complete(session, session.next())
    write_epochs(own, begin(session, own), EPOCHS - 1)
    assert session.stop_early(own) is None
    assert own.trial.should_prune()
    session.release(own)


def test_a_space_that_changed_is_a_new_search_and_told(tmp_path):
    definition = define(tmp_path, trials=2)
    run_all(open_here(definition))
    told: list[str] = []
    wider = (*DIMENSIONS[:1], Dimension("schedule.width", choices=(32, 64, 256)))
    changed = replace(definition, space=replace(definition.space, dimensions=wider))
    session = open_here(changed, told.append)
    assert session.trials() == []
    [message] = told
    assert "space.schedule.width.choices changed" in message
    assert "new search" in message
    assert len(open_here(definition, told.append).trials()) == 2  # and back
    assert len(told) == 1


def trial(number: int, wer: float, parameters: int) -> Trial:
    values = {"dev_wer": wer, "dev_loss": 1.0, "parameters": float(parameters)}
    return Trial(number, "complete", {}, values, glosses=1000)


def test_the_front_and_the_cheapest_within_one_standard_error():
    trials = [
        trial(0, 10.0, 900), trial(1, 10.8, 500), trial(2, 12.0, 100), trial(3, 11.0, 600),
        Trial(4, "pruned", {}),
    ]  # fmt: skip
    both = ["dev_wer", "parameters"]
    assert [t.number for t in front(trials, both)] == [0, 1, 2]
    assert choose(trials, both).number == 1  # 10 % of 1000 glosses: a standard error of 0.95
    assert choose(trials, ["dev_wer"]).number == 0
    assert choose([Trial(0, "failed", {})], both) is None
    tied = [trial(0, 5.0, 1), trial(1, 5.0, 1)]
    assert choose(tied, ["dev_wer"]).number == 0  # the recipe's own gives way to better ones only


def test_a_storage_that_cannot_be_reached_is_told_without_its_password(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match="cannot be used") as caught:
            open_storage(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/db", tmp_path)
    assert "secret" not in str(caught.value)
    for url in ("nonsense", "foo://bar/baz", "sqlite:////no/such/folder/a.db"):
        with pytest.raises(BadInput, match="cannot be used"):
            open_storage(url, tmp_path)


def test_a_pruner_that_could_never_decide_is_refused():
    with pytest.raises(BadInput, match="take more seeds"):
        PRUNERS.build("wilcoxon", {}).pruner(epochs=9, parts=3)
    PRUNERS.build("wilcoxon", {}).pruner(epochs=9, parts=6)
    with pytest.raises(BadInput, match="more than the 9 epochs"):
        PRUNERS.build("hyperband", {"min_epochs": 10}).pruner(epochs=9, parts=1)
    with pytest.raises(BadSetting, match="did you mean 'hyperband'"):
        PRUNERS.resolve("hyperbend", {})
