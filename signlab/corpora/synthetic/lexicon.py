"""Invented signs, in pairs that differ in exactly one parameter.

They are signs of no language, and their names mean nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TypeVar

from signlab.corpora.synthetic.handshapes import HANDSHAPES
from signlab.corpora.synthetic.phonology import (
    BROWS,
    DURATIONS,
    MOUTHS,
    MOVEMENTS,
    ORIENTATIONS,
    PLACES,
    RELATIONS,
    SECOND_HANDS,
)
from signlab.corpora.synthetic.stream import Stream

T = TypeVar("T")

_PURPOSE = 1
_OPEN_CLOSE = (("flat", "closed"), ("closed", "five"), ("fist", "index"), ("five", "fist"))
_PLAIN = 0.6
"""Share of signs whose mouth, brow, relation or second hand is the usual one."""


@dataclass(frozen=True)
class Sign:
    """What a gloss looks like; the values are the names of ``phonology`` and ``handshapes``.

    Attributes:
        handshape: At the start and at the end.
        relation: Of the hand to the body at its place.
    """

    gloss: str
    handshape: tuple[str, str]
    place: str
    movement: str
    orientation: str
    second_hand: str
    relation: str
    duration: str
    mouth: str
    brow: str


ASPECTS = tuple(field.name for field in fields(Sign) if field.name != "gloss")
"""The parameters in which signs differ."""

_SUFFIXES = {
    "handshape": "SHAPE",
    "relation": "BODY",
    "mouth": "MOUTH",
    "movement": "MOVE",
    "duration": "LONG",
    "place": "PLACE",
    "second_hand": "HANDS",
    "brow": "BROW",
    "orientation": "PALM",
}
"""Aspects in the order in which pairs are made, and what the second of a pair is called."""


@dataclass(frozen=True)
class Pair:
    """Two signs that differ in one aspect."""

    first: Sign
    second: Sign
    aspect: str


def differences(first: Sign, second: Sign) -> tuple[str, ...]:
    """The aspects in which two signs differ."""
    return tuple(name for name in ASPECTS if getattr(first, name) != getattr(second, name))


def minimal_pairs(signs: Sequence[Sign]) -> tuple[Pair, ...]:
    """All pairs that differ in exactly one aspect, in order."""
    found = []
    for position, second in enumerate(signs):
        for first in signs[:position]:
            aspects = differences(first, second)
            if len(aspects) == 1:
                found.append(Pair(first, second, aspects[0]))
    return tuple(found)


@cache
def make_lexicon(glosses: int) -> tuple[Sign, ...]:
    """The first signs of the one lexicon that there is: each a pair with its neighbour.

    A larger lexicon begins with the smaller one. Signs that are no pair differ in three aspects
    or more from the first of each other pair, in two or more from every sign.
    """
    stream = Stream(_PURPOSE)
    signs: list[Sign] = []
    while len(signs) < glosses:
        aspect = list(_SUFFIXES)[len(signs) // 2 % len(_SUFFIXES)]
        first = _invent(stream, _name(len(signs) // 2))
        second = _vary(stream, first, aspect)
        others = [(new, old) for new in (first, second) for old in signs]
        if all(len(differences(new, old)) >= 3 for new, old in others) and valid(second):
            signs += [first, second]
    return tuple(signs[:glosses])


def valid(sign: Sign) -> bool:
    """Whether a body can do it and its parameters show."""
    room = PLACES[sign.place].both and sign.relation == "touch"
    if sign.second_hand != "none" and not room:
        return False
    if sign.second_hand == "alternate":
        return MOVEMENTS[sign.movement].travels
    return True


def _invent(stream: Stream, gloss: str) -> Sign:
    """A sign at random, short, so that it can have a longer partner."""
    while True:
        shape = _choose(stream, [name for name in HANDSHAPES if name != "relaxed"])
        changing = stream.unit(1)[0] < 0.2
        sign = Sign(
            gloss=gloss,
            handshape=_choose(stream, _OPEN_CLOSE) if changing else (shape, shape),
            place=_choose(stream, list(PLACES)),
            movement=_choose(stream, list(MOVEMENTS)),
            orientation=_choose(stream, list(ORIENTATIONS)),
            second_hand=_mostly(stream, SECOND_HANDS),
            relation=_mostly(stream, list(RELATIONS)),
            duration="short",
            mouth=_mostly(stream, list(MOUTHS)),
            brow=_mostly(stream, list(BROWS)),
        )
        if valid(sign):
            return sign


def _vary(stream: Stream, sign: Sign, aspect: str) -> Sign:
    """The same sign but for one aspect."""
    choices = {
        "handshape": [(name, name) for name in HANDSHAPES if name != "relaxed"],
        "place": list(PLACES),
        "movement": list(MOVEMENTS),
        "orientation": list(ORIENTATIONS),
        "second_hand": list(SECOND_HANDS),
        "relation": list(RELATIONS),
        "duration": list(DURATIONS),
        "mouth": list(MOUTHS),
        "brow": list(BROWS),
    }[aspect]
    value = _choose(stream, [choice for choice in choices if choice != getattr(sign, aspect)])
    return replace(sign, gloss=f"{sign.gloss}-{_SUFFIXES[aspect]}", **{aspect: value})


def _choose(stream: Stream, choices: Sequence[T]) -> T:
    return choices[int(stream.integers(len(choices), 1)[0])]


def _mostly(stream: Stream, choices: Sequence[T]) -> T:
    """The first choice, usually."""
    plain = stream.unit(1)[0] < _PLAIN
    return choices[0] if plain else _choose(stream, choices[1:])


def _name(number: int) -> str:
    """A word of two syllables that no other number has, below 4900."""
    consonants, vowels = "BDFGKLMNPRSTVZ", "AEIOU"
    syllables = len(consonants) * len(vowels)
    first, second = (
        (number * 37 + 11) % syllables,
        (number // syllables * 29 + number * 23) % syllables,
    )
    return "".join(consonants[s // 5] + vowels[s % 5] for s in (first, second))
