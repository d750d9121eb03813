"""Writing the two kinds of files of a corpus folder, utterance after utterance."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from signlab.corpora.atomic import explained
from signlab.corpora.base import Sample
from signlab.corpora.index import MEDIA, SCHEMA, SPANS
from signlab.errors import BadCorpus

_SHARD_BYTES = 1 << 26
_SHARD_UTTERANCES = 1 << 14
_ROW_GROUP = 1 << 16


class Shards:
    """Landmarks into ``landmarks-*.arrow`` and their rows into a table.

    Memory stays flat: a shard is written as it comes, the table in groups of rows.

    Args:
        folder: Where the files go.
        path: The corpus that they are for, as a message names it.
        table: The name of the table.
        first: The number of the first shard.
        waiting: Whether all utterances are recordings without landmarks.
    """

    def __init__(self, folder: Path, path: Path, *, table: str, first: int, waiting: bool) -> None:
        self._folder = folder
        self._path = path
        self._first = first
        self.table = folder / table
        self._columns = SCHEMA.append(SPANS)
        if waiting:
            self._columns = self._columns.append(MEDIA)
        with explained(path):
            self._table = pq.ParquetWriter(self.table, self._columns)
        self._rows: list[dict[str, Any]] = []
        self._shard: pa.ipc.RecordBatchFileWriter
        self._shard_schema: pa.Schema
        self._bytes = self._row = 0
        self.files: list[Path] = []
        self.frames = 0

    def __enter__(self) -> "Shards":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files; an error on the way out must not hide the one that came first."""
        try:
            with explained(self._path):
                self._close_shard()
                self._flush()
                self._table.close()
                for file in [*self.files, self.table]:
                    _sync(file)
        except BadCorpus:
            if error is None:
                raise

    def add(self, sample: Sample, split: str, media: str | None = None) -> None:
        """Write one utterance; one without frames has a row in the table only.

        Raises:
            BadCorpus: The file system refuses.
        """
        with explained(self._path):
            place = (-1, -1) if media is not None else self._add_landmarks(sample)
            self._rows.append(_entry(sample, split, media, place))
            if len(self._rows) >= _ROW_GROUP:
                self._flush()

    def _add_landmarks(self, sample: Sample) -> tuple[int, int]:
        """Write frames; gives their shard and their row there."""
        columns = {"landmarks": _column(sample.landmarks)}
        if sample.visibility is not None:
            columns["visibility"] = _column(sample.visibility)
        batch = pa.record_batch(columns)
        if (
            self._bytes >= _SHARD_BYTES
            or self._row >= _SHARD_UTTERANCES
            or not self.files
            or batch.schema != self._shard_schema
        ):
            self._next_shard(batch.schema)
        self._shard.write_batch(batch)
        self._row += 1
        self._bytes += batch.nbytes
        self.frames += len(sample.landmarks)
        return self._first + len(self.files) - 1, self._row - 1

    def _next_shard(self, schema: pa.Schema) -> None:
        self._close_shard()
        file = self._folder / f"landmarks-{self._first + len(self.files):05d}.arrow"
        self.files.append(file)
        self._shard = pa.ipc.new_file(str(file), schema)
        self._shard_schema = schema
        self._bytes = self._row = 0

    def _close_shard(self) -> None:
        if self.files:
            self._shard.close()

    def _flush(self) -> None:
        if self._rows:
            self._table.write_table(pa.Table.from_pylist(self._rows, self._columns))
            self._rows = []


def _column(values: np.ndarray) -> pa.FixedSizeListArray:
    """A row a frame."""
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(values.shape[1:])))


def _entry(sample: Sample, split: str, media: str | None, place: tuple[int, int]) -> dict[str, Any]:
    """The row of the table for an utterance."""
    return {
        "id": sample.id,
        "signer": sample.signer,
        "split": split,
        "glosses": sample.glosses,
        "frames": len(sample.landmarks),
        "fps": sample.fps,
        "aspect": sample.aspect,
        "spans": None if sample.spans is None else [end for span in sample.spans for end in span],
        "shard": place[0],
        "row": place[1],
        "media": media,
    }


def _sync(file: Path) -> None:
    """Bring a file to disk, so that a power cut after the rename finds it whole."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
