"""Opens the storage of a search: a journal in the study's folder, or a database."""

import time
from pathlib import Path

import optuna
from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from signlab.errors import BadInput

JOURNAL = "journal.log"

CONNECT_SECONDS = 10
"""After which a server that does not answer is given up."""

TRIES = 5
"""At an empty database. Of several processes that make its tables at once one succeeds."""

STORAGE_ERRORS = (OptunaError, SQLAlchemyError, ImportError, OSError, ValueError)
"""What a storage may raise when it cannot be used."""


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """The storage at ``url``, or the journal in ``folder``.

    Raises:
        BadInput: It cannot be reached or used.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        if url is None:
            folder.mkdir(parents=True, exist_ok=True)
            return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
        return _database(url)
    except STORAGE_ERRORS as error:
        raise BadInput(
            f"{public(url) or folder / JOURNAL} cannot be used as a storage: {reason(error, url)}"
        ) from None


def _database(url: str) -> RDBStorage:
    server = make_url(url).get_backend_name() in ("postgresql", "mysql", "mariadb")
    # a connection each time: a server may be restarted while a search waits for its trials
    settings = {
        "connect_args": {"connect_timeout": CONNECT_SECONDS} if server else {},
        "poolclass": NullPool,
    }
    for tried in range(1, TRIES):
        try:
            return RDBStorage(url, engine_kwargs=settings)
        except (IntegrityError, ProgrammingError):  # the tables were made meanwhile
            time.sleep(0.2 * tried)
    return RDBStorage(url, engine_kwargs=settings)


def public(url: str | None) -> str:
    """The URL without its password; empty for the journal."""
    if url is None:
        return ""
    try:
        return make_url(url).render_as_string()
    except SQLAlchemyError:
        return url


def reason(error: BaseException, url: str | None) -> str:
    """An error's first line, without the password that ``url`` may hold."""
    first = str(error).strip().partition("\n")[0] or type(error).__name__
    return first.replace(url, public(url)) if url else first
