"""Word error rate: alignments, counts and how they were made.

A WER is corpus-level, (S + D + I) / N over all references, never a mean over utterances.
"""

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter

import numpy as np
from rapidfuzz.distance import Levenshtein

from signlab.errors import BadInput, nearest
from signlab.scoring import sclite
from signlab.study.folder import Errors

CORRECT, SUBSTITUTION, DELETION, INSERTION = "C", "S", "D", "I"

SOURCE_LENGTH, TARGET_LENGTH = attrgetter("src_len"), attrgetter("dest_len")

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


def align_all(
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    *,
    aligner: str = "levenshtein",
) -> list[Alignment]:
    """Align every utterance.

    Args:
        aligner: "levenshtein" (fewest edits; of several such alignments the one that rapidfuzz
            and so jiwer give) or "sclite" (substitution 4, insertion 3, deletion 3, NIST's tie
            order, case folded, alternations ``{ a / b }`` in the reference).

    Raises:
        BadInput: The numbers of references and hypotheses differ, there is no such aligner, or an
            alternation does not end.
    """
    _check(references, hypotheses, aligner)
    return ALIGNERS[aligner](references, hypotheses)


def align(
    reference: Sequence[str], hypothesis: Sequence[str], *, aligner: str = "levenshtein"
) -> Alignment:
    """``align_all`` of one utterance."""
    return align_all([reference], [hypothesis], aligner=aligner)[0]


def corpus_errors(
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    *,
    aligner: str = "levenshtein",
) -> Errors:
    """The errors of all utterances together; for "levenshtein" much faster than their sum.

    Raises:
        BadInput: As for ``align_all``.
    """
    _check(references, hypotheses, aligner)
    if aligner != "levenshtein":
        return total(one.errors for one in ALIGNERS[aligner](references, hypotheses))
    found = list(map(Levenshtein.editops, references, hypotheses))
    # asking the sentences themselves would fetch them all into the cache again
    edits, glosses, spoken = (
        np.fromiter(map(ask, found), int) for ask in (len, SOURCE_LENGTH, TARGET_LENGTH)
    )
    surplus = spoken - glosses
    most = edits - np.abs(surplus)
    # Two of these substitutions may be a deletion and an insertion instead. The fastest way to
    # ask is to let the edits write a "+" for every gloss that they bring in.
    asked = most > 1
    longest = max(glosses.max(initial=0), spoken.max(initial=0))
    old, new = "-" * longest, "+" * longest
    written = [each.apply(old, new) for each in compress(found, asked.tolist())]
    brought = "".join(written).count("+")
    substitutions = int(most[~asked].sum()) + 2 * brought - int((edits + surplus)[asked].sum())
    unpaired, inserted = int(edits.sum()) - substitutions, int(surplus.sum())
    deletions, insertions = (unpaired - inserted) // 2, (unpaired + inserted) // 2
    return Errors(substitutions, deletions, insertions, int(glosses.sum()))


def corpus_wer(references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]) -> float:
    """The WER of "levenshtein" in percent and nothing else, as fast as rapidfuzz allows.

    Raises:
        BadInput: The numbers of references and hypotheses differ, or no reference has a gloss.
    """
    _check(references, hypotheses, "levenshtein")
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
    versions = "|".join(f"{name}:{_version(name)}" for name in ("signlab", "jiwer"))
    return f"wer|align:{aligner}|clean:{clean}|decode:{decode}|{versions}"


def _levenshtein(
    references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
) -> list[Alignment]:
    return [
        Alignment(tuple(reference), tuple(hypothesis), _edits(reference, hypothesis))
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]


def _edits(reference: Sequence[str], hypothesis: Sequence[str]) -> str:
    edits, reached = [], 0
    for edit in Levenshtein.editops(reference, hypothesis):
        edits.append(CORRECT * (edit.src_pos - reached) + _LETTERS[edit.tag])
        reached = edit.src_pos + (edit.tag != "insert")
    edits.append(CORRECT * (len(reference) - reached))
    return "".join(edits)


def _sclite(
    references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
) -> list[Alignment]:
    return [Alignment(*found) for found in sclite.align_all(references, hypotheses)]


Aligner = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], list[Alignment]]

ALIGNERS: dict[str, Aligner] = {"levenshtein": _levenshtein, "sclite": _sclite}


def _check(references: Sequence, hypotheses: Sequence, aligner: str) -> None:
    if aligner not in ALIGNERS:
        raise BadInput(f"no aligner {aligner!r}; {nearest(aligner, ALIGNERS)}")
    if len(references) != len(hypotheses):
        raise BadInput(
            f"{len(references)} references but {len(hypotheses)} hypotheses; "
            "each utterance needs one of both"
        )


def _version(distribution: str) -> str:
    return ".".join(importlib.metadata.version(distribution).split(".")[:2])
