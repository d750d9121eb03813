"""What must hold before anything is trained; every message names the utterances."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from signlab.corpora.base import Sample
from signlab.corpora.index import Index
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout

_NAMED = 5


def check_sample(
    sample: Sample, layout: Layout, vocabulary: frozenset[str], *, waiting: bool = False
) -> None:
    """Refuse an utterance that no corpus may hold.

    Args:
        sample: The utterance.
        layout: Of the corpus.
        vocabulary: Of the corpus.
        waiting: Whether its frames are still to come.

    Raises:
        BadCorpus: Its id, its landmarks or its glosses are wrong.
    """
    check_id(sample.id)
    shape = sample.landmarks.shape
    if shape[1:] != (layout.points, layout.coordinates):
        raise BadCorpus(
            f"utterance {sample.id!r} has frames of {shape[1]} points with {shape[2]} coordinates; "
            f"layout {layout.name!r} has {layout.points} with {layout.coordinates}"
        )
    if shape[0] == 0 and not waiting:
        raise BadCorpus(f"utterance {sample.id!r} has no frames; leave it out or record it again")
    if sample.spans is not None:
        _check_spans(sample)
    if sample.visibility is not None and len(sample.visibility) != shape[0]:
        raise BadCorpus(
            f"utterance {sample.id!r} has {shape[0]} frames but {len(sample.visibility)} rows of "
            "visibility"
        )
    unknown = [gloss for gloss in sample.glosses if gloss not in vocabulary]
    if unknown:
        raise BadCorpus(f"utterance {sample.id!r}: gloss {unknown[0]!r} is not in the vocabulary")


def _check_spans(sample: Sample) -> None:
    """Refuse frames of glosses that are not one a gloss, within the utterance."""
    spans, frames = sample.spans or (), len(sample.landmarks)
    wrong = [span for span in spans if not 0 <= span[0] < span[1] <= frames]
    if wrong or len(spans) != len(sample.glosses):
        told = f"frames {wrong[0]} are not within its {frames}" if wrong else f"{len(spans)} times"
        raise BadCorpus(
            f"utterance {sample.id!r} has {len(sample.glosses)} glosses; {told}; each needs its "
            "first frame and the one after its last"
        )


def check_id(name: str) -> None:
    """Refuse an id that could lead out of a folder, or that nobody can read.

    Raises:
        BadCorpus: It is empty, or has a path separator, ``..`` or an unprintable character.
    """
    if not name or name in {".", ".."} or not name.isprintable() or any(c in name for c in "/\\"):
        raise BadCorpus(
            f"utterance id {name!r} cannot be used: an id is a name of printable characters "
            "without '/', '\\' and not '..'"
        )


def check_splits(
    index: Index,
    rows: dict[str, np.ndarray],
    *,
    unseen_glosses: Literal["error", "keep"],
    where: str,
) -> None:
    """Refuse splits that cannot be trained on or scored.

    Args:
        index: The table that ``rows`` point into.
        rows: The rows of "train", "dev" and "test".
        unseen_glosses: What to do with a gloss of dev or test that training lacks; kept, it can
            only be an error of the hypothesis.
        where: What the message calls the corpus.

    Raises:
        BadCorpus: A split is empty, an utterance has no gloss, or a gloss is absent from training.
    """
    for split, members in rows.items():
        if len(members) == 0:
            remedy = "every split needs some"
            if split == "dev" and unseen_glosses == "error":
                remedy = (
                    "each of the others has a gloss that no other one has: mark some as dev, or "
                    "set `unseen_glosses: keep`"
                )
            raise BadCorpus(f"{where} has no utterance in {split}; {remedy}")
    everything = np.concatenate(list(rows.values()))
    silent = everything[index.gloss_counts()[everything] == 0]
    if len(silent):
        raise BadCorpus(
            f"{where}: {named(index, silent)} without glosses; annotate or leave them out"
        )
    if unseen_glosses == "keep":
        return
    trained = np.zeros(len(index.glosses.names), dtype=bool)
    trained[index.glosses.codes[_gloss_rows(index, rows["train"])]] = True
    for split in ("dev", "test"):
        positions = _gloss_rows(index, rows[split])
        unseen = ~trained[index.glosses.codes[positions]]
        if unseen.any():
            words = sorted({index.glosses.names[c] for c in index.glosses.codes[positions[unseen]]})
            owners = np.repeat(rows[split], index.gloss_counts()[rows[split]])[unseen]
            raise BadCorpus(
                f"{where}: {len(words)} glosses of {split} never occur in training "
                f"({_some(words)}), in {named(index, np.unique(owners))}; move such utterances "
                "to training, or set `unseen_glosses: keep` to count them as errors"
            )


def named(index: Index, rows: np.ndarray) -> str:
    """How many utterances, and the ids of the first few."""
    noun = "utterance" if len(rows) == 1 else "utterances"
    return f"{len(rows)} {noun} ({_some([index.id(int(row)) for row in rows[: _NAMED + 1]])})"


def _some(words: Sequence[str]) -> str:
    return ", ".join(map(repr, words[:_NAMED])) + (", ..." if len(words) > _NAMED else "")


def _gloss_rows(index: Index, rows: np.ndarray) -> np.ndarray:
    """Positions of the glosses of ``rows`` in the index's gloss column."""
    counts = index.gloss_counts()[rows]
    before = np.cumsum(counts) - counts
    return (
        np.arange(counts.sum()) - np.repeat(before, counts) + np.repeat(index.starts[rows], counts)
    )
