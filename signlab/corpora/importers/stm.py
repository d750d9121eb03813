"""STM references: ``file channel signer start end [<label>] gloss gloss ...``, a line each.

Source: NIST's SCTK, ``doc/infmts.htm``. They have neither pictures nor landmarks: import them for
their glosses and splits, beside a folder of recordings.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from signlab.corpora.importers.base import IMPORTERS, Importer, Recorded
from signlab.corpora.importers.recorded import SPLITS, recorded
from signlab.corpora.importers.tables import Row, decoded, each_row, read_text
from signlab.corpora.recordings import Recording
from signlab.errors import BadCorpus

_FEWEST = 6
"""Fields before and with the first gloss."""


@IMPORTERS.register("stm")
class Stm(Importer):
    """STM references of corpora that ship them: one file, or a folder with one a split.

    Args:
        media: The folder with a video or a folder of pictures for each utterance, by its id;
            by default where the references are.
        ending: Of the videos (".mp4"); empty for folders of pictures.
        split: The split, where a file's name has no train, dev or test in it.
        fps: Frames a second of folders of pictures.
    """

    def __init__(
        self,
        *,
        media: str | None = None,
        ending: str = "",
        split: str | None = None,
        fps: Annotated[float, Field(gt=0)] = 25.0,
    ) -> None:
        self._media = media
        self._ending = ending
        self._split = split
        self._fps = fps

    def read(self, path: Path) -> Recorded:
        """Read all references."""
        files = sorted(path.glob("*.stm")) if path.is_dir() else [path]
        if not files:
            raise BadCorpus(f"{path} has no .stm files")
        folder = Path(self._media) if self._media else (path if path.is_dir() else path.parent)
        recordings = [recording for file in files for recording in self._of(file, folder)]
        return recorded(recordings, pictures=None)

    def _of(self, file: Path, folder: Path) -> list[Recording]:
        split = self._split or _split_of(file)
        lines = enumerate(read_text(file, strict=False).split("\n"), start=1)
        rows = [
            Row(file, number, {"line": line, "id": line.split()[0]}, line.split()[0])
            for number, line in lines
            if line.strip() and not line.startswith(";;")
        ]

        if not rows:
            raise BadCorpus(f"{file} has no utterances")

        def read(row: Row) -> Recording:
            return self._recording(row, split, folder)

        return each_row(rows, read)

    def _recording(self, row: Row, split: str, folder: Path) -> Recording:
        decoded(row.file, row.line, row["line"])
        fields = row["line"].split()
        if len(fields) >= _FEWEST and fields[_FEWEST - 1].startswith("<"):
            del fields[_FEWEST - 1]
        if len(fields) < _FEWEST or not (_is_time(fields[3]) and _is_time(fields[4])):
            row.fail("expected FILE CHANNEL SIGNER START END GLOSS ...")
        name, _channel, signer, _start, _end, *glosses = fields
        return Recording(
            id=row.name("id"),
            signer=signer,
            glosses=tuple(glosses),
            split=split,
            media=(folder / f"{name}{self._ending}").absolute(),
            fps=self._fps,
            where=row.where,
        )


def _split_of(file: Path) -> str:
    """The split that a file's name tells.

    Raises:
        BadCorpus: It tells none.
    """
    found = [split for split in SPLITS if split in file.stem.lower()]
    if len(found) != 1:
        raise BadCorpus(f"{file} does not tell its split by its name; give it as --set split=test")
    return found[0]


def _is_time(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
