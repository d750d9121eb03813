"""Folders of ``.pose`` files with their glosses."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, Imported, Importer, stored
from signlab.corpora.importers.faults import affected, check_distinct, each
from signlab.corpora.importers.glosses import Annotation, read_annotations
from signlab.corpora.importers.pose_file import PoseFile, common_layout, read_pose
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout


@IMPORTERS.register("pose")
class Pose(Importer):
    """.pose files (pose-format) with a table of glosses, or timed glosses as JSON files.

    MediaPipe's points get their places in its layout by their names, so that files with some of
    them go together; points that a file lacks are missing. Timed glosses of the DGS Corpus do not
    tell the signer: the recording (``document_id``) stands in for it.

    Args:
        table: The table of glosses (csv, tsv or json), if it is not glosses.* beside the files.
        signer: The signer, where the glosses do not tell.
        split: The split, where the glosses do not tell.
        person: Whose pose is taken from files with several people, counted from 0.
    """

    def __init__(
        self,
        *,
        table: str | None = None,
        signer: str = "signer",
        split: str = "train",
        person: Annotated[int, Field(ge=0)] | None = None,
    ) -> None:
        self._table = table
        self._signer = signer
        self._split = split
        self._person = person

    def read(self, path: Path) -> Imported:
        """Find the files and their glosses."""
        if not path.is_dir():
            raise BadCorpus(f"{path} is not a folder of .pose files")
        found = match_files(read_annotations(path, self._table), sorted(path.rglob("*.pose")), path)
        layout = common_layout([file for _, file in found])

        def read(item: tuple[Annotation, Path]) -> tuple[Sample, str]:
            annotation, file = item
            return self._sample(annotation, file, layout), annotation.split or self._split

        glosses = {gloss for annotation, _ in found for gloss in annotation.glosses}
        samples = each(found, lambda item: item[0].id, read)
        return Imported(layout, tuple(sorted(glosses)), samples, len(found))

    def _sample(self, annotation: Annotation, file: Path, layout: Layout) -> Sample:
        found = _sample_of(read_pose(file), layout, self._person)
        return replace(
            found,
            id=annotation.id,
            signer=annotation.signer or self._signer,
            glosses=annotation.glosses,
            spans=_spans(annotation, found, file),
        )


def _spans(
    annotation: Annotation, sample: Sample, file: Path
) -> tuple[tuple[int, int], ...] | None:
    """The frames of each gloss, from its seconds."""
    if annotation.times is None:
        return None
    frames = len(sample.landmarks)
    spans = [
        (round(start * sample.fps), max(round(end * sample.fps), round(start * sample.fps) + 1))
        for start, end in annotation.times
    ]
    late = [end for _, end in spans if end > frames + 1]
    if late:
        raise BadCorpus(
            f"{annotation.where}: a gloss ends at frame {late[0]}, but {file} has {frames} frames"
        )
    return tuple((min(start, frames - 1), min(end, frames)) for start, end in spans)


def read_sample(file: Path) -> tuple[Sample, Layout]:
    """The landmarks of a file that shows one person, without glosses, and their layout.

    Raises:
        BadCorpus: The file cannot be read, or shows several people.
    """
    pose = read_pose(file)
    return _sample_of(pose, pose.layout, None), pose.layout


def _sample_of(pose: PoseFile, layout: Layout, person: int | None) -> Sample:
    """The landmarks of one person; whose they are, and what is signed, is for the caller."""
    people = pose.data.shape[1]
    if person is None and people > 1:
        raise BadCorpus(f"{pose.path} shows {people} people; tell which one with --set person=0")
    if (person or 0) >= people:
        raise BadCorpus(f"{pose.path} shows {people} people; there is no person {person}")
    return Sample(
        id=pose.path.stem,
        signer="",
        glosses=(),
        landmarks=stored(pose.landmarks(layout, person or 0), pose.path),
        aspect=pose.height / pose.width,
        fps=pose.fps,
    )


def match_files(
    annotations: list[Annotation], files: list[Path], path: Path
) -> list[tuple[Annotation, Path]]:
    """Each annotation with its file: named like its id, or like it and a suffix after ``_``.

    Raises:
        BadCorpus: There is an annotation without a file, or a file without an annotation.
    """
    check_distinct(files, lambda file: file.stem, lambda file: file)
    by_stem = {file.stem: file for file in files}
    suffixed = _by_prefix(by_stem)
    found, lost = [], []
    for annotation in annotations:
        stems = [annotation.id] if annotation.id in by_stem else suffixed.get(annotation.id, [])
        if len(stems) == 1 and stems[0] in by_stem:
            found.append((annotation, by_stem.pop(stems[0])))
        else:
            lost.append(annotation)
    if lost:
        raise BadCorpus(
            f"{lost[0].where}: there is no file {lost[0].id}.pose in {path}"
            f"{affected(one.id for one in lost)}"
        )
    if by_stem:
        first = next(iter(by_stem.values()))
        raise BadCorpus(
            f"{first} has no glosses; add them to the table, or move the file out"
            f"{affected(by_stem)}"
        )
    return found


def _by_prefix(stems: Iterable[str]) -> dict[str, list[str]]:
    """Stems by what stands before each ``_``: ``train_1_original`` under ``train_1``, ``train``."""
    found = defaultdict(list)
    for stem in stems:
        for place, letter in enumerate(stem):
            if letter == "_":
                found[stem[:place]].append(stem)
    return found
