"""From a name in a recipe to an object: one typed registry a kind.

A registered class is its own schema: the keyword-only parameters of its constructor, less those
that the builder gives (widths, numbers of outputs), are the settings that a recipe may write.
"""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from signlab.errors import BadInput, nearest

T = TypeVar("T")
C = TypeVar("C", bound=type)


class BadSetting(BadInput):
    """A name or a setting that is not known; ``key`` is the dotted place, below the choice."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@contextmanager
def below(place: str) -> Iterator[None]:
    """Add the place of a section to the key of a setting's error."""
    try:
        yield
    except BadSetting as error:
        error.key = ".".join(filter(None, (place, error.key)))
        raise


def refusal(error: BadSetting) -> PydanticCustomError:
    """A setting's error as one that pydantic passes on, for validators of settings."""
    return PydanticCustomError("setting", "{message}", {"key": error.key, "message": str(error)})


class Group(BaseModel):
    """Settings that belong together, below one key of a class's settings."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, values: Any) -> Any:
        for key in values if isinstance(values, Mapping) else ():
            if key not in cls.model_fields:
                message = f"no setting {key!r}; {nearest(str(key), cls.model_fields)}"
                raise refusal(BadSetting(str(key), message))
        return values


class Settings(Generic[T]):
    """What may be written for one class, read off its constructor.

    Args:
        cls: The class; its keyword-only parameters are the settings.
        title: What the user calls it ("encoder 'bilstm'"); appears in error messages.
        given: Parameters that the builder supplies and nobody may write.
    """

    def __init__(self, cls: type[T], title: str, given: tuple[str, ...] = ()) -> None:
        self.cls = cls
        self.title = title
        fields: dict[str, Any] = {
            parameter.name: (
                parameter.annotation,
                ... if parameter.default is parameter.empty else parameter.default,
            )
            for parameter in inspect.signature(cls).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in given
        }
        # strict: a YAML `yes` for a number, or "3" for 3, is a mistake to report, not to mend
        self._schema: type[BaseModel] = create_model(
            cls.__name__,
            __config__=ConfigDict(extra="forbid", strict=True, protected_namespaces=()),
            **fields,
        )

    @property
    def names(self) -> set[str]:
        """The settings that may be written."""
        return set(self._schema.model_fields)

    def resolve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The settings checked, converted and with every default filled in.

        Raises:
            BadSetting: An unknown or missing setting, or a value that cannot be one.
        """
        for key in values:
            if key not in self.names:
                raise BadSetting(
                    str(key),
                    f"{self.title} has no setting {key!r}; {nearest(str(key), self.names)}",
                )
        try:
            # through JSON, since there a list may stand for a tuple even in strict mode
            settings = self._schema.model_validate_json(json.dumps(dict(values)))
        except (ValidationError, TypeError) as error:
            raise _explained(error, self.title) from None
        return settings.model_dump(mode="json")

    def build(self, values: Mapping[str, Any], **given: Any) -> T:
        """Make the object; the builder's own arguments come as ``given``."""
        self.resolve(values)
        settings = self._schema.model_validate_json(json.dumps(dict(values)))
        return self.cls(**{name: getattr(settings, name) for name in self.names}, **given)


class Registry(Generic[T]):
    """Names of the implementations of one kind.

    Args:
        kind: What the user calls it ("encoder"); appears in error messages.
        given: Constructor parameters that the builder supplies and a recipe may not write.
    """

    def __init__(self, kind: str, *, given: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self._given = given
        self._entries: dict[str, Settings[T]] = {}

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator.

        Raises:
            BadInput: The name is taken, or the constructor lacks a parameter that is given.
        """

        def add(cls: C) -> C:
            if name in self._entries:
                raise BadInput(f"{self.kind} {name!r} is registered twice")
            taken = inspect.signature(cls).parameters
            if lacking := [given for given in self._given if given not in taken]:
                raise BadInput(
                    f"{self.kind} {name!r}: the constructor of {cls.__name__} must take "
                    f"{' and '.join(lacking)}, which every {self.kind} is given"
                )
            # a decorator's type cannot be bound by the registry's own
            entry = Settings(cast("type[T]", cls), f"{self.kind} {name!r}", self._given)
            self._entries[name] = entry
            return cls

        return add

    def names(self) -> list[str]:
        """Registered names, sorted."""
        return sorted(self._entries)

    def summary(self, name: str) -> str:
        """First line of the class's docstring."""
        return (inspect.getdoc(self._find(name).cls) or "").partition("\n")[0]

    def parameters(self, name: str) -> set[str]:
        """Names of the settings that a recipe may write for ``name``."""
        return self._find(name).names

    def resolve(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of ``name`` checked and with every default filled in.

        Raises:
            BadSetting: Unknown name or setting, or a value of the wrong type.
        """
        return self._find(name).resolve(settings)

    def build(self, name: str, settings: Mapping[str, Any], **given: Any) -> T:
        """Make the object; the builder's own arguments come as ``given``."""
        return self._find(name).build(settings, **given)

    def build_choice(self, choice: Mapping[str, Any], **given: Any) -> T:
        """Make what a recipe writes as ``{name: ..., **settings}``."""
        settings = {key: value for key, value in choice.items() if key != "name"}
        return self.build(choice["name"], settings, **given)

    def _find(self, name: str) -> Settings[T]:
        if name not in self._entries:
            raise BadSetting("name", f"no {self.kind} {name!r}; {nearest(name, self._entries)}")
        return self._entries[name]


def _explained(error: ValidationError | TypeError, title: str) -> BadSetting:
    if isinstance(error, TypeError):
        return BadSetting("", f"{title} was given a value that is no plain YAML: {error}")
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "setting":
        context = first.get("ctx", {})
        return BadSetting(".".join(filter(None, (key, context["key"]))), context["message"])
    if first["type"] == "missing":
        return BadSetting(key, f"{title} needs the setting {key!r}")
    return BadSetting(key, f"{title} cannot use {key} = {first['input']!r}: {first['msg']}")
