"""Where in a recorded clip the sign is: idle heads and tails are no part of a sentence."""

import numpy as np
from jaxtyping import Float, Int16

from signlab.landmarks.layout import Layout, dequantise

_SHARE = 0.15
"""A frame is active if the hands move at this share of the clip's speed or more."""

_MARGIN = 2
"""Frames kept before and after the active ones."""

_FEWEST = 8
"""A sign keeps at least so many frames (a third of a second), if the clip has them."""


def active_span(
    landmarks: Int16[np.ndarray, "frames points coordinates"], layout: Layout
) -> tuple[int, int]:
    """First frame of the sign and the one after its last.

    Recorders of isolated clips often deliver a stale picture first, the end of the clip before:
    a leap into the second frame that is wider than any later movement is cut off.
    """
    speeds = _hand_speeds(landmarks, layout)
    if len(speeds) < _FEWEST:
        return 0, len(landmarks)
    first = 1 if speeds[0] > speeds[1:].max() else 0
    active = first + np.flatnonzero(speeds[first:] >= _SHARE * np.percentile(speeds[first:], 90))
    start = max(first, int(active[0]) - _MARGIN)
    end = min(len(landmarks), int(active[-1]) + 2 + _MARGIN)
    lacking = max(0, _FEWEST - (end - start))
    start = max(first, start - (lacking + 1) // 2)
    return start, min(len(landmarks), max(end, start + _FEWEST))


def _hand_speeds(
    landmarks: Int16[np.ndarray, "frames points coordinates"], layout: Layout
) -> Float[np.ndarray, " changes"]:
    """Image widths that the faster hand moves from each frame to the next; 0 where unseen."""
    slices = layout.slices
    hands = [rows for name, rows in slices.items() if name.endswith("hand")] or [slice(None)]
    if "pose" in slices:
        wrists = slices["pose"].start + 15
        hands += [slice(wrists, wrists + 1), slice(wrists + 1, wrists + 2)]
    speeds = np.zeros(len(landmarks) - 1)
    for rows in hands:
        moves = np.linalg.norm(np.diff(dequantise(landmarks[:, rows, :2]), axis=0), axis=-1)
        seen = ~np.isnan(moves)
        total = np.where(seen, moves, 0).sum(axis=1)
        speeds = np.maximum(speeds, total / np.maximum(seen.sum(axis=1), 1))
    return speeds
