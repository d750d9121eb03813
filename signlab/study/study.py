"""A study: one YAML file with a question, a recipe, components, a design and seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signlab.errors import BadStudy, nearest
from signlab.study.components import COMPONENTS, Component
from signlab.study.designs import DESIGNS, Combinations
from signlab.study.document import Document, Key, load, parse_value
from signlab.study.plugins import load_plugins
from signlab.study.projections import Projection, Projections
from signlab.study.recipe import put
from signlab.study.search import FOLDER, Search, check_dimension, check_search

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+-]*$")]
"""Names become folders, so they hold letters, digits, `-`, `_` and `+` only."""


class Folds(BaseModel):
    """How utterances are held out: every signer in turn, or k groups."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Literal["split", "leave-one-signer-out", "k-fold"] = "split"
    k: Annotated[int, Field(ge=2)] = 5
    by: Literal["signer", "utterance"] = "utterance"


class StudyFile(BaseModel):
    """The keys of a study file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Name
    question: Annotated[str, Field(min_length=1)]
    recipe: str
    components: list[Name | dict[Name, dict[str, Any]]] = []
    design: Literal["one-at-a-time", "leave-one-out", "factorial"] | None = None
    variants: dict[Name, list[Name]] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [0, 1, 2]
    folds: Folds = Folds()
    plugins: list[str] = []
    search: Search | None = None
    projections: Projections | None = None

    @model_validator(mode="before")
    @classmethod
    def _folds_by_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("folds"), str):
            return {**values, "folds": {"name": values["folds"]}}
        return values


_BELOW: dict[tuple[str, ...], type[BaseModel]] = {
    ("folds",): Folds,
    ("search",): Search,
    ("projections",): Projections,
    ("projections", "variants"): Projection,
}

SMOKE_SCALE = 1e-6
"""Of a schedule's epochs: one of every phase is left."""


@dataclass(frozen=True)
class Study:
    """A study that was read and checked, its recipe still as written.

    Attributes:
        source: The study's file.
        recipe: The file of the recipe, with the values that ``--set`` changed.
        components: Those that the variants use, by name.
        combinations: The components of each variant; the baseline comes first.
        design: "listed" where the file lists its variants.
    """

    name: str
    question: str
    source: Document
    recipe: Document
    components: Mapping[str, Component]
    combinations: Combinations
    design: str
    seeds: tuple[int, ...]
    folds: Folds
    plugins: tuple[str, ...]
    search: Search | None = None
    projections: Projections | None = None

    def where(self, key: str, components: tuple[str, ...]) -> str:
        """``file:line`` of a recipe's key in a variant: what changed it, or the recipe itself.

        A setting that nobody wrote is a default of the block or the section that someone did.
        """
        path: Key = tuple(key.split("."))
        owners = self._written(components)
        section = 2 if path[0] == "model" else 1
        for length in range(len(path), section - 1, -1):
            for owner in owners:
                if (*owner, *path[:length]) in self.source.lines:
                    return self.source.where((*owner, *path[:length]))
            if path in self.recipe.lines:
                break
        return self.recipe.where(path)

    def where_searched(self, key: str, components: tuple[str, ...] = ()) -> str:
        """``file:line`` of the range of a key: in a component, or below ``search:``."""
        for owner in self._written(components):
            place = (*owner, FOLDER, key)
            if place in self.source.lines:
                return self.source.where(place)
        return self.source.where((FOLDER, "space", key))

    def _written(self, components: tuple[str, ...]) -> list[Key]:
        """The places of the components that the study itself defines."""
        listed = enumerate(self.source.values.get("components", []))
        return [
            ("components", str(index), name)
            for index, item in listed
            for name in (item if isinstance(item, dict) else ())
            if name in components
        ]


def load_study(path: Path, changes: tuple[str, ...] = ()) -> Study:
    """Read and check a study; ``changes`` are ``key=value`` pairs from the command line.

    A change of ``seeds``, ``folds``, ``design`` or ``search`` concerns the study, any other its
    recipe.

    Raises:
        BadStudy: Names file, line, key, value and the nearest valid choice.
    """
    source = load(path)
    recipe_changes: dict[str, Any] = {}
    for key, value in map(parse_change, changes):
        if key.partition(".")[0] in ("seeds", "folds", "design", "search"):
            put(source.values, key, value)
        else:
            recipe_changes[key] = value
    file = _checked(source)
    recipe = load(_find_recipe(path, file.recipe, source))
    for key, value in recipe_changes.items():
        put(recipe.values, key, value)
    load_plugins(file.plugins)  # which may add components
    components = _components(file, source)
    combinations = _combinations(file, source, components)
    if file.search is not None:
        names = {*components, *combinations}
        check_search(file.search, file.seeds, names, source.where)
    return Study(
        name=file.name,
        question=file.question.strip(),
        source=source,
        recipe=recipe,
        components=components,
        combinations=combinations,
        design=(file.design or "one-at-a-time") if file.variants is None else "listed",
        seeds=tuple(file.seeds),
        folds=file.folds,
        plugins=tuple(file.plugins),
        search=file.search,
        projections=_projections(file, source, combinations),
    )


def parse_change(text: str) -> tuple[str, Any]:
    """The dotted key and the value of a ``key=value`` from the command line.

    Raises:
        BadStudy: It is none.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise BadStudy(f"--set {text}: should be KEY=VALUE, as in schedule.epochs=5")
    return key.strip(), parse_value(value)


def smoke_of(study: Study, updates: int = 3) -> Study:
    """The study with runs of a few updates and few trials, to see that all holds together."""
    values = dict(study.recipe.values)
    schedule = values.get("schedule")
    values["schedule"] = {
        **(schedule if isinstance(schedule, dict) else {}),
        "scale": SMOKE_SCALE,
        "updates_per_epoch": updates,
    }
    few = study.search and study.search.model_copy(update={"trials": min(study.search.trials, 3)})
    recipe = replace(study.recipe, values=values)
    return replace(study, name=f"{study.name}-smoke", recipe=recipe, search=few)


def _checked(source: Document) -> StudyFile:
    try:
        return StudyFile.model_validate(source.values)
    except ValidationError as error:
        first = error.errors()[0]
        key = tuple(str(part) for part in first["loc"])
        where, dotted = source.where(key), ".".join(key)
        if first["type"] == "extra_forbidden":
            model = _BELOW.get(key[:2]) or _BELOW.get(key[:1], StudyFile)
            hint = nearest(key[-1], model.model_fields)
            raise BadStudy(f"{where}: a study has no key {dotted!r}; {hint}") from None
        if first["type"] == "missing":
            raise BadStudy(f"{where}: the study needs the key {dotted!r}") from None
        value = first["input"]
        hint = nearest(value, DESIGNS) if key == ("design",) and isinstance(value, str) else ""
        message = hint or first["msg"]
        raise BadStudy(f"{where}: {dotted} = {value!r}: {message}") from None


def _projections(
    file: StudyFile, source: Document, combinations: Combinations
) -> Projections | None:
    for name in file.projections.variants if file.projections else ():
        if name not in combinations:
            where = source.where(("projections", "variants", name))
            raise BadStudy(
                f"{where}: projections.variants: no variant {name!r}; {nearest(name, combinations)}"
            )
    return file.projections


def _find_recipe(study: Path, written: str, source: Document) -> Path:
    candidates = [Path(written), study.parent / written, study.parent.parent / written]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    folders = {p for c in candidates for p in c.parent.glob("*.yaml")}
    hint = nearest(Path(written).name, {p.name for p in folders}) if folders else ""
    where = source.where(("recipe",))
    raise BadStudy(f"{where}: recipe = {written!r}: no such file; {hint}")


def _components(file: StudyFile, source: Document) -> dict[str, Component]:
    known = dict(COMPONENTS)
    named: list[tuple[str, Key]] = []
    for index, item in enumerate(file.components):
        place = ("components", str(index))
        if isinstance(item, str):
            named.append((item, place))
            continue
        for name, change in item.items():
            if name in COMPONENTS:
                where = source.where((*place, name))
                raise BadStudy(f"{where}: component {name!r} exists already; choose another name")
            known[name] = _own_component(name, change, source, (*place, name))
            named.append((name, (*place, name)))
    for variant, names in (file.variants or {}).items():
        named += [(name, ("variants", variant, str(i))) for i, name in enumerate(names)]
    found: dict[str, Component] = {}
    for name, place in named:
        if name not in known:
            where, hint = source.where(place), nearest(name, known)
            raise BadStudy(f"{where}: no component {name!r}; {hint}")
        if name in found and place[0] == "components":
            raise BadStudy(f"{source.where(place)}: component {name!r} is listed twice")
        found[name] = known[name]
    return found


def _own_component(name: str, written: dict[str, Any], source: Document, place: Key) -> Component:
    change = {section: value for section, value in written.items() if section != FOLDER}
    space = written.get(FOLDER, {})
    if not isinstance(space, dict):
        where = source.where((*place, FOLDER))
        raise BadStudy(f"{where}: component {name!r}: search should be ranges by key of the recipe")
    for key, value in space.items():
        check_dimension(key, value, source.where((*place, FOLDER, key)))
    return Component(name, "defined in the study", change, space)


def _combinations(
    file: StudyFile, source: Document, components: Mapping[str, Component]
) -> Combinations:
    if len(set(file.seeds)) < len(file.seeds):
        where = source.where(("seeds",))
        raise BadStudy(f"{where}: seeds = {file.seeds}: a seed is listed twice")
    if file.variants is not None:
        if file.design is not None:
            where = source.where(("variants",))
            raise BadStudy(f"{where}: give either `design:` or `variants:`, not both")
        if file.variants.get("baseline"):
            where = source.where(("variants", "baseline"))
            raise BadStudy(
                f"{where}: the baseline is the recipe as it is; write what its components change "
                "into the recipe, or give this variant another name"
            )
        listed = {name: tuple(names) for name, names in file.variants.items()}
        return {"baseline": (), **listed}
    return DESIGNS[file.design or "one-at-a-time"](list(components))
