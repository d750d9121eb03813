"""YAML files with the line of every key, so that an error can point at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from signlab.errors import BadStudy

Key = tuple[str, ...]
"""The place of a value: the keys from the top of a file down to it."""


@dataclass(frozen=True)
class Document:
    """One YAML file as plain values.

    Attributes:
        lines: The line of each key (from 1), in lists of each item, by its place.
    """

    path: Path
    values: dict[str, Any]
    lines: Mapping[Key, int] = field(default_factory=dict)

    def where(self, key: Key) -> str:
        """``file:line`` of a key, or of its nearest enclosing one."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return f"{self.path}:{self.lines[key[:length]]}"
        return str(self.path)


def load(path: Path) -> Document:
    """Read a YAML 1.2 file whose top is a mapping.

    Raises:
        BadStudy: No such file, no YAML, a key given twice, or no mapping.
    """
    try:
        tree = YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadStudy(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise BadStudy(f"{path}: is not UTF-8 text (byte {error.start})") from None
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadStudy(f"{path}{line}: not valid YAML: {error.problem}") from None
    except YAMLError as error:
        raise BadStudy(f"{path}: not valid YAML: {error}") from None
    if not isinstance(tree, CommentedMap):
        raise BadStudy(f"{path}: should hold `key: value` lines, found {_kind(tree)}")
    lines: dict[Key, int] = {}
    return Document(path, _plain(tree, (), lines), lines)


def parse_value(text: str) -> Any:
    """One value as YAML reads it: ``"1e-3"`` is a number, ``"[0, 1]"`` a list.

    Raises:
        BadStudy: The text is no YAML.
    """
    try:
        return _plain(YAML(typ="rt", pure=True).load(text), (), {})
    except YAMLError as error:
        raise BadStudy(f"{text!r} is not a YAML value: {error}") from None


def _plain(value: Any, key: Key, lines: dict[Key, int]) -> Any:
    if isinstance(value, CommentedMap):
        for name in value:
            lines[(*key, str(name))] = value.lc.key(name)[0] + 1
        return {name: _plain(item, (*key, str(name)), lines) for name, item in value.items()}
    if isinstance(value, CommentedSeq):
        for index in range(len(value)):
            lines[(*key, str(index))] = value.lc.item(index)[0] + 1
        return [_plain(item, (*key, str(i)), lines) for i, item in enumerate(value)]
    # ruamel's round-trip scalars remember their spelling; only the value matters here
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
