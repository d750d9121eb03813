"""From the keys of a script to the posture at each frame."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64

from signlab.corpora.synthetic.rotation import (
    TURN,
    blended,
    minimum_jerk,
    sine_cosine,
    times,
)
from signlab.corpora.synthetic.sentence import Keys, Script

_BENDING = [5, 9, 13, 17]
"""The first joints of the four fingers that wiggle, among the twenty angles."""

_LATER = np.array([0.0, 0.9, 1.8, 2.7])[:, None, None]
"""Their phases, in radians."""


@dataclass(frozen=True)
class Postures:
    """Both arms over time, each in its own frame; the dominant one first."""

    palm: Float64[np.ndarray, "3 2 frames"]
    turn: Float64[np.ndarray, "4 2 frames"]
    fingers: Float64[np.ndarray, "20 2 frames"]


def follow(script: Script, at: Float64[np.ndarray, "2 frames"]) -> Postures:
    """The postures at some times of each arm, in seconds; before and after the script it rests."""
    keys = _joined(script.first, script.second)
    before, share = _progress(script.times, at)
    before = before + np.array([[0], [len(script.times)]])
    palm = _between(keys.position, before, share)
    turn = blended(keys.turn[:, before], keys.turn[:, before + 1], share)
    fingers = _between(keys.fingers, before, share)
    phase = TURN * keys.cycles[before] * share
    sine, cosine = sine_cosine(phase)
    palm = palm + keys.swing[:, before] * ((1 - cosine) / 2) + keys.swerve[:, before] * sine
    half_sine, half_cosine = sine_cosine(keys.twist[before] * sine / 2)
    nothing = np.zeros_like(sine)
    # about the hand's own y axis, which is nearly the forearm's
    turn = times(turn, np.stack([half_cosine, nothing, half_sine, nothing]))
    bending, _ = sine_cosine(phase - _LATER)
    # one finger after the other, and each from where it was to where it was
    fingers[_BENDING] += keys.wiggle[before] * (bending + sine_cosine(_LATER)[0])
    return Postures(palm, turn, fingers)


def _joined(first: Keys, second: Keys) -> Keys:
    """The keys of both arms, one after the other, so that both are followed at once."""
    pairs = ((f.name, getattr(first, f.name), getattr(second, f.name)) for f in fields(Keys))
    return Keys(**{name: np.concatenate([a, b], axis=-1) for name, a, b in pairs})


def interpolate(
    values: Float64[np.ndarray, "shapes keys"],
    key_times: Float64[np.ndarray, " keys"],
    at: Float64[np.ndarray, " frames"],
) -> Float64[np.ndarray, "shapes frames"]:
    """Other values at some times, with minimum jerk from key to key."""
    before, share = _progress(key_times, at)
    return _between(values, before, share)


def _progress(key_times: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The key before each time, and how far it is to the next."""
    before = np.searchsorted(key_times, at, side="right") - 1
    before = np.clip(before, 0, len(key_times) - 2)
    start, end = key_times[before], key_times[before + 1]
    return before, minimum_jerk(np.clip((at - start) / (end - start), 0.0, 1.0))


def _between(values: np.ndarray, before: np.ndarray, share: np.ndarray) -> np.ndarray:
    first = values[:, before]
    return first + (values[:, before + 1] - first) * share
