"""Faults of files on their way into a corpus: the first is told by place, all are counted."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from signlab.errors import BadCorpus

Item = TypeVar("Item")
Found = TypeVar("Found")

_NAMED = 5


def each(
    items: Iterable[Item], name: Callable[[Item], str], read: Callable[[Item], Found]
) -> Iterator[Found]:
    """Read every item; after the first bad one only look for more, to tell how many there are.

    Args:
        items: Lines, files, utterances.
        name: The utterance that an item belongs to.
        read: Raises BadCorpus for a bad one.

    Raises:
        BadCorpus: The first error, with the utterances affected.
    """
    first: BadCorpus | None = None
    bad: list[str] = []
    for item in items:
        try:
            found = read(item)
        except BadCorpus as error:
            first = first or error
            bad.append(name(item))
            continue
        if first is None:
            yield found
    if first is not None:
        raise BadCorpus(f"{first}{affected(bad)}") from first


def check_distinct(
    items: Iterable[Item], name: Callable[[Item], str], where: Callable[[Item], object]
) -> None:
    """Refuse two items of one name.

    Raises:
        BadCorpus: Names the places of the first pair, and all such utterances.
    """
    seen: dict[str, Item] = {}
    twice = [item for item in items if seen.setdefault(name(item), item) is not item]
    if twice:
        raise BadCorpus(
            f"{where(twice[0])}: utterance {name(twice[0])!r} is there twice, first in "
            f"{where(seen[name(twice[0])])}; ids must differ{affected(map(name, twice))}"
        )


def affected(utterances: Iterable[str]) -> str:
    """The end of a message: how many utterances have the fault, and which.

    >>> affected(["a"])
    ' (utterances affected: 1)'
    >>> affected(["a", "b", "a"])
    " (utterances affected: 2: 'a', 'b')"
    """
    names = list(dict.fromkeys(utterances))
    some = ", ".join(map(repr, names[:_NAMED])) + ", ..." * (len(names) > _NAMED)
    return f" (utterances affected: {len(names):,}{f': {some}' if len(names) > 1 else ''})"
