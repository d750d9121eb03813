"""Reading the text tables of other corpora, strictly: what is wrong is told by file and line."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from signlab.corpora.importers.faults import affected, each
from signlab.corpora.validate import check_id
from signlab.errors import BadCorpus

T = TypeVar("T")

_SEPARATORS = {"|": "'|'", ",": "a comma", ";": "a semicolon", "\t": "a tab"}
_CONVERT = "convert the whole file, for example with `iconv -f latin1 -t utf-8`"


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        file: Where it stands.
        line: Counted from 1; the header is line 1.
        values: By the name of the column.
        utterance: What it is about.
    """

    file: Path
    line: int
    values: dict[str, str]
    utterance: str

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"

    def fail(self, message: str) -> NoReturn:
        """Tell what is wrong with the line.

        Raises:
            BadCorpus: Always.
        """
        raise BadCorpus(f"{self.where}: {message}")

    def number(self, column: str) -> int:
        """A whole number.

        Raises:
            BadCorpus: It is none.
        """
        try:
            return int(self.values[column])
        except ValueError:
            self.fail(f"{column} is {self.values[column]!r}, not a whole number")

    def real(self, column: str) -> float:
        """A finite number.

        Raises:
            BadCorpus: It is none.
        """
        try:
            value = float(self.values[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fail(f"{column} is {self.values[column]!r}, not a number")
        return value

    def name(self, column: str) -> str:
        """The id of an utterance.

        Raises:
            BadCorpus: It cannot be one.
        """
        try:
            check_id(self.values[column])
        except BadCorpus as error:
            self.fail(str(error))
        return self.values[column]


def read_text(file: Path, *, strict: bool = True) -> str:
    """The text of a file, with or without a byte-order mark.

    Args:
        file: What to read.
        strict: Whether to refuse bytes that are not UTF-8, or to leave them to ``decoded``.

    Raises:
        BadCorpus: It is missing, or not UTF-8.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadCorpus(f"{file} cannot be read: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadCorpus(f"{file}:1: the file is UTF-16; save it as UTF-8")
    text = content.decode("utf-8-sig", errors="surrogateescape")
    if strict:
        lines = enumerate(text.split("\n"), start=1)
        told = each(lines, lambda line: f"line {line[0]}", lambda line: decoded(file, *line))
        list(told)
    return text


def decoded(file: Path, line: int, text: str) -> None:
    """Refuse a line of which some bytes were not UTF-8.

    Raises:
        BadCorpus: Some were not.
    """
    escaped = next((letter for letter in text if "\udc80" <= letter <= "\udcff"), None)
    if escaped is not None:
        byte = ord(escaped) - 0xDC00
        raise BadCorpus(f"{file}:{line}: byte {byte:#x} is not UTF-8; {_CONVERT}")


def read_table(
    file: Path, columns: Sequence[str], *, separator: str = ",", quoted: bool = True
) -> list[Row]:
    """The rows of a table with a header.

    Args:
        file: The table.
        columns: Those that must be there, first the one that names the utterance; others are kept.
        separator: Between two values.
        quoted: Whether a value may stand in double quotes, as in CSV.

    Raises:
        BadCorpus: The file is unreadable, a column is missing, or a line has too many or too few
            values or is not UTF-8.
    """
    records = list(_records(file, separator, quoted=quoted))
    if not records:
        raise BadCorpus(f"{file}:1: the file is empty; expected {separator.join(columns)}")
    (_, header), *lines = records
    header = [name.strip() for name in header]
    missing = [column for column in columns if column not in header]
    twice = [name for name in header if header.count(name) > 1]
    if missing or twice:
        told = f"{missing[0]!r} is missing" if missing else f"{twice[0]!r} is there twice"
        raise BadCorpus(
            f"{file}:1: column {told}{_other_separator(header, separator)}; expected "
            f"{separator.join(columns)}{affected(f'line {line}' for line, _ in lines)}"
        )
    if not lines:
        raise BadCorpus(f"{file} has no rows")
    key = header.index(columns[0])

    def read(item: tuple[int, list[str]]) -> Row:
        line, values = item
        row = Row(file, line, dict(zip(header, values, strict=False)), name(item))
        decoded(file, line, "".join(values))
        if len(values) != len(header):
            row.fail(f"{len(values)} values instead of {len(header)}")
        return row

    def name(item: tuple[int, list[str]]) -> str:
        line, values = item
        return values[key] if key < len(values) else f"line {line}"

    return list(each(lines, name, read))


def each_row(rows: Sequence[Row], read: Callable[[Row], T]) -> list[T]:
    """Read every row; the first error tells which utterances are affected.

    Raises:
        BadCorpus: At least one row cannot be read.
    """
    return list(each(rows, lambda row: row.utterance, read))


def _records(file: Path, separator: str, *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """The values of each line that has some, and its number."""
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    text = read_text(file, strict=False)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for values in reader:
            if values:
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        rest = range(line, len(text.splitlines()) + 1)
        raise BadCorpus(
            f"{file}:{line}: {error}; all from here on cannot be read"
            f"{affected(f'line {number}' for number in rest)}"
        ) from error


def _other_separator(header: list[str], separator: str) -> str:
    """A guess at the separator that the file has instead."""
    for other, name in _SEPARATORS.items():
        if other != separator and any(other in value for value in header):
            return f" (the file seems to be separated by {name})"
    return ""
