"""References and hypotheses of the same utterances, brought together and shown."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from signlab.errors import BadInput
from signlab.scoring.files import Transcripts
from signlab.scoring.wer import CORRECT, DELETION, INSERTION, Alignment

Glosses = tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Utterances in the reference's order, an entry each.

    Attributes:
        places: File and line of the reference.
        signers: Empty where unknown.
    """

    ids: tuple[str, ...]
    places: tuple[str, ...]
    signers: tuple[str, ...]
    references: tuple[Glosses, ...]
    hypotheses: tuple[Glosses, ...]


def pair(references: Transcripts, hypotheses: Transcripts) -> Pairs:
    """Match by utterance id; ids that agree in all but case match, as in NIST's tools.

    Raises:
        BadInput: An utterance is missing or extra; says where, which and how many.
    """
    fold = _fold_both(references, hypotheses)
    by_id = {fold(one): glosses for one, glosses in hypotheses.items()}
    wanted = {fold(one) for one in references}
    missing = [one for one in references if fold(one) not in by_id]
    extra = [one for one in hypotheses if fold(one) not in wanted]
    if missing:
        ctm = "; a .ctm file cannot hold an empty one: write [EMPTY] for it, or another format"
        raise BadInput(
            f"{references.where(missing[0])}: {hypotheses.path} has no hypothesis for utterance "
            f"{_named(missing)}; every utterance needs one, if only an empty one"
            + (ctm if hypotheses.path.suffix == ".ctm" else "")
        )
    if extra:
        raise BadInput(
            f"{hypotheses.where(extra[0])}: {references.path} has no reference for utterance "
            f"{_named(extra)}"
        )
    return Pairs(
        tuple(references),
        tuple(map(references.where, references)),
        tuple(references.signers.get(one, "") for one in references),
        tuple(references.values()),
        tuple(by_id[fold(one)] for one in references),
    )


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(map(repr, ids[:3])) + more


def _fold_both(references: Iterable[str], hypotheses: Iterable[str]) -> Callable[[str], str]:
    """How ids are compared: exactly, unless the two files differ and case alone never matters."""
    sides = [set(references), set(hypotheses)]
    if sides[0] == sides[1]:
        return str
    one_each = all(len({*map(str.casefold, ids)}) == len(ids) for ids in sides)
    return str.casefold if one_each else str


def fill_absent(references: Transcripts, hypotheses: Transcripts) -> list[str]:
    """Give each utterance that the hypotheses lack an empty one, and tell which these are."""
    fold = _fold_both(references, hypotheses)
    known = {fold(one) for one in hypotheses}
    absent = [one for one in references if fold(one) not in known]
    hypotheses.update((one, ()) for one in absent)
    return absent


def side_by_side(alignment: Alignment, *, width: int) -> list[tuple[str, str, str]]:
    """Reference, hypothesis and what is wrong, in columns; stars where one side has no gloss.

    Args:
        width: Of a line; what does not fit goes on in a further triple of lines.
    """
    rows: list[list[tuple[str, str, str]]] = [[]]
    used = 0
    for edit, reference, hypothesis in alignment.columns():
        left = "*" * len(hypothesis or "") if edit == INSERTION else reference or ""
        right = "*" * len(reference or "") if edit == DELETION else hypothesis or ""
        wide = max(len(left), len(right))
        if rows[-1] and used + wide > width:
            rows.append([])
            used = 0
        used += wide + 1
        mark = " " if edit == CORRECT else edit
        rows[-1].append((left.ljust(wide), right.ljust(wide), mark.ljust(wide)))
    return [
        (" ".join(left).rstrip(), " ".join(right).rstrip(), " ".join(marks).rstrip())
        for left, right, marks in (zip(*row, strict=True) for row in rows if row)
    ]


def worst(alignments: Sequence[Alignment], number: int) -> list[int]:
    """Positions of the utterances with most errors, those with any; shorter references first."""
    wrong = [index for index, alignment in enumerate(alignments) if not alignment.correct]

    def rank(index: int) -> tuple[int, int]:
        edits = alignments[index].edits
        return edits.count(CORRECT) - len(edits), len(alignments[index].reference)

    return sorted(wrong, key=rank)[:number]
