"""Google's two competitions on ASL: isolated signs, and fingerspelled phrases.

Isolated signs have a file a sequence with a row a landmark; phrases have many sequences a file,
with a row a frame and a column for each value. Missing landmarks are NaN.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float32
from pydantic import Field

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, Imported, Importer, each, stored
from signlab.corpora.importers.tables import Row, read_table
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC

_AXES = ("x", "y", "z")
_BLANK = "<space>"
"""The gloss of a blank between words, as glosses are written with blanks between them."""


@IMPORTERS.register("asl-parquet")
class AslParquet(Importer):
    """Google's ASL competitions: train.csv and parquet files of isolated signs or fingerspelling.

    Args:
        table: The table of sequences.
        split: Of all of them; the competitions keep their tests to themselves.
        aspect: Height over width of the images, which the files do not tell.
        fps: Frames a second.
    """

    def __init__(
        self,
        *,
        table: str = "train.csv",
        split: str = "train",
        aspect: Annotated[float, Field(gt=0)] = 0.75,
        fps: Annotated[float, Field(gt=0)] = 30.0,
    ) -> None:
        self._table = table
        self._split = split
        self._aspect = aspect
        self._fps = fps

    def read(self, path: Path) -> Imported:
        """Find the sequences."""
        rows = read_table(path / self._table, ("path", "sequence_id", "participant_id"))
        if not {"sign", "phrase"} & set(rows[0].values):
            rows[0].fail("the table has neither a column 'sign' nor a column 'phrase'")
        sequences = [_sequence(row, path) for row in rows]
        # sequences of one file are read together
        sequences.sort(key=lambda sequence: (sequence.file, sequence.number))
        cache = _Cache()

        def read(sequence: _Sequence) -> tuple[Sample, str]:
            landmarks = cache.landmarks(sequence)
            sample = Sample(
                id=str(sequence.number),
                signer=sequence.signer,
                glosses=sequence.glosses,
                landmarks=stored(landmarks, f"{sequence.file}, sequence {sequence.number}"),
                aspect=self._aspect,
                fps=self._fps,
            )
            return sample, self._split

        glosses = {gloss for sequence in sequences for gloss in sequence.glosses}
        samples = each(sequences, lambda sequence: str(sequence.number), read)
        return Imported(HOLISTIC, tuple(sorted(glosses)), samples)


@dataclass(frozen=True)
class _Sequence:
    """A line of the table."""

    number: int
    signer: str
    glosses: tuple[str, ...]
    file: Path
    long: bool


def _sequence(row: Row, path: Path) -> _Sequence:
    relative = Path(row["path"])
    if relative.is_absolute() or ".." in relative.parts:
        row.fail(f"path {row['path']!r} leads out of the folder")
    phrase = row.values.get("phrase")
    glosses = (row["sign"],) if phrase is None else tuple(c if c != " " else _BLANK for c in phrase)
    if not all(glosses) or not glosses:
        row.fail(f"sequence {row['sequence_id']} has no sign or phrase")
    return _Sequence(
        row.number("sequence_id"), row["participant_id"], glosses, path / relative, phrase is None
    )


class _Cache:
    """The last file that was read, as the sequences of a file come one after the other."""

    def __init__(self) -> None:
        self._file: Path | None = None
        self._found: dict[int, np.ndarray] = {}

    def landmarks(self, sequence: _Sequence) -> Float32[np.ndarray, "frames points coordinates"]:
        """The frames of a sequence.

        Raises:
            BadCorpus: The file is unreadable, lacks columns, or does not have the sequence.
        """
        try:
            if sequence.long:
                return _long(sequence.file)
            if sequence.file != self._file:
                self._found = dict(_wide(sequence.file))
                self._file = sequence.file
            return self._found[sequence.number]
        except (OSError, pa.ArrowException) as error:
            raise BadCorpus(f"{sequence.file} cannot be read: {error}") from error
        except KeyError as error:
            raise BadCorpus(f"{sequence.file} has no {error}") from error


def _long(file: Path) -> Float32[np.ndarray, "frames points coordinates"]:
    """A row a landmark: columns frame, type, landmark_index, x, y, z."""
    table = pq.read_table(file, columns=["frame", "type", "landmark_index", *_AXES])
    frames = table["frame"].to_numpy()
    starts = {name: rows.start for name, rows in HOLISTIC.slices.items()}
    first = np.array([starts[name] for name in table["type"].to_pylist()])
    numbers = table["landmark_index"].to_numpy()
    sizes = {name: rows.stop - rows.start for name, rows in HOLISTIC.slices.items()}
    limits = np.array([sizes[name] for name in table["type"].to_pylist()])
    if ((numbers < 0) | (numbers >= limits)).any():
        raise BadCorpus(f"{file} has a landmark_index that its type does not have")
    moments, order = np.unique(frames, return_inverse=True)
    found = np.full((len(moments), HOLISTIC.points, 3), np.nan, dtype=np.float32)
    values = np.stack([table[axis].to_numpy() for axis in _AXES], axis=-1)
    found[order, first + numbers] = values
    return found


def _wide(file: Path) -> Iterator[tuple[int, Float32[np.ndarray, "frames points coordinates"]]]:
    """A row a frame: columns sequence_id, frame, x_face_0, ..., z_right_hand_20."""
    table = pq.read_table(file)
    columns = [
        [f"{axis}_{name}_{number}" for axis in _AXES]
        for name, rows in HOLISTIC.slices.items()
        for number in range(rows.stop - rows.start)
    ]
    flat = np.stack(
        [table.column(name).to_numpy() for names in columns for name in names], axis=-1
    ).astype(np.float32)
    numbers, frames = table.column("sequence_id").to_numpy(), table.column("frame").to_numpy()
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        rows = rows[np.argsort(frames[rows], kind="stable")]
        yield int(number), flat[rows].reshape(len(rows), HOLISTIC.points, 3)
