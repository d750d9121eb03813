"""Who signs and how: build, hand, tempo, habits, face, and the camera in front of them."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from signlab.corpora.synthetic.stream import Stream

_PURPOSE = 2
_ASPECTS = (0.5625, 0.75, 0.75, 1.0, 1.238)
_FRAME_RATES = (25.0, 25.0, 25.0, 30.0)


class Range(NamedTuple):
    """What is usual for a trait, and how far signers differ from it to either side."""

    usual: float
    spread: float


_TRAITS = {
    "arm": Range(1.0, 0.08),
    "hand": Range(0.34, 0.045),
    "head": Range(0.32, 0.025),
    "neck": Range(-0.84, 0.07),
    "face_width": Range(1.0, 0.07),
    "speed": Range(1.4, 0.28),
    "pause": Range(1.0, 0.25),
    "size": Range(1.0, 0.22),
    "sloppiness": Range(0.16, 0.16),
    "undershoot": Range(0.09, 0.09),
    "face_amount": Range(0.75, 0.35),
    "mouthing": Range(0.26, 0.20),
    "face_lead": Range(0.04, 0.06),
    "second_size": Range(0.88, 0.12),
    "second_lag": Range(0.02, 0.02),
    "perseveration": Range(0.15, 0.15),
    "sway": Range(0.04, 0.03),
    "tremor": Range(0.004, 0.003),
    "looseness": Range(0.9, 0.4),
    "losses": Range(1.0, 0.6),
}


@dataclass(frozen=True)
class Camera:
    """How the signer is seen.

    Attributes:
        scale: Shoulder widths to image widths.
        left: The shoulders' middle in the image, in image widths.
        top: The same, in image heights.
        aspect: Height over width.
        yaw: By how much the signer is seen from the side, in radians.
        roll: By how much the camera is askew, in radians.
        fps: Frames a second.
    """

    scale: float
    left: float
    top: float
    aspect: float
    yaw: float
    roll: float
    fps: float


@dataclass(frozen=True)
class Signer:
    """One signer; lengths are in shoulder widths, times in seconds.

    Attributes:
        arm: Factor of the arms' length.
        hand: From the wrist to the middle knuckle.
        head: Between the outer corners of the eyes.
        neck: Height of the eyes over the shoulders (negative: y grows downwards).
        pause: Factor of the time between signs.
        size: Factor of the movements' size.
        sloppiness: How far handshapes are left on the way to a relaxed hand, 0 to 1.
        undershoot: How far signs give way to their neighbours' places, 0 to 1.
        face_amount: How clearly the face is used; below 0.6 it is hard to read.
        mouthing: Amount of mouth movement that means nothing.
        face_lead: By how much the face comes before the hands.
        second_size: Movement of the second hand relative to the first.
        perseveration: Probability that the second hand stays where it was instead of resting.
        looseness: How much signs vary from one time to the next; 1 is usual.
        losses: How often the tracker loses hands and face; 1 is usual.
        offset: Where this signer's places are off.
        palm: Habitual turn of the palm, about x, y and z, in radians.
        fingers: Habitual bending of the fingers, in radians.
    """

    name: str
    left_handed: bool
    camera: Camera
    arm: float
    hand: float
    head: float
    neck: float
    face_width: float
    speed: float
    pause: float
    size: float
    sloppiness: float
    undershoot: float
    face_amount: float
    mouthing: float
    face_lead: float
    second_size: float
    second_lag: float
    perseveration: float
    sway: float
    tremor: float
    looseness: float
    losses: float
    offset: Float64[np.ndarray, "3"] = field(repr=False)
    palm: Float64[np.ndarray, "3"] = field(repr=False)
    fingers: Float64[np.ndarray, "20"] = field(repr=False)


def make_signers(
    count: int, *, left_handed: frozenset[int], variation: float, seed: int
) -> list[Signer]:
    """Signers that cover the range of every trait evenly, so that few signers differ enough.

    Args:
        count: How many.
        left_handed: The positions of those that sign with the left hand.
        variation: Factor of all differences between them; 0 gives one person many times.
        seed: Decides their traits.
    """
    stream = Stream(_PURPOSE, seed)
    # a Latin square: each trait takes one value from each of `count` equal parts of its range
    levels = {name: (stream.order(count) + stream.unit(count)) / count * 2 - 1 for name in _TRAITS}
    signers = []
    for position in range(count):
        traits = {
            name: trait.usual + trait.spread * variation * float(levels[name][position])
            for name, trait in _TRAITS.items()
        }
        floors = {name: max(traits[name], 0.0) for name in ("sloppiness", "undershoot", "mouthing")}
        signers.append(
            Signer(
                name=f"s{position + 1:02d}",
                left_handed=position in left_handed,
                camera=_camera(stream, variation),
                offset=variation * np.array([0.045, 0.045, 0.03]) * stream.bell(3),
                palm=variation * 0.14 * stream.bell(3),
                fingers=variation * 0.10 * stream.bell(20),
                **{**traits, **floors},
            )
        )
    return signers


def _camera(stream: Stream, variation: float) -> Camera:
    pick = stream.integers(20, 2)
    aspect = _ASPECTS[int(pick[0]) % len(_ASPECTS)]
    u = stream.uniform(-1.0, 1.0, 5)
    height = 2.55 + variation * 0.35 * float(u[0])
    scale = min(aspect / height, 0.40)
    head_room = 1.28 + variation * 0.12 * float(u[1])
    return Camera(
        scale=scale,
        left=0.5 + variation * 0.05 * float(u[2]),
        top=head_room * scale / aspect,
        aspect=aspect,
        yaw=variation * 0.22 * float(u[3]),
        roll=variation * 0.05 * float(u[4]),
        fps=_FRAME_RATES[int(pick[1]) % len(_FRAME_RATES)],
    )
