"""Writing the two kinds of files of a corpus folder, utterance after utterance."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int16

from signlab.corpora.atomic import explained
from signlab.corpora.base import Sample
from signlab.corpora.description import INDEX
from signlab.corpora.index import SCHEMA, WAITING
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout

_SHARD_BYTES = 1 << 26
_SHARD_UTTERANCES = 1 << 14
_ROW_GROUP = 1 << 16


class Shards:
    """Landmarks into ``landmarks-*.arrow`` and their rows into ``utterances.parquet``.

    Memory stays flat: a shard is written as it comes, the table in groups of rows.

    Args:
        folder: Where the files go.
        path: The corpus that they are for, as a message names it.
        layout: The points of a frame.
        waiting: Whether all utterances are recordings without landmarks.
    """

    def __init__(self, folder: Path, path: Path, layout: Layout, *, waiting: bool) -> None:
        self._folder = folder
        self._path = path
        self._columns = WAITING if waiting else SCHEMA
        self._values = layout.points * layout.coordinates
        self._type = pa.list_(pa.int16(), self._values)
        self._schema = pa.schema([("landmarks", self._type)])
        with explained(path):
            self._table = pq.ParquetWriter(folder / INDEX, self._columns)
        self._rows: list[dict[str, Any]] = []
        self._shard: pa.ipc.RecordBatchFileWriter
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
                for file in [*self.files, self._folder / INDEX]:
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
            place = (-1, -1) if media is not None else self._add_landmarks(sample.landmarks)
            self._rows.append(_entry(sample, split, media, place))
            if len(self._rows) >= _ROW_GROUP:
                self._flush()

    def _add_landmarks(
        self, landmarks: Int16[np.ndarray, "frames points coordinates"]
    ) -> tuple[int, int]:
        """Write frames; gives their shard and their row there."""
        if self._bytes >= _SHARD_BYTES or self._row >= _SHARD_UTTERANCES or not self.files:
            self._next_shard()
        flat = np.ascontiguousarray(landmarks).reshape(-1)
        column = pa.FixedSizeListArray.from_arrays(pa.array(flat), type=self._type)
        self._shard.write_batch(pa.record_batch([column], schema=self._schema))
        self._row += 1
        self._bytes += flat.nbytes
        self.frames += len(landmarks)
        return len(self.files) - 1, self._row - 1

    def _next_shard(self) -> None:
        self._close_shard()
        file = self._folder / f"landmarks-{len(self.files):05d}.arrow"
        self.files.append(file)
        self._shard = pa.ipc.new_file(str(file), self._schema)
        self._bytes = self._row = 0

    def _close_shard(self) -> None:
        if self.files:
            self._shard.close()

    def _flush(self) -> None:
        if self._rows:
            self._table.write_table(pa.Table.from_pylist(self._rows, self._columns))
            self._rows = []


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
        "shard": place[0],
        "row": place[1],
        "media": media,
    }


def _sync(file: Path) -> None:
    """Bring a file to disk, so that a power cut after the rename finds it whole."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
