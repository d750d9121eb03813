"""One key of a search space: a range of numbers, or choices."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signlab.errors import nearest
from signlab.registry import BadSetting

Number = int | float

_RANGE = ("low", "high", "log", "step")


@dataclass(frozen=True)
class Dimension:
    """A range with both ends, or choices.

    Attributes:
        key: Of the recipe, dotted.
        log: Whether each factor is as likely as any other.
        step: From one value to the next; None where there are none between.
        choices: Empty for a range.
    """

    key: str
    low: Number = 0
    high: Number = 0
    log: bool = False
    step: Number | None = None
    choices: tuple[Any, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a range is of whole numbers."""
        return not any(isinstance(value, float) for value in (self.low, self.high, self.step))

    @property
    def probes(self) -> tuple[Any, ...]:
        """Values that a recipe must accept for the dimension to make sense."""
        return self.choices or (self.low, self.high)

    @property
    def values(self) -> tuple[Any, ...] | None:
        """All values, or None where there is no end of them."""
        if self.choices:
            return self.choices
        step = self.step or (1 if self.whole and not self.log else None)
        if step is None:
            return None
        return tuple(self.low + i * step for i in range(round((self.high - self.low) / step) + 1))

    def with_fractions(self) -> "Dimension":
        """The same range, with the numbers between."""
        step = None if self.step is None else float(self.step)
        return Dimension(self.key, float(self.low), float(self.high), self.log, step)

    def nearest(self, value: Any) -> Any:
        """The value itself where it is in the dimension, or the next; None if there is none."""
        if self.choices:
            if value in self.choices:
                return value
            numbers = [choice for choice in self.choices if _is_number(choice)]
            if not numbers or not _is_number(value):
                return None
            return min(numbers, key=lambda choice: abs(choice - value))
        if not _is_number(value):
            return None
        inside = min(max(value, self.low), self.high)
        if self.step is not None:
            inside = self.low + round((inside - self.low) / self.step) * self.step
        return round(inside) if self.whole else float(inside)

    def record(self) -> dict[str, Any]:
        """As plain values, to be kept and compared."""
        if self.choices:
            return {"choices": list(self.choices)}
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}

    def __str__(self) -> str:
        if self.choices:
            return " or ".join(str(label(choice)) for choice in self.choices)
        ways = [*(["log"] if self.log else []), *([f"step {self.step}"] if self.step else [])]
        return f"{self.low} to {self.high}" + (f" ({', '.join(ways)})" if ways else "")


def read_dimension(key: str, written: Any) -> Dimension:
    """What stands for a key below ``space:``.

    Raises:
        BadSetting: It is neither a range nor choices.
    """
    if not isinstance(written, Mapping) or not written:
        raise BadSetting(
            key,
            f"should be {{low: ..., high: ...}} or {{choices: [...]}}, not {written!r}; keys are "
            "written with dots, as in schedule.learning_rate",
        )
    for name in written:
        if name not in (*_RANGE, "choices"):
            hint = nearest(str(name), (*_RANGE, "choices"))
            raise BadSetting(key, f"a range has no {name!r}; {hint}")
    if "choices" not in written:
        return _range(key, written)
    if len(written) > 1:
        raise BadSetting(key, "give either `choices:` or `low:` and `high:`, not both")
    return _choices(key, written["choices"])


def label(choice: Any) -> str | int | float | bool | None:
    """A choice as one plain value, which is what an Optuna storage takes."""
    if choice is None or isinstance(choice, str | int | float | bool):
        return choice
    return json.dumps(choice)


def _range(key: str, written: Mapping[str, Any]) -> Dimension:
    for name in ("low", "high"):
        if not _is_number(written.get(name)):
            raise BadSetting(key, f"`{name}:` should be a number, not {written.get(name)!r}")
    low, high = written["low"], written["high"]
    log, step = written.get("log", False), written.get("step")
    if not isinstance(log, bool):
        raise BadSetting(key, f"`log:` should be true or false, not {log!r}")
    if low >= high:
        raise BadSetting(key, f"low = {low} should be below high = {high}")
    if log and low <= 0:
        raise BadSetting(key, f"log needs a range above 0, and low = {low}")
    if step is None:
        return Dimension(key, low, high, log)
    if log:
        raise BadSetting(key, "give either `log:` or `step:`, not both")
    if not _is_number(step) or step <= 0:
        raise BadSetting(key, f"`step:` should be a number above 0, not {step!r}")
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-9 * max(steps, 1.0):
        raise BadSetting(key, f"steps of {step} from low = {low} do not lead to high = {high}")
    return Dimension(key, low, high, log, step)


def _choices(key: str, choices: Any) -> Dimension:
    if not isinstance(choices, list) or len(choices) < 2:
        raise BadSetting(key, f"`choices:` should be a list of two or more, not {choices!r}")
    kinds = {_kind(choice) for choice in choices if choice is not None}
    if len(kinds) > 1:
        raise BadSetting(key, f"choices are of mixed kinds ({', '.join(sorted(kinds))}): {choices}")
    labels = [json.dumps(choice, sort_keys=True) for choice in choices]
    if len(set(labels)) < len(labels):
        raise BadSetting(key, f"a choice is listed twice: {choices}")
    return Dimension(key, choices=tuple(choices))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: Any) -> str:
    if _is_number(value):
        return "number"
    names = {bool: "yes or no", str: "text", list: "list", dict: "settings"}
    return names.get(type(value), type(value).__name__)
