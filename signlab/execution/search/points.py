"""Points of a space as Optuna keeps them: one plain value a key."""

from typing import Any

import optuna

from signlab.study.dimension import Dimension, label
from signlab.study.space import Point, Space


def suggest(trial: optuna.Trial, dimension: Dimension) -> Any:
    """What the sampler proposes for a key, or proposed before."""
    key = dimension.key
    if dimension.choices:
        labels = [label(choice) for choice in dimension.choices]
        return dimension.choices[labels.index(trial.suggest_categorical(key, labels))]
    if dimension.whole:
        step = int(dimension.step or 1)
        return trial.suggest_int(
            key, int(dimension.low), int(dimension.high), step=step, log=dimension.log
        )
    return trial.suggest_float(
        key, dimension.low, dimension.high, step=dimension.step, log=dimension.log
    )


def encode(point: Point) -> dict[str, Any]:
    """A point to be tried first, as a storage takes it."""
    return {key: label(value) for key, value in point.items()}


def decode(params: dict[str, Any], space: Space) -> Point:
    """The point of a trial in a storage."""
    found: Point = {}
    for dimension in space.every:
        if dimension.key in params:
            value = params[dimension.key]
            labels = [label(choice) for choice in dimension.choices]
            found[dimension.key] = dimension.choices[labels.index(value)] if labels else value
    return found
