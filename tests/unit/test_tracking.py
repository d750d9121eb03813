"""Run folders in a real SQLite store, through restarts, crashes and stores that are away."""

import contextlib
import math
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from signlab.study.files import write_json
from signlab.study.folder import RunFolder
from signlab.tracking import mirror as mirror_module
from signlab.tracking.content import parameters
from signlab.tracking.mirror import Mirror
from signlab.tracking.records import (
    pending,
    public,
    read_record,
    run_folders,
    tracking_uri,
    write_record,
)
from signlab.tracking.settings import apply_settings
from tests.fabricate import Planted, fabricate

apply_settings()

VARIANTS = {"baseline": Planted(0.25), "residual": Planted(0.1, ("residual",))}
RECIPE = {"corpus": {"name": "synthetic", "signers": 6}, "loss": {"name": "ctc"}}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """Made once: mlflow's migrations take seconds."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from signlab.tracking.store import open_store

    @event.listens_for(Engine, "connect")
    def do_not_wait_for_the_disk(connection, _record):
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    open_store(f"sqlite:///{path}")
    assert [p.name for p in path.parent.iterdir()] == ["mlflow.db"]  # no half-made one
    return path


@pytest.fixture
def uri(tmp_path, empty_database) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def study(tmp_path) -> Path:
    return make_study(tmp_path / "runs" / "fabricated")


def make_study(folder: Path, **settings) -> Path:
    fabricate(folder, VARIANTS, **{"seeds": (0,), "epochs": 6, "utterances": 12, **settings})
    for run in folder.glob("*/*"):
        fold, seed, digest = run.name.rsplit("-", 2)
        record = {
            "study": "fabricated",
            "variant": run.parent.name,
            "fold": {"name": fold, "by": "split", "test": []},
            "seed": int(seed),
            "digest": digest,
            "corpus_digest": "5f2c" * 16,
            "recipe": RECIPE,
        }
        write_json(run / "recipe.json", record)
    return folder


def connect(study: Path, uri: str):
    from signlab.tracking.mlflow import Tracker

    return Tracker.connect(study, uri)


def sync(study: Path, uri: str, running=()) -> None:
    tracker = connect(study, uri)
    for folder, status in pending(study, uri, running):
        tracker.sync(folder, status=status)


def children(uri: str):
    """The child runs by variant and all their metric histories' lengths."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("fabricated")
    runs = client.search_runs([experiment.experiment_id], "tags.variant != ''")
    return client, {run.data.tags["variant"]: run for run in runs}


def unfinished(folder: Path, epochs: int) -> RunFolder:
    """The run as it stood after some epochs."""
    run = RunFolder(folder)
    for name in ("result.json", "speed.json", "hypotheses.parquet"):
        (folder / name).unlink()
    run.write_table("epochs", run.epochs().head(epochs))
    return run


def test_finished_runs_stand_side_by_side_with_all_that_was_measured(study, uri):
    sync(study, uri)
    client, runs = children(uri)
    assert set(runs) == set(VARIANTS)
    for folder in run_folders(study):
        run, result, speed = runs[folder.path.parent.name], folder.result(), folder.speed()
        assert run.info.status == "FINISHED"
        assert run.info.end_time - run.info.start_time == int(1000 * result.seconds)
        assert run.data.params == {
            "corpus.name": "synthetic",
            "corpus.signers": "6",
            "loss.name": "ctc",
        }
        assert run.data.metrics["test_wer"] == result.test.wer
        assert run.data.metrics["test_substitutions"] == result.test.substitutions
        assert run.data.metrics["latency_p50_ms"] == speed.latency_p50_ms
        assert {"peak_memory_mib", "parameters", "train_frames_per_second"} <= set(run.data.metrics)
        assert {
            "variant",
            "fold",
            "seed",
            "study",
            "recipe_digest",
            "status",
            "collapsed",
            "signature",
        } <= set(run.data.tags)
        history = client.get_metric_history(run.info.run_id, "epoch/dev_wer")
        assert [m.step for m in history] == list(range(1, 7))
        assert [m.value for m in history] == folder.epochs()["dev_wer"].tolist()
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert {
            "hypotheses.csv",
            "epochs.csv",
            "recipe.json",
        } <= files
        tables = {file.path for file in client.list_artifacts(run.info.run_id, "analysis")}
        assert {f"analysis/{name}.parquet" for name in folder.analysis()} <= tables
        [dataset] = run.inputs.dataset_inputs
        assert dataset.dataset.name == "synthetic"
        parent = client.get_run(run.data.tags["mlflow.parentRunId"])
        assert "mlflow.parentRunId" not in parent.data.tags  # one level deep: more is not shown


def test_a_second_synchronisation_changes_nothing(study, uri):
    sync(study, uri)
    assert pending(study, uri) == []
    client, before = children(uri)
    # as after a crash between sending and noting it, and with a record that was lost altogether
    first, second = run_folders(study)
    write_record(first.path, replace(read_record(first.path), epoch=0, stamp=""))
    write_record(second.path, replace(read_record(second.path), run_id="", epoch=0, stamp=""))
    assert len(pending(study, uri)) == 2
    sync(study, uri)
    _, after = children(uri)
    for variant, run in before.items():
        assert after[variant].info.run_id == run.info.run_id
        assert after[variant].data.metrics == run.data.metrics
        for name in run.data.metrics:
            histories = client.get_metric_history(run.info.run_id, name)
            assert len(histories) == (6 if name.startswith("epoch/") else 1)


def test_nan_is_a_tag_and_never_a_metric(study, uri):
    folder = run_folders(study)[0]
    table = folder.epochs()
    table.loc[2, "gradient_norm"] = math.nan
    table.loc[4, "loss"] = math.inf
    folder.write_table("epochs", table)
    sync(study, uri)
    client, runs = children(uri)
    run = runs[folder.path.parent.name]
    assert run.data.tags["non_finite.epoch/gradient_norm"] == "nan in epoch 3"
    assert run.data.tags["non_finite.epoch/loss"] == "inf in epoch 5"
    history = client.get_metric_history(run.info.run_id, "epoch/gradient_norm")
    assert [m.step for m in history] == [1, 2, 4, 5, 6]


def test_a_retried_failure_is_no_failure_any_more(study, uri):
    full = run_folders(study)[0].epochs()
    folder = unfinished(run_folders(study)[0].path, 2)
    folder.write_failure("the loss became infinite")
    sync(study, uri)
    variant = folder.path.parent.name
    run = children(uri)[1][variant]
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "the loss became infinite")
    assert "test_wer" not in run.data.metrics
    folder.clear_failure()
    folder.write_table("epochs", full)
    sync(study, uri, running=[folder.path])
    run = children(uri)[1][variant]
    assert (run.info.status, run.data.tags["status"]) == ("RUNNING", "running")
    assert "failure" not in run.data.tags


KILLED = """
import sys, time
from pathlib import Path
from signlab.study.folder import RunFolder
from signlab.tracking.mlflow import Tracker
study, uri, run = sys.argv[1:]
Tracker.connect(Path(study), uri).sync(RunFolder(Path(run)), status="running")
print("sent", flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_a_run_that_is_reconciled(study, uri):
    full = run_folders(study)[0].epochs()
    folder = unfinished(run_folders(study)[0].path, 3)
    command = [sys.executable, "-c", KILLED, str(study), uri, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"sent\n"
        process.send_signal(signal.SIGKILL)
    variant = folder.path.parent.name
    assert children(uri)[1][variant].info.status == "RUNNING"
    sync(study, uri)
    _, runs = children(uri)
    assert (runs[variant].info.status, len(runs)) == ("KILLED", 2)
    folder.write_table("epochs", full)
    sync(study, uri, running=[folder.path])
    client, runs = children(uri)
    assert runs[variant].info.status == "RUNNING"
    history = client.get_metric_history(runs[variant].info.run_id, "epoch/loss")
    assert [m.step for m in history] == list(range(1, 7))


def test_fresh_training_replaces_the_run(study, uri, tmp_path):
    sync(study, uri)
    old = children(uri)[1]
    again = run_folders(study)[0].path
    shutil.rmtree(again)
    shutil.copytree(make_study(tmp_path / "again") / again.relative_to(study), again)
    sync(study, uri)
    new = children(uri)[1]
    assert len(new) == len(old) == 2
    changed = {name for name in old if old[name].info.run_id != new[name].info.run_id}
    assert changed == {again.parent.name}


def test_a_store_that_was_lost_gets_everything_again(study, uri, empty_database, tmp_path):
    sync(study, uri)
    (tmp_path / "mlflow.db").unlink()
    assert len(pending(study, uri)) == 2
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    for folder in run_folders(study):
        write_record(folder.path, replace(read_record(folder.path), stamp="another"))
    sync(study, uri)
    assert {run.info.status for run in children(uri)[1].values()} == {"FINISHED"}


def test_an_unreachable_server_is_told_quickly(study):
    from signlab.tracking.store import TrackingUnavailable

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        uri = f"http://someone:secret@127.0.0.1:{taken.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(TrackingUnavailable, match="is not available") as raised:
            connect(study, uri)
        assert time.monotonic() - started < 60  # by default mlflow tries for minutes
    assert "secret" not in str(raised.value)


def test_what_a_store_missed_is_sent_when_it_is_back(study, uri, tmp_path, empty_database):
    store = tmp_path / "mlflow.db"
    store.unlink()
    store.mkdir()  # no database can be opened here
    warnings: list[str] = []
    report = tmp_path / "reports"
    report.mkdir()
    (report / "report.md").write_text("# done")
    with Mirror(study, uri=uri, warn=warnings.append) as mirror:
        mirror.finish(report / "report.md")
    [warning] = warnings
    assert "not available" in warning
    assert "nothing is lost" in warning
    store.rmdir()
    shutil.copy(empty_database, store)
    with Mirror(study, uri=uri, warn=warnings.append) as mirror:
        mirror.finish(report / "report.md")
    assert len(warnings) == 1
    client, runs = children(uri)
    parent = client.get_run(runs["baseline"].data.tags["mlflow.parentRunId"])
    assert parent.info.status == "FINISHED"
    assert [f.path for f in client.list_artifacts(parent.info.run_id, "report")] == [
        "report/report.md"
    ]
    threads = threading.active_count()
    with Mirror(study, uri=uri, warn=warnings.append) as mirror:
        mirror.finish(report / "report.md")
        assert threading.active_count() == threads  # a study that was sent costs nothing


def test_epochs_are_sent_while_a_run_goes_on(study, uri, monkeypatch):
    monkeypatch.setattr(mirror_module, "INTERVAL_SECONDS", 0.05)
    full = run_folders(study)[0].epochs()
    folder = unfinished(run_folders(study)[0].path, 2)
    variant = folder.path.parent.name

    def sent() -> int:
        record = read_record(folder.path)
        return record.epoch if record else 0

    mirror = Mirror(study, uri=uri, warn=pytest.fail)
    with contextlib.suppress(KeyboardInterrupt), mirror:
        mirror.update([folder])
        _wait(lambda: sent() == 2)
        assert children(uri)[1][variant].info.status == "RUNNING"
        with mirror.silence():
            folder.write_table("epochs", full)
            time.sleep(0.3)
            assert sent() == 2
        _wait(lambda: sent() == 6)
        raise KeyboardInterrupt
    client, runs = children(uri)
    assert runs[variant].info.status == "KILLED"
    parent = client.get_run(runs[variant].data.tags["mlflow.parentRunId"])
    assert parent.info.status == "KILLED"


def _wait(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_records_need_no_mlflow(study):
    code = (
        "import sys; from pathlib import Path; import signlab.tracking.mirror;"
        "from signlab.tracking.records import pending;"
        f"assert len(pending(Path({str(study)!r}), 'sqlite:////nowhere')) == 2;"
        "assert not {'mlflow', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})


def test_parameters_are_clipped_and_spelt_as_in_yaml():
    recipe = {"a": {"b": [1, 2], "c": True, "d": None, "e": "text"}, "long": "x" * 7000, "none": {}}
    flat = parameters(recipe)
    assert flat["a.b"] == "[1, 2]"
    assert (flat["a.c"], flat["a.d"], flat["a.e"]) == ("true", "null", "text")
    assert (len(flat["long"]), flat["none"]) == (6000, "{}")


def test_the_store_is_the_given_one_or_the_environments_or_a_file_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert tracking_uri() == "http://tracking:5000"
    assert tracking_uri("sqlite:////data/m.db") == "sqlite:////data/m.db"
    assert public("postgresql://me:secret@db:5432/m") == "postgresql://db:5432/m"
