"""The embedded corpus: the same bytes everywhere, splits by signer, folds, one generation."""

import hashlib
import itertools
import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from signlab.corpora.base import CORPORA
from signlab.corpora.synthetic.corpus import GENERATOR_VERSION, Synthetic
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, MISSING, dequantise, quantise
from signlab.registry import BadSetting
from signlab.study.fold import Fold

SMALL = {"glosses": 6, "signers": 6, "utterances": (24, 6, 8), "lengths": (1, 3)}

COMMITTED = {
    1: "1c08bd0f9b4196624f34ca288ca1918db3ceb082ddc97b9f8e371471782f0cd3",
    2: "d3ff9e3b84999f85ecef1c80bd86366e10f29f63d6d6470be53c03928105b875",
}
"""SHA-256 of the first utterances of the default corpus, by the generator's version."""


def first_landmarks(count=4, **settings):
    digest = hashlib.sha256()
    for sample, split in itertools.islice(Synthetic(**settings).generate(), count):
        words = [sample.id, sample.signer, sample.glosses, split, sample.aspect, sample.fps]
        words.append(sample.spans)
        digest.update(json.dumps(words).encode())
        digest.update(np.ascontiguousarray(sample.landmarks, dtype="<i2"))
    return digest.hexdigest()


def test_bytes_are_those_of_every_machine():
    """If this fails, raise GENERATOR_VERSION and commit the new digest, or undo the change."""
    assert first_landmarks() == COMMITTED[GENERATOR_VERSION]


def test_bytes_do_not_depend_on_the_processor():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from test_synthetic_corpus import first_landmarks; print(first_landmarks())"
    )
    # without the wide instructions NumPy takes other code paths, as on an older processor
    slow = {**os.environ, "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX"}
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, here],
        env=slow, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == COMMITTED[GENERATOR_VERSION]


def test_signs_follow_each_other_with_ways_between():
    for sample, _ in Synthetic(**SMALL).generate():
        assert sample.spans is not None
        bounds = [0, *itertools.chain(*sample.spans), len(sample.landmarks)]
        assert len(sample.spans) == len(sample.glosses)
        assert all(begin < end for begin, end in itertools.pairwise(bounds))


def test_splits_have_signers_of_their_own_and_training_has_every_gloss(tmp_path):
    corpus = Synthetic(**SMALL)
    corpus.prepare(tmp_path)
    splits = corpus.open(Fold())
    parts = {"train": splits.train(0), "dev": splits.dev, "test": splits.test}
    assert [len(part) for part in parts.values()] == [24, 6, 8]
    signers = {name: {s.signer for s in part} for name, part in parts.items()}
    assert set.union(*signers.values()) == set(corpus.signers)
    assert sum(map(len, signers.values())) == len(corpus.signers)
    assert {g for s in parts["train"] for g in s.glosses} == set(splits.vocabulary)
    assert all(1 <= len(s.glosses) <= 3 for part in parts.values() for s in part)


def test_default_has_three_unseen_signers_and_left_handers_on_both_sides():
    corpus = Synthetic()
    by_split = {}
    for person, split, _ in corpus._plan:
        by_split.setdefault(split, set()).add(person)
    assert len(by_split["test"]) >= 3
    assert not by_split["test"] & (by_split["train"] | by_split["dev"])
    for split in ("train", "test"):
        hands = [corpus.people[person].left_handed for person in by_split[split]]
        assert 0 < sum(hands) <= len(hands) / 3


def test_folds_hold_out_signers_and_utterances(tmp_path):
    corpus = Synthetic(**SMALL)
    corpus.prepare(tmp_path)
    by_signer = corpus.open(Fold("s02", "signer", ("s02",)))
    assert {s.signer for s in by_signer.test} == {"s02"}
    assert "s02" not in {s.signer for s in (*by_signer.train(0), *by_signer.dev)}
    held = corpus.utterance_ids[:5]
    by_utterance = corpus.open(Fold("1of5", "utterance", held))
    assert tuple(s.id for s in by_utterance.test) == held
    everything = [s.id for s in (*by_utterance.train(0), *by_utterance.dev, *by_utterance.test)]
    assert sorted(everything) == sorted(corpus.utterance_ids)


def test_stored_is_what_was_generated_and_is_generated_once(tmp_path):
    corpus = Synthetic(**SMALL)
    corpus.prepare(tmp_path)
    stored = list(corpus.open(Fold()).train(0))
    generated = [sample for sample, split in corpus.generate() if split == "train"]
    for a, b in zip(stored, generated, strict=True):
        assert (a.id, a.signer, a.glosses, a.aspect, a.fps) == (
            (b.id, b.signer, b.glosses, b.aspect, b.fps)
        )
        assert np.array_equal(a.landmarks, b.landmarks)
    (folder,) = tmp_path.iterdir()
    before = (folder / "corpus.json").stat().st_mtime_ns
    Synthetic(**SMALL).prepare(tmp_path)
    assert (folder / "corpus.json").stat().st_mtime_ns == before


def test_processes_may_prepare_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        pool.starmap(_prepare, [(tmp_path,)] * 2)
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("synthetic-")


def _prepare(path):
    Synthetic(**SMALL).prepare(path)


def test_every_setting_is_in_the_digest():
    other = {
        "glosses": 8, "signers": 7, "utterances": (25, 6, 8), "lengths": (2, 3),
        "signer_variation": 0.5, "tracking_errors": 0.5, "seed": 1,
    }  # fmt: skip
    assert set(other) == CORPORA.parameters("synthetic")
    digests = {Synthetic(**{**SMALL, key: value}).digest for key, value in other.items()}
    assert len(digests | {Synthetic(**SMALL).digest}) == len(other) + 1


def test_registered_with_checked_settings():
    corpus = CORPORA.build("synthetic", {"glosses": 6, "utterances": [24, 6, 8]})
    assert corpus.digest == Synthetic(glosses=6, utterances=(24, 6, 8)).digest
    for wrong in ({"glosses": 1}, {"signers": 2}, {"utterances": [5, 0, 5]}, {"gloses": 5}):
        with pytest.raises(BadSetting):
            CORPORA.build("synthetic", wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lengths": (3, 2)}, "fewest, most"),
        ({"glosses": 40, "utterances": (7, 5, 5)}, "of 40 glosses"),
        ({"signers": 9, "utterances": (3, 5, 5), "glosses": 2}, "signers"),
    ],
)
def test_settings_that_cannot_be_together_are_refused(wrong, says):
    with pytest.raises(BadCorpus, match=says):
        Synthetic(**wrong)


def test_opening_before_preparing_is_refused():
    with pytest.raises(BadCorpus, match="prepare"):
        Synthetic(**SMALL).open(Fold())


def test_landmarks_survive_the_store_and_lost_parts_are_lost_as_a_whole():
    presence = []
    for sample, _ in itertools.islice(Synthetic().generate(), 40):
        assert np.array_equal(quantise(dequantise(sample.landmarks)), sample.landmarks)
        gone = sample.landmarks == MISSING
        for rows in HOLISTIC.slices.values():
            assert (gone[:, rows].all(axis=(1, 2)) == gone[:, rows].any(axis=(1, 2))).all()
        presence.append([~gone[:, rows.start, 0] for rows in HOLISTIC.slices.values()])
    pose, left, right, face = (np.concatenate(part).mean() for part in zip(*presence, strict=True))
    assert pose > 0.98
    assert face > 0.95
    assert 0.5 < max(left, right) < 0.98
