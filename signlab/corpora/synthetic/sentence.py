"""From glosses to a script: which arm, hand and face is when at which key posture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from signlab.corpora.synthetic.phonetics import BASE_TURN, FLAT, IDLE_TURN, RELAXED, Phonetics
from signlab.corpora.synthetic.phonology import BASE, IDLE, SECOND_HANDS
from signlab.corpora.synthetic.rotation import dot, small_turn, times
from signlab.corpora.synthetic.signer import Signer
from signlab.corpora.synthetic.stream import Stream

_EYES = -0.84
"""Height of the eyes that the places of ``phonology`` are given for."""

_NONE, _, _ALTERNATE, _BASE = range(len(SECOND_HANDS))


@dataclass(frozen=True)
class Keys:
    """Postures of one arm, in its own frame, and what it does on the way to the next.

    Attributes:
        position: Of the palm.
        turn: Orientation of the hand, a quaternion.
        fingers: See ``handshapes``.
        swing, swerve, cycles, twist, wiggle: See ``phonology.Movement``; zero between signs.
    """

    position: Float64[np.ndarray, "3 keys"]
    turn: Float64[np.ndarray, "4 keys"]
    fingers: Float64[np.ndarray, "20 keys"]
    swing: Float64[np.ndarray, "3 keys"]
    swerve: Float64[np.ndarray, "3 keys"]
    cycles: Float64[np.ndarray, " keys"]
    twist: Float64[np.ndarray, " keys"]
    wiggle: Float64[np.ndarray, " keys"]


@dataclass(frozen=True)
class Script:
    """A sentence to perform: two keys of rest, three a sign (start, end, leave), two of rest.

    Attributes:
        times: Of the keys, in seconds.
        first: The dominant arm.
        second: The other.
        face: Amounts of the first seven ``face.SHAPES``.
    """

    times: Float64[np.ndarray, " keys"]
    first: Keys
    second: Keys
    face: Float64[np.ndarray, "7 keys"]


def write_script(
    glosses: Int64[np.ndarray, " signs"], phonetics: Phonetics, signer: Signer, stream: Stream
) -> Script:
    """How ``signer`` signs a sentence this time.

    Args:
        glosses: Positions in the lexicon that ``phonetics`` was made from.
        phonetics: The lexicon as numbers.
        signer: Adds habits.
        stream: Adds what varies from one time to the next; as many draws for any sign.
    """
    signs = len(glosses)
    said = phonetics.take(glosses)
    loose = signer.looseness * stream.bell(32, signs)
    chance = stream.unit(8, signs)
    first = _dominant(said, signer, loose)
    second = _second(first, said, signer, loose, chance)
    rest = stream.uniform(0.12, 0.40, 2)
    keys = _times(first, said, signer, loose, rest)
    return Script(keys, first, second, _face(said, signer, loose, chance))


def _dominant(said: Phonetics, signer: Signer, loose: np.ndarray) -> Keys:
    size = signer.size * (1 + 0.08 * loose[3])
    place = said.place + np.where(said.head, _head_offset(said.place, signer), 0.0)
    start = place + signer.offset[:, None] + 0.03 * loose[0:3] - said.path * size / 2
    start, end = _undershoot(start, start + said.path * size, signer)
    habit = times(said.turn, small_turn(signer.palm[:, None] + 0.07 * loose[27:30]))
    fingers = [
        shape
        + signer.sloppiness * (RELAXED[:, None] - shape)
        + signer.fingers[:, None]
        + 0.05 * loose[7:27]
        for shape in (said.fingers_start, said.fingers_end)
    ]
    return Keys(
        position=_keys(start, end, end, rest=_idle(signer)),
        turn=_keys(habit, habit, habit, rest=IDLE_TURN),
        fingers=_keys(fingers[0], fingers[1], fingers[1], rest=RELAXED),
        swing=_on_stroke(said.swing * size),
        swerve=_on_stroke(said.swerve * size),
        cycles=_on_stroke(said.cycles[None])[0],
        twist=_on_stroke(said.twist[None] * size)[0],
        wiggle=_on_stroke(said.wiggle[None] * size)[0],
    )


def _head_offset(place: np.ndarray, signer: Signer) -> np.ndarray:
    """What a longer neck and a larger head do to places on the head."""
    scaled = (place - np.array([[0.0], [_EYES], [0.0]])) * (signer.head / 0.32)
    return scaled + np.array([[0.0], [signer.neck], [0.0]]) - place


def _undershoot(
    start: np.ndarray, end: np.ndarray, signer: Signer
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the start of each sign to the end before it, and the end to the start after it."""
    share = signer.undershoot
    early, late = start.copy(), end.copy()
    early[:, 1:] += share * (end[:, :-1] - start[:, 1:])
    late[:, :-1] += share * (start[:, 1:] - end[:, :-1])
    return early, late


def _second(
    first: Keys, said: Phonetics, signer: Signer, loose: np.ndarray, chance: np.ndarray
) -> Keys:
    """The second arm mirrors the first, alternates with it, is its base, or has nothing to do."""
    kind = said.second
    signs = len(kind)
    body = first.position[:, 2:-2].reshape(3, signs, 3)
    middle = (body[:, :, :1] + body[:, :, 1:2]) / 2
    sign = np.where(kind == _ALTERNATE, -1.0, 1.0)
    share = (sign * signer.second_size)[None, :, None]
    position = middle + share * (body - middle)
    base = middle * np.array([-1.0, 1.0, 1.0])[:, None, None] + np.array(BASE[0])[:, None, None]
    position = np.where((kind == _BASE)[None, :, None], base, position)
    turn = first.turn[:, 2:-2].reshape(4, signs, 3)
    turn = np.where((kind == _BASE)[None, :, None], BASE_TURN[:, None, None], turn)
    fingers = first.fingers[:, 2:-2].reshape(20, signs, 3)
    fingers = np.where((kind == _BASE)[None, :, None], FLAT[:, None, None], fingers)
    source = _sources(kind, chance[0] < signer.perseveration)
    moving = (kind != _NONE) & (kind != _BASE)
    factor = np.where(moving, sign * signer.second_size, 0.0)
    steady = np.where(moving, 1.0, 0.0)
    jitter = 0.02 * np.repeat(loose[30:31], 3, axis=0)
    return Keys(
        position=_held(position, source, _idle(signer)) + _padded(jitter),
        turn=_held(turn, source, IDLE_TURN),
        fingers=_held(fingers, source, RELAXED),
        swing=_on_stroke(said.swing * signer.size * factor),
        swerve=_on_stroke(said.swerve * signer.size * factor),
        cycles=_on_stroke(said.cycles[None] * steady)[0],
        twist=_on_stroke(said.twist[None] * steady)[0],
        wiggle=_on_stroke(said.wiggle[None] * steady)[0],
    )


def _sources(kind: np.ndarray, stays: np.ndarray) -> list[int]:
    """For each sign, the sign whose posture the second hand has; -1 at rest."""
    sources, before = [], -1
    for position, (this, stay) in enumerate(zip(kind, stays, strict=True)):
        if this != _NONE:
            before = position
        elif not stay:
            before = -1
        sources.append(before)
    return sources


def _held(postures: np.ndarray, sources: list[int], rest: np.ndarray) -> np.ndarray:
    """Keys of the second hand; where it holds an earlier posture, that one's last key."""
    columns = []
    for position, source in enumerate(sources):
        if source == position:
            columns.append(postures[:, position])
        else:
            held = rest if source < 0 else postures[:, source, 2]
            columns.append(np.repeat(held[:, None], 3, axis=1))
    middle = np.concatenate(columns, axis=1)
    edge = np.repeat(rest[:, None], 2, axis=1)
    return np.concatenate([edge, middle, edge], axis=1)


def _times(
    first: Keys, said: Phonetics, signer: Signer, loose: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """When the keys are; a longer way takes longer."""
    stroke = said.seconds * np.maximum(1 + 0.09 * loose[4], 0.6) / signer.speed
    hold = said.hold * np.maximum(1 + 0.15 * loose[5], 0.4) / signer.speed
    way = first.position[:, 2:-1:3] - first.position[:, 1:-2:3]
    tempo = np.concatenate([np.maximum(1 + 0.12 * loose[6], 0.5), np.ones(1)])
    seconds = 0.12 + 0.20 * np.sqrt(dot(way, way))
    between = seconds * tempo * signer.pause / signer.speed
    signs = np.stack([between[:-1], stroke, hold], axis=1).reshape(-1)
    return np.cumsum(np.concatenate([[0.0, rest[0]], signs, between[-1:], rest[1:]]))


def _face(said: Phonetics, signer: Signer, loose: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Mouth and brows during each sign, and mouth movement that means nothing."""
    amounts = said.face * signer.face_amount * (1 + 0.10 * loose[31])
    empty = np.zeros_like(amounts)
    shape = (chance[1] * 4).astype(np.int64)
    empty[shape, np.arange(len(shape))] = signer.mouthing * 2 * chance[2]
    amounts = amounts + empty
    return _keys(amounts, amounts, amounts, rest=np.zeros(7))


def _keys(start: np.ndarray, end: np.ndarray, leave: np.ndarray, *, rest: np.ndarray) -> np.ndarray:
    signs = np.stack([start, end, leave], axis=2).reshape(len(start), -1)
    edge = np.repeat(rest[:, None], 2, axis=1)
    return np.concatenate([edge, signs, edge], axis=1)


def _on_stroke(values: np.ndarray) -> np.ndarray:
    """What happens only between the start and the end of each sign."""
    return _keys(values, 0 * values, 0 * values, rest=np.zeros(len(values)))


def _padded(values: np.ndarray) -> np.ndarray:
    return _keys(values, values, values, rest=np.zeros(len(values)))


def _idle(signer: Signer) -> np.ndarray:
    return np.array(IDLE[0]) * signer.arm + signer.offset
