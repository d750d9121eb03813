"""Folds part a corpus as they say, the same way every time."""

from pathlib import Path

import numpy as np
import pytest

from signlab.corpora.base import Sample
from signlab.corpora.folder import FolderCorpus
from signlab.corpora.folds import make_folds
from signlab.corpora.store import write_corpus
from signlab.errors import BadCorpus, BadStudy
from signlab.landmarks.layout import Layout, Part
from signlab.study.fold import Fold
from signlab.study.study import Folds

LAYOUT = Layout("tiny", (Part("pose", 1),), coordinates=2)
GLOSSES = ("A", "B", "C", "D")


def corpus(path: Path, rows: list[tuple[str, str, tuple[str, ...]]], **settings) -> FolderCorpus:
    """A corpus of (signer, split, glosses); the ids count them."""
    frames = np.zeros((4, 1, 2), dtype=np.int16)
    write_corpus(
        path,
        name="tiny",
        layout=LAYOUT,
        licence="none",
        vocabulary=GLOSSES,
        samples=(
            (Sample(f"u{number:02}", signer, glosses, frames), split)
            for number, (signer, split, glosses) in enumerate(rows)
        ),
    )
    opened = FolderCorpus(path=str(path), **settings)
    opened.prepare(path)
    return opened


def ids(samples) -> set[str]:
    return {sample.id for sample in samples}


@pytest.fixture
def thirty(tmp_path: Path) -> FolderCorpus:
    rows = [
        (f"s{n % 3}", "test" if n >= 24 else "train", (GLOSSES[n % 4], GLOSSES[(n + 1) % 4]))
        for n in range(30)
    ]
    return corpus(tmp_path / "corpus", rows, dev_share=0.25)


def test_the_own_splits_hold_and_a_missing_dev_is_taken_from_train(thirty: FolderCorpus) -> None:
    splits = thirty.open(Fold())
    train, dev, test = ids(splits.train(0)), ids(splits.dev), ids(splits.test)
    assert test == {f"u{n}" for n in range(24, 30)}
    assert len(dev) == 6
    assert train | dev == {f"u{n:02}" for n in range(24)}
    assert not train & dev


def test_every_signer_is_held_out_once(thirty: FolderCorpus) -> None:
    folds = make_folds(Folds(name="leave-one-signer-out"), thirty)
    assert [fold.name for fold in folds] == ["s0", "s1", "s2"]
    for fold in folds:
        splits = thirty.open(fold)
        assert {sample.signer for sample in splits.test} == set(fold.test)
        others = [*splits.train(0), *splits.dev]
        assert len(others) == 20
        assert {sample.signer for sample in others} == set(thirty.signers) - set(fold.test)


@pytest.mark.parametrize("by", ["utterance", "signer"])
def test_groups_test_everything_once(thirty: FolderCorpus, by) -> None:
    folds = make_folds(Folds(name="k-fold", k=3, by=by), thirty)
    assert folds == make_folds(Folds(name="k-fold", k=3, by=by), thirty)
    tested = [sample.id for fold in folds for sample in thirty.open(fold).test]
    # the official test split takes no part in cross-validation over utterances
    expected = 24 if by == "utterance" else 30
    assert sorted(tested) == [f"u{n:02}" for n in range(expected)]
    for fold in folds:
        splits = thirty.open(fold)
        sets = ids(splits.train(0)), ids(splits.dev), ids(splits.test)
        assert len(set.union(*sets)) == sum(map(len, sets)) == expected


def test_dev_leaves_every_gloss_in_training(tmp_path: Path) -> None:
    rows = [("s0", "train", ("A",))] * 20 + [("s0", "train", ("B",)), ("s0", "test", ("A",))]
    splits = corpus(tmp_path / "corpus", rows, dev_share=0.9).open(Fold())
    assert ("B",) in {sample.glosses for sample in splits.train(0)}
    assert len(splits.dev) == 19


def test_dev_has_glosses_of_its_own_where_all_are_rare_and_that_is_allowed(tmp_path: Path) -> None:
    rows = [("s", "train", (gloss,)) for gloss in GLOSSES] + [("s", "test", ("A",))]
    with pytest.raises(BadCorpus, match=r"no utterance in dev; .* set `unseen_glosses: keep`"):
        corpus(tmp_path / "corpus", rows).open(Fold())
    splits = corpus(tmp_path / "corpus", rows, unseen_glosses="keep").open(Fold())
    assert (len(splits.train(0)), len(splits.dev)) == (3, 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("s", "train", ("A",))] * 9, "no utterance in test"),
        (
            [("s", "train", ("A",))] * 9 + [("s", "dev", ("A",)), ("s", "test", ("A", "D"))],
            r"1 glosses of test never occur in training \('D'\), in 1 utterance \('u10'\)",
        ),
        (
            [("s", "train", ("A",))] * 9 + [("s", "dev", ("A",)), ("s", "test", ())],
            r"1 utterance \('u10'\) without glosses",
        ),
    ],
)
def test_splits_that_cannot_be_used_are_refused(tmp_path: Path, rows, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        corpus(tmp_path / "corpus", rows).open(Fold())


def test_unseen_glosses_may_be_kept(tmp_path: Path) -> None:
    rows = [("s", "train", ("A",))] * 9 + [("s", "dev", ("A",)), ("s", "test", ("A", "D"))]
    splits = corpus(tmp_path / "corpus", rows, unseen_glosses="keep").open(Fold())
    assert splits.test[0].glosses == ("A", "D")


def test_folds_that_the_corpus_cannot_give_are_refused(
    tmp_path: Path, thirty: FolderCorpus
) -> None:
    with pytest.raises(BadCorpus, match=r"no signer 's9' to hold out; choose from 's0'"):
        thirty.open(Fold("x", "signer", ("s9",)))
    with pytest.raises(BadCorpus, match="no utterance 'u99' to hold out"):
        thirty.open(Fold("x", "utterance", ("u99",)))
    with pytest.raises(BadStudy, match="k: 4 needs as many signers, the corpus has 3"):
        make_folds(Folds(name="k-fold", k=4, by="signer"), thirty)
    alone = corpus(tmp_path / "one", [("s0", "train", ("A",))])
    with pytest.raises(BadStudy, match="needs two signers or more, the corpus has 1"):
        make_folds(Folds(name="leave-one-signer-out"), alone)
