"""All importers, and the one call that uses them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import signlab.corpora.importers.asl_parquet
import signlab.corpora.importers.boston104
import signlab.corpora.importers.csl_daily
import signlab.corpora.importers.mp_data
import signlab.corpora.importers.phoenix
import signlab.corpora.importers.pose
import signlab.corpora.importers.stm  # noqa: F401  # registers
from signlab.corpora.append import append_entries
from signlab.corpora.importers.base import IMPORTERS, Imported, Recorded
from signlab.corpora.recordings import waiting_entry
from signlab.corpora.store import Store
from signlab.corpora.writing import Entry, write_entries
from signlab.landmarks.layout import HOLISTIC

__all__ = ["IMPORTERS", "import_corpus"]


def import_corpus(
    kind: str,
    path: Path,
    out: Path,
    *,
    name: str,
    licence: str,
    settings: Mapping[str, Any],
    append: bool = False,
    tick: Callable[[int], None] = lambda _total: None,
) -> Store:
    """Import the files at ``path`` into the corpus folder ``out``.

    Args:
        kind: A registered kind of data.
        path: What to import.
        out: The folder to make.
        name: What reports call the corpus.
        licence: Of the data.
        settings: Those of the kind.
        append: Whether ``out`` is a corpus already, to which the utterances are added; it keeps
            its name and its licence.
        tick: Called after each utterance that was read, with the number of all of them.

    Raises:
        BadInput: The kind, a setting or a file cannot be used.
    """
    found = IMPORTERS.build(kind, settings).read(path)
    waiting = isinstance(found, Recorded)
    layout = HOLISTIC if isinstance(found, Recorded) else found.layout
    entries = _ticking(found, tick)
    if append:
        append_entries(
            out, layout=layout, vocabulary=found.vocabulary, entries=entries, waiting=waiting
        )
    else:
        write_entries(
            out,
            name=name,
            layout=layout,
            licence=licence,
            vocabulary=found.vocabulary,
            entries=entries,
            waiting=waiting,
        )
    return Store.open(out)


def _ticking(found: Imported | Recorded, tick: Callable[[int], None]) -> Iterator[Entry]:
    """The utterances, each counted once it is read."""
    if isinstance(found, Recorded):
        yield from map(waiting_entry, found.recordings)
        return
    for sample, split in found.samples:
        yield Entry(sample, split)
        tick(found.utterances)
