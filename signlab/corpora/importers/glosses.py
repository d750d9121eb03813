"""Which glosses belong to which file: a table beside the files, or timed glosses in JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signlab.corpora.importers.tables import Row, affected, each_row, read_table, read_text
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
        found = [_from_timed(timed) for timed in sorted(path.glob(f"*{TIMED}"))]
    if not found:
        raise BadCorpus(
            f"{path} has no glosses; put a table glosses.csv with the columns id,glosses,signer,"
            "split there, or name one with --set table=FILE"
        )
    seen: dict[str, Annotation] = {}
    twice = [one for one in found if seen.setdefault(one.id, one) is not one]
    if twice:
        raise BadCorpus(
            f"{twice[0].where}: utterance {twice[0].id!r} is in {seen[twice[0].id].where} as well"
            + affected(len(twice), "utterances")
        )
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
    found = []
    for number, entry in enumerate(entries, start=1):
        where = f"{file}: entry {number}"
        if not isinstance(entry, dict) or not {"id", "glosses"} <= set(entry):
            raise BadCorpus(f"{where} is no object with id and glosses")
        glosses = entry["glosses"]
        found.append(
            _annotation(entry, glosses.split() if isinstance(glosses, str) else glosses, where)
        )
    return found


def _from_timed(file: Path) -> Annotation:
    content = parse_json(file)
    try:
        timed = content["sentence"]["glosses"]
        glosses, starts, ends = timed["gloss"], timed["start"], timed["end"]
        signer = content.get("signer", content["document_id"])
    except (KeyError, TypeError) as error:
        raise BadCorpus(f"{file} has no timed glosses: {error} is missing") from error
    if not len(glosses) == len(starts) == len(ends):
        raise BadCorpus(
            f"{file} has {len(glosses)} glosses, {len(starts)} starts and {len(ends)} ends"
        )
    ordered = sorted(zip(starts, ends, glosses, strict=True), key=lambda told: told[0])
    values = {"id": file.name.removesuffix(TIMED), "signer": signer}
    return _annotation(values, [gloss for *_, gloss in ordered], str(file))


def _annotation(values: dict[str, Any], glosses: list[str], where: str) -> Annotation:
    if not glosses or not all(isinstance(gloss, str) and gloss for gloss in glosses):
        raise BadCorpus(f"{where}: utterance {values['id']!r} has no glosses")
    return Annotation(
        id=str(values["id"]),
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
