"""Which glosses belong to which file: a table beside the files, or timed glosses in JSON."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signlab.corpora.importers.faults import check_distinct, each
from signlab.corpora.importers.tables import Row, each_row, read_table, read_text
from signlab.corpora.validate import check_id
from signlab.errors import BadCorpus

TABLES = ("glosses.csv", "glosses.tsv", "glosses.json")
TIMED = "_metadata.json"


@dataclass(frozen=True)
class Annotation:
    """What is known of an utterance besides its landmarks.

    Attributes:
        where: File and line, for messages.
        signer: None where the annotation does not tell.
        split: None where the annotation does not tell.
        times: Beginning and end of each gloss in seconds from the first frame, if they are told.
    """

    id: str
    glosses: tuple[str, ...]
    where: str
    signer: str | None = None
    split: str | None = None
    times: tuple[tuple[float, float], ...] | None = None


def read_annotations(path: Path, table: str | None) -> list[Annotation]:
    """The annotations of a folder.

    A table has the columns ``id`` (the file's name without its ending) and ``glosses`` (separated
    by blanks), and may have ``signer`` and ``split``. In JSON it is a list of such objects, which
    may have ``times`` as well: for each gloss its beginning and end in seconds.
    Timed glosses are a file ``<id>_metadata.json`` an utterance, as in the DGS Corpus; they are
    taken in the order of their starts. Their times are not kept: they count from the sentence's
    start, but the files published beside them are cut elsewhere (1.2 s for a sentence of 2.7 s).

    Raises:
        BadCorpus: There are none, or they are wrong; names file and line.
    """
    file = _table_of(path, table)
    if file is not None:
        found = _READERS.get(file.suffix, _from_csv)(file)
    else:
        timed = sorted(path.glob(f"*{TIMED}"))
        found = list(each(timed, lambda one: one.name.removesuffix(TIMED), _from_timed))
    if not found:
        raise BadCorpus(
            f"{path} has no glosses; put a table glosses.csv with the columns id,glosses,signer,"
            "split there, or name one with --set table=FILE"
        )
    check_distinct(found, lambda one: one.id, lambda one: one.where)
    return found


def _table_of(path: Path, table: str | None) -> Path | None:
    if table is not None:
        return path / table  # an absolute table stays what it is
    return next((path / name for name in TABLES if (path / name).exists()), None)


def _from_csv(file: Path, separator: str = ",") -> list[Annotation]:
    def read(row: Row) -> Annotation:
        values = row.values
        return _annotation(values, values["glosses"].split(), f"{file}:{row.line}")

    rows = read_table(file, ("id", "glosses"), separator=separator)
    return each_row(rows, read)


def _from_tsv(file: Path) -> list[Annotation]:
    return _from_csv(file, "\t")


def _from_json(file: Path) -> list[Annotation]:
    entries = parse_json(file)
    if not isinstance(entries, list):
        raise BadCorpus(f"{file} must be a list of objects with id and glosses")

    def read(item: tuple[int, Any]) -> Annotation:
        number, entry = item
        where = f"{file}: entry {number}"
        if not isinstance(entry, dict) or not {"id", "glosses"} <= set(entry):
            raise BadCorpus(f"{where} is no object with id and glosses")
        glosses = entry["glosses"]
        return _annotation(entry, glosses.split() if isinstance(glosses, str) else glosses, where)

    def name(item: tuple[int, Any]) -> str:
        number, entry = item
        return str(entry["id"]) if isinstance(entry, dict) and "id" in entry else f"entry {number}"

    return list(each(enumerate(entries, start=1), name, read))


def _from_timed(file: Path) -> Annotation:
    content = parse_json(file)
    try:
        timed = content["sentence"]["glosses"]
        glosses, starts, ends = timed["gloss"], timed["start"], timed["end"]
        signer = content.get("signer", content["document_id"])
    except (KeyError, TypeError) as error:
        raise BadCorpus(f"{file} has no timed glosses: {error} is missing") from error
    lists = [one if isinstance(one, list) else [] for one in (glosses, starts, ends)]
    if len(set(map(len, lists))) > 1:
        raise BadCorpus(
            f"{file} has {len(lists[0])} glosses, {len(lists[1])} starts and {len(lists[2])} ends"
        )
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in lists[1]):
        raise BadCorpus(f"{file} has starts that are no numbers")
    ordered = sorted(zip(*lists[1:], lists[0], strict=True), key=lambda told: told[0])
    values = {"id": file.name.removesuffix(TIMED), "signer": signer}
    return _annotation(values, [gloss for *_, gloss in ordered], str(file))


def _annotation(values: dict[str, Any], glosses: Any, where: str) -> Annotation:
    name = str(values["id"])
    try:
        check_id(name)
    except BadCorpus as error:
        raise BadCorpus(f"{where}: {error}") from error
    if not isinstance(glosses, list) or not glosses:
        raise BadCorpus(f"{where}: utterance {name!r} has no glosses")
    if not all(isinstance(gloss, str) and gloss for gloss in glosses):
        raise BadCorpus(f"{where}: utterance {name!r} has glosses that are no words")
    return Annotation(
        id=name,
        glosses=tuple(glosses),
        where=where,
        signer=str(values["signer"]) if values.get("signer") else None,
        split=str(values["split"]) if values.get("split") else None,
        times=_times(values.get("times"), len(glosses), where),
    )


def _times(told: Any, glosses: int, where: str) -> tuple[tuple[float, float], ...] | None:
    if told is None:
        return None
    try:
        times = tuple((float(start), float(end)) for start, end in told)
    except (TypeError, ValueError):
        times = ()
    if len(times) != glosses or any(not 0 <= start < end for start, end in times):
        raise BadCorpus(
            f"{where}: times must be {glosses} pairs of seconds, a beginning and an end a gloss"
        )
    return times


def parse_json(file: Path) -> Any:
    """The content of a JSON file.

    Raises:
        BadCorpus: It is unreadable, or no JSON; names the line.
    """
    try:
        return json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise BadCorpus(f"{file}:{error.lineno}: {error.msg}") from error


_READERS: dict[str, Callable[[Path], list[Annotation]]] = {
    ".tsv": _from_tsv,
    ".json": _from_json,
}
