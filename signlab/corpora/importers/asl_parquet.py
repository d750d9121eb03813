"""Google's two competitions on ASL: isolated signs, and fingerspelled phrases.

Isolated signs have a file a sequence with a row a landmark; phrases have many sequences a file,
with a row a frame and a column for each value. Missing landmarks are NaN.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float32
from pydantic import Field

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, Imported, Importer, stored
from signlab.corpora.importers.faults import affected, check_distinct, each
from signlab.corpora.importers.tables import Row, each_row, read_table
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
        rows = read_table(path / self._table, ("sequence_id", "path", "participant_id"))
        if not {"sign", "phrase"} & set(rows[0].values):
            raise BadCorpus(
                f"{rows[0].file}:1: there is neither a column 'sign' nor a column 'phrase'"
                f"{affected(row.utterance for row in rows)}"
            )
        check_distinct(rows, lambda row: row["sequence_id"], lambda row: row.where)
        sequences = each_row(rows, lambda row: _sequence(row, path))
        _check_listed(sequences, self._table)
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
        return Imported(HOLISTIC, tuple(sorted(glosses)), samples, len(sequences))


@dataclass(frozen=True)
class _Sequence:
    """A line of the table."""

    number: int
    signer: str
    glosses: tuple[str, ...]
    file: Path
    long: bool
    where: str


def _sequence(row: Row, path: Path) -> _Sequence:
    relative = Path(row["path"])
    if relative.is_absolute() or ".." in relative.parts:
        row.fail(f"path {row['path']!r} leads out of the folder")
    phrase = row.values.get("phrase")
    glosses = (row["sign"],) if phrase is None else tuple(c if c != " " else _BLANK for c in phrase)
    if not all(glosses) or not glosses:
        row.fail(f"sequence {row['sequence_id']} has no sign or phrase")
    return _Sequence(
        number=row.number("sequence_id"),
        signer=row["participant_id"],
        glosses=glosses,
        file=path / relative,
        long=phrase is None,
        where=row.where,
    )


def _check_listed(sequences: list[_Sequence], table: str) -> None:
    """Lines without a file, and files and sequences without a line, are told, never dropped."""
    lost = [sequence for sequence in sequences if not sequence.file.is_file()]
    if lost:
        raise BadCorpus(
            f"{lost[0].where}: there is no {lost[0].file}"
            f"{affected(str(sequence.number) for sequence in lost)}"
        )
    listed = {sequence.file for sequence in sequences}
    inside = (file for folder in {file.parent for file in listed} for file in folder.iterdir())
    silent = sorted(file for file in inside if file.suffix == ".parquet" and file not in listed)
    if silent:
        raise BadCorpus(
            f"{silent[0]} has no line in {table}; add one, or move it out"
            f"{affected(file.stem for file in silent)}"
        )
    known = {str(sequence.number) for sequence in sequences}
    for file in sorted({sequence.file for sequence in sequences if not sequence.long}):
        with _told(file):
            numbers = pq.read_table(file, columns=["sequence_id"])["sequence_id"].unique()
        others = [name for name in map(str, numbers.to_pylist()) if name not in known]
        if others:
            raise BadCorpus(
                f"{file}: sequence {others[0]} has no line in {table}; add one, or take it out"
                f"{affected(others)}"
            )


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Errors of reading as one sentence."""
    try:
        yield
    except KeyError as error:
        raise BadCorpus(f"{file} has no {error}") from error
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise BadCorpus(f"{file} cannot be read: {reason}") from error


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
        with _told(sequence.file):
            if sequence.long:
                return _long(sequence.file)
            if sequence.file != self._file:
                self._file, self._found = sequence.file, {}  # a bad file is read once as well
                self._found = dict(_wide(sequence.file))
            return self._found[sequence.number]


def _long(file: Path) -> Float32[np.ndarray, "frames points coordinates"]:
    """A row a landmark: columns frame, type, landmark_index, x, y, z."""
    table = pq.read_table(file, columns=["frame", "type", "landmark_index", *_AXES])
    kinds = table["type"].combine_chunks().dictionary_encode()
    if kinds.null_count:
        raise BadCorpus(f"{file} has a landmark without a type")
    parts = [HOLISTIC.slices[name] for name in kinds.dictionary.to_pylist()]
    codes = kinds.indices.to_numpy()
    first = np.array([part.start for part in parts], dtype=np.int64)[codes]
    sizes = np.array([part.stop - part.start for part in parts], dtype=np.int64)[codes]
    numbers = table["landmark_index"].cast(pa.int32()).fill_null(-1).to_numpy()
    if ((numbers < 0) | (numbers >= sizes)).any():
        raise BadCorpus(f"{file} has a landmark_index that its type does not have")
    moments, order = np.unique(table["frame"].to_numpy(), return_inverse=True)
    places = order * HOLISTIC.points + first + numbers
    if len(np.unique(places)) < len(places):
        raise BadCorpus(f"{file} has a landmark of a frame twice")
    found = np.full((len(moments) * HOLISTIC.points, 3), np.nan, dtype=np.float32)
    found[places] = np.stack([_floats(table, axis) for axis in _AXES], axis=-1)
    return found.reshape(len(moments), HOLISTIC.points, 3)


def _wide(file: Path) -> Iterator[tuple[int, Float32[np.ndarray, "frames points coordinates"]]]:
    """A row a frame: columns sequence_id, frame, x_face_0, ..., z_right_hand_20."""
    table = pq.read_table(file)
    columns = [
        f"{axis}_{name}_{number}"
        for name, rows in HOLISTIC.slices.items()
        for number in range(rows.stop - rows.start)
        for axis in _AXES
    ]
    flat = np.stack([_floats(table, name) for name in columns], axis=-1)
    numbers, frames = table["sequence_id"].to_numpy(), table["frame"].to_numpy()
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        rows = rows[np.argsort(frames[rows], kind="stable")]
        if len(np.unique(frames[rows])) < len(rows):
            raise BadCorpus(f"{file}: sequence {number} has a frame twice")
        yield int(number), flat[rows].reshape(len(rows), HOLISTIC.points, 3)


def _floats(table: pa.Table, column: str) -> Float32[np.ndarray, " rows"]:
    return table[column].cast(pa.float32()).to_numpy()
