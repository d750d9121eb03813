"""Recipes: nested plain values, checked and completed against what is registered.

A recipe has fixed sections. What may stand in each is told by a ``Catalogue``, which the layers
above fill with their registries; so this room knows the grammar and no block.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from signlab.errors import BadStudy, nearest
from signlab.registry import BadSetting, Registry, Settings, below
from signlab.study.document import Document

Values = dict[str, Any]


@dataclass(frozen=True)
class Catalogue:
    """What a recipe may write, by the dotted place.

    Attributes:
        choices: Places that hold one named block and its settings: ``{name: bilstm, width: 256}``.
        settings: Places that hold the settings of one fixed class.
        collections: Places that hold several named things: ``{mirror: {rate: 0.5}}``.
        optional: Choices that may be left out, and the choice that then holds; or their name
            alone may.
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

    def place_of(self, key: str) -> str | None:
        """The place that a dotted key is in."""
        return next((p for p in self.places if key == p or key.startswith(f"{p}.")), None)

    def names_at(self, recipe: Values, key: str) -> list[str]:
        """What may be set where ``key`` is, in a recipe whose blocks are all named."""
        place = self.place_of(key)
        if place is None:
            return []
        if place in self.choices:
            name, registry = lookup(recipe, f"{place}.name"), self.choices[place]
            return ["name", *(registry.parameters(name) if name in registry.names() else ())]
        if place in self.settings:
            return [*self.settings[place].names]
        if place in self.collections:
            entry = key.removeprefix(f"{place}.").partition(".")[0]
            if entry not in (lookup(recipe, place) or {}):
                return []
            return [f"{entry}.{name}" for name in self.collections[place].parameters(entry)]
        return []

    def has(self, recipe: Values, key: str) -> bool:
        """Whether a recipe whose blocks are all named can have a dotted key."""
        place = self.place_of(key)
        rest = key.removeprefix(f"{place}.")
        return key in self.paths or any(
            rest == name
            or (rest.startswith(f"{name}.") and lookup(recipe, f"{place}.{name}") is not None)
            for name in self.names_at(recipe, key)
        )


def resolve(recipe: Values, catalogue: Catalogue) -> Values:
    """The recipe with everything checked and every default written out.

    Raises:
        BadSetting: ``key`` is the dotted place in the recipe.
    """
    _check_places(recipe, catalogue.places)
    resolved: Values = {}
    for place, registry in catalogue.choices.items():
        choice, default = lookup(recipe, place), catalogue.optional.get(place)
        if choice is None:
            choice = default
        elif default is not None and "name" not in _mapping(place, choice):
            choice = {"name": default["name"], **choice}
        if choice is None:
            names = ", ".join(registry.names())
            raise BadSetting(place, f"the recipe needs `{place}: {{name: ...}}` (one of {names})")
        with below(place):
            _check_slot(place, choice, catalogue)
            put(resolved, place, resolve_choice(choice, registry))
    for place, settings in catalogue.settings.items():
        values = _mapping(place, lookup(recipe, place) or {})
        with below(place):
            put(resolved, place, settings.resolve(values))
    for place, registry in catalogue.collections.items():
        with below(place):
            put(resolved, place, resolve_collection(lookup(recipe, place) or {}, registry))
    for place in catalogue.paths:
        path = lookup(recipe, place)
        if not isinstance(path, str | None):
            raise BadSetting(place, f"should be a path, not {path!r}")
        put(resolved, place, path)
    return resolved


def resolve_file(document: Document, catalogue: Catalogue) -> Values:
    """The recipe of a file, as ``resolve`` gives it.

    Raises:
        BadStudy: Names file, line, key, value and what instead.
    """
    try:
        return resolve(document.values, catalogue)
    except BadSetting as error:
        raise misfit(error, document.values, document.where(tuple(error.key.split(".")))) from None


def misfit(error: BadSetting, recipe: Values, where: str) -> BadStudy:
    """The error that tells ``where`` a recipe has the setting, and the value that it has."""
    value, written = lookup(recipe, error.key), ""
    if not isinstance(value, dict | None):
        written = f"{error.key} = {value!r}: "
    elif error.key not in str(error):
        written = f"{error.key}: "
    return BadStudy(f"{where}: {written}{error}")


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


def resolve_choice(choice: Any, registry: Registry[Any]) -> Values:
    """``{name: ..., **settings}`` checked and completed."""
    settings = _mapping("", choice)
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise BadSetting(
            "", f"the {registry.kind} needs a `name:`; {nearest('', registry.names())}"
        )
    return {"name": name, **registry.resolve(name, settings)}


def resolve_collection(named: Any, registry: Registry[Any]) -> Values:
    """``{name: settings}`` checked and completed."""
    resolved: Values = {}
    for name, settings in _mapping("", named).items():
        with below(name):
            if name not in registry.names():
                raise BadSetting(
                    "", f"no {registry.kind} {name!r}; {nearest(name, registry.names())}"
                )
            resolved[name] = registry.resolve(name, _mapping("", settings or {}))
    return resolved


def _check_slot(place: str, choice: Any, catalogue: Catalogue) -> None:
    """Refuse a name that belongs to another place, saying to which."""
    name = _mapping("", choice).get("name")
    registry = catalogue.choices[place]
    if name in registry.names():
        return
    for other, theirs in catalogue.choices.items():
        if name in theirs.names():
            choices = ", ".join(registry.names())
            message = f"{name!r} fills `{other}`, not `{place}`; choose from {choices}"
            raise BadSetting("name", message)


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
