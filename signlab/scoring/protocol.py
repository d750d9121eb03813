"""How the hypotheses of a run are scored: the ``scoring:`` section of a recipe."""

from collections.abc import Sequence
from typing import Literal

from signlab.registry import Settings
from signlab.scoring.cleanup import clean
from signlab.scoring.wer import Alignment, align_all, signature
from signlab.study.folder import Errors


class Scoring:
    """What counts as an error.

    Args:
        clean: Clean-up profile of a benchmark ("phoenix2014", "phoenix2014t"), or "plain".
        aligner: "levenshtein" (fewest edits) or "sclite" (NIST's).
    """

    def __init__(
        self,
        *,
        clean: Literal["plain", "phoenix2014", "phoenix2014t"] = "plain",
        aligner: Literal["levenshtein", "sclite"] = "levenshtein",
    ) -> None:
        self.clean = clean
        self.aligner = aligner

    def align(
        self, references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
    ) -> list[Alignment]:
        """One alignment an utterance, of the cleaned glosses."""
        cleaned = clean(self.clean, references, hypotheses)
        return align_all(*cleaned, aligner=self.aligner)

    def errors(
        self, references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
    ) -> list[Errors]:
        """The errors of each utterance."""
        return [alignment.errors for alignment in self.align(references, hypotheses)]

    def signature(self, decode: str) -> str:
        """What stands beside a WER that was made so."""
        return signature(aligner=self.aligner, clean=self.clean, decode=decode)


SCORING = Settings(Scoring, "scoring")


def scoring_of(signature: str) -> Scoring:
    """The protocol that a WER's signature tells."""
    told = dict(part.split(":", 1) for part in signature.split("|") if ":" in part)
    return SCORING.build({"clean": told["clean"], "aligner": told["align"]})
