"""From a name in a recipe to an object: one typed registry a kind.

A registered class is its own schema: the keyword-only parameters of its constructor, less those
that the builder gives (widths, numbers of outputs), are the settings that a recipe may write.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from signlab.errors import BadInput, nearest

T = TypeVar("T")
C = TypeVar("C", bound=type)


class BadSetting(BadInput):
    """A name or a setting that a registry does not know; ``key`` is where, below the choice."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Registry(Generic[T]):
    """Names of the implementations of one kind.

    Args:
        kind: What the user calls it ("encoder"); appears in error messages.
        given: Constructor parameters that the builder supplies and a recipe may not write.
    """

    def __init__(self, kind: str, *, given: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self._given = given
        self._classes: dict[str, type[T]] = {}
        self._schemas: dict[str, type[BaseModel]] = {}

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator; a name can be taken once."""

        def add(cls: C) -> C:
            if name in self._classes:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            # a decorator's type cannot be bound by the registry's own; tests check the classes
            self._classes[name] = cast("type[T]", cls)
            return cls

        return add

    def names(self) -> list[str]:
        """Registered names, sorted."""
        return sorted(self._classes)

    def summary(self, name: str) -> str:
        """First line of the class's docstring."""
        return (inspect.getdoc(self._find(name)) or "").partition("\n")[0]

    def parameters(self, name: str) -> set[str]:
        """Names of the settings that a recipe may write for ``name``."""
        return set(self._schema(name).model_fields)

    def resolve(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings checked, converted and with every default filled in.

        Raises:
            BadSetting: Unknown name or setting, or a value of the wrong type.
        """
        schema = self._schema(name)
        for key in settings:
            if key not in schema.model_fields:
                raise BadSetting(
                    key,
                    f"{self.kind} {name!r} has no setting {key!r}; "
                    + nearest(str(key), schema.model_fields),
                )
        try:
            # through JSON, since there a list may stand for a tuple even in strict mode
            return schema.model_validate_json(json.dumps(dict(settings))).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise BadSetting(key, f"{first['msg']}, not {first['input']!r}") from None

    def build(self, name: str, settings: Mapping[str, Any], **given: Any) -> T:
        """Make the object; the builder's own arguments come as ``given``."""
        return self._find(name)(**self.resolve(name, settings), **given)

    def _find(self, name: str) -> type[T]:
        if name not in self._classes:
            raise BadSetting("name", f"no {self.kind} {name!r}; {nearest(name, self._classes)}")
        return self._classes[name]

    def _schema(self, name: str) -> type[BaseModel]:
        if name not in self._schemas:
            fields: dict[str, Any] = {
                parameter.name: (
                    parameter.annotation,
                    ... if parameter.default is parameter.empty else parameter.default,
                )
                for parameter in inspect.signature(self._find(name)).parameters.values()
                if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in self._given
            }
            # strict: a YAML `yes` for a number, or "3" for 3, is a mistake to report, not to mend
            self._schemas[name] = create_model(
                name,
                __config__=ConfigDict(extra="forbid", strict=True, protected_namespaces=()),
                **fields,
            )
        return self._schemas[name]
