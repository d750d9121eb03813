"""Transcripts read from disk: trn, stm, ctm and tables.

Every file becomes glosses by utterance id, in the file's order. Errors name file and line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from signlab.errors import BadInput, nearest


class Row(NamedTuple):
    """An utterance of a file; ``signer`` is empty where the file names none."""

    line: int
    name: str
    glosses: tuple[str, ...]
    signer: str = ""


class Transcripts(dict[str, tuple[str, ...]]):
    """Glosses by utterance id.

    Attributes:
        path: The file that they come from.
        signers: Of each utterance, where the file names them.
    """

    def __init__(self, path: Path, rows: Iterator[Row]) -> None:
        super().__init__()
        self.path = path
        self.signers: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        for row in rows:
            if row.name in self:
                raise BadInput(
                    f"{path}:{row.line}: utterance {row.name!r} is there twice, first in line "
                    f"{self._lines[row.name]}"
                )
            self[row.name], self._lines[row.name] = row.glosses, row.line
            if row.signer:
                self.signers[row.name] = row.signer

    def where(self, name: str) -> str:
        """File and line of an utterance."""
        return f"{self.path}:{self._lines[name]}"


@dataclass(frozen=True)
class TimedGloss:
    """A gloss of a ctm file; times in seconds, confidence 0 to 1 or None."""

    gloss: str
    start: float
    duration: float
    confidence: float | None = None


def read(path: Path, *, column: str | None = None) -> Transcripts:
    """Read by the name's ending: .trn (or .ref, .hyp), .stm, .ctm, .csv or .tsv.

    A csv file may be divided by ``|`` in place of commas, as RWTH-PHOENIX's are.

    Args:
        column: Of a csv or tsv file with a header, the column of the glosses; ids are in the
            column ``id``, else in the first, signers in ``signer``. Without it, the column
            ``glosses``, or the second of two; a table of two columns needs no header.

    Raises:
        BadInput: No such file, format or column, not UTF-8, a line that cannot be read, an id
            twice.
    """
    ending = path.suffix.lower()
    if ending not in _READERS and ending not in TABLES:
        known = [*_READERS, *TABLES]
        raise BadInput(f"{path}: no transcript format {ending!r}; {nearest(ending, known)}")
    if ending in TABLES:
        return Transcripts(path, _read_table(path, TABLES[ending], column))
    if column is not None:
        raise BadInput(f"{path}: a {ending} file has no columns, so none is called {column!r}")
    return Transcripts(path, _READERS[ending](path))


def read_ctm(path: Path) -> dict[str, list[TimedGloss]]:
    """The timed glosses of each recording, in order of time.

    Raises:
        BadInput: A line is not ``recording channel start duration gloss [confidence]``.
    """
    found: dict[str, list[TimedGloss]] = {}
    for _, name, timed in _ctm_lines(path):
        found.setdefault(name, []).append(timed)
    return {name: sorted(timed, key=lambda one: one.start) for name, timed in found.items()}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1."""
    if not path.is_file():
        raise BadInput(f"{path}: no such file")
    # by bytes, so that a wrong encoding can be blamed on its line
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                f"{path}:{number}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
            ) from None
        if line.strip():
            yield number, line


def _read_trn(path: Path) -> Iterator[Row]:
    for number, line in _lines(path):
        if line.startswith(";;"):
            continue
        text, bracket, name = line.rstrip().rpartition("(")
        if not bracket or not name.endswith(")") or not name[:-1].strip():
            raise BadInput(f"{path}:{number}: no '(id)' at the end of the line")
        yield Row(number, name[:-1].strip(), tuple(text.split()))


def _read_stm(path: Path) -> Iterator[Row]:
    for number, line in _lines(path):
        fields = line.split()
        if fields[0].startswith(";;"):
            continue
        try:
            known = float(fields[3]) <= float(fields[4])
        except (IndexError, ValueError):
            known = False
        if not known:
            raise BadInput(f"{path}:{number}: not 'recording channel signer begin end glosses'")
        labelled = len(fields) > 5 and fields[5].startswith("<") and fields[5].endswith(">")
        yield Row(number, fields[0], tuple(fields[6 if labelled else 5 :]), fields[2])


def _ctm_lines(path: Path) -> Iterator[tuple[int, str, TimedGloss]]:
    for number, line in _lines(path):
        fields = line.split()
        if fields[0].startswith(";;"):
            continue
        try:
            start, duration = float(fields[2]), float(fields[3])
            confidence = float(fields[5]) if len(fields) > 5 and fields[5] != "NA" else None
            yield number, fields[0], TimedGloss(fields[4], start, duration, confidence)
        except (IndexError, ValueError):
            raise BadInput(
                f"{path}:{number}: not 'recording channel start duration gloss [confidence]'"
            ) from None


def _read_ctm(path: Path) -> Iterator[Row]:
    lines: dict[str, int] = {}
    for number, name, _ in _ctm_lines(path):
        lines.setdefault(name, number)
    for name, timed in read_ctm(path).items():
        yield Row(lines[name], name, tuple(one.gloss for one in timed))


def _read_table(path: Path, delimiter: str, column: str | None) -> Iterator[Row]:
    rows = _rows(path, delimiter)
    first_number, first = next(rows, (0, []))
    if not first:
        return
    wanted = "glosses" if column is None else column
    name_at = first.index("id") if "id" in first else 0
    signer_at = first.index("signer") if "signer" in first else None
    if wanted in first:
        glosses_at = first.index(wanted)
    elif column is None and len(first) == 2:
        glosses_at = 1 - name_at
        if "id" not in first:
            yield Row(first_number, first[0].strip(), tuple(first[1].split()))
    else:
        raise BadInput(f"{path}:{first_number}: no column {wanted!r}; {nearest(wanted, first)}")
    for number, row in rows:
        if len(row) != len(first):
            raise BadInput(f"{path}:{number}: {len(row)} columns, not {len(first)}")
        signer = "" if signer_at is None else row[signer_at].strip()
        yield Row(number, row[name_at].strip(), tuple(row[glosses_at].split()), signer)


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in _lines(path):
        if number == 1 and delimiter == "," and "|" in line:
            delimiter = "|"
        # between bars a quotation mark is a character like any other
        quoting = csv.QUOTE_NONE if delimiter == "|" else csv.QUOTE_MINIMAL
        yield number, next(csv.reader([line], delimiter=delimiter, quoting=quoting))


_READERS: Final = {
    ".trn": _read_trn,
    ".ref": _read_trn,
    ".hyp": _read_trn,
    ".stm": _read_stm,
    ".ctm": _read_ctm,
}
TABLES: Final = {".csv": ",", ".tsv": "\t"}
