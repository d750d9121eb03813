"""Reading the text tables of other corpora, strictly: what is wrong is told by file and line."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from signlab.errors import BadCorpus

T = TypeVar("T")

_SEPARATORS = {"|": "'|'", ",": "a comma", ";": "a semicolon", "\t": "a tab"}


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        file: Where it stands.
        line: Counted from 1; the header is line 1.
        values: By the name of the column.
    """

    file: Path
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def fail(self, message: str) -> NoReturn:
        """Tell what is wrong with the line.

        Raises:
            BadCorpus: Always.
        """
        raise BadCorpus(f"{self.file}:{self.line}: {message}")

    def number(self, column: str) -> int:
        """A whole number.

        Raises:
            BadCorpus: It is none.
        """
        try:
            return int(self.values[column])
        except ValueError:
            self.fail(f"{column} is {self.values[column]!r}, not a whole number")


def read_text(file: Path) -> str:
    """The text of a file, with or without a byte-order mark.

    Raises:
        BadCorpus: It is missing, or not UTF-8.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadCorpus(f"{file} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadCorpus(
            f"{file}:{line}: byte {content[error.start]:#x} is not UTF-8; convert the whole file, "
            "for example with `iconv -f latin1 -t utf-8`"
        ) from error


def read_table(
    file: Path, columns: Sequence[str], *, separator: str = ",", quoted: bool = True
) -> list[Row]:
    """The rows of a table with a header.

    Args:
        file: The table.
        columns: Those that must be there; others are kept as well.
        separator: Between two values.
        quoted: Whether a value may stand in double quotes, as in CSV.

    Raises:
        BadCorpus: The file is unreadable, a column is missing, or a line has too many or too few
            values.
    """
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(read_text(file)), delimiter=separator, quoting=quoting)
    header = [name.strip() for name in next(reader, [])]
    missing = [column for column in columns if column not in header]
    if missing:
        raise BadCorpus(
            f"{file}:1: column {missing[0]!r} is missing{_other_separator(header, separator)}; "
            f"expected {separator.join(columns)}"
        )
    rows, wrong = [], []
    for values in reader:
        if not values:
            continue
        row = Row(file, reader.line_num, dict(zip(header, values, strict=False)))
        rows.append(row)
        if len(values) != len(header):
            wrong.append((row, len(values)))
    if wrong:
        row, found = wrong[0]
        row.fail(f"{found} values instead of {len(header)}{affected(len(wrong), 'lines')}")
    if not rows:
        raise BadCorpus(f"{file} has no rows")
    return rows


def each_row(rows: Sequence[Row], read: Callable[[Row], T]) -> list[T]:
    """Read every row; the first error tells how many rows are affected.

    Raises:
        BadCorpus: At least one row cannot be read.
    """
    found, errors = [], []
    for row in rows:
        try:
            found.append(read(row))
        except BadCorpus as error:
            errors.append(error)
    if errors:
        raise BadCorpus(f"{errors[0]}{affected(len(errors), 'lines')}") from errors[0]
    return found


def affected(count: int, what: str) -> str:
    """How many more there are like the one that was told."""
    return f" ({what} affected: {count})"


def _other_separator(header: list[str], separator: str) -> str:
    """A guess at the separator that the file has instead."""
    for other, name in _SEPARATORS.items():
        if other != separator and any(other in value for value in header):
            return f" (the file seems to be separated by {name})"
    return ""
