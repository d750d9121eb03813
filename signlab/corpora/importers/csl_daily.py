"""CSL-Daily: the split list, the annotations (a pickle, of which nothing is executed), frames.

Source: Zhou et al. 2021, "Improving sign language translation with monolingual data by sign
back-translation"; the files are those of ``sentence_label/``.
"""

import pickle
from pathlib import Path
from typing import Any, NoReturn

from signlab.corpora.importers.base import IMPORTERS, Importer, Recorded
from signlab.corpora.importers.faults import affected, check_distinct, each
from signlab.corpora.importers.recorded import SPLITS, recorded
from signlab.corpora.importers.tables import Row, each_row, read_table
from signlab.corpora.recordings import Recording
from signlab.errors import BadCorpus

_LABELS = ("sentence_label", ".")
_PICTURES = Path("sentence", "frames_512x512")
_FPS = 30.0
_BROKEN = (
    *(pickle.UnpicklingError, EOFError, ValueError, LookupError, TypeError, AttributeError),
    *(OverflowError, MemoryError),
)
"""What a damaged pickle raises; the library promises no more."""


@IMPORTERS.register("csl-daily")
class CslDaily(Importer):
    """CSL-Daily: split_1.txt, csl2020ct_v2.pkl (read without executing anything) and frames.

    Args:
        annotations: The pickle with the glosses.
        splits: The list of names and splits.
    """

    def __init__(
        self, *, annotations: str = "csl2020ct_v2.pkl", splits: str = "split_1.txt"
    ) -> None:
        self._annotations = annotations
        self._splits = splits

    def read(self, path: Path) -> Recorded:
        """Read the annotations of all splits."""
        folder = next(
            (path / name for name in _LABELS if (path / name / self._splits).exists()), path
        )
        rows = read_table(folder / self._splits, ("name", "split"), separator="|", quoted=False)
        entries = _entries(folder / self._annotations)
        recordings = each_row(rows, lambda row: _recording(row, entries, path))
        unused = sorted(set(entries) - {recording.id for recording in recordings})
        if unused:
            raise BadCorpus(
                f"{folder / self._splits} lacks {unused[0]!r}, which the annotations have"
                f"{affected(unused)}"
            )
        return recorded(recordings, path / _PICTURES)


def _recording(row: Row, entries: dict[str, dict[str, Any]], path: Path) -> Recording:
    name = row.name("name")
    if name not in entries:
        row.fail(f"{name!r} has no annotation")
    if row["split"] not in SPLITS:
        row.fail(f"split {row['split']!r} is not one of {', '.join(SPLITS)}")
    entry = entries[name]
    return Recording(
        id=name,
        signer=str(entry["signer"]),
        glosses=tuple(entry["label_gloss"]),
        split=row["split"],
        media=(path / _PICTURES / name).absolute(),
        fps=_FPS,
        where=row.where,
    )


def _entries(file: Path) -> dict[str, dict[str, Any]]:
    """The annotations by name.

    Raises:
        BadCorpus: The file is no plain data of the expected form.
    """
    try:
        with file.open("rb") as stream:
            content = _PlainUnpickler(stream).load()
    except OSError as error:
        raise BadCorpus(f"{file} cannot be read: {error.strerror}") from error
    except _BROKEN as error:
        raise BadCorpus(f"{file} is not a pickle of plain data: {error}") from error
    told = content.get("info") if isinstance(content, dict) else None
    if not isinstance(told, list) or not told:
        raise BadCorpus(f"{file} does not hold CSL-Daily's annotations: it has no list 'info'")
    numbered = list(enumerate(told))

    def name(item: tuple[int, Any]) -> str:
        number, entry = item
        return str(entry["name"]) if isinstance(entry, dict) and "name" in entry else f"{number}"

    def check(item: tuple[int, Any]) -> dict[str, Any]:
        number, entry = item
        fault = _fault(entry)
        if fault is not None:
            raise BadCorpus(f"{file}: entry {number} {fault}")
        return entry

    entries = list(each(numbered, name, check))
    check_distinct(numbered, name, lambda item: f"{file}: entry {item[0]}")
    return {entry["name"]: entry for entry in entries}


def _fault(entry: Any) -> str | None:
    """What an annotation lacks."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return "has no name"
    glosses = entry.get("label_gloss")
    if not isinstance(glosses, list) or not all(isinstance(one, str) and one for one in glosses):
        return f"({entry['name']!r}) has no list of glosses 'label_gloss'"
    return None if "signer" in entry else f"({entry['name']!r}) has no 'signer'"


class _PlainUnpickler(pickle.Unpickler):
    """Numbers, strings, lists and dictionaries only: without names there is nothing to call."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"it names {module_name}.{global_name}, which is not run")

    def persistent_load(self, pid: object) -> NoReturn:
        raise pickle.UnpicklingError(f"it refers to something outside ({pid!r})")
