"""The corpus folder: landmarks in fixed point, mapped into memory and never copied.

``corpus.json`` (what it is), ``utterances.parquet`` (a row an utterance) and ``landmarks-*.arrow``
(a record batch an utterance, a row a frame).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
from jaxtyping import Int16

from signlab.corpora.atomic import alone, explained, new_folder, publish
from signlab.corpora.base import Sample
from signlab.corpora.index import Index, read_index
from signlab.corpora.shards import INDEX, META, VERSION, Shards
from signlab.corpora.validate import check_sample
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout, Part
from signlab.study.folder import write_json

_MAPPED = 4
"""Shards mapped at once, so that reading a corpus larger than memory keeps the process small."""


class Store:
    """A corpus folder, opened for reading; samples are made when they are asked for.

    Attributes:
        vocabulary: All glosses, in the order of their labels.
        digest: SHA-256 of layout, vocabulary and every utterance; not of name or place.
        signers: Sorted.
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
        self.frames: int = meta["frames"]
        self.layout = _layout(meta["layout"])
        self._shards = [shard["file"] for shard in meta["shards"]]
        self._reader = lru_cache(maxsize=_MAPPED)(self._map)

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open a corpus folder; reads its description only.

        Raises:
            BadCorpus: It is missing, truncated, or no corpus of this version.
        """
        if not path.is_dir():
            raise BadCorpus(
                f"no corpus at {path}; import one with `signlab corpus import` "
                "(`make corpora` makes those of the shipped studies)"
            )
        meta = _read_meta(path)
        try:
            store = cls(path, meta)
            for file in [*meta["shards"], {"file": INDEX, "bytes": meta["index_bytes"]}]:
                _check_size(path / file["file"], file["bytes"])
        except (KeyError, TypeError) as error:
            raise _damaged(path / "corpus.json", f"{error} is missing or wrong") from error
        return store

    @cached_property
    def index(self) -> Index:
        """The table of the utterances."""
        file = self.path / INDEX
        try:
            index = read_index(file)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(file, str(error)) from error
        if len(index) != self.utterances:
            raise _damaged(file, f"{len(index)} rows instead of {self.utterances}")
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
        return Sample(
            id=index.id(row),
            signer=index.signers.names[index.signers.codes[row]],
            glosses=index.glosses_of(row),
            landmarks=self._landmarks(row),
            aspect=float(index.aspect[row]),
            fps=float(index.fps[row]),
        )

    def _landmarks(self, row: int) -> Int16[np.ndarray, "frames points coordinates"]:
        """A read-only view of the mapped file."""
        number = int(self.index.shard[row])
        try:
            batch = self._reader(number).get_batch(int(self.index.row[row]))
        except (pa.ArrowException, OSError, IndexError) as error:
            raise _damaged(self.path / self._shards[number], str(error)) from error
        flat = batch.column(0).flatten().to_numpy(zero_copy_only=True)
        return flat.reshape(-1, self.layout.points, self.layout.coordinates)

    def _map(self, shard: int) -> pa.ipc.RecordBatchFileReader:
        return pa.ipc.open_file(pa.memory_map(str(self.path / self._shards[shard])))


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
    words = tuple(vocabulary)
    digest = hashlib.sha256(json.dumps([VERSION, asdict(layout), words]).encode())
    ids: set[str] = set()
    splits: dict[str, int] = {}
    signers: set[str] = set()
    with new_folder(path) as part:
        with Shards(part, path, layout) as shards:
            known = frozenset(words)
            for sample, split in samples:
                check_sample(sample, layout, known)
                if sample.id in ids:
                    raise BadCorpus(f"two utterances have the id {sample.id!r}; ids must differ")
                ids.add(sample.id)
                splits[split] = splits.get(split, 0) + 1
                signers.add(sample.signer)
                _digest(digest, sample, split)
                shards.add(sample, split)
        if not ids:
            raise BadCorpus(f"nothing to write to {path}: there are no utterances")
        meta = {
            "format": META,
            "version": VERSION,
            "name": name,
            "licence": licence,
            "layout": asdict(layout),
            "vocabulary": words,
            "utterances": len(ids),
            "frames": shards.frames,
            "signers": sorted(signers),
            "splits": splits,
            "index_bytes": (part / INDEX).stat().st_size,
            "shards": [{"file": file.name, "bytes": file.stat().st_size} for file in shards.files],
            "digest": digest.hexdigest(),
        }
        with explained(path):
            write_json(part / "corpus.json", meta)
        with alone(path.parent):
            if not _same(path, meta["digest"]):
                publish(part, path)


def _same(path: Path, digest: str) -> bool:
    """Whether a corpus of this content is there already."""
    try:
        return Store.open(path).digest == digest
    except BadCorpus:
        return False


def _digest(digest: Any, sample: Sample, split: str) -> None:
    """Add everything that decides the content of an utterance."""
    shape = sample.landmarks.shape
    words = [sample.id, sample.signer, split, sample.glosses, sample.aspect, sample.fps, shape]
    digest.update(json.dumps(words).encode())
    digest.update(np.ascontiguousarray(sample.landmarks, dtype="<i2"))


def _layout(values: dict[str, Any]) -> Layout:
    parts = tuple(Part(**part) for part in values["parts"])
    return Layout(values["name"], parts, values["coordinates"])


def _read_meta(path: Path) -> dict[str, Any]:
    file = path / "corpus.json"
    try:
        meta = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadCorpus(f"{path} is not a corpus: {file.name} is missing") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _damaged(file, str(error)) from error
    if not isinstance(meta, dict) or meta.get("format") != META:
        raise BadCorpus(f"{file} does not describe a corpus of signlab; import the data again")
    if meta["version"] != VERSION:
        raise BadCorpus(
            f"{file} is of version {meta['version']}, this signlab reads version {VERSION}; "
            "import the data again"
        )
    return meta


def _check_size(file: Path, expected: int) -> None:
    size = file.stat().st_size if file.exists() else None
    if size != expected:
        found = "missing" if size is None else f"{size:,} bytes long instead of {expected:,}"
        raise _damaged(file, f"it is {found}")


def _damaged(file: Path, reason: str) -> BadCorpus:
    return BadCorpus(f"{file} cannot be read: {reason}; import the corpus again")
