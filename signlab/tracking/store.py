"""Opens an MLflow store. The database of a local one appears whole or not at all."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mlflow import MlflowClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from signlab.errors import SignlabError
from signlab.tracking.records import public, sqlite_path, without_login
from signlab.tracking.settings import apply_settings

_REMOTE = ("http://", "https://", "databricks")


class TrackingUnavailable(SignlabError):
    """MLflow could not be reached or refused; the run folders hold everything all the same."""


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn whatever goes wrong in MLflow into ``TrackingUnavailable``."""
    try:
        yield
    except TrackingUnavailable:
        raise
    # stores are plug-ins over SQL, HTTP and cloud storage: what they raise has no common base
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TrackingUnavailable(
            f"MLflow at {public(uri)} is not available: {without_login(reason, uri)}"
        ) from error


def open_store(uri: str) -> MlflowClient:
    """A client of the store at ``uri``; a missing SQLite database is made, which takes seconds.

    Raises:
        TrackingUnavailable: It cannot be reached or used.
    """
    apply_settings()
    # alembic's migrations speak for themselves at the level that mlflow sets
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with translated(uri):
        database = sqlite_path(uri)
        if database is not None:
            if not database.exists():
                _make_database(database)
            _check_readable(database)
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
        return client


def artifact_location(uri: str, study: str) -> str | None:
    """Where a study's artifacts go, or None where the server decides."""
    if uri.startswith(_REMOTE):
        return None
    database = sqlite_path(uri)
    root = database.parent if database else Path.cwd()
    return (root / "mlartifacts" / study).as_uri()


def _make_database(database: Path) -> None:
    """Make it under another name: mlflow cannot open one whose making was killed halfway."""
    part = database.with_name(f"{database.name}.{os.getpid()}.part")
    # hundreds of small migrations, each waiting for the disk: minutes on a busy one, else seconds
    event.listen(Engine, "connect", _do_not_wait)
    try:
        MlflowClient(f"sqlite:///{part}").search_experiments(max_results=1)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        os.link(part, database)
    except FileExistsError:
        pass  # another process was faster, and its database is as good
    finally:
        if event.contains(Engine, "connect", _do_not_wait):  # another thread may make one too
            event.remove(Engine, "connect", _do_not_wait)
        part.unlink(missing_ok=True)


def _do_not_wait(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _check_readable(database: Path) -> None:
    """Fail at once where mlflow would try again for minutes."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA schema_version")
