"""Designs: which combinations of components a study trains."""

from collections.abc import Callable, Sequence
from itertools import combinations

Combination = tuple[str, ...]
Combinations = dict[str, Combination]
"""The components of each variant, by the variant's name; the baseline comes first."""


def one_at_a_time(components: Sequence[str]) -> Combinations:
    """The baseline, the baseline plus each component, and all of them together."""
    singles = {name: (name,) for name in components}
    return {"baseline": (), **singles, **_all(components)}


def leave_one_out(components: Sequence[str]) -> Combinations:
    """The baseline, all components, and all but each."""
    rest = {f"all-but-{name}": tuple(c for c in components if c != name) for name in components}
    return {"baseline": (), **_all(components), **(rest if len(components) > 1 else {})}


def factorial(components: Sequence[str]) -> Combinations:
    """Every subset: main effects, interactions and exact Shapley values."""
    subsets = [
        subset for size in range(len(components) + 1) for subset in combinations(components, size)
    ]
    return {_name(subset, components): subset for subset in subsets}


DESIGNS: dict[str, Callable[[Sequence[str]], Combinations]] = {
    "one-at-a-time": one_at_a_time,
    "leave-one-out": leave_one_out,
    "factorial": factorial,
}


def _all(components: Sequence[str]) -> Combinations:
    return {"all": tuple(components)} if len(components) > 1 else {}


def _name(subset: Combination, components: Sequence[str]) -> str:
    if not subset:
        return "baseline"
    return "all" if len(subset) == len(components) > 1 else "+".join(subset)
