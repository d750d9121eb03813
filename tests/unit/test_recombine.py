"""Sentences recombined from the signs of real ones: whose signs, which glosses, the same again."""

from itertools import pairwise

import numpy as np
import pytest

from signlab.corpora.base import Sample
from signlab.corpora.folder import FolderCorpus
from signlab.corpora.store import write_corpus
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout, Part
from signlab.study.fold import Fold

LAYOUT = Layout("dot", (Part("nose", 1),), coordinates=2)
GLOSSES = tuple("ABCDE")
PLACES = [number * 1000 + number**2 for number in range(24)]  # none lies half way between others
MARKS = np.array([100, 1000, 2300, 4100, 7300, -1700, -5900])  # of the glosses, before and after


def corpus(path, *, timed=True):
    """Every sign is held still at a place that tells its utterance (x) and its gloss (y)."""
    rng = np.random.default_rng(0)
    samples = []
    for number in range(24):
        glosses = rng.choice(5, size=rng.integers(1, 5))
        lengths = rng.integers(3, 9, size=len(glosses))
        ends = 4 + np.cumsum(lengths)
        y = MARKS[np.concatenate([[5] * 4, np.repeat(glosses, lengths), [6] * 5])]
        dots = np.stack([np.full(len(y), PLACES[number]), y], axis=1)[:, None].astype(np.int16)
        spans = tuple(
            (int(end - length), int(end)) for end, length in zip(ends, lengths, strict=True)
        )
        sample = Sample(
            f"{number:02d}",
            f"s{number % 2}",
            tuple(GLOSSES[gloss] for gloss in glosses),
            dots,
            spans=spans if timed else None,
        )
        samples.append((sample, "train"))
    write_corpus(
        path, name="c", layout=LAYOUT, licence="", vocabulary=GLOSSES, samples=iter(samples)
    )
    return path


def test_only_the_signs_of_training_are_recombined(tmp_path):
    settings = {"path": str(corpus(tmp_path / "c")), "dev_share": 0.2, "unseen_glosses": "keep"}
    fold = Fold("1", "utterance", ("03", "07", "10"))
    splits = FolderCorpus(**settings, recombined=2.0).open(fold)
    plain = FolderCorpus(**settings).open(fold).train(0)
    epoch = splits.train(0)
    made = epoch[len(plain) :]
    assert [sample.id for sample in epoch[: len(plain)]] == [sample.id for sample in plain]
    assert len(made) == 2 * len(plain)
    owners = {int(sample.id): sample.signer for sample in plain}
    for sample in made:
        x, y = sample.landmarks[:, 0].T
        whole = np.isin(x, PLACES) & np.isin(y, MARKS)  # the rest is on the way from sign to sign
        assert {owners[PLACES.index(place)] for place in x[whole]} == {sample.signer}
        changes = np.flatnonzero(np.diff(y[whole], prepend=-9))
        signs = [
            GLOSSES[np.searchsorted(MARKS[:5], mark)] for mark in y[whole][changes] if mark > 0
        ]
        assert tuple(signs) == sample.glosses
        assert all(a != b for a, b in pairwise(signs))
    same = splits.train(0)[len(plain) :]
    assert all((a.landmarks == b.landmarks).all() for a, b in zip(made, same, strict=True))
    other = splits.train(1)[len(plain) :]
    assert [a.glosses for a in made] != [b.glosses for b in other]


def test_without_times_the_message_says_what_to_do(tmp_path):
    folder = FolderCorpus(path=str(corpus(tmp_path / "c", timed=False)), recombined=1.0)
    with pytest.raises(BadCorpus, match="recombined: 0"):
        folder.open(Fold("1", "utterance", ("03",)))
