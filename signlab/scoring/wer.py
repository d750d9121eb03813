"""Word error rate: alignments, counts and how they were made.

A WER is corpus-level, (S + D + I) / N over all references, never a mean over utterances.
"""

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Indel, Levenshtein

from signlab.errors import BadInput, nearest
from signlab.scoring import sclite
from signlab.study.folder import Errors

CORRECT, SUBSTITUTION, DELETION, INSERTION = "C", "S", "D", "I"

_LETTERS = {"replace": SUBSTITUTION, "delete": DELETION, "insert": INSERTION}


@dataclass(frozen=True, slots=True)
class Alignment:
    """A reference and a hypothesis side by side.

    Attributes:
        reference: The glosses that were scored; of alternatives, the one that fits best.
        hypothesis: The glosses that were scored.
        edits: One letter a column: C(orrect), S(ubstitution), D(eletion), I(nsertion).
    """

    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]
    edits: str

    @property
    def errors(self) -> Errors:
        """The counts of this utterance."""
        return Errors(
            self.edits.count(SUBSTITUTION),
            self.edits.count(DELETION),
            self.edits.count(INSERTION),
            len(self.reference),
        )

    @property
    def correct(self) -> bool:
        """Whether the hypothesis has no error."""
        return not self.edits.strip(CORRECT)

    def columns(self) -> Iterator[tuple[str, str | None, str | None]]:
        """Edit, reference gloss (None: insertion), hypothesis gloss (None: deletion)."""
        references, hypotheses = iter(self.reference), iter(self.hypothesis)
        for edit in self.edits:
            yield (
                edit,
                None if edit == INSERTION else next(references),
                None if edit == DELETION else next(hypotheses),
            )


def align(
    reference: Sequence[str], hypothesis: Sequence[str], *, aligner: str = "levenshtein"
) -> Alignment:
    """Align one utterance.

    Args:
        aligner: "levenshtein" (fewest edits; of several such alignments the one that rapidfuzz
            and so jiwer give) or "sclite" (substitution 4, insertion 3, deletion 3, NIST's tie
            order, case folded, alternations ``{ a / b }`` in the reference).

    Raises:
        BadInput: No such aligner, or an alternation that does not end.
    """
    return _aligner(aligner)(reference, hypothesis)


def count_errors(
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    *,
    aligner: str = "levenshtein",
) -> list[Errors]:
    """The errors of each utterance.

    Raises:
        BadInput: The numbers of references and hypotheses differ, or there is no such aligner.
    """
    one = _aligner(aligner)
    _same_number(references, hypotheses)
    return [one(*pair).errors for pair in zip(references, hypotheses, strict=True)]


def corpus_errors(
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    *,
    aligner: str = "levenshtein",
) -> Errors:
    """The errors of all utterances together; for "levenshtein" much faster than their sum.

    Raises:
        BadInput: As for ``count_errors``.
    """
    if aligner != "levenshtein":
        return total(count_errors(references, hypotheses, aligner=aligner))
    _same_number(references, hypotheses)
    number = len(references)
    distances = np.fromiter(map(Levenshtein.distance, references, hypotheses), int, number)
    glosses = np.fromiter(map(len, references), int, number)
    surplus = np.fromiter(map(len, hypotheses), int, number) - glosses
    # S is at most the edits beyond the surplus, and at least Indel's distance (which counts a
    # substitution as two) less Levenshtein's; where the bounds differ, only the edits tell
    most = distances - abs(surplus)
    loose = np.flatnonzero(most >= 2)
    left, right = ([side[index] for index in loose.tolist()] for side in (references, hypotheses))
    least = np.fromiter(map(Indel.distance, left, right), int, len(loose)) - distances[loose]
    for at in np.flatnonzero(least < most[loose]).tolist():
        edits = Levenshtein.editops(left[at], right[at]).as_list()
        most[loose[at]] = [edit[0] for edit in edits].count("replace")
    substitutions = int(most.sum())
    unpaired, inserted = int(distances.sum()) - substitutions, int(surplus.sum())
    return Errors(
        substitutions, (unpaired - inserted) // 2, (unpaired + inserted) // 2, int(glosses.sum())
    )


def corpus_wer(references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]) -> float:
    """The WER of "levenshtein" in percent and nothing else, as fast as rapidfuzz allows.

    Raises:
        BadInput: The numbers of references and hypotheses differ, or no reference has a gloss.
    """
    _same_number(references, hypotheses)
    glosses = sum(map(len, references))
    if not glosses:
        raise BadInput("no reference has a gloss, so there is no error rate")
    return 100.0 * sum(map(Levenshtein.distance, references, hypotheses)) / glosses


def total(errors: Iterable[Errors]) -> Errors:
    """The sum over utterances."""
    counts = [(e.substitutions, e.deletions, e.insertions, e.glosses) for e in errors]
    return Errors(*map(sum, zip(*counts, strict=True))) if counts else Errors(0, 0, 0, 0)


def signature(*, aligner: str, clean: str, decode: str) -> str:
    """How a WER was made, to stand beside it.

    ``jiwer`` is the version whose alignments "levenshtein" gives (a property test holds it to
    that); both call rapidfuzz.
    """
    _aligner(aligner)
    versions = "|".join(f"{name}:{_version(name)}" for name in ("signlab", "jiwer"))
    return f"wer|align:{aligner}|clean:{clean}|decode:{decode}|{versions}"


def _levenshtein(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    edits, reached = [], 0
    for edit in Levenshtein.editops(reference, hypothesis):
        edits.append(CORRECT * (edit.src_pos - reached) + _LETTERS[edit.tag])
        reached = edit.src_pos + (edit.tag != "insert")
    edits.append(CORRECT * (len(reference) - reached))
    return Alignment(tuple(reference), tuple(hypothesis), "".join(edits))


def _sclite(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    return Alignment(*sclite.align(reference, hypothesis))


ALIGNERS: dict[str, Callable[[Sequence[str], Sequence[str]], Alignment]] = {
    "levenshtein": _levenshtein,
    "sclite": _sclite,
}


def _aligner(name: str) -> Callable[[Sequence[str], Sequence[str]], Alignment]:
    if name not in ALIGNERS:
        raise BadInput(f"no aligner {name!r}; {nearest(name, ALIGNERS)}")
    return ALIGNERS[name]


def _same_number(references: Sequence, hypotheses: Sequence) -> None:
    if len(references) != len(hypotheses):
        raise BadInput(
            f"{len(references)} references but {len(hypotheses)} hypotheses; "
            "each utterance needs one of both"
        )


def _version(distribution: str) -> str:
    return ".".join(importlib.metadata.version(distribution).split(".")[:2])
