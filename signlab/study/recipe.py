"""Recipes: nested plain values, checked and completed against what is registered.

A recipe has fixed sections. What may stand in each is told by a ``Catalogue``, which the layers
above fill with their registries; so this room knows the grammar and no block.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from signlab.errors import nearest
from signlab.registry import BadSetting, Registry, Settings

Values = dict[str, Any]


@dataclass(frozen=True)
class Catalogue:
    """What a recipe may write, by the dotted place.

    Attributes:
        choices: Places that hold one named block and its settings: ``{name: bilstm, width: 256}``.
        settings: Places that hold the settings of one fixed class.
        collections: Places that hold several named things: ``{mirror: {rate: 0.5}}``.
        optional: Choices that may be left out, and the choice that then holds.
        paths: Places that hold a path, or nothing.
    """

    choices: Mapping[str, Registry[Any]]
    settings: Mapping[str, Settings[Any]]
    collections: Mapping[str, Registry[Any]]
    optional: Mapping[str, Values]
    paths: tuple[str, ...] = ()

    @property
    def places(self) -> list[str]:
        """All places, dotted."""
        return [*self.choices, *self.settings, *self.collections, *self.paths]


def resolve(recipe: Values, catalogue: Catalogue) -> Values:
    """The recipe with everything checked and every default written out.

    Raises:
        BadSetting: ``key`` is the dotted place in the recipe.
    """
    _check_places(recipe, catalogue.places)
    resolved: Values = {}
    for place, registry in catalogue.choices.items():
        choice = lookup(recipe, place)
        if choice is None and place in catalogue.optional:
            choice = catalogue.optional[place]
        put(resolved, place, _resolve_choice(place, choice, registry))
    for place, settings in catalogue.settings.items():
        values = _mapping(place, lookup(recipe, place) or {})
        with _Below(place):
            put(resolved, place, settings.resolve(values))
    for place, registry in catalogue.collections.items():
        named = _mapping(place, lookup(recipe, place) or {})
        for name, values in named.items():
            if name not in registry.names():
                message = f"no {registry.kind} {name!r}; {nearest(name, registry.names())}"
                raise BadSetting(f"{place}.{name}", message)
            with _Below(f"{place}.{name}"):
                named[name] = registry.resolve(name, _mapping("", values or {}))
        put(resolved, place, named)
    for place in catalogue.paths:
        path = lookup(recipe, place)
        if not isinstance(path, str | None):
            raise BadSetting(place, f"should be a path, not {path!r}")
        put(resolved, place, path)
    return resolved


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted keys; lists and empty mappings stay as they are."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def lookup(values: Mapping[str, Any], place: str) -> Any:
    """The value at a dotted place, or None."""
    found: Any = values
    for key in place.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def put(values: Values, place: str, value: Any) -> None:
    """Set the value at a dotted place, making the mappings on the way."""
    *above, last = place.split(".")
    for key in above:
        values = values.setdefault(key, {})
    values[last] = value


def _resolve_choice(place: str, choice: Any, registry: Registry[Any]) -> Values:
    if choice is None:
        names = ", ".join(registry.names())
        raise BadSetting(place, f"the recipe needs `{place}: {{name: ...}}` (one of {names})")
    settings = dict(_mapping(place, choice))
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise BadSetting(place, f"`{place}` needs a `name:`; {nearest('', registry.names())}")
    with _Below(place):
        return {"name": name, **registry.resolve(name, settings)}


def _mapping(place: str, value: Any) -> Values:
    if not isinstance(value, Mapping):
        raise BadSetting(place, f"should be `key: value` settings, not {value!r}")
    return dict(value)


def _check_places(recipe: Values, places: list[str]) -> None:
    for key in _unknown(recipe, places):
        siblings = {p for place in places for p in (place, place.partition(".")[0])}
        raise BadSetting(key, f"a recipe has no section {key!r}; {nearest(key, siblings)}")


def _unknown(values: Mapping[str, Any], places: list[str], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        place = f"{prefix}{key}"
        if place in places:
            continue
        if not any(known.startswith(f"{place}.") for known in places):
            yield place
        else:
            yield from _unknown(_mapping(place, value), places, f"{place}.")


class _Below:
    """Adds the place of a section to the key of a setting's error."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, BadSetting):
            error.key = ".".join(filter(None, (self._place, error.key)))
