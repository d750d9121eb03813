"""Composed sentences: clips of one signer, joined without inventing points, never shared."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signlab.corpora.base import Sample
from signlab.corpora.compose import Piece, Sentence, blend, plan, spans, times
from signlab.corpora.composed import Composed, write_composed
from signlab.corpora.store import Store, write_corpus
from signlab.corpora.trim import active_span
from signlab.errors import BadCorpus
from signlab.landmarks.layout import MISSING, POSE_HANDS
from signlab.registry import BadSetting
from signlab.study.fold import Fold

SIGNS = ("A", "B", "C")
SMALL = {"train": 40, "dev": 30, "test": 50}
HOLD_S2 = Fold("s2", "signer", ("s2",))


def clips(path: Path) -> str:
    """Three signers, three signs and rest, five clips each; x tells the row of the clip."""
    rows = [
        (signer, sign, n)
        for signer in ("s0", "s1", "s2")
        for sign in (*SIGNS, "-")
        for n in range(5)
    ]
    samples = []
    for row, (signer, sign, number) in enumerate(rows):
        frames = np.full((20, 75, 3), row * 100, dtype=np.int16)
        frames[:, 33:54] = MISSING
        glosses = () if sign == "-" else (sign,)
        samples.append((Sample(f"{signer}.{sign}.{number}", signer, glosses, frames), "clips"))
    write_corpus(
        path, name="clips", layout=POSE_HANDS, licence="none", vocabulary=SIGNS, samples=samples
    )
    return str(path)


def rows_used(sample: Sample) -> set[int]:
    """Rows of the clips in a sentence: frames of one value only; transitions have others."""
    assert (sample.landmarks[:, 33:54] == MISSING).all()
    values = sample.landmarks[:, 0, 0]
    held = {int(a) for a, b in pairwise(values) if a == b and a % 100 == 0}
    return {value // 100 for value in held}


def test_splits_share_neither_clips_nor_signers(tmp_path: Path) -> None:
    corpus = Composed(clips=clips(tmp_path / "clips"), rest=0.5, transition=(2, 4), **SMALL)
    corpus.prepare(tmp_path)
    splits = corpus.open(HOLD_S2)
    index = Store.open(tmp_path / "clips").index
    used = {
        name: set().union(*map(rows_used, samples))
        for name, samples in {
            "train": [*splits.train(0), *splits.train(1), *splits.train(2)],
            "dev": splits.dev,
            "test": splits.test,
        }.items()
    }
    assert len(used["train"]) == 2 * 4 * 4  # four of five clips of two signers
    assert len(used["dev"]) == 2 * 4
    assert used["test"] == set(range(40, 60))
    assert not used["train"] & used["dev"]
    for samples in (splits.train(0), splits.dev, splits.test):
        for sample in samples:
            pieces = [index.signers.names[index.signers.codes[row]] for row in rows_used(sample)]
            assert set(pieces) == {sample.signer}
            assert 2 <= len(sample.glosses) <= 6
            assert all(a != b for a, b in pairwise(sample.glosses))


def test_training_is_fresh_each_epoch_and_the_same_every_time(tmp_path: Path) -> None:
    path = clips(tmp_path / "clips")
    one, other = (Composed(clips=path, train=5, dev=5, test=5).open(HOLD_S2) for _ in range(2))

    def content(samples) -> list:
        return [(sample.id, sample.glosses, sample.landmarks.tobytes()) for sample in samples]

    assert content(one.train(3)) == content(other.train(3))
    assert content(one.train(3)) != content(one.train(4))
    assert content(one.test) == content(other.test)
    assert content(one.dev) == content(other.dev)
    changed = Composed(clips=path, train=5, dev=5, test=5, seed=1)
    assert content(changed.open(HOLD_S2).test) != content(one.test)
    assert changed.digest != Composed(clips=path, train=5, dev=5, test=5).digest


def test_glosses_are_those_of_the_clips(tmp_path: Path) -> None:
    path = clips(tmp_path / "clips")
    pools = Composed(clips=path, rest=0.9).pools(HOLD_S2)
    style = Composed(clips=path, rest=0.9).style
    index = Store.open(tmp_path / "clips").index
    for number in range(20):
        sentence = plan(pools["train"], style, "x", np.random.default_rng(number))
        glosses = [gloss for piece in sentence.pieces for gloss in index.glosses_of(piece.row)]
        assert tuple(glosses) == sentence.glosses
        pauses = len(sentence.pieces) - len(glosses)
        assert 0 <= pauses <= len(glosses) + 1
        assert len(sentence.transitions) == len(sentence.pieces) - 1
        # a sign's frames are those of its clip: of the transitions none is as it was recorded
        assert [end - begin for begin, end in spans(sentence)] == [
            piece.frames for piece in sentence.pieces if index.glosses_of(piece.row)
        ]
        at = times(sentence)
        begins = np.cumsum([0, *(piece.end - piece.start for piece in sentence.pieces)])
        signs = [i for i, piece in enumerate(sentence.pieces) if index.glosses_of(piece.row)]
        for i, (begin, end) in zip(signs, spans(sentence), strict=True):
            assert (at[begin], at[end - 1]) == (begins[i], begins[i + 1] - 1)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(2, 20)), min_size=1, max_size=5),
    st.integers(0, 6),
)
def test_time_never_turns_back_and_every_clip_is_shown_whole(pieces, transition: int) -> None:
    placed = tuple(Piece(0, 0, length, frames) for length, frames in pieces)
    sentence = Sentence("x", "s", (), placed, (transition,) * (len(placed) - 1))
    at = times(sentence)
    assert len(at) == sum(frames for _, frames in pieces) + transition * (len(placed) - 1)
    assert (np.diff(at) >= 0).all()
    lengths = np.cumsum([0, *(length for length, _ in pieces)])
    for start, end in pairwise(lengths):
        assert start in at
        assert end - 1 in at


def test_a_point_missing_on_one_side_is_never_a_mixture() -> None:
    frames = np.array([[[0, 0]], [[1000, 2000]], [[MISSING, MISSING]]], dtype=np.int16)
    at = np.array([0, 0.5, 1, 1.25, 1.75, 2], dtype=np.float32)
    assert blend(frames, at)[:, 0, 0].tolist() == [0, 500, 1000, 1000, MISSING, MISSING]


def test_idle_heads_tails_and_stale_first_pictures_are_cut() -> None:
    frames = np.zeros((40, 75, 3), dtype=np.int16)
    frames[0] = 8000  # the end of the clip before
    frames[12:22, 54:] = (np.arange(1, 11) * 500)[:, None, None]
    frames[22:, 54:] = 5000
    start, end = active_span(frames, POSE_HANDS)
    assert (start, end) == (9, 24)
    still = np.full((40, 75, 3), 100, dtype=np.int16)
    assert active_span(still, POSE_HANDS) == (0, 40)
    assert active_span(frames[:5], POSE_HANDS) == (0, 5)


def test_a_sign_of_one_movement_keeps_a_third_of_a_second() -> None:
    for moment in (1, 10, 29):
        frames = np.zeros((30, 75, 3), dtype=np.int16)
        frames[moment:, 33:] = 4000
        frames[0, :33] = 1
        start, end = active_span(frames, POSE_HANDS)
        assert end - start >= 8
        assert 0 <= start < end <= 30


def test_without_a_held_out_signer_it_asks_for_one(tmp_path: Path) -> None:
    path = clips(tmp_path / "clips")
    with pytest.raises(BadCorpus, match=r"leave-one-signer-out.*test_signers: \[s2\]"):
        Composed(clips=path).open(Fold())
    splits = Composed(clips=path, test_signers=("s1",), test=5, dev=5).open(Fold())
    assert {sample.signer for sample in splits.test} == {"s1"}


def test_clips_that_make_no_sentences_are_refused(tmp_path: Path) -> None:
    path = clips(tmp_path / "clips")
    sentences = write_composed(
        tmp_path / "sentences", {"clips": path, "test_signers": ["s1"], **SMALL}
    )
    assert sentences.splits == SMALL
    with pytest.raises(BadCorpus, match="holds sentences"):
        Composed(clips=str(sentences.path)).prepare(tmp_path)
    with pytest.raises(BadSetting, match="from the lower to the higher"):
        Composed(clips=path, glosses=(6, 2))
    frames = np.zeros((20, 75, 3), dtype=np.int16)
    alone = [(Sample(f"{s}{n}", s, ("A",), frames), "clips") for s in ("a", "b") for n in range(3)]
    write_corpus(
        tmp_path / "one", name="x", layout=POSE_HANDS, licence="", vocabulary=["A"], samples=alone
    )
    with pytest.raises(BadCorpus, match="'a' has clips of one sign only in train"):
        Composed(clips=str(tmp_path / "one")).open(Fold("b", "signer", ("b",)))
