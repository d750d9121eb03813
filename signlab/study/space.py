"""The search space of one variant: which keys apply to it, and from settings to a recipe.

A key applies where the recipe has it: the setting of a block only while that block is chosen. What
a variant's components set is what the variant is, so it stays, unless the component brings a range
of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from signlab.errors import BadStudy
from signlab.study.components import Component, apply, merge
from signlab.study.dimension import Dimension
from signlab.study.recipe import Catalogue, Values, flatten, put, resolve

SWITCH = "components."
"""Before the name of a component that is searched: on or off."""

GRID_POINTS = 10_000

Point = dict[str, Any]
"""The searched keys that apply in a trial, and their values."""

_NOTHING = object()


@dataclass(frozen=True)
class Space:
    """What a search of one variant may change.

    Attributes:
        variant: Its name.
        written: The recipe with the variant's components, as written.
        own: The same resolved: the recipe's own settings.
        dimensions: The names of blocks first, since settings depend on them.
        switches: Components to choose among, by name.
        owners: Of the keys that one of these brings, its name.
    """

    variant: str
    written: Values
    own: Values
    dimensions: tuple[Dimension, ...]
    catalogue: Catalogue
    switches: Mapping[str, Component] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)

    @property
    def every(self) -> list[Dimension]:
        """The switches, then the dimensions."""
        flips = [Dimension(SWITCH + name, choices=(False, True)) for name in self.switches]
        return [*flips, *self.dimensions]

    def point(self, pick: Callable[[Dimension], Any]) -> Point:
        """A point of the space: ``pick`` is asked for every key that applies, in order."""
        chosen: Point = {}
        for dimension in self.every:
            try:
                applies = self._applies(dimension.key, chosen)
            except BadStudy:  # components that disagree; `recipe` says so
                return chosen
            if applies:
                chosen[dimension.key] = pick(dimension)
        return chosen

    def recipe(self, point: Point) -> Values:
        """The resolved recipe with the settings of a point.

        Raises:
            BadSetting: A block cannot have them.
            BadStudy: Components that are switched on disagree.
        """
        return resolve(self._written(point), self.catalogue)

    def completed(self, given: Mapping[str, Any]) -> Point:
        """The given settings, and for the rest the recipe's own, or what is next to them.

        A key is left out where the space has nothing near the recipe's own.
        """
        point = self._completed(given)
        return {key: value for key, value in point.items() if value is not _NOTHING}

    def lacking(self) -> dict[str, Any]:
        """The recipe's own values that the space does not have, by key."""
        own, first = flatten(self.own), self._completed({})
        return {key: own[key] for key in first if key in own and first[key] != own[key]}

    def around(self, key: str) -> Point | None:
        """A point in which a key applies, less the key; None if it applies nowhere."""
        place = self.catalogue.place_of(key)
        ways: list[Point] = [{}]
        for one in self.every:
            if one.key == f"{place}.name" != key or one.key.startswith(SWITCH):
                ways += [{one.key: choice} for choice in one.choices]
        for given in ways:
            if key in self._completed(given):
                return {k: value for k, value in self.completed(given).items() if k != key}
        return None

    def grid(self) -> list[Point]:
        """Every point, once.

        Raises:
            BadStudy: A range has no end of values, or there are too many points.
        """
        axes = []
        for dimension in self.every:
            if dimension.values is None:
                raise BadStudy(f"a grid needs `step:` in every range, {dimension.key} has none")
            axes.append(dimension.values)
        if prod(map(len, axes)) > GRID_POINTS:
            count = prod(map(len, axes))
            raise BadStudy(f"the grid has {count:,} points, {GRID_POINTS:,} are the most")
        found: dict[str, Point] = {}
        for values in product(*axes):
            here = {d.key: value for d, value in zip(self.every, values, strict=True)}
            point = self.completed(here)
            found.setdefault(repr(point), point)
        return list(found.values())

    def record(self) -> dict[str, Any]:
        """All that decides what a point means, as plain values."""
        return {
            "recipe": self.own,
            "space": {dimension.key: dimension.record() for dimension in self.dimensions},
            "switches": {name: dict(one.change) for name, one in self.switches.items()},
        }

    def _completed(self, given: Mapping[str, Any]) -> Point:
        def pick(dimension: Dimension) -> Any:
            if dimension.key in given:
                return given[dimension.key]
            if dimension.key.startswith(SWITCH):
                return False
            if dimension.key not in own:
                return _NOTHING
            near = dimension.nearest(own[dimension.key])
            return _NOTHING if near is None and own[dimension.key] is not None else near

        own = flatten(self.own)
        return self.point(pick)

    def _applies(self, key: str, chosen: Point) -> bool:
        if key.startswith(SWITCH):
            return True
        on = self._on(chosen)
        if key in self.owners:
            return self.owners[key] in on and self.catalogue.has(self._written(chosen), key)
        fixed = {place for name in on for place in flatten(self.switches[name].change)}
        return key not in fixed and self.catalogue.has(self._written(chosen), key)

    def _on(self, point: Point) -> list[str]:
        return [name for name in self.switches if point.get(SWITCH + name)]

    def _written(self, point: Point) -> Values:
        recipe = self.written
        if on := self._on(point):
            recipe = apply(recipe, merge(self.switches[name] for name in on), self.catalogue)
        change: Values = {}
        for key, value in point.items():
            if not key.startswith(SWITCH):
                put(change, key, value)
        return apply(recipe, change, self.catalogue)
