"""RWTH-PHOENIX-Weather 2014 (multi-signer and signer-independent SI5) and 2014 T.

Sources: Koller et al. 2015; Camgoz et al. 2018. Glosses stay as they are annotated: what is left
out for scoring is the business of scoring.
"""

from pathlib import Path

from signlab.corpora.importers.base import IMPORTERS, Importer, Recorded
from signlab.corpora.importers.recorded import SPLITS, recorded
from signlab.corpora.importers.tables import Row, each_row, read_table
from signlab.corpora.recordings import Recording
from signlab.errors import BadCorpus

_ANNOTATIONS = Path("annotations", "manual")
_PICTURES = Path("features", "fullFrame-210x260px")
_FPS = 25.0


@IMPORTERS.register("phoenix2014")
class Phoenix2014(Importer):
    """RWTH-PHOENIX-Weather 2014: annotations/manual/*.corpus.csv and frames, also SI5.

    The path is ``phoenix-2014-multisigner`` or ``phoenix-2014-signerindependent-SI5``.
    """

    def read(self, path: Path) -> Recorded:
        """Read the annotations of all splits."""
        recordings = []
        for split in SPLITS:
            file = _annotation(path, f"{split}*.corpus.csv", split)
            rows = _rows(file, ("id", "folder", "signer", "annotation"))
            recordings += each_row(rows, lambda row, split=split: _of_2014(row, path, split))
        return recorded(recordings, path / _PICTURES)


@IMPORTERS.register("phoenix2014t")
class Phoenix2014T(Importer):
    """RWTH-PHOENIX-Weather 2014 T: PHOENIX-2014-T.*.corpus.csv and frames."""

    def read(self, path: Path) -> Recorded:
        """Read the annotations of all splits."""
        recordings = []
        for split in SPLITS:
            file = _annotation(path, f"PHOENIX-2014-T.{split}.corpus.csv", split)
            rows = _rows(file, ("name", "video", "speaker", "orth"))
            recordings += each_row(rows, lambda row, split=split: _of_2014t(row, path, split))
        return recorded(recordings, path / _PICTURES)


def _of_2014(row: Row, path: Path, split: str) -> Recording:
    """``folder`` is a pattern below the split's folder, as in ``<id>/1/*.png``."""
    folder = _relative(row, "folder").parent
    return Recording(
        id=row.name("id"),
        signer=row["signer"],
        glosses=tuple(row["annotation"].split()),
        split=split,
        media=(path / _PICTURES / split / folder).absolute(),
        fps=_FPS,
        where=row.where,
    )


def _of_2014t(row: Row, path: Path, split: str) -> Recording:
    """``video`` says ``<name>/1/*.png``, the frames of the release lie in ``<name>`` itself."""
    return Recording(
        id=row.name("name"),
        signer=row["speaker"],
        glosses=tuple(row["orth"].split()),
        split=split,
        media=(path / _PICTURES / split / _relative(row, "video").parts[0]).absolute(),
        fps=_FPS,
        where=row.where,
    )


def _relative(row: Row, column: str) -> Path:
    """A path that stays below the folder of the pictures."""
    found = Path(row[column])
    if found.is_absolute() or ".." in found.parts or len(found.parts) < 2:
        row.fail(f"{column} is {row[column]!r}, not like NAME/1/*.png")
    return found


def _annotation(path: Path, pattern: str, split: str) -> Path:
    """The one annotation file of a split; ``.SI5`` stands in the names of that setup."""
    folder = path / _ANNOTATIONS
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        many = f"{len(found)} files" if found else "no file"
        raise BadCorpus(
            f"{folder} has {many} {pattern!r} for {split}; give the folder that holds "
            f"{_ANNOTATIONS} of one setup"
        )
    return found[0]


def _rows(file: Path, columns: tuple[str, ...]) -> list[Row]:
    return read_table(file, columns, separator="|", quoted=False)
