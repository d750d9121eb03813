"""Finds the MLflow run that belongs to a folder, or makes it; never two for one folder."""

import getpass
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from signlab.tracking.identity import SAME
from signlab.tracking.records import Record, new_record, public, read_record, write_record
from signlab.tracking.store import artifact_location

TOKEN = "signlab.token"
PARENT = "mlflow.parentRunId"
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Tells MLflow's pages that this is training, not a language model in use."""


class Runs:
    """The runs of one experiment, which has the study's name.

    Args:
        command: What the user typed; MLflow shows it as the source of a run.
    """

    def __init__(self, client: MlflowClient, uri: str, study: str, command: str) -> None:
        self._client = client
        self._uri = uri
        self._command = command
        self._alive: set[str] = set()
        found = client.get_experiment_by_name(study)
        self._experiment = (
            client.create_experiment(study, artifact_location(uri, study), EXPERIMENT_TAGS)
            if found is None
            else found.experiment_id
        )

    def find(self, folder: Path) -> Record | None:
        """The folder's record if its MLflow run is in this store."""
        record = read_record(folder)
        if record is None or record.uri != public(self._uri) or not self._exists(record.run_id):
            return None
        return record

    def find_or_make(
        self, folder: Path, *, name: str, tags: Mapping[str, str], started: int
    ) -> Record:
        """The record of the folder's MLflow run.

        Args:
            started: When the run began, in milliseconds since 1970.
        """
        found = self.find(folder)
        if found is not None:
            return found
        # another store, or one that was lost: all is sent anew; but a run that the store has
        # already (a moved database, a crash right after making it) is found by its token
        old = read_record(folder)
        record = (
            new_record(self._uri, old.started, old.token)
            if old is not None
            else new_record(self._uri, started)
        )
        write_record(folder, record)
        run_id = self._by_token(record.token) or self._make(record, name, tags)
        self._alive.add(run_id)
        record = replace(record, run_id=run_id)
        write_record(folder, record)
        return record

    def _exists(self, run_id: str) -> bool:
        if not run_id or run_id in self._alive:
            return bool(run_id)
        try:
            alive = self._client.get_run(run_id).info.lifecycle_stage == "active"
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        if alive:
            self._alive.add(run_id)
        return alive

    def _by_token(self, token: str) -> str | None:
        found = self._client.search_runs([self._experiment], f"tags.`{TOKEN}` = '{token}'")
        return found[0].info.run_id if found else None

    def _make(self, record: Record, name: str, tags: Mapping[str, str]) -> str:
        self._forget_earlier(tags)
        made = self._client.create_run(
            self._experiment,
            start_time=record.started,
            run_name=name,
            tags={
                **tags,
                TOKEN: record.token,
                "mlflow.user": _user(),
                "mlflow.source.type": "LOCAL",
                "mlflow.source.name": self._command,
            },
        )
        return made.info.run_id

    def _forget_earlier(self, tags: Mapping[str, str]) -> None:
        """Delete, restorably, what ``--fresh`` replaces: the same run, trained before."""
        if PARENT not in tags:
            return
        query = " and ".join(
            f"tags.`{key}` = '{tags[key]}'" for key in (PARENT, *SAME) if key in tags
        )
        for run in self._client.search_runs([self._experiment], query):
            self._client.delete_run(run.info.run_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user of a container may have no name
        return "unknown"
