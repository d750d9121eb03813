"""A fold: which utterances are held out for the test."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fold:
    """Which utterances are held out for the test.

    Attributes:
        name: Appears in run folders and reports ("s1"; "default" for the corpus's own splits).
        by: What ``test`` names; with "split" the corpus's own splits hold and ``test`` is empty.
        test: The held-out signers, or the ids of the held-out utterances.
    """

    name: str = "default"
    by: Literal["split", "signer", "utterance"] = "split"
    test: tuple[str, ...] = ()
