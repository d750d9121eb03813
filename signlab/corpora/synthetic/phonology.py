"""The values that the parameters of a sign can take, and what they are on a body.

Lengths are in shoulder widths. Each arm has a frame of its own, in which it is a right arm: the
origin is the middle of the shoulders, x grows from the arm's own side to the other side of the
body, y downwards, z away from the camera.
"""

from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Place:
    """Where the palm is.

    Attributes:
        at: For a signer of average build.
        head: Whether it moves with the head.
        both: Whether two hands have room there.
    """

    at: Vector
    head: bool = False
    both: bool = False


@dataclass(frozen=True)
class Movement:
    """What the palm does between the start and the end of a sign.

    The way is ``path`` with minimum jerk, plus ``swing (1 - cos p) / 2 + swerve sin p`` with p
    growing by ``cycles`` turns.

    Attributes:
        twist: Amplitude of the forearm's turning to and fro, in radians.
        wiggle: Amplitude of the fingers' bending one after the other, in radians.
        seconds: How long it takes at average speed.
    """

    path: Vector = (0.0, 0.0, 0.0)
    swing: Vector = (0.0, 0.0, 0.0)
    swerve: Vector = (0.0, 0.0, 0.0)
    cycles: float = 1.0
    twist: float = 0.0
    wiggle: float = 0.0
    seconds: float = 0.36

    @property
    def travels(self) -> bool:
        """Whether two hands can do it in opposite directions."""
        return any((*self.path, *self.swing, *self.swerve))


PLACES = {
    "forehead": Place((-0.12, -0.98, -0.28), head=True),
    "eye": Place((-0.24, -0.84, -0.24), head=True),
    "cheek": Place((-0.24, -0.66, -0.22), head=True),
    "nose": Place((-0.02, -0.68, -0.36), head=True),
    "chin": Place((-0.02, -0.46, -0.30), head=True),
    "neck": Place((-0.06, -0.22, -0.24)),
    "shoulder": Place((-0.46, -0.02, -0.24)),
    "chest": Place((-0.20, 0.32, -0.30), both=True),
    "belly": Place((-0.22, 0.72, -0.32), both=True),
    "front": Place((-0.34, 0.46, -0.70), both=True),
    "side": Place((-0.78, 0.34, -0.50), both=True),
    "above": Place((-0.62, -0.42, -0.50), both=True),
}

RELATIONS: dict[str, Vector] = {
    "touch": (0.0, 0.0, 0.0),
    "beside": (-0.30, 0.04, -0.20),
    "across": (0.42, 0.02, -0.10),
}
"""Where the hand is to its place on the body: at it, clear of it, or on the other side."""

MOVEMENTS = {
    "hold": Movement(seconds=0.28),
    "down": Movement(path=(0.0, 0.34, 0.0)),
    "up": Movement(path=(0.0, -0.30, 0.0)),
    "outwards": Movement(path=(-0.36, 0.0, 0.0)),
    "inwards": Movement(path=(0.34, 0.0, 0.0)),
    "forwards": Movement(path=(0.0, 0.08, -0.50)),
    "arc": Movement(path=(-0.32, 0.0, 0.0), swerve=(0.0, -0.24, 0.0), cycles=0.5, seconds=0.42),
    "circle": Movement(swing=(-0.36, 0.0, 0.0), swerve=(0.0, 0.18, 0.0), seconds=0.52),
    "back-circle": Movement(swing=(-0.36, 0.0, 0.0), swerve=(0.0, -0.18, 0.0), seconds=0.52),
    "tap": Movement(swing=(0.0, 0.22, -0.06), cycles=1.0, seconds=0.34),
    "tap-twice": Movement(swing=(0.0, 0.22, -0.06), cycles=2.0, seconds=0.52),
    "shake": Movement(swerve=(0.12, 0.0, 0.0), cycles=2.0, seconds=0.50),
    "zigzag": Movement(path=(0.0, 0.34, 0.0), swerve=(0.12, 0.0, 0.0), cycles=2.0, seconds=0.56),
    "twist": Movement(twist=0.8, cycles=1.5, seconds=0.50),
    "wiggle": Movement(wiggle=0.5, cycles=3.0, seconds=0.54),
}

ORIENTATIONS: dict[str, tuple[Vector, Vector]] = {
    "up-out": ((0.10, -1.0, -0.15), (0.0, 0.0, -1.0)),
    "up-in": ((0.10, -1.0, -0.15), (0.0, 0.0, 1.0)),
    "up-across": ((0.0, -1.0, -0.25), (1.0, 0.0, 0.0)),
    "across-in": ((1.0, -0.25, -0.20), (0.0, 0.0, 1.0)),
    "across-down": ((1.0, -0.10, -0.35), (0.0, 1.0, -0.2)),
    "across-up": ((1.0, -0.10, -0.35), (0.0, -1.0, -0.2)),
    "ahead-down": ((0.15, -0.45, -1.0), (0.0, 1.0, -0.4)),
    "ahead-across": ((0.15, -0.45, -1.0), (1.0, 0.0, 0.0)),
    "down-in": ((0.20, 1.0, -0.20), (0.0, 0.0, 1.0)),
}
"""Where the fingers point, and where the palm looks."""

SECOND_HANDS = ("none", "mirror", "alternate", "base")
"""Idle; doing the same as the other, or the same in turn; or held still below it, flat."""

DURATIONS = {"short": (1.0, 0.10), "long": (1.25, 0.46)}
"""Factor of the movement's time, and the seconds of the hold that follows."""

MOUTHS = {
    "neutral": (0.0, 0.0, 0.0, 0.0, 0.0),
    "open": (1.0, 0.0, 0.0, 0.0, 0.0),
    "round": (0.25, 1.0, 0.0, 0.0, 0.0),
    "wide": (0.15, 0.0, 1.0, 0.0, 0.0),
    "press": (0.0, 0.0, 0.15, 1.0, 0.0),
    "puff": (0.0, 0.2, 0.0, 0.4, 1.0),
}
"""Amounts of the face's first five shapes: open, round, wide, press, puff."""

BROWS = {"neutral": (0.0, 0.0), "raised": (1.0, 0.0), "furrowed": (0.0, 1.0)}
"""Amounts of the face's next two shapes: raise, furrow."""

IDLE: tuple[Vector, str] = ((-0.26, 1.42, -0.22), "down-in")
"""Where an arm rests: the palm, and its orientation."""

BASE: tuple[Vector, str] = ((0.22, 0.22, 0.06), "across-up")
"""The second hand as a base: the palm from the mirrored place of the other, and orientation."""
