"""References and hypotheses of the same utterances, brought together and shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from signlab.errors import BadInput
from signlab.scoring.wer import CORRECT, DELETION, INSERTION, Alignment

Glosses = tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Utterances in the reference's order, an entry each."""

    ids: tuple[str, ...]
    references: tuple[Glosses, ...]
    hypotheses: tuple[Glosses, ...]


def pair(
    references: Mapping[str, Glosses], hypotheses: Mapping[str, Glosses], *, name: str
) -> Pairs:
    """Match by utterance id; ids that agree in all but case match, as in NIST's tools.

    Args:
        name: What errors call the hypotheses (their file).

    Raises:
        BadInput: An utterance is missing or extra; says which and how many.
    """
    fold = _fold_both(references, hypotheses)
    by_id = {fold(one): glosses for one, glosses in hypotheses.items()}
    wanted = {fold(one) for one in references}
    missing = [one for one in references if fold(one) not in by_id]
    extra = [one for one in hypotheses if fold(one) not in wanted]
    for problem, found in (("no hypothesis for", missing), ("no reference for", extra)):
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            raise BadInput(
                f"{name}: {problem} utterance {', '.join(map(repr, found[:3]))}{more}; "
                "every utterance needs one line in both files, if only an empty one"
            )
    hypothesis = tuple(by_id[fold(one)] for one in references)
    return Pairs(tuple(references), tuple(references.values()), hypothesis)


def _fold_both(
    references: Mapping[str, Glosses], hypotheses: Mapping[str, Glosses]
) -> Callable[[str], str]:
    """How ids are compared: exactly, unless the two files differ and case alone never matters."""
    if references.keys() == hypotheses.keys():
        return str
    one_each = all(len({*map(str.casefold, ids)}) == len(ids) for ids in (references, hypotheses))
    return str.casefold if one_each else str


def side_by_side(alignment: Alignment) -> tuple[str, str]:
    """Two lines of text in columns, with stars where one side has no gloss."""
    cells = [
        (
            "*" * len(hypothesis or "") if edit == INSERTION else reference or "",
            "*" * len(reference or "") if edit == DELETION else hypothesis or "",
        )
        for edit, reference, hypothesis in alignment.columns()
    ]
    widths = [max(map(len, cell)) for cell in cells]
    lines = [
        " ".join(cell[side].ljust(width) for cell, width in zip(cells, widths, strict=True))
        for side in (0, 1)
    ]
    return lines[0].rstrip(), lines[1].rstrip()


def worst(alignments: Sequence[Alignment], number: int) -> list[int]:
    """Positions of the utterances with most errors, those with any; shorter references first."""
    wrong = [index for index, alignment in enumerate(alignments) if not alignment.correct]

    def rank(index: int) -> tuple[int, int]:
        edits = alignments[index].edits
        return edits.count(CORRECT) - len(edits), len(alignments[index].reference)

    return sorted(wrong, key=rank)[:number]
