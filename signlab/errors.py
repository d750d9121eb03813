"""Every error that signlab raises on purpose; the message is one sentence for the user."""

import difflib
import signal
from collections.abc import Iterable


class SignlabError(Exception):
    """Base of the errors whose message alone is shown to the user."""


class BadInput(SignlabError):
    """Something the user wrote cannot be used: where, what, and what to write instead."""


class BadStudy(BadInput):
    """A study, a recipe or a component cannot be used."""


class BadCorpus(BadInput):
    """A corpus, or a file on its way into one, cannot be used."""


class RunFailed(SignlabError):
    """One run ended without a result; the study goes on without it."""


class TrainingDiverged(RunFailed):
    """The loss or a gradient became infinite or not a number."""


class SearchFailed(RunFailed):
    """A search ended without settings that can be used."""


class Interrupted(SignlabError):
    """A signal ended the training, which left a checkpoint to go on from."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"stopped by {number.name}; the same command goes on from there")
        self.number = number


def nearest(word: str, choices: Iterable[str]) -> str:
    """A clause that helps someone who mistyped: the closest choice, or all of them.

    >>> nearest("bilstn", ["bilstm", "gru"])
    "did you mean 'bilstm'?"
    >>> nearest("x", ["bilstm", "gru"])
    "choose from 'bilstm', 'gru'"
    """
    choices = sorted(choices)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return (
        "choose from " + ", ".join(map(repr, choices)) if choices else "there is nothing to choose"
    )
