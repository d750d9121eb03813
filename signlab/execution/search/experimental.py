"""Optuna warns of what it may still change; the range of its versions in pyproject.toml answers."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import ExperimentalWarning


@contextmanager
def accepted() -> Iterator[None]:
    """Use something experimental without a warning to the user, who cannot act on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
