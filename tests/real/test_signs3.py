"""The nine signs of three signers: from the tree of small files to sentences of unseen signers."""

import runpy
import sys
import time
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from signlab.corpora.audit.run import audit
from signlab.corpora.audit.scan import measure
from signlab.corpora.audit.tracks import presence
from signlab.corpora.base import Sample
from signlab.corpora.composed import Composed
from signlab.corpora.folds import make_folds
from signlab.corpora.importers.base import stored
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.importers.mp_data import parse_vector
from signlab.corpora.store import Store
from signlab.landmarks.layout import MISSING
from signlab.study.study import Folds


@pytest.fixture(scope="module")
def signs3(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("signs3")
    script, pack = shared / "data" / "unpack.py", shared / "data" / "signs3.npz"
    load = np.load
    with pytest.MonkeyPatch.context() as patch:
        # the script takes an array out of the archive once a clip: a minute instead of seconds
        patch.setattr(np, "load", lambda path, **options: dict(load(path, **options)))
        patch.setattr(sys, "argv", [script.name, str(pack), str(folder / "tree")])
        runpy.run_path(str(script), run_name="__main__")
    start = time.process_time()
    store = import_corpus(
        "mp-data",
        folder / "tree",
        folder / "corpus",
        name="signs3",
        licence="MIT",
        settings={"layout": "pose-hands"},
    )
    assert time.process_time() - start < 15
    return store


def test_it_imports_whole(signs3: Store, shared: Path) -> None:
    assert (signs3.utterances, signs3.frames) == (900, 27000)
    assert signs3.signers == ("s1", "s2", "s3")
    assert len(signs3.vocabulary) == 9
    assert sum(not sample.glosses for sample in signs3.samples()) == 90
    pack = np.load(shared / "data" / "signs3.npz", allow_pickle=False)
    first = np.cumsum(pack["delta"][:, :30].astype(np.int64), axis=1).T
    name = f"{pack['signer'][0]}.{pack['label'][0]}.{pack['seq'][0]}"
    sample = next(sample for sample in signs3.samples() if sample.id == name)
    pose = first[:, :132].reshape(30, 33, 4)[:, :, :3]
    assert np.array_equal(sample.landmarks[:, :33], pose)  # the same fixed point, to the bit


def test_s3_signs_no_and_thank_you_with_the_left_hand(signs3: Store) -> None:
    def seen(signer: str, gloss: str) -> list[float]:
        clips = [s for s in signs3.samples() if s.signer == signer and s.glosses == (gloss,)]
        frames = np.concatenate([clip.landmarks for clip in clips])
        return [float((frames[:, wrist, 0] != MISSING).mean()) for wrist in (33, 54)]

    for gloss in ("no", "thank-you"):
        left, right = seen("s3", gloss)
        assert left > 0.9 > 0.1 > right
        left, right = seen("s1", gloss)
        assert right > 0.9 > 0.1 > left


def test_every_signer_is_tested_on_sentences_of_their_own_clips(signs3: Store) -> None:
    corpus = Composed(clips=str(signs3.path))
    for fold in make_folds(Folds(name="leave-one-signer-out"), corpus):
        pools = corpus.pools(fold)
        rows = {
            split: {
                row for signs in clips.signs.values() for rows in signs.values() for row in rows
            }
            for split, clips in pools.items()
        }
        assert {split: len(found) for split, found in rows.items()} == {
            "train": 432,
            "dev": 108,
            "test": 270,
        }
        assert len(set.union(*rows.values())) == 810
        assert set(pools["test"].signs) == set(fold.test)
        assert not set(pools["train"].signs) & set(fold.test)
        splits = corpus.open(fold)
        assert {gloss for sample in splits.test for gloss in sample.glosses} == set(
            splits.vocabulary
        )
        for sample in splits.test[:20]:
            present = sample.landmarks[sample.landmarks != MISSING]
            assert np.abs(present).max() < 4 * 8192
            assert (sample.landmarks[:, :33] != MISSING).all()


def test_an_epoch_of_sentences_costs_less_than_a_second(signs3: Store) -> None:
    corpus = Composed(clips=str(signs3.path), train=300)
    splits = corpus.open(make_folds(Folds(name="leave-one-signer-out"), corpus)[0])
    splits.train(0)
    start = time.process_time()
    assert len(splits.train(1)) == 300
    assert time.process_time() - start < 2  # 0.15 s without the checks of shapes


def test_on_real_signs_it_finds_what_is_known_of_them(signs3: Store) -> None:
    result = audit(signs3, lambda: None)
    assert not result.failed
    told = [finding.text for finding in result.findings if finding.check == "handedness"]
    # documented with the data: s3 signs these two, and no others, with the left hand
    assert [text.split()[0] for text in told] == ["no", "thank-you"]
    assert all("left hand by `s3`" in text for text in told)
    shares = presence(signs3, result.measures)
    assert (shares["pose"] == 1).all()
    assert not any("duplicate" in finding.check for finding in result.findings)


@pytest.mark.parametrize(
    ("pack", "true"),
    [
        ("signs3", ("pose:4", "left_hand:3", "right_hand:3")),
        ("signs_face", ("pose:4", "face:3", "left_hand:3", "right_hand:3")),
    ],
)
def test_every_wrong_order_of_the_parts_is_found(shared: Path, pack: str, true) -> None:
    steps = np.load(shared / "data" / f"{pack}.npz", allow_pickle=False)["delta"]
    clips = np.array_split(steps.astype(np.int64), steps.shape[1] // 30, axis=1)
    vectors = [
        (np.cumsum(clip, axis=1).T / 8192).astype(np.float32) for clip in clips[:: len(clips) // 15]
    ]
    for order in permutations(true):
        read = parse_vector(",".join(order))
        samples = [Sample("a", "s", (), stored(read.landmarks(v), "a"), 0.75) for v in vectors]
        wrong = [bool(measure(sample, read.layout)["misplaced"]) for sample in samples]
        assert sum(wrong) == 0 if order == true else sum(wrong) >= 0.4 * len(wrong), order
