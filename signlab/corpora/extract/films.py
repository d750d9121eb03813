"""What there is to extract: films in folders, and corpora that wait for their landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from signlab.corpora.importers.faults import affected, check_distinct
from signlab.corpora.importers.glosses import TABLES, Annotation, read_annotations
from signlab.corpora.recordings import Recording, read_recordings
from signlab.corpora.store import Store
from signlab.errors import BadCorpus
from signlab.landmarks.video import VIDEOS, pictures_of


@dataclass(frozen=True)
class Films:
    """The recordings of a corpus to be.

    Attributes:
        name: Of the corpus, where it has one already.
        licence: Of the data, likewise.
        vocabulary: In the order of the labels.
    """

    recordings: tuple[Recording, ...]
    vocabulary: tuple[str, ...]
    name: str | None = None
    licence: str | None = None


def find_films(path: Path, *, table: Path | None, signer: str, split: str, fps: float) -> Films:
    """The recordings at ``path``.

    Args:
        path: A film, a folder of films (folders in it as well), or a corpus that waits for its
            landmarks. A film is a video, or a folder of pictures in the order of their names.
        table: Glosses a film; without one that lies beside the films, nothing is labelled.
        signer: Who signs, where the table does not tell.
        split: Likewise.
        fps: Of folders of pictures.

    Raises:
        BadCorpus: There is no film, two have one id, or table and films do not go together.
    """
    if (path / "corpus.json").exists():
        store = Store.open(path)
        if not store.waiting:
            raise BadCorpus(f"{path} has its landmarks already; there is nothing to extract")
        recordings = tuple(read_recordings(store))
        return Films(recordings, store.vocabulary, store.name, store.licence)
    found = _named(path, _media(path))
    plain = [Recording(name, signer, (), split, media, fps) for name, media in found.items()]
    if table is None and not (path.is_dir() and any((path / name).exists() for name in TABLES)):
        return Films(tuple(plain), ())
    given = None if table is None else str(table.absolute())
    recordings = _labelled(plain, read_annotations(path, given), path)
    glosses = {gloss for recording in recordings for gloss in recording.glosses}
    return Films(tuple(recordings), tuple(sorted(glosses)))


def _media(path: Path) -> list[Path]:
    """Videos and folders of pictures, sorted."""
    if not path.exists():
        raise BadCorpus(f"there is no {path}")
    if path.is_file():
        return [path]
    if pictures_of(path):
        return [path]
    inside = sorted(path.rglob("*"))
    films = [
        entry
        for entry in inside
        if (entry.is_file() and entry.suffix.lower() in VIDEOS)
        or (entry.is_dir() and pictures_of(entry))
    ]
    if not films:
        kinds = ", ".join(sorted(VIDEOS))
        raise BadCorpus(f"{path} has no videos ({kinds}) and no folders of png or jpg pictures")
    return films


def _named(path: Path, films: Sequence[Path]) -> dict[str, Path]:
    """Films by id: their place below ``path``, without the ending."""

    def name(film: Path) -> str:
        below = film.relative_to(path) if film != path else Path(film.name)
        return "-".join((below if film.is_dir() else below.with_suffix("")).parts)

    check_distinct(films, name, lambda film: film)
    return {name(film): film.absolute() for film in films}


def _labelled(
    films: Sequence[Recording], annotations: Sequence[Annotation], path: Path
) -> list[Recording]:
    """The films with their glosses; a film without them, or the reverse, is told."""
    known = {film.id: film for film in films}
    lost = [annotation for annotation in annotations if annotation.id not in known]
    if lost:
        raise BadCorpus(
            f"{lost[0].where}: {path} has no video for {lost[0].id!r}"
            f"{affected(one.id for one in lost)}"
        )
    labels = {annotation.id: annotation for annotation in annotations}
    silent = [film for film in films if film.id not in labels]
    if silent:
        raise BadCorpus(
            f"{silent[0].media} has no glosses; add {silent[0].id!r} to the table, or move it out"
            f"{affected(film.id for film in silent)}"
        )
    return [
        replace(
            film,
            glosses=labels[film.id].glosses,
            signer=labels[film.id].signer or film.signer,
            split=labels[film.id].split or film.split,
        )
        for film in films
    ]
