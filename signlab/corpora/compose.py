"""Sentences made of isolated clips of one signer."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int16

from signlab.corpora.base import Sample
from signlab.corpora.store import Store
from signlab.corpora.trim import active_span
from signlab.landmarks.layout import MISSING

T = TypeVar("T")

REST_FRAMES = (4, 12)
"""Length of a pause between signs."""

KEPT = 4096
"""Clips whose place in the files is remembered; their frames stay in the files."""


@dataclass(frozen=True)
class Style:
    """How clips become sentences.

    Attributes:
        glosses: Signs a sentence, fewest and most.
        speed: Range of the speed of a sign, 1 is as recorded.
        transition: Frames between two signs, fewest and most.
        rest: Probability of a pause before the first, between two, and after the last sign.
    """

    glosses: tuple[int, int]
    speed: tuple[float, float]
    transition: tuple[int, int]
    rest: float


@dataclass(frozen=True)
class Piece:
    """A clip's place in a sentence: its frames ``start`` to ``end`` in ``frames`` frames.

    Attributes:
        sign: Whether it is one of the sentence's glosses, and no pause.
    """

    row: int
    start: int
    end: int
    frames: int
    sign: bool = False


@dataclass(frozen=True)
class Sentence:
    """What a sentence is made of: pieces, and the frames of the transition after each but one."""

    id: str
    signer: str
    glosses: tuple[str, ...]
    pieces: tuple[Piece, ...]
    transitions: tuple[int, ...]


class Clips:
    """The clips that one split may use, by signer and gloss; pauses stand under ``None``."""

    def __init__(self, store: Store, rows: np.ndarray, spans: dict[int, tuple[int, int]]) -> None:
        self._store = store
        self._spans = spans
        self._sample = lru_cache(maxsize=KEPT)(store.sample)
        self.signs: dict[str, dict[str, list[int]]] = {}
        self.pauses: dict[str, list[int]] = {}
        index = store.index
        for row in map(int, rows):
            signer = index.signers.names[index.signers.codes[row]]
            glosses = index.glosses_of(row)
            if glosses:
                self.signs.setdefault(signer, {}).setdefault(glosses[0], []).append(row)
            else:
                self.pauses.setdefault(signer, []).append(row)

    def span(self, row: int) -> tuple[int, int]:
        """The active frames of a clip; found once."""
        if row not in self._spans:
            self._spans[row] = active_span(self._sample(row).landmarks, self._store.layout)
        return self._spans[row]

    def frames(self, row: int) -> int:
        """The length of a whole clip."""
        return int(self._store.index.frames[row])

    def render(self, sentence: Sentence) -> Sample:
        """Landmarks of a sentence."""
        return render(self._sample, sentence)


def render(sample: Callable[[int], Sample], sentence: Sentence) -> Sample:
    """Landmarks of a sentence.

    Args:
        sample: Gives the utterances of which the pieces are a part, by their rows.
    """
    clips = [sample(piece.row) for piece in sentence.pieces]
    frames = np.concatenate(
        [
            clip.landmarks[piece.start : piece.end]
            for clip, piece in zip(clips, sentence.pieces, strict=True)
        ]
    )
    return Sample(
        id=sentence.id,
        signer=sentence.signer,
        glosses=sentence.glosses,
        landmarks=blend(frames, times(sentence)),
        aspect=clips[0].aspect,
        fps=clips[0].fps,
        spans=spans(sentence),
    )


def plan(clips: Clips, style: Style, name: str, rng: np.random.Generator) -> Sentence:
    """Draw a sentence: a signer, then signs, a clip for each, speeds, pauses and transitions.

    No sign follows itself: signed twice in a row it is often another sign (a plural, an aspect).
    """
    signer = one(sorted(clips.signs), rng)
    signs, pauses = clips.signs[signer], clips.pauses.get(signer, [])
    known = sorted(signs)
    glosses: list[str] = []
    for _ in range(rng.integers(style.glosses[0], style.glosses[1] + 1)):
        glosses.append(one([gloss for gloss in known if gloss not in glosses[-1:]], rng))
    pieces: list[Piece] = []
    for gloss in [*glosses, None]:
        if pauses and rng.random() < style.rest:
            pieces.append(_pause(clips, pauses, rng))
        if gloss is not None:
            pieces.append(_sign(clips, signs[gloss], style, rng))
    low, high = style.transition
    transitions = rng.integers(low, high + 1, size=len(pieces) - 1)
    return Sentence(name, signer, tuple(glosses), tuple(pieces), tuple(map(int, transitions)))


def times(sentence: Sentence) -> Float32[np.ndarray, " frames"]:
    """Where each frame of a sentence lies in its pieces laid end to end.

    Between two pieces it goes from the last frame of one to the first of the next, which are
    neighbours there, starting and ending at rest.
    """
    parts, offset = [], 0
    for piece, transition in zip(sentence.pieces, (*sentence.transitions, 0), strict=True):
        last = offset + piece.end - piece.start - 1
        parts.append(np.linspace(offset, last, piece.frames))
        way = np.arange(1, transition + 1) / (transition + 1)
        parts.append(last + way * way * (3 - 2 * way))
        offset = last + 1
    return np.concatenate(parts).astype(np.float32)


def spans(sentence: Sentence) -> tuple[tuple[int, int], ...]:
    """The frames of each gloss of a sentence, without the ways from one to the next."""
    found, begin = [], 0
    for piece, transition in zip(sentence.pieces, (*sentence.transitions, 0), strict=True):
        if piece.sign:
            found.append((begin, begin + piece.frames))
        begin += piece.frames + transition
    return tuple(found)


def blend(
    frames: Int16[np.ndarray, "source points coordinates"], at: Float32[np.ndarray, " frames"]
) -> Int16[np.ndarray, "frames points coordinates"]:
    """Frames at fractional times; a point missing on one side is taken from the nearer side."""
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, len(frames) - 1)
    share = (at - low)[:, None, None]
    before, after = frames[low], frames[high]
    blended = share * (after.astype(np.float32) - before)
    blended += before
    found = np.rint(blended, out=blended).astype(np.int16)
    missing = (before == MISSING) | (after == MISSING)
    np.copyto(found, np.where(share < 0.5, before, after), where=missing)  # half way
    return found


def _sign(clips: Clips, rows: Sequence[int], style: Style, rng: np.random.Generator) -> Piece:
    row = one(rows, rng)
    start, end = clips.span(row)
    slow, fast = np.log(style.speed)
    speed = np.exp(rng.uniform(slow, fast))  # twice as fast is as likely as half as fast
    return Piece(row, start, end, max(2, round((end - start) / speed)), sign=True)


def _pause(clips: Clips, rows: Sequence[int], rng: np.random.Generator) -> Piece:
    row = one(rows, rng)
    length = min(int(rng.integers(REST_FRAMES[0], REST_FRAMES[1] + 1)), clips.frames(row))
    start = int(rng.integers(0, clips.frames(row) - length + 1))
    return Piece(row, start, start + length, length)


def one(items: Sequence[T], rng: np.random.Generator) -> T:
    """One of ``items``, each as likely."""
    return items[int(rng.integers(len(items)))]


def stream(name: str) -> int:
    """A number for the random stream of that name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
