"""One pass over the landmarks of a corpus: a row of measures an utterance, and nothing kept."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32

from signlab.corpora.base import Sample
from signlab.corpora.store import Store
from signlab.landmarks.layout import MISSING, POSE, UNIT, Layout

LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
WRISTS = {"left": 15, "right": 16}
HIPS = 23
"""The first point of the pose below the upper body."""

BINS = 8
"""Stretches of an utterance whose mean places are compared to find copies."""

Points = Float32[np.ndarray, "frames points 2"]
Present = Bool[np.ndarray, "frames points"]


def scan(store: Store, tick: Callable[[], None]) -> pd.DataFrame:
    """Measure every utterance, in order; memory does not grow with the landmarks.

    Columns: ``digest`` (of the landmarks), ``share_<part>`` (of the frames that have it),
    ``empty`` and ``frozen`` (longest stretch in frames without any point, and without any
    change), ``jumps`` (moves of a part by more than a
    quarter of the image in one frame), ``outside`` (share of the points beyond one image beside
    the image), ``clipped`` (points at the limit of storage), ``motion_left``, ``motion_right``
    (way of each hand in image widths), ``misplaced`` (which part cannot be what it is called, or
    an empty word), and ``way`` (the places that tell copies).

    Args:
        tick: Called after every utterance.
    """
    rows = []
    for sample in store.samples():
        rows.append(measure(sample, store.layout))
        tick()
    return pd.DataFrame(rows)


def measure(sample: Sample, layout: Layout) -> dict[str, Any]:
    """The measures of one utterance, see ``scan``."""
    stored = sample.landmarks
    present = stored[:, :, 0] != MISSING
    points = stored[:, :, :2].astype(np.float32) / UNIT
    points[:, :, 1] *= sample.aspect
    parts = layout.slices
    known = points[present & _above_hips(layout)]
    moving = {part: _track(points[:, rows], present[:, rows]) for part, rows in parts.items()}
    unchanged = (stored[1:] == stored[:-1]).all(axis=(1, 2)) & present[1:].any(axis=1)
    limit = (np.abs(stored[:, :, :2]) >= 32767).any(axis=-1) & present
    hands = {side: _hand(side, moving, points, present, parts) for side in ("left", "right")}
    return {
        "digest": hashlib.sha256(stored.tobytes()).hexdigest(),
        **{f"share_{part}": float(seen.mean()) for part, (_, seen) in moving.items()},
        "empty": longest(~present.any(axis=1)),
        "frozen": longest(unchanged) + 1 if unchanged.any() else 0,
        "jumps": sum(_jumps(*track) for track in moving.values()),
        "outside": float(((known < -1) | (known > 2)).any(axis=-1).mean()) if len(known) else 0.0,
        "clipped": int(limit.sum()),
        # of the tracked hands: a wrist that hangs below the image is a guess, and a restless one
        **{
            f"motion_{side}": _way(*moving.get(f"{side}_hand", hand))
            for side, hand in hands.items()
        },
        "misplaced": _misplaced(points, present, parts),
        "way": _places(hands["left"], hands["right"]),
    }


def _above_hips(layout: Layout) -> Bool[np.ndarray, " points"]:
    """Which points a camera usually sees; hips and legs are guessed far below the image."""
    kept = np.ones(layout.points, dtype=bool)
    if _is_mediapipe(layout.slices):
        rows = layout.slices["pose"]
        kept[rows.start + HIPS : rows.stop] = False
    return kept


def _is_mediapipe(parts: dict[str, slice]) -> bool:
    """Whether there is a pose whose points are MediaPipe's."""
    return "pose" in parts and parts["pose"].stop - parts["pose"].start == POSE.points


def longest(flags: Bool[np.ndarray, " frames"]) -> int:
    """The longest stretch of True.

    >>> longest(np.array([True, False, True, True]))
    2
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _track(points: Points, present: Present) -> tuple[Float32[np.ndarray, "frames 2"], np.ndarray]:
    """The middle of a part in each frame, and where the part is there."""
    count = present.sum(axis=1, dtype=np.float32)
    total = (points * present[:, :, None]).sum(axis=1)
    return total / np.maximum(count, 1)[:, None], count > 0


def _jumps(middle: Float32[np.ndarray, "frames 2"], seen: np.ndarray) -> int:
    step = np.linalg.norm(np.diff(middle, axis=0), axis=1)
    return int((step[seen[1:] & seen[:-1]] > 0.25).sum())


def _way(middle: Float32[np.ndarray, "frames 2"], seen: np.ndarray) -> float:
    step = np.linalg.norm(np.diff(middle, axis=0), axis=1)
    return float(step[seen[1:] & seen[:-1]].sum())


def _hand(
    side: str,
    moving: dict[str, tuple[np.ndarray, np.ndarray]],
    points: Points,
    present: Present,
    parts: dict[str, slice],
) -> tuple[np.ndarray, np.ndarray]:
    """Where a hand is: the pose's wrist, which is there when the hand's tracker fails."""
    if _is_mediapipe(parts):
        wrist = parts["pose"].start + WRISTS[side]
        return points[:, wrist], present[:, wrist]
    none = np.zeros((len(points), 2), dtype=np.float32), np.zeros(len(points), dtype=bool)
    return moving.get(f"{side}_hand", none)


def _misplaced(points: Points, present: Present, parts: dict[str, slice]) -> str:
    """A part that lies where it cannot, as when files are read in another order."""
    return next(iter(_wrong_places(points, present, parts)), "")


def _wrong_places(points: Points, present: Present, parts: dict[str, slice]) -> Iterator[str]:
    if _is_mediapipe(parts):
        first = parts["pose"].start
        shoulders = _apart(points, present, first + LEFT_SHOULDER, first + RIGHT_SHOULDER)
        hands = [side for side in WRISTS if f"{side}_hand" in parts]
        # how far each hand is from each wrist of the pose
        away = {
            (hand, side): _apart(points, present, parts[f"{hand}_hand"].start, first + wrist)
            for hand in hands
            for side, wrist in WRISTS.items()
        }
        # MediaPipe tracks a hand near its wrist, or not at all
        yield from (f"{side}_hand" for side in hands if away[side, side] > shoulders)
        if len(hands) == 2 and all(away[s, s] > away[s, o] for s, o in (hands, hands[::-1])):
            yield "left_hand"  # each is nearer to the other's wrist
        body = present[:, parts["pose"]].sum(axis=1)
        if len(np.unique(body[body > 0])) > 1:
            yield "pose"  # MediaPipe tells all of its points or none
        if _below(points, present, first, first + LEFT_SHOULDER):
            yield "pose"
        face = parts.get("face")
        if face and _apart(points, present, face.start + 1, first) > 0.7 * shoulders:
            yield "face"
    elif "nose" in parts:
        nose, seen = _track(points[:, parts["nose"]], present[:, parts["nose"]])
        for side in ("left_hand", "right_hand"):
            hand, there = _track(points[:, parts[side]], present[:, parts[side]])
            both = seen & there
            if both.any() and (hand[both] - nose[both])[:, 1].max() < 0:
                yield "nose"  # a hand that is never below the nose is one


def _apart(points: Points, present: Present, first: int, second: int) -> float:
    """Median distance of two points; not a number where they are never there together."""
    both = present[:, first] & present[:, second]
    if not both.any():
        return float("nan")
    return float(np.median(np.linalg.norm(points[both, first] - points[both, second], axis=-1)))


def _below(points: Points, present: Present, first: int, second: int) -> bool:
    """Whether a point is mostly further down than another."""
    both = present[:, first] & present[:, second]
    return (
        bool(both.any())
        and float(np.median(points[both, first] - points[both, second], axis=0)[1]) > 0
    )


def _places(
    left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]
) -> Float32[np.ndarray, " places"]:
    """Mean places of both hands in equal stretches of the utterance; NaN where never seen."""
    found = []
    for middle, seen in (left, right):
        for stretch in np.array_split(np.arange(len(seen)), BINS):
            chosen = stretch[seen[stretch]]
            found.append(middle[chosen].mean(axis=0) if len(chosen) else np.full(2, np.nan))
    return np.concatenate(found).astype(np.float32)
