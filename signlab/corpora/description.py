"""``corpus.json``: what a corpus folder says of itself, and whether its files are all there."""

import json
from pathlib import Path
from typing import Any

from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout, Part

FORMAT = "signlab-corpus"
VERSION = 1
INDEX = "utterances.parquet"
"""The table of a corpus; what was appended has tables of its own, see ``tables_of``."""


def read_description(path: Path) -> dict[str, Any]:
    """The description of a corpus folder.

    Raises:
        BadCorpus: The folder is missing, truncated, or no corpus of this version.
    """
    if not path.is_dir():
        raise BadCorpus(
            f"no corpus at {path}; import one with `signlab corpus import` "
            "(`make corpora` makes those of the shipped studies)"
        )
    description = _read(path)
    try:
        for file in [*tables_of(description), *description["shards"]]:
            _check_size(path / file["file"], file["bytes"])
    except (KeyError, TypeError) as error:
        raise damaged(path / "corpus.json", f"{error} is missing or wrong") from error
    return description


def tables_of(description: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of the utterances, in order: name and size of each."""
    first = {"file": INDEX, "bytes": description["index_bytes"]}
    return [first, *description.get("appended", [])]


def layout_of(description: dict[str, Any]) -> Layout:
    """The points of a frame."""
    values = description["layout"]
    parts = tuple(Part(**part) for part in values["parts"])
    return Layout(values["name"], parts, values["coordinates"])


def damaged(file: Path, reason: str) -> BadCorpus:
    """The error for a file that was whole once."""
    return BadCorpus(
        f"{file} cannot be read: {reason}; import the corpus again (or, of a generated one, delete "
        "its folder: the next run makes it anew)"
    )


def _read(path: Path) -> dict[str, Any]:
    file = path / "corpus.json"
    try:
        meta = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadCorpus(f"{path} is not a corpus: {file.name} is missing") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise damaged(file, str(error)) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise BadCorpus(f"{file} does not describe a corpus of signlab; import the data again")
    if meta["version"] != VERSION:
        raise BadCorpus(
            f"{file} is of version {meta['version']}, this signlab reads version {VERSION}; "
            "import the data again"
        )
    return meta


def _check_size(file: Path, expected: int) -> None:
    size = file.stat().st_size if file.exists() else None
    if size != expected:
        found = "missing" if size is None else f"{size:,} bytes long instead of {expected:,}"
        raise damaged(file, f"it is {found}")
