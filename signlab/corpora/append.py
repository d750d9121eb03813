"""More utterances into a corpus folder that is there: what it has stays where it is."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from signlab.corpora.atomic import recover
from signlab.corpora.description import read_description
from signlab.corpora.recordings import read_recordings, waiting_entry
from signlab.corpora.store import Store
from signlab.corpora.writing import Base, Entry, write_entries
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout


def append_entries(
    path: Path,
    *,
    layout: Layout,
    vocabulary: Sequence[str],
    entries: Iterable[Entry],
    waiting: bool,
) -> None:
    """Add utterances; the corpus has all of them or none, also after a kill or a full disk.

    Name and licence stay, and so do the labels of the glosses: new glosses come after them.

    Args:
        path: The corpus.
        layout: Of the utterances; the corpus must have the same.
        vocabulary: Theirs.
        entries: Taken one at a time.
        waiting: Whether their landmarks are still to come.

    Raises:
        BadCorpus: There is no such corpus, it has another layout, an id is there already, an
            utterance cannot be used, or the disk is full.
    """
    recover(path)
    store = Store.open(path)
    if store.layout != layout or store.waiting != waiting:
        kinds = {True: "recordings without landmarks", False: "landmarks"}
        raise BadCorpus(
            f"{path} holds {kinds[store.waiting]} of layout {store.layout.name!r}, these files are "
            f"{kinds[waiting]} of layout {layout.name!r}; make another corpus of them"
        )
    known = set(store.vocabulary)
    write_entries(
        path,
        name=store.name,
        layout=layout,
        licence=store.licence,
        vocabulary=[*store.vocabulary, *(gloss for gloss in vocabulary if gloss not in known)],
        entries=entries,
        waiting=waiting,
        base=Base(read_description(path), _entries(store)),
    )


def _entries(store: Store) -> Iterator[Entry]:
    """What the corpus has."""
    if store.waiting:
        yield from map(waiting_entry, read_recordings(store))
        return
    splits = store.index.splits
    for row, sample in enumerate(store.samples()):
        yield Entry(sample, splits.names[splits.codes[row]])
