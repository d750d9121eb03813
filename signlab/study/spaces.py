"""The search spaces of a study: one a variant, or one over all components; checked as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from signlab.errors import BadStudy, nearest
from signlab.registry import BadSetting
from signlab.study.components import apply, merge
from signlab.study.dimension import Dimension, read_dimension
from signlab.study.plan import Variant
from signlab.study.recipe import Catalogue, Values, flatten, lookup, put
from signlab.study.search import Search
from signlab.study.space import Space
from signlab.study.study import Study

SEARCHED = "searched"
"""The variant that a search over components finds."""


def make_spaces(study: Study, variants: Sequence[Variant], catalogue: Catalogue) -> list[Space]:
    """The space of every variant that has something to search, in the study's order.

    With ``components: search`` there is one, of which the components are switches.

    Raises:
        BadStudy: A key, a range or a choice that no recipe of the study can have, or settings
            to try first that are not in the space.
    """
    if study.search is None:
        return []
    if study.search.components == "search":
        found = [_over_components(study, study.search, variants[0], catalogue)]
    else:
        found = [_of_variant(study, study.search, variant, catalogue) for variant in variants]
    checked = _check_keys(study, found)
    spaces = [space for space in checked if space.every]
    if not spaces:
        raise BadStudy(
            f"{study.source.where(('search',))}: search.space: there is nothing to search; give "
            "ranges or choices, by key of the recipe"
        )
    _check_enqueued(study, study.search, spaces)
    return spaces


def _of_variant(study: Study, search: Search, variant: Variant, catalogue: Catalogue) -> Space:
    components = [study.components[name] for name in variant.components]
    fixed = {key for one in components for key in flatten(one.change)}
    written = {k: v for k, v in search.space.items() if k not in fixed}
    owners: dict[str, str] = {}
    for one in components:
        for key, value in one.space.items():
            if key in owners and written[key] != value:
                raise BadStudy(
                    f"{study.where_searched(key, (one.name,))}: variant {variant.name!r}: "
                    f"components {owners[key]!r} and {one.name!r} search {key} in different ranges"
                )
            owners[key] = one.name
            written[key] = value
    recipe = apply(study.recipe.values, merge(components), catalogue)
    return Space(
        variant.name, _filled(recipe, catalogue), variant.recipe, _ordered(written), catalogue
    )


def _over_components(
    study: Study, search: Search, baseline: Variant, catalogue: Catalogue
) -> Space:
    written, owners = dict(search.space), dict[str, str]()
    for one in study.components.values():
        for key, value in one.space.items():
            if key in written:
                raise BadStudy(
                    f"{study.where_searched(key, (one.name,))}: {key} is searched twice; with "
                    "`components: search` give its range once"
                )
            written[key], owners[key] = value, one.name
    if not study.components:
        raise BadStudy(
            f"{study.source.where(('search', 'components'))}: search.components = 'search': the "
            "study has no components to choose among"
        )
    if SEARCHED in study.combinations:
        raise BadStudy(
            f"{study.source.where(('variants', SEARCHED))}: no variant may be named {SEARCHED!r}, "
            "since the one that the search over components finds is"
        )
    recipe = _filled(study.recipe.values, catalogue)
    return Space(
        SEARCHED, recipe, baseline.recipe, _ordered(written), catalogue, study.components, owners
    )


def _filled(recipe: Values, catalogue: Catalogue) -> Values:
    """With the names and choices written out that may be left out."""
    filled = apply(recipe, {}, catalogue)
    for place, default in catalogue.optional.items():
        choice = lookup(filled, place)
        put(filled, place, default if choice is None else {"name": default["name"], **choice})
    return filled


def _ordered(written: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """The names of blocks first: what else applies depends on them."""
    dimensions = [read_dimension(key, value) for key, value in written.items()]
    return tuple(sorted(dimensions, key=lambda one: not one.key.endswith(".name")))


def _check_keys(study: Study, spaces: Sequence[Space]) -> list[Space]:
    """See that every key applies somewhere and takes its values; it leaves the other spaces."""
    for key in dict.fromkeys(one.key for space in spaces for one in space.dimensions):
        having = [space for space in spaces if any(one.key == key for one in space.dimensions)]
        if all(space.around(key) is None for space in having):
            _refuse_key(study, having[0], key)
    return [
        replace(
            space,
            dimensions=tuple(
                _checked(study, space, one)
                for one in space.dimensions
                if space.around(one.key) is not None
            ),
        )
        for space in spaces
    ]


def _checked(study: Study, space: Space, dimension: Dimension) -> Dimension:
    """The dimension, once the recipe takes its ends or choices."""
    around = space.around(dimension.key) or {}

    def takes(value: Any) -> BadSetting | None:
        try:
            space.recipe({**around, dimension.key: value})
        except BadSetting as error:
            return error
        return None

    if not dimension.choices and dimension.whole and takes(dimension.low + 0.5) is None:
        dimension = dimension.with_fractions()
    for value in dimension.probes:
        if (error := takes(value)) is not None:
            where = study.where_searched(dimension.key, _owners(study, space))
            raise BadStudy(f"{where}: {dimension.key} = {value!r}: {error}")
    return dimension


def _owners(study: Study, space: Space) -> tuple[str, ...]:
    return tuple(space.switches) or study.combinations.get(space.variant, ())


def _refuse_key(study: Study, space: Space, key: str) -> NoReturn:
    where = study.where_searched(key, _owners(study, space))
    catalogue = space.catalogue
    place = catalogue.place_of(key)
    if place is None:
        raise BadStudy(f"{where}: a recipe has no {key!r}; {nearest(key, flatten(space.own))}")
    rest = key.removeprefix(f"{place}.")
    if place in catalogue.choices:
        registry = catalogue.choices[place]
        having = [name for name in registry.names() if rest in registry.parameters(name)]
        if having:
            raise BadStudy(
                f"{where}: {key} applies in no variant, since none has a block with that setting; "
                f"search {place}.name as well, among others {' or '.join(map(repr, having[:3]))}"
            )
    known = catalogue.names_at(space.written, key)
    hint = nearest(rest, known) if known else f"the recipe has no {rest.partition('.')[0]!r} there"
    raise BadStudy(f"{where}: {place} has no {rest!r}; {hint}")


def _check_enqueued(study: Study, search: Search, spaces: Sequence[Space]) -> None:
    known = {one.key: one for space in spaces for one in space.every}
    for index, given in enumerate(search.enqueue):
        for key, value in given.items():
            where = study.source.where(("search", "enqueue", str(index), key))
            if key not in known:
                raise BadStudy(f"{where}: {key} is not in the space; {nearest(key, known)}")
            if known[key].nearest(value) != value:
                raise BadStudy(f"{where}: {key} = {value!r} is not in its range: {known[key]}")
