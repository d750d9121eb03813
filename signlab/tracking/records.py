"""What of a run folder stands in MLflow already; answered without importing mlflow.

Each run folder, and the study's own for the parent run, holds ``mlflow.json``: where the run
stands and a stamp of what was sent. Thus a finished study that was sent before costs nothing.
"""

import hashlib
import os
import uuid
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from signlab.study.files import read_json, write_json
from signlab.study.folder import RunFolder
from signlab.study.trial import TrialFolder

DEFAULT_URI = "sqlite:///mlflow.db"

Status = Literal["running", "finished", "failed", "killed", "pruned", "infeasible"]

_SQLITE = "sqlite:///"
_RUN_CONTENT = (
    "epochs.parquet",
    "result.json",
    "analysis/changes.parquet",
    "speed.json",
    "failure.json",
    "outcome.json",
)


@dataclass(frozen=True)
class Record:
    """The content of ``mlflow.json``.

    Attributes:
        uri: The store, without a password.
        token: A tag by which the MLflow run is found, should this process die right after
            having created it; written before.
        started: Milliseconds since 1970; times of all that is sent follow from it, so that
            sending anything twice changes nothing.
        run_id: MLflow's name of the run; empty until there is one.
        epoch: The last epoch sent.
        stamp: Of the content sent last; see ``run_stamp``.
        status: The status sent last.
    """

    uri: str
    token: str
    started: int
    run_id: str = ""
    epoch: int = 0
    stamp: str = ""
    status: str = ""


def tracking_uri(uri: str | None = None) -> str:
    """The store to use: ``uri``, or MLFLOW_TRACKING_URI, or ``mlflow.db`` in this folder."""
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    database = sqlite_path(uri)
    return uri if database is None else f"{_SQLITE}{database}"


def sqlite_path(uri: str) -> Path | None:
    """The file of an SQLite store, or None for any other."""
    return Path(uri.removeprefix(_SQLITE)).absolute() if uri.startswith(_SQLITE) else None


def public(uri: str) -> str:
    """The URI without name and password, to be shown and stored."""
    return without_login(uri, uri)


def without_login(text: str, uri: str) -> str:
    """The text without the name and the password that ``uri`` may hold."""
    login, at, _ = urlsplit(uri).netloc.rpartition("@")
    return text.replace(login + at, "") if at else text


def read_record(folder: Path) -> Record | None:
    """What was sent, or None: nothing, or by a signlab that kept other records."""
    path = folder / "mlflow.json"
    if not path.exists():
        return None
    values = read_json(path)
    return Record(**values) if set(values) == {f.name for f in fields(Record)} else None


def write_record(folder: Path, record: Record) -> None:
    """Keep a record."""
    write_json(folder / "mlflow.json", asdict(record))


def new_record(uri: str, started: int, token: str | None = None) -> Record:
    """A record of a run of which nothing was sent."""
    return Record(uri=public(uri), token=token or uuid.uuid4().hex, started=started)


def status_of(folder: RunFolder, *, running: bool) -> Status | None:
    """How a run stands, or None before its start."""
    if folder.finished:
        return "finished"
    ended = folder.outcome() if isinstance(folder, TrialFolder) else None
    if ended is not None and ended[0] in ("pruned", "infeasible"):
        return ended[0]
    if running:
        return "running"
    if folder.failed:
        return "failed"
    started = ("epochs.parquet", "failure.json", "mlflow.json")
    return "killed" if any((folder.path / name).exists() for name in started) else None


def run_stamp(folder: RunFolder, status: Status) -> str:
    """Hexadecimal SHA-256 of all that decides what MLflow should show of a run."""
    return _digest(status, (folder.path / name for name in _RUN_CONTENT))


def study_status(study: Path) -> Status:
    """How a study stands in which no process is at work, by the runs that were started."""
    folders = [folder for folder in run_folders(study) if not isinstance(folder, TrialFolder)]
    statuses = {status_of(folder, running=False) for folder in folders}
    if "killed" in statuses:
        return "killed"
    return "failed" if "failed" in statuses else "finished"


def report_stamp(study: Path, report: Path) -> str:
    """The same of a study's parent run, which has the report."""
    return _digest(study_status(study), sorted(report.iterdir()))


def run_folders(study: Path) -> list[RunFolder]:
    """The study's present runs and the trials of its searches, as far as they have a folder."""
    plan = read_json(study / "study.json")
    runs = [run["folder"] for run in (*plan["runs"], *plan.get("untuned", ()))]
    folders = [RunFolder(study / place) for place in dict.fromkeys(runs)]
    for search in plan.get("searches", {}).values():
        folders += [TrialFolder(path) for path in sorted((study / search).glob("[0-9]*"))]
    return [folder for folder in folders if folder.recipe_path.exists()]


def pending(
    study: Path, uri: str, running: Collection[Path] = ()
) -> list[tuple[RunFolder, Status]]:
    """The runs of which MLflow does not show what their folders hold, and how they stand.

    Args:
        study: ``runs/<study>``.
        uri: As ``tracking_uri`` gives it.
        running: Folders in which a process is at work.
    """
    return [
        (folder, status)
        for folder in run_folders(study)
        if (status := status_of(folder, running=folder.path in running)) is not None
        and not in_step(folder.path, uri, run_stamp(folder, status))
    ]


def in_step(folder: Path, uri: str, stamp: str) -> bool:
    """Whether the content with this stamp was sent to the store, which still exists."""
    record, database = read_record(folder), sqlite_path(uri)
    return (
        record is not None
        and (record.uri, record.stamp) == (public(uri), stamp)
        and (database is None or database.exists())
    )


def _digest(text: str, paths: Iterable[Path]) -> str:
    found = hashlib.sha256(text.encode())
    for path in paths:
        if path.is_file():
            found.update(f"\n{path.name}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
