"""The table of a corpus: one row an utterance, held as columns and never as a million objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("signer", pa.string()),
        ("split", pa.string()),
        ("glosses", pa.list_(pa.string())),
        ("frames", pa.int32()),
        ("fps", pa.float64()),
        ("aspect", pa.float64()),
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
"""``row`` counts the record batches of a shard: an utterance is one."""

SPANS = pa.field("spans", pa.list_(pa.int32()))
"""First frame and end of each gloss by turns; only where the corpus tells them."""

MEDIA = pa.field("media", pa.string())
"""Of a corpus whose landmarks are still to come from recordings; nothing there has frames."""


@dataclass(frozen=True)
class Column:
    """A column of few different words: ``names[codes[i]]`` is the word of row i."""

    codes: np.ndarray
    names: tuple[str, ...]

    def rows(self, names: Sequence[str]) -> np.ndarray:
        """Whether each row holds one of ``names``."""
        return np.isin(self.codes, [i for i, name in enumerate(self.names) if name in set(names)])


@dataclass(frozen=True)
class Index:
    """All utterances of a corpus; row i of every column is utterance i.

    Attributes:
        glosses: The glosses of all utterances, one after the other.
        starts: Utterance i has the glosses ``starts[i]`` to ``starts[i + 1]``.
        media: Where the landmarks are still to come from.
        spans: Flat pairs of frames, see ``SPANS``.
    """

    ids: pa.StringArray
    signers: Column
    splits: Column
    glosses: Column
    starts: np.ndarray
    frames: np.ndarray
    fps: np.ndarray
    aspect: np.ndarray
    shard: np.ndarray
    row: np.ndarray
    media: pa.StringArray | None
    spans: pa.ListArray | None

    def __len__(self) -> int:
        return len(self.frames)

    def id(self, row: int) -> str:
        """The id of an utterance."""
        return self.ids[row].as_py()

    def glosses_of(self, row: int) -> tuple[str, ...]:
        """The glosses of an utterance."""
        codes = self.glosses.codes[self.starts[row] : self.starts[row + 1]]
        return tuple(map(self.glosses.names.__getitem__, codes.tolist()))

    def spans_of(self, row: int) -> tuple[tuple[int, int], ...] | None:
        """The frames of each gloss of an utterance, if they are known."""
        if self.spans is None or not self.spans[row].is_valid:
            return None
        ends = self.spans[row].as_py()
        return tuple(zip(ends[::2], ends[1::2], strict=True))

    def gloss_counts(self) -> np.ndarray:
        """How many glosses each utterance has."""
        return np.diff(self.starts)

    def rows_of(self, ids: Sequence[str]) -> np.ndarray:
        """The rows of ``ids``, -1 for one that is not there."""
        options = pc.SetLookupOptions(value_set=self.ids)
        found = pc.call_function("index_in", [pa.array(ids, pa.string())], options)
        return found.fill_null(-1).to_numpy(zero_copy_only=False)


def read_index(paths: Sequence[Path]) -> Index:
    """Read the tables of a corpus, one after the other.

    Raises:
        pyarrow.ArrowException, OSError: A file is not the table of a corpus.
    """
    tables = [_table(path) for path in paths]
    optional = {SPANS.name, MEDIA.name}
    if any([n for n in t.column_names if n not in optional] != SCHEMA.names for t in tables):
        raise pa.ArrowInvalid("its columns are not those of a corpus")
    table = pa.concat_tables(tables).unify_dictionaries()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    # by way of DLPack, since ``to_numpy`` would import pandas: half a second
    numbers = {
        name: np.from_dlpack(columns[name]) for name in ("frames", "fps", "aspect", "shard", "row")
    }
    return Index(
        ids=columns["id"],
        signers=_column(columns["signer"]),
        splits=_column(columns["split"]),
        glosses=_column(columns["glosses"].values),
        starts=np.from_dlpack(columns["glosses"].offsets),
        media=columns.get(MEDIA.name),
        spans=columns.get(SPANS.name),
        **numbers,
    )


def _table(path: Path) -> pa.Table:
    words = ["signer", "split", "glosses.list.element"]
    # read_table would import pandas; one group at a time, since Arrow cannot read a list of words
    # from several at once
    with pq.ParquetFile(path, read_dictionary=words, memory_map=True) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
        return pa.concat_tables(groups) if groups else file.read()


def _column(words: pa.DictionaryArray) -> Column:
    """Codes and words of a dictionary-encoded column."""
    return Column(np.from_dlpack(words.indices), tuple(words.dictionary.to_pylist()))
