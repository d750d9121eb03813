"""Numbers, lists and tables as markdown."""

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from signlab.scoring.significance import Interval, PairedDifference

MISSING = "–"


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, text: Collection[str] = ()
) -> str:
    """A table of figures, aligned to the right, with words in the first column and in ``text``."""
    rule = [":--" if name in (header[0], *text) else "--:" for name in header]
    lines = [header, rule, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: Any) -> str:
    """A name or a value of a recipe."""
    return f"`{text}`"


def join(words: Sequence[str]) -> str:
    """A list as one reads it.

    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def count(number: int, noun: str) -> str:
    """A number and its noun.

    >>> count(1, "run"), count(3, "run")
    ('1 run', '3 runs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def words(noun: str, items: Sequence[object]) -> str:
    """A noun and the names of what it means.

    >>> words("seed", [0, 1]), words("fold", ["s1"])
    ('seeds 0 and 1', 'fold s1')
    """
    return f"{noun if len(items) == 1 else noun + 's'} {join([str(item) for item in items])}"


def signed(value: float, digits: int = 1) -> str:
    """A difference with its sign; the minus is as wide as the plus.

    >>> signed(-0.04), signed(-7.12), signed(3.0)
    ('0.0', '−7.1', '+3.0')
    """
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else f"{0:.{digits}f}"


def interval(value: Interval) -> str:
    """A WER with its interval."""
    return f"{value.value:.1f} [{value.low:.1f}, {value.high:.1f}]"


def difference(paired: PairedDifference) -> str:
    """A difference with its interval, in points."""
    return f"{signed(paired.difference)} [{signed(paired.low)}, {signed(paired.high)}]"


def probability(p: float | None) -> str:
    """A p-value to three decimals.

    >>> probability(0.0002), probability(0.0421)
    ('< 0.001', '0.042')
    """
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def large(value: int) -> str:
    """Parameters and operations.

    >>> large(900_000), large(41_638_671), large(1_250_000_000)
    ('0.90 M', '41.6 M', '1.25 G')
    """
    unit, size = ("G", 1e9) if value >= 1e9 else ("M", 1e6)
    scaled = value / size
    return f"{scaled:.{2 if scaled < 10 else 1}f} {unit}"


def optional(value: float | None, digits: int = 1) -> str:
    """A figure, or a dash where it was not measured."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def figure(value: float, digits: int = 1) -> str:
    """A figure of a table, or a dash where there was nothing to divide by.

    >>> figure(12.34), figure(float("nan"))
    ('12.3', '–')
    """
    return MISSING if math.isnan(value) else f"{value:,.{digits}f}"


def percent_more(value: int | float, reference: int | float) -> str:
    """How much larger than the reference.

    >>> percent_more(150, 100), percent_more(84, 100)
    ('+50 %', '−16 %')
    """
    return f"{signed(100.0 * (value / reference - 1.0), 0)} %"
