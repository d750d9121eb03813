"""References and hypotheses of the same utterances, brought together and shown."""

from collections.abc import Mapping, Sequence
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
    if references.keys() != hypotheses.keys():
        references, hypotheses = _fold(references), _fold(hypotheses)
    missing = [one for one in references if one not in hypotheses]
    extra = [one for one in hypotheses if one not in references]
    for problem, found in (("no hypothesis for", missing), ("no reference for", extra)):
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            raise BadInput(
                f"{name}: {problem} utterance {', '.join(map(repr, found[:3]))}{more}; "
                "every utterance needs one line in both files, if only an empty one"
            )
    ids = tuple(references)
    return Pairs(ids, tuple(references.values()), tuple(hypotheses[one] for one in ids))


def _fold(transcripts: Mapping[str, Glosses]) -> Mapping[str, Glosses]:
    folded = {name.casefold(): glosses for name, glosses in transcripts.items()}
    return folded if len(folded) == len(transcripts) else transcripts


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
