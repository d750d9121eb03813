"""The corpus folder: landmarks in fixed point, mapped into memory and never copied.

``corpus.json`` (what it is), ``utterances.parquet`` (a row an utterance) and ``landmarks-*.arrow``
(a record batch an utterance, a row a frame).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
from jaxtyping import Int16, UInt8

from signlab.corpora.base import Sample
from signlab.corpora.description import damaged, layout_of, read_description, tables_of
from signlab.corpora.index import Index, read_index
from signlab.corpora.writing import Entry, write_entries
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout

_MAPPED = 4
"""Shards mapped at once, so that reading a corpus larger than memory keeps the process small."""


class Store:
    """A corpus folder, opened for reading; samples are made when they are asked for.

    Attributes:
        vocabulary: All glosses, in the order of their labels.
        digest: SHA-256 of layout, vocabulary and every utterance; not of name or place.
        signers: Sorted.
        waiting: Whether it has recordings only, whose landmarks are still to be extracted.
    """

    def __init__(self, path: Path, meta: dict[str, Any]) -> None:
        self.path = path
        self.name: str = meta["name"]
        self.licence: str = meta["licence"]
        self.vocabulary: tuple[str, ...] = tuple(meta["vocabulary"])
        self.digest: str = meta["digest"]
        self.signers: tuple[str, ...] = tuple(meta["signers"])
        self.splits: dict[str, int] = meta["splits"]
        self.utterances: int = meta["utterances"]
        self.waiting: bool = meta.get("waiting", False)
        self.frames: int = meta["frames"]
        self.layout = layout_of(meta)
        self._shards = [shard["file"] for shard in meta["shards"]]
        self._tables = [path / table["file"] for table in tables_of(meta)]
        self._reader = lru_cache(maxsize=_MAPPED)(self._map)

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open a corpus folder; reads its description only.

        Raises:
            BadCorpus: It is missing, truncated, or no corpus of this version.
        """
        description = read_description(path)
        try:
            return cls(path, description)
        except (KeyError, TypeError) as error:
            raise damaged(path / "corpus.json", f"{error} is missing or wrong") from error

    @cached_property
    def index(self) -> Index:
        """The table of the utterances."""
        try:
            index = read_index(self._tables)
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._tables[0], str(error)) from error
        if len(index) != self.utterances:
            raise damaged(self._tables[0], f"{len(index)} rows instead of {self.utterances}")
        return index

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all utterances, in order."""
        return tuple(self.index.ids.to_pylist())

    def samples(self, split: str | None = None) -> "StoredSamples":
        """The utterances of a split, or all of them, in order.

        Raises:
            BadCorpus: There is no such split.
        """
        if split is None:
            return StoredSamples(self, np.arange(self.utterances))
        if split not in self.splits:
            known = ", ".join(map(repr, self.splits))
            raise BadCorpus(f"{self.path} has no split {split!r}; it has {known}")
        return StoredSamples(self, np.flatnonzero(self.index.splits.rows([split])))

    def sample(self, row: int) -> Sample:
        """The utterance of a row of the index."""
        index = self.index
        batch = self._batch(row)
        return Sample(
            id=index.id(row),
            signer=index.signers.names[index.signers.codes[row]],
            glosses=index.glosses_of(row),
            landmarks=self._landmarks(batch),
            aspect=float(index.aspect[row]),
            fps=float(index.fps[row]),
            spans=index.spans_of(row),
            visibility=_visibility(batch),
        )

    def _batch(self, row: int) -> pa.RecordBatch:
        """The frames of an utterance, mapped and not copied."""
        if self.waiting:
            raise BadCorpus(
                f"{self.path} has no landmarks yet; "
                f"run `signlab corpus extract {self.path} --out {self.path}`"
            )
        number = int(self.index.shard[row])
        try:
            return self._reader(number).get_batch(int(self.index.row[row]))
        except (pa.ArrowException, OSError, IndexError) as error:
            raise damaged(self.path / self._shards[number], str(error)) from error

    def _landmarks(self, batch: pa.RecordBatch) -> Int16[np.ndarray, "frames points coordinates"]:
        """A read-only view of the mapped file."""
        flat = np.from_dlpack(batch.column(0).values)
        return flat.reshape(-1, self.layout.points, self.layout.coordinates)

    def _map(self, shard: int) -> pa.ipc.RecordBatchFileReader:
        return pa.ipc.open_file(pa.memory_map(str(self.path / self._shards[shard])))


def _visibility(batch: pa.RecordBatch) -> UInt8[np.ndarray, "frames pose"] | None:
    """A read-only view of the mapped file, where it is told."""
    if batch.num_columns == 1:
        return None
    return np.from_dlpack(batch.column(1).values).reshape(batch.num_rows, -1)


class StoredSamples(Sequence[Sample]):
    """Some utterances of a store; each is made when it is asked for."""

    def __init__(self, store: Store, rows: np.ndarray) -> None:
        self._store = store
        self.rows = rows

    @property
    def frames(self) -> np.ndarray:
        """The length of each utterance, without making it."""
        return self._store.index.frames[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, position: int) -> Sample: ...

    @overload
    def __getitem__(self, position: slice) -> "StoredSamples": ...

    def __getitem__(self, position: int | slice) -> "Sample | StoredSamples":
        if isinstance(position, slice):
            return StoredSamples(self._store, self.rows[position])
        return self._store.sample(int(self.rows[position]))

    def __iter__(self) -> Iterator[Sample]:
        return (self._store.sample(int(row)) for row in self.rows)


def write_corpus(
    path: Path,
    *,
    name: str,
    layout: Layout,
    licence: str,
    vocabulary: Sequence[str],
    samples: Iterable[tuple[Sample, str]],
) -> None:
    """Write utterances, each with the name of its split, as a corpus folder.

    The folder appears when it is complete. Several processes may write one path at once; a corpus
    that is there already is replaced, unless it has the same content.

    Args:
        path: The folder to make.
        name: What reports call the corpus.
        layout: The points of a frame.
        licence: Of the data, for whoever gets the folder.
        vocabulary: All glosses, in the order of their labels.
        samples: Taken one at a time; they need not fit into memory.

    Raises:
        BadCorpus: An utterance cannot be used, there is none, or the disk is full.
    """
    write_entries(
        path,
        name=name,
        layout=layout,
        licence=licence,
        vocabulary=vocabulary,
        entries=(Entry(sample, split) for sample, split in samples),
        waiting=False,
    )
