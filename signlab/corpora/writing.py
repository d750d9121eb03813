"""Writing a corpus folder, one utterance at a time."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signlab.corpora.atomic import alone, explained, new_folder, publish
from signlab.corpora.base import Sample
from signlab.corpora.description import FORMAT, INDEX, VERSION, read_description
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


def write_entries(
    path: Path,
    *,
    name: str,
    layout: Layout,
    licence: str,
    vocabulary: Sequence[str],
    entries: Iterable[Entry],
    waiting: bool,
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

    Raises:
        BadCorpus: An utterance cannot be used, there is none, or the disk is full.
    """
    words = tuple(vocabulary)
    digest = hashlib.sha256(json.dumps([VERSION, asdict(layout), words]).encode())
    ids: set[str] = set()
    splits: dict[str, int] = {}
    signers: set[str] = set()
    with new_folder(path) as part:
        with Shards(part, path, waiting=waiting) as shards:
            known = frozenset(words)
            for entry in entries:
                sample, split = entry.sample, entry.split
                check_sample(sample, layout, known, waiting=waiting)
                if sample.id in ids:
                    raise BadCorpus(f"two utterances have the id {sample.id!r}; ids must differ")
                ids.add(sample.id)
                splits[split] = splits.get(split, 0) + 1
                signers.add(sample.signer)
                _digest(digest, sample, split)
                shards.add(sample, split, entry.media)
        if not ids:
            raise BadCorpus(f"nothing to write to {path}: there are no utterances")
        description = {
            "format": FORMAT,
            "version": VERSION,
            "name": name,
            "licence": licence,
            "layout": asdict(layout),
            "vocabulary": words,
            "utterances": len(ids),
            "waiting": waiting,
            "frames": shards.frames,
            "signers": sorted(signers),
            "splits": splits,
            "index_bytes": (part / INDEX).stat().st_size,
            "shards": [{"file": file.name, "bytes": file.stat().st_size} for file in shards.files],
            "digest": digest.hexdigest(),
        }
        with explained(path):
            write_json(part / "corpus.json", description)
        with alone(path.parent):
            if not _is_there(path, description):
                publish(part, path)


def _is_there(path: Path, description: dict[str, Any]) -> bool:
    """Whether the same corpus is there already, whole."""
    try:
        found = read_description(path)
    except BadCorpus:
        return False
    return all(found.get(key) == description[key] for key in ("digest", "name", "licence"))


def _digest(digest: Any, sample: Sample, split: str) -> None:
    """Add everything that decides the content of an utterance."""
    shape = sample.landmarks.shape
    words = [sample.id, sample.signer, split, sample.glosses, sample.aspect, sample.fps, shape]
    digest.update(json.dumps(words).encode())
    digest.update(np.ascontiguousarray(sample.landmarks, dtype="<i2"))
    if sample.spans is not None:
        digest.update(json.dumps(["spans", sample.spans]).encode())
    if sample.visibility is not None:
        digest.update(np.ascontiguousarray(sample.visibility))
