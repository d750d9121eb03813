"""Where the values of a searched key stand on an axis from 0 to 1, and what the axis tells."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LETTERS = 14
"""Of a choice's name, at most."""


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes:
        place: The height of a value, 0 to 1.
        ticks: Heights, and what stands there.
    """

    key: str
    place: Callable[[Any], float]
    ticks: tuple[tuple[float, str], ...]


def scale_of(key: str, record: Mapping[str, Any]) -> Scale:
    """The axis of a key from its range or choices (``Dimension.record``)."""
    if choices := record.get("choices"):
        return _choices(key, choices)
    return _range(key, record["low"], record["high"], log=record["log"])


def scale_of_values(key: str, values: Sequence[float]) -> Scale:
    """An axis over measured values."""
    return _range(key, min(values), max(values))


def _choices(key: str, choices: Sequence[Any]) -> Scale:
    heights = [index / (len(choices) - 1) for index in range(len(choices))]

    def place(value: Any) -> float:
        return heights[list(choices).index(value)]

    names = [_name(choice) for choice in choices]
    return Scale(key, place, tuple(zip(heights, names, strict=True)))


def _range(key: str, low: float, high: float, *, log: bool = False) -> Scale:
    def place(value: Any) -> float:
        if low == high:
            return 0.5
        if log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    ends = [(0.0, low), (1.0, high)] if low < high else [(0.5, low)]
    return Scale(key, place, tuple((height, f"{value:.3g}") for height, value in ends))


def _name(choice: Any) -> str:
    text = {True: "on", False: "off"}[choice] if isinstance(choice, bool) else str(choice)
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"
