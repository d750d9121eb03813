"""Copies run folders into MLflow: a parent run a study, a child run a run.

The folders are the truth. All that is sent is derived from them, times included, so that sending
it twice, or again after a crash, leaves MLflow as it was. Runs are addressed by their ids; the
global active run is never used.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from signlab.study.files import read_json
from signlab.study.folder import RunFolder
from signlab.tracking.content import Point, epoch_points, split_finite
from signlab.tracking.identity import (
    ending_of,
    name_of,
    parameters_of,
    reason_of,
    tags_of,
    write_files_of,
)
from signlab.tracking.records import (
    Record,
    Status,
    report_stamp,
    run_stamp,
    study_status,
    tracking_uri,
    write_record,
)
from signlab.tracking.runs import PARENT, Runs
from signlab.tracking.store import open_store, translated

METRICS_A_BATCH, PARAMETERS_A_BATCH = 1000, 100
DIGEST_CHARACTERS, TAG_CHARACTERS = 36, 5000

WITH_REASON = ("failed", "pruned", "infeasible")

_ENDINGS = {
    "finished": "FINISHED",
    "failed": "FAILED",
    "infeasible": "FAILED",
    "pruned": "KILLED",
    "killed": "KILLED",
}


class Tracker:
    """One study in one MLflow store; ``connect`` makes it.

    Every method may raise ``TrackingUnavailable``, after which it can be called again.
    """

    def __init__(self, client: MlflowClient, study: Path, uri: str) -> None:
        self._client = client
        self._study = study
        self._uri = uri
        self._known = read_json(study / "study.json")
        self._runs = Runs(client, uri, self._known["name"], self._known["command"])
        self._parent_id: str | None = None

    @classmethod
    def connect(cls, study: Path, uri: str | None = None) -> "Tracker":
        """Open the store and the experiment that has the study's name.

        Args:
            study: ``runs/<study>`` with its ``study.json``.
            uri: By default what ``records.tracking_uri`` finds.

        Raises:
            TrackingUnavailable: The store cannot be reached or used.
        """
        uri = tracking_uri(uri)
        client = open_store(uri)
        with translated(uri):
            return cls(client, study, uri)

    def sync(self, folder: RunFolder, *, status: Status) -> None:
        """Make MLflow show what the folder holds; a second call changes nothing."""
        with translated(self._uri):
            stamp = run_stamp(folder, status)
            points = epoch_points(folder.epochs())
            record = self._child(folder, points)
            last = points[-1].epoch if points else 0
            points = [point for point in points if point.epoch > record.epoch]
            tags = {"status": status}
            if status == "finished":
                measured, found = ending_of(folder)
                points, tags = points + measured, tags | found
            elif status in WITH_REASON:
                tags["failure"] = reason_of(folder)
            elif record.status == "failed":
                self._client.delete_tag(record.run_id, "failure")
            self._log(record, points, tags)
            self._log_files(record.run_id, folder, status)
            ended = points[-1].time + record.started if status == "finished" else None
            self._set_status(record, status, ended)
            write_record(folder.path, replace(record, epoch=last, stamp=stamp, status=status))

    def log_report(self, report: Path) -> None:
        """Give the parent run the report's files, and end it."""
        with translated(self._uri):
            stamp = report_stamp(self._study, report)
            self._client.log_artifacts(self._parent().run_id, str(report), "report")
            self._end_parent(stamp)

    def interrupt(self) -> None:
        """End the parent run of a study that stops before its report."""
        with translated(self._uri):
            self._end_parent(stamp="")

    def _parent(self) -> Record:
        tags = {
            "study": self._known["name"],
            "design": self._known["design"],
            "mlflow.note.content": self._known["question"],
        }
        started = int(1000 * time.time())
        name = self._known["name"]
        return self._runs.find_or_make(self._study, name=name, tags=tags, started=started)

    def _start_parent(self) -> str:
        """The parent's id; once a connection, its status is set."""
        if self._parent_id is None:
            record = self._parent()
            self._set_status(record, "running")
            self._log(record, [], {"status": "running"})
            write_record(self._study, replace(record, stamp="", status="running"))
            self._parent_id = record.run_id
        return self._parent_id

    def _end_parent(self, stamp: str) -> None:
        record, status = self._parent(), study_status(self._study)
        self._log(record, [], {"status": status})
        self._set_status(record, status)
        write_record(self._study, replace(record, stamp=stamp, status=status))

    def _child(self, folder: RunFolder, points: Sequence[Point]) -> Record:
        parent = self._start_parent()
        found = self._runs.find(folder.path)
        if found is not None and found.stamp:
            return found
        record = self._runs.find_or_make(
            folder.path,
            name=name_of(folder),
            tags={PARENT: parent, **tags_of(folder, self._known, self._study)},
            started=_started(folder, points),
        )
        self._log_recipe(record.run_id, folder)
        return record

    def _log_recipe(self, run_id: str, folder: RunFolder) -> None:
        params = [Param(key, value) for key, value in parameters_of(folder).items()]
        for start in range(0, len(params), PARAMETERS_A_BATCH):
            self._client.log_batch(run_id, params=params[start : start + PARAMETERS_A_BATCH])
        known = folder.recipe()
        if not known["recipe"]:  # of a trial whose settings make none
            return
        choice = known["recipe"]["corpus"]
        corpus = Dataset(
            name=choice["name"],
            digest=known["corpus_digest"][:DIGEST_CHARACTERS],
            source_type="local",
            source=json.dumps({"uri": json.dumps(choice)}),
        )
        context = [InputTag("mlflow.data.context", "training")]
        self._client.log_inputs(run_id, [DatasetInput(corpus, context)])

    def _log(self, record: Record, points: Sequence[Point], tags: Mapping[str, str]) -> None:
        finite, unfit = split_finite(points)
        entries = {**tags, **unfit}.items()
        labels = [RunTag(key, value[:TAG_CHARACTERS]) for key, value in entries]
        self._client.log_batch(record.run_id, tags=labels)
        metrics = [Metric(p.name, p.value, record.started + p.time, p.epoch) for p in finite]
        for start in range(0, len(metrics), METRICS_A_BATCH):
            chunk = metrics[start : start + METRICS_A_BATCH]
            self._client.log_batch(record.run_id, metrics=chunk)

    def _log_files(self, run_id: str, folder: RunFolder, status: Status) -> None:
        if status == "finished":
            with TemporaryDirectory() as temporary:
                write_files_of(folder, Path(temporary))
                self._client.log_artifacts(run_id, temporary)
        log = folder.path / "log.txt"
        if status == "failed" and log.exists():
            self._client.log_artifact(run_id, str(log))

    def _set_status(self, record: Record, status: Status, ended: int | None = None) -> None:
        if status == record.status:
            return
        if status == "running":
            self._client.update_run(record.run_id, "RUNNING")
        else:
            self._client.set_terminated(record.run_id, _ENDINGS[status], ended)


def _started(folder: RunFolder, points: Sequence[Point]) -> int:
    """When a run began, in milliseconds: now, or before the epochs that it has already."""
    if not points:
        return int(1000 * time.time())
    ended = (folder.path / "epochs.parquet").stat().st_mtime
    return int(1000 * ended) - points[-1].time
