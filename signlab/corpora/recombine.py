"""New sentences from the signs of real ones, where a corpus tells when each gloss is signed.

A small corpus says the same sentences again and again, and a recogniser learns them by heart:
after JOHN comes WILL, whatever the hands do. In recombined sentences any sign follows any other.
"""

from dataclasses import dataclass

import numpy as np

from signlab.corpora.base import Sample
from signlab.corpora.compose import Piece, Sentence, one, render
from signlab.corpora.store import Store
from signlab.errors import BadCorpus

TRANSITION = (1, 6)
"""Frames between two signs, fewest and most."""


@dataclass
class _Signer:
    """What one signer signed: each sign by its gloss, what comes before and after sentences."""

    signs: dict[str, list[Piece]]
    glosses: list[str]
    before: list[Piece]
    after: list[Piece]
    lengths: list[int]


class Signs:
    """The signs of some utterances of a corpus.

    Args:
        store: The corpus.
        rows: The utterances.

    Raises:
        BadCorpus: It does not tell when the glosses of one of them are signed.
    """

    def __init__(self, store: Store, rows: np.ndarray) -> None:
        self._store = store
        self._signers: dict[str, _Signer] = {}
        for row in map(int, rows):
            self._add(row)

    def _add(self, row: int) -> None:
        index = self._store.index
        glosses, spans = index.glosses_of(row), index.spans_of(row)
        if spans is None:
            raise BadCorpus(
                f"{self._store.path} does not tell when the glosses of {index.id(row)!r} are "
                "signed; set `recombined: 0`, or import it with timed glosses"
            )
        name = index.signers.names[index.signers.codes[row]]
        signer = self._signers.setdefault(name, _Signer({}, [], [], [], []))
        for gloss, (start, end) in zip(glosses, spans, strict=True):
            piece = Piece(row, start, end, end - start, sign=True)
            signer.signs.setdefault(gloss, []).append(piece)
            signer.glosses.append(gloss)
        signer.lengths.append(len(glosses))
        first, last, frames = spans[0][0], spans[-1][1], int(index.frames[row])
        if first > 0:
            signer.before.append(Piece(row, 0, first, first))
        if last < frames:
            signer.after.append(Piece(row, last, frames, frames - last))

    def sentence(self, name: str, rng: np.random.Generator) -> Sample:
        """A sentence of one signer, as long as a real one, with its hands coming and going.

        Half of the glosses are drawn evenly, so that rare signs are seen in many surroundings,
        half as often as they occur. No sign follows itself.
        """
        who = one(sorted(self._signers), rng)
        signer = self._signers[who]
        known = sorted(signer.signs)
        glosses: list[str] = []
        for _ in range(one(signer.lengths, rng)):
            pool = known if rng.random() < 0.5 else signer.glosses
            choice = [gloss for gloss in pool if gloss not in glosses[-1:]]
            if choice:
                glosses.append(one(choice, rng))
        pieces = [one(signer.signs[gloss], rng) for gloss in glosses]
        pieces = [*_maybe(signer.before, rng), *pieces, *_maybe(signer.after, rng)]
        transitions = rng.integers(TRANSITION[0], TRANSITION[1] + 1, size=len(pieces) - 1)
        gaps = tuple(map(int, transitions))
        return render(self._store.sample, Sentence(name, who, tuple(glosses), tuple(pieces), gaps))


def _maybe(pieces: list[Piece], rng: np.random.Generator) -> list[Piece]:
    return [one(pieces, rng)] if pieces else []
