"""STM references: ``file channel signer start end [<label>] gloss gloss ...``, a line each.

Source: NIST's SCTK, ``doc/infmts.htm``. They have neither pictures nor landmarks: import them for
their glosses and splits, beside a folder of recordings.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from signlab.corpora.importers.base import IMPORTERS, Importer, Recorded
from signlab.corpora.importers.recorded import SPLITS, recorded
from signlab.corpora.importers.tables import affected, read_text
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
        recordings, wrong = [], []
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            if not line.strip() or line.startswith(";;"):
                continue
            fields = line.split()
            if len(fields) > _FEWEST - 1 and fields[_FEWEST - 1].startswith("<"):
                del fields[_FEWEST - 1]
            if len(fields) < _FEWEST or not (_is_time(fields[3]) and _is_time(fields[4])):
                wrong.append(number)
                continue
            name = fields[0]
            recordings.append(
                Recording(
                    id=name,
                    signer=fields[2],
                    glosses=tuple(fields[5:]),
                    split=split,
                    media=(folder / f"{name}{self._ending}").absolute(),
                    fps=self._fps,
                )
            )
        if wrong:
            raise BadCorpus(
                f"{file}:{wrong[0]}: expected FILE CHANNEL SIGNER START END GLOSS ..."
                + affected(len(wrong), "utterances")
            )
        return recordings


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
