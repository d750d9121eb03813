"""A lexicon as arrays, so that a whole sentence is looked up at once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64, Int64

from signlab.corpora.synthetic.handshapes import HANDSHAPES
from signlab.corpora.synthetic.lexicon import Sign
from signlab.corpora.synthetic.phonology import (
    BASE,
    BROWS,
    DURATIONS,
    IDLE,
    MOUTHS,
    MOVEMENTS,
    ORIENTATIONS,
    PLACES,
    RELATIONS,
    SECOND_HANDS,
)
from signlab.corpora.synthetic.rotation import facing

_TURNS = dict(
    zip(
        ORIENTATIONS,
        facing(*np.array(list(ORIENTATIONS.values())).transpose(1, 2, 0)).T,
        strict=True,
    )
)
IDLE_TURN, BASE_TURN = _TURNS[IDLE[1]], _TURNS[BASE[1]]
RELAXED, FLAT = np.array(HANDSHAPES["relaxed"]), np.array(HANDSHAPES["flat"])


@dataclass(frozen=True)
class Phonetics:
    """Signs as numbers; the last axis is the sign, and the names are those of ``phonology``.

    Attributes:
        place: Middle of the palm's way.
        second: Position in ``SECOND_HANDS``.
        face: Amounts of the first seven ``face.SHAPES``.
    """

    place: Float64[np.ndarray, "3 signs"]
    head: Bool[np.ndarray, " signs"]
    path: Float64[np.ndarray, "3 signs"]
    swing: Float64[np.ndarray, "3 signs"]
    swerve: Float64[np.ndarray, "3 signs"]
    cycles: Float64[np.ndarray, " signs"]
    twist: Float64[np.ndarray, " signs"]
    wiggle: Float64[np.ndarray, " signs"]
    seconds: Float64[np.ndarray, " signs"]
    hold: Float64[np.ndarray, " signs"]
    turn: Float64[np.ndarray, "4 signs"]
    fingers_start: Float64[np.ndarray, "20 signs"]
    fingers_end: Float64[np.ndarray, "20 signs"]
    second: Int64[np.ndarray, " signs"]
    face: Float64[np.ndarray, "7 signs"]

    def take(self, glosses: Int64[np.ndarray, " taken"]) -> "Phonetics":
        """The signs of a sentence."""
        return Phonetics(**{f.name: getattr(self, f.name)[..., glosses] for f in fields(self)})


def make_phonetics(signs: Sequence[Sign]) -> Phonetics:
    """The numbers behind the names of each sign's values."""
    places = [PLACES[sign.place] for sign in signs]
    moves = [MOVEMENTS[sign.movement] for sign in signs]
    spans = [DURATIONS[sign.duration] for sign in signs]
    relations = [RELATIONS[sign.relation] for sign in signs]
    return Phonetics(
        place=_columns([place.at for place in places]) + _columns(relations),
        head=np.array([place.head for place in places]),
        path=_columns([move.path for move in moves]),
        swing=_columns([move.swing for move in moves]),
        swerve=_columns([move.swerve for move in moves]),
        cycles=np.array([move.cycles for move in moves]),
        twist=np.array([move.twist for move in moves]),
        wiggle=np.array([move.wiggle for move in moves]),
        seconds=np.array([m.seconds * s[0] for m, s in zip(moves, spans, strict=True)]),
        hold=np.array([span[1] for span in spans]),
        turn=_columns([_TURNS[sign.orientation] for sign in signs]),
        fingers_start=_columns([HANDSHAPES[sign.handshape[0]] for sign in signs]),
        fingers_end=_columns([HANDSHAPES[sign.handshape[1]] for sign in signs]),
        second=np.array([SECOND_HANDS.index(sign.second_hand) for sign in signs]),
        face=_columns([MOUTHS[sign.mouth] + BROWS[sign.brow] for sign in signs]),
    )


def _columns(rows: Sequence) -> np.ndarray:
    return np.array(rows, dtype=np.float64).T
