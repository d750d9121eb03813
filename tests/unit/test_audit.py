"""Every fault that can be planted is found, at the utterances where it was, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from signlab.corpora.audit.run import audit
from signlab.corpora.base import Sample
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store, write_corpus
from signlab.corpora.synthetic.corpus import Synthetic
from signlab.landmarks.layout import HOLISTIC, MISSING, UNIT, Layout, Part
from signlab.reporting.audit import write_audit
from signlab.study.fold import Fold

HAND, OTHER_HAND, FACE = slice(33, 54), slice(54, 75), slice(75, 543)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Sentences of the embedded corpus, with the splits they have there."""
    corpus = Synthetic(glosses=8, signers=6, utterances=(24, 6, 6))
    corpus.prepare(tmp_path_factory.mktemp("cache"))
    splits = corpus.open(Fold())
    named = {"train": splits.train(0), "dev": splits.dev, "test": splits.test}
    # the faults are planted in frames and glosses; when these are signed would be at odds with them
    return [
        (replace(sample, spans=None), split)
        for split, members in named.items()
        for sample in members
    ]


def found(samples, path):
    """What an audit of these utterances says: check, severity and ids."""
    vocabulary = sorted({gloss for sample, _ in samples for gloss in sample.glosses})
    write_corpus(
        path, name="c", layout=HOLISTIC, licence="", vocabulary=vocabulary, samples=iter(samples)
    )
    findings = audit(Store.open(path), lambda: None).findings
    assert all(finding.text and finding.remedy for finding in findings)
    return {(f.check, f.severity, f.utterances) for f in findings}


def changed(sample, **edits):
    landmarks = sample.landmarks.copy()
    return replace(sample, landmarks=landmarks, **edits), landmarks


def frozen(sample):
    planted, landmarks = changed(sample)
    landmarks[5:40] = landmarks[5]
    return planted


def emptied(sample):
    planted, landmarks = changed(sample)
    landmarks[5:40] = MISSING
    return planted


def untracked(sample):
    planted, landmarks = changed(sample)
    landmarks[:] = MISSING
    return planted


def jumping(sample):
    planted, landmarks = changed(sample)
    tracked = landmarks[12, :33, 0] != MISSING
    landmarks[12, :33][tracked, 0] += UNIT // 2
    return planted


def far(sample):
    planted, landmarks = changed(sample)
    tracked = landmarks[:, FACE, 0] != MISSING
    landmarks[:, FACE, 0][tracked] = 3 * UNIT
    landmarks[:, 0:1, 0] = landmarks[:, 76:77, 0]  # the nose of the pose is there as well
    return planted


def clipped(sample):
    planted, landmarks = changed(sample)
    landmarks[3, 0, 0] = 32767
    return planted


def reordered(sample):
    """The face where the left hand should be: the file's parts were in another order."""
    planted, landmarks = changed(sample)
    landmarks[:, HAND], landmarks[:, FACE.start : FACE.start + 21] = (
        sample.landmarks[:, FACE.start : FACE.start + 21],
        sample.landmarks[:, HAND],
    )
    return planted


def exchanged(sample):
    """The left hand in the place of the right one."""
    planted, landmarks = changed(sample)
    landmarks[:, HAND], landmarks[:, OTHER_HAND] = (
        sample.landmarks[:, OTHER_HAND],
        sample.landmarks[:, HAND],
    )
    return planted


def crowded(timesteps):
    """One gloss more than ``timesteps`` of the utterance's frames allow, all different or not."""

    def plant(sample):
        count = -(-len(sample.landmarks) // timesteps) + 1
        pair = sorted({*sample.glosses, "OTHER"})[:2]
        return replace(sample, glosses=tuple(pair[n % 2] for n in range(count)))

    return plant


def repeated(sample):
    """CTC needs a blank between two of a kind: half as many fit."""
    glosses = tuple(sample.glosses[:1]) * (len(sample.landmarks) // 2 + 2)
    return replace(sample, glosses=glosses)


def endless(sample):
    landmarks = np.concatenate([sample.landmarks] * 12)
    return replace(sample, landmarks=landmarks, glosses=sample.glosses[:1])


def short(sample):
    return replace(sample, landmarks=sample.landmarks[:4], glosses=sample.glosses[:1])


def silent(sample):
    return replace(sample, glosses=())


def quick(sample):
    return replace(sample, fps=240.0)


def slow(sample):
    return replace(sample, fps=sample.fps / 2)


@pytest.mark.parametrize(
    ("plant", "check", "severity"),
    [
        (frozen, "frozen", "warning"),
        (emptied, "empty", "warning"),
        (untracked, "empty", "error"),
        (jumping, "jumps", "warning"),
        (far, "range", "warning"),
        (clipped, "range", "error"),
        (reordered, "order", "error"),
        (exchanged, "order", "error"),
        (crowded(1), "too-short", "error"),
        (repeated, "too-short", "error"),
        (crowded(2), "too-short", "warning"),
        (crowded(4), "too-short", "warning"),
        (crowded(8), "too-short", "note"),
        (endless, "length", "warning"),
        (short, "length", "warning"),
        (silent, "glosses", "warning"),
        (slow, "frame-rate", "warning"),
        (quick, "frame-rate", "warning"),
    ],
)
def test_a_planted_fault_is_found_where_it_is(clean, tmp_path, plant, check, severity):
    before = found(clean, tmp_path / "before")
    assert not any(severity == "error" for _, severity, _ in before)
    row = max(range(20), key=lambda n: len(clean[n][0].landmarks))
    sample, split = clean[row]
    after = found([*clean[:row], (plant(sample), split), *clean[row + 1 :]], tmp_path / "after")
    known = {(kind, level) for kind, level, _ in before}
    assert (check, severity, (sample.id,)) in after
    # what was held still or away for a second is somewhere else afterwards
    by_way = {("jumps", "warning"), ("singletons", "note")}
    later = {(kind, level) for kind, level, _ in after} - known - by_way
    assert later <= {(check, severity)}


@pytest.mark.parametrize(
    ("edit", "split", "check", "severity"),
    [
        ({}, "train", "duplicate", "warning"),
        ({}, "test", "duplicate", "error"),
        ({"glosses": ("G",)}, "train", "duplicate", "error"),
        ({"noise": True}, "train", "near-duplicate", "warning"),
        ({"noise": True}, "dev", "near-duplicate", "warning"),
    ],
)
def test_copies_are_found(clean, tmp_path, edit, split, check, severity):
    original = clean[0][0]
    copy, landmarks = changed(original, id="copy")
    if edit.pop("noise", False):
        noise = np.random.default_rng(0).integers(-12, 13, landmarks.shape)
        landmarks += np.where(landmarks == MISSING, 0, noise).astype(np.int16)
    after = found([*clean, (replace(copy, **edit), split)], tmp_path / "after")
    assert (check, severity, (original.id, "copy")) in after


def test_a_sign_of_the_test_that_training_lacks_is_found(clean, tmp_path):
    known = sorted({gloss for sample, _ in clean for gloss in sample.glosses})
    new = [(replace(s, glosses=("NEW",)), t) if t == "test" else (s, t) for s, t in clean[-1:]]
    after = found([*clean[:-1], *new], tmp_path / "after")
    assert ("out-of-vocabulary", "warning", (clean[-1][0].id,)) in after
    assert ("singletons", "note", (clean[-1][0].id,)) in after
    assert "NEW" not in known


def test_signers_in_two_splits_and_without_a_part_are_found(clean, tmp_path):
    signer = clean[0][0].signer
    samples = []
    for sample, split in clean:
        planted, landmarks = changed(sample)
        if sample.signer == signer:
            landmarks[:, HAND] = MISSING
        samples.append((planted, split))
    moved = replace(samples[-1][0], signer=signer)
    samples[-1] = (moved, samples[-1][1])
    after = found(samples, tmp_path / "after")
    hidden = tuple(sample.id for sample, _ in samples if sample.signer == signer)
    (shared,) = [ids for check, _, ids in after if check == "shared-signers"]
    assert set(shared) == set(hidden)
    assert ("presence", "warning", hidden) in after


def test_tracks_of_two_hands_and_the_nose_are_audited(shared, tmp_path):
    store = import_corpus(
        "boston104",
        shared / "data" / "boston104",
        tmp_path / "b",
        name="b",
        licence="MIT",
        settings={},
    )
    assert not audit(store, lambda: None).failed
    swapped = [
        (replace(sample, landmarks=np.ascontiguousarray(sample.landmarks[:, [2, 1, 0]])), "train")
        for sample in store.samples()
    ]
    write_corpus(
        tmp_path / "s",
        name="s",
        layout=store.layout,
        licence="MIT",
        vocabulary=store.vocabulary,
        samples=iter(swapped),
    )
    result = audit(Store.open(tmp_path / "s"), lambda: None)
    (order,) = [finding for finding in result.findings if finding.check == "order"]
    assert len(order.utterances) > 0.9 * len(swapped)


def test_a_corpus_without_landmarks_is_audited_by_its_table(tmp_path):
    sample = Sample("a", "s", ("A",), np.zeros((4, 543, 3), dtype=np.int16))
    assert ("length", "warning", ("a",)) in found([(sample, "train")], tmp_path / "c")


def test_a_sign_that_one_signer_makes_with_the_other_hand_is_found(clean, tmp_path):
    signers = sorted({sample.signer for sample, _ in clean})[:3]
    samples = []
    for number in range(3):
        for place, signer in enumerate(signers):
            sample, landmarks = changed(clean[number][0], id=f"{signer}-{number}", signer=signer)
            landmarks[:, [15, *range(33, 54)]] = MISSING  # the right hand alone is seen
            landmarks[:, 0, 0] += place  # no two are copies
            if place == 2:
                landmarks[:, HAND] = sample.landmarks[:, OTHER_HAND]
                landmarks[:, OTHER_HAND] = MISSING
            samples.append((replace(sample, glosses=("TEA",)), "train"))
    after = found(samples, tmp_path / "after")
    odd = tuple(f"{signers[2]}-{number}" for number in range(3))
    assert ("handedness", "note", odd) in after


def test_any_layout_can_be_audited(tmp_path):
    draw = np.random.default_rng(0)
    for parts in ((Part("pose_keypoints_2d", 25),), (Part("pose", 33),), (Part("pose", 17),)):
        layout = Layout("other", parts, coordinates=2)
        frames = draw.integers(0, 8192, (2, 60, layout.points, 2), dtype=np.int16)
        samples = [(Sample(f"u{n}", "s", ("A",), frames[n]), "train") for n in range(2)]
        path = tmp_path / parts[0].name / str(layout.points)
        write_corpus(
            path, name="c", layout=layout, licence="", vocabulary=["A"], samples=iter(samples)
        )
        store = Store.open(path)
        result = audit(store, lambda: None)
        page = write_audit(store, result, tmp_path / "page")
        assert page.read_text().startswith("# Audit of `c`")
