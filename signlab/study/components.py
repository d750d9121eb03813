"""Components: named changes to a recipe, the unit of an ablation, and how they are applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signlab.errors import BadStudy
from signlab.study.recipe import Catalogue, Values, flatten, lookup


@dataclass(frozen=True)
class Component:
    """A named difference.

    Attributes:
        change: Nested as in a recipe. One that names a block replaces the block and keeps the
            settings the two share; null takes an entry of a collection away.
    """

    name: str
    summary: str
    change: Mapping[str, Any] = field(default_factory=dict)


COMPONENTS: dict[str, Component] = {}
"""The components that every study may name; plug-ins add theirs with ``add_component``."""


def add_component(name: str, summary: str, change: Mapping[str, Any]) -> None:
    """Make a component known to every study."""
    if name in COMPONENTS:
        raise ValueError(f"component {name!r} is defined twice")
    COMPONENTS[name] = Component(name, summary, change)


add_component(
    "residual",
    "a skip connection and a norm around every BiLSTM layer",
    {"model": {"encoder": {"name": "residual-bilstm"}}},
)
add_component(
    "multiscale",
    "parallel temporal kernels of 5, 9 and 15 frames instead of one",
    {"model": {"temporal": {"name": "multiscale", "kernels": [5, 9, 15]}}},
)
add_component(
    "crossmodal",
    "attention between body, hands and face instead of concatenation",
    {"model": {"fusion": {"name": "crossmodal"}}},
)
add_component(
    "depthwise",
    "depthwise-separable instead of full convolutions",
    {"model": {"stem": {"separable": True}, "temporal": {"separable": True}}},
)
add_component(
    "focal",
    "0.7 CTC + 0.3 focal CTC: hard utterances weigh more",
    {"loss": {"name": "focal"}},
)


def merge(components: Iterable[Component]) -> Values:
    """The changes of several components as one.

    Raises:
        BadStudy: Two components set one key differently.
    """
    merged: Values = {}
    owners: dict[str, tuple[str, Any]] = {}
    for component in components:
        for key, value in flatten(component.change).items():
            owner, other = owners.setdefault(key, (component.name, value))
            if other != value:
                raise BadStudy(
                    f"components {owner!r} and {component.name!r} conflict: one sets "
                    f"{key} = {other!r}, the other {value!r}"
                )
        merged = _overlay(merged, component.change)
    return merged


def apply(recipe: Values, change: Mapping[str, Any], catalogue: Catalogue) -> Values:
    """The recipe with a change made; neither argument is altered.

    Raises:
        BadSetting: The change names a block that is not registered.
    """
    changed = _overlay(recipe, change)
    for place, registry in catalogue.choices.items():
        before, asked = lookup(recipe, place), lookup(change, place)
        if not (isinstance(before, Mapping) and isinstance(asked, Mapping)):
            continue
        name = asked.get("name", before.get("name"))
        if name == before.get("name") or name not in registry.names():
            continue  # an unknown name is reported by `resolve`, which knows its place
        shared = {"name", *registry.parameters(name), *asked}
        choice = lookup(changed, place)
        for key in [key for key in choice if key not in shared]:
            del choice[key]
    for place in catalogue.collections:
        for name, value in (lookup(change, place) or {}).items():
            if value is None:
                lookup(changed, place).pop(name)
    return changed


def _overlay(base: Mapping[str, Any], change: Mapping[str, Any]) -> Values:
    merged = {
        key: _overlay(value, {}) if isinstance(value, Mapping) else value
        for key, value in base.items()
    }
    for key, value in change.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = _overlay(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
