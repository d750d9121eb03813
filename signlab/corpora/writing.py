"""Writing a corpus folder, one utterance at a time; a new one, or more into one that is there."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signlab.corpora.atomic import alone, explained, extend, new_folder, publish
from signlab.corpora.base import Sample
from signlab.corpora.description import FORMAT, INDEX, VERSION, read_description, tables_of
from signlab.corpora.shards import Shards
from signlab.corpora.validate import check_sample
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout
from signlab.study.files import write_json


@dataclass(frozen=True)
class Entry:
    """An utterance on its way into a corpus.

    Attributes:
        media: The video, or folder of pictures, of a sample without frames.
    """

    sample: Sample
    split: str
    media: str | None = None


@dataclass(frozen=True)
class Base:
    """A corpus that more is written to.

    Attributes:
        description: Its ``corpus.json``.
        entries: Its utterances, which are read for the digest and stay where they are.
    """

    description: dict[str, Any]
    entries: Iterable[Entry]


def write_entries(
    path: Path,
    *,
    name: str,
    layout: Layout,
    licence: str,
    vocabulary: Sequence[str],
    entries: Iterable[Entry],
    waiting: bool,
    base: Base | None = None,
) -> None:
    """Write utterances as a corpus folder, see ``store.write_corpus``.

    Args:
        path: The folder to make.
        name: Of the corpus.
        layout: The points of a frame.
        licence: Of the data.
        vocabulary: In the order of the labels.
        entries: Taken one at a time.
        waiting: Whether all of them are recordings whose landmarks are still to come.
        base: What is at ``path`` already and stays, if more is written to it.

    Raises:
        BadCorpus: An utterance cannot be used, there is none, or the disk is full.
    """
    count = _Count(layout, tuple(vocabulary))
    tables = tables_of(base.description) if base else []
    kept = base.description["shards"] if base else []
    table = f"utterances-{len(tables):05d}.parquet" if base else INDEX
    with new_folder(path) as part:
        for entry in base.entries if base else ():
            count.add(entry)
        before = len(count.ids)
        with Shards(part, path, table=table, first=len(kept), waiting=waiting) as shards:
            known = frozenset(vocabulary)
            for entry in entries:
                check_sample(entry.sample, layout, known, waiting=waiting)
                count.add(entry)
                shards.add(entry.sample, entry.split, entry.media)
        if len(count.ids) == before:
            raise BadCorpus(f"nothing to write to {path}: there are no utterances")
        tables = [*tables, _file(shards.table)]
        description = {
            "format": FORMAT,
            "version": VERSION,
            "name": name,
            "licence": licence,
            "layout": asdict(layout),
            "vocabulary": list(vocabulary),
            "utterances": len(count.ids),
            "waiting": waiting,
            "frames": count.frames,
            "signers": sorted(count.signers),
            "splits": count.splits,
            "index_bytes": tables[0]["bytes"],
            "appended": tables[1:],
            "shards": [*kept, *map(_file, shards.files)],
            "digest": count.digest.hexdigest(),
        }
        with explained(path):
            write_json(part / "corpus.json", description)
        with alone(path.parent):
            if base is not None:
                _check_unchanged(path, base)
                extend(part, path)
            elif not _is_there(path, description):
                publish(part, path)


class _Count:
    """What a corpus holds so far, and the digest of it."""

    def __init__(self, layout: Layout, vocabulary: tuple[str, ...]) -> None:
        head = json.dumps([VERSION, asdict(layout), vocabulary])
        self.digest = hashlib.sha256(head.encode())
        self.ids: set[str] = set()
        self.signers: set[str] = set()
        self.splits: dict[str, int] = {}
        self.frames = 0

    def add(self, entry: Entry) -> None:
        """Count an utterance.

        Raises:
            BadCorpus: Its id is there already.
        """
        sample, split = entry.sample, entry.split
        if sample.id in self.ids:
            raise BadCorpus(f"two utterances have the id {sample.id!r}; ids must differ")
        self.ids.add(sample.id)
        self.signers.add(sample.signer)
        self.splits[split] = self.splits.get(split, 0) + 1
        self.frames += len(sample.landmarks)
        shape = sample.landmarks.shape
        words = [sample.id, sample.signer, split, sample.glosses, sample.aspect, sample.fps, shape]
        self.digest.update(json.dumps(words).encode())
        self.digest.update(np.ascontiguousarray(sample.landmarks, dtype="<i2").data)
        if sample.spans is not None:
            self.digest.update(json.dumps(["spans", sample.spans]).encode())
        if sample.visibility is not None:
            self.digest.update(np.ascontiguousarray(sample.visibility).data)


def _file(file: Path) -> dict[str, Any]:
    return {"file": file.name, "bytes": file.stat().st_size}


def _is_there(path: Path, description: dict[str, Any]) -> bool:
    """Whether the same corpus is there already, whole."""
    try:
        found = read_description(path)
    except BadCorpus:
        return False
    return all(found.get(key) == description[key] for key in ("digest", "name", "licence"))


def _check_unchanged(path: Path, base: Base) -> None:
    if read_description(path)["digest"] != base.description["digest"]:
        raise BadCorpus(f"{path} was changed by another process meanwhile; run this again")
