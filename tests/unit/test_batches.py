"""Collation and length-bucketed batches."""

from itertools import chain

import numpy as np
import pytest
import torch

from signlab.corpora.base import Sample
from signlab.corpora.batches import (
    bucketed_batches,
    collate,
    frames_of,
    ordered_batches,
    padding_share,
)
from signlab.errors import BadCorpus
from signlab.landmarks.layout import MISSING, POSE_HANDS, quantise
from signlab.landmarks.selection import select

SELECTION = select(POSE_HANDS, parts=("pose", "hands"))


def silent(frames, name="u", glosses=("a",)):
    """A sample of nothing but length: a broadcast view takes no memory."""
    landmarks = np.broadcast_to(MISSING, (frames, 75, 3))
    return Sample(name, "s1", glosses, landmarks)


def corpus(count, seed=0):
    # about the lengths of PHOENIX-2014's training sentences
    lengths = np.random.default_rng(seed).normal(150, 50, count).clip(20, 299).astype(int)
    return [silent(int(length)) for length in lengths]


def epoch(samples, seed, size=32):
    generator = torch.Generator().manual_seed(seed)
    return list(bucketed_batches(frames_of(samples), batch_size=size, generator=generator))


def test_an_epoch_has_every_sample_once_and_little_padding():
    samples = corpus(1000)
    lengths = frames_of(samples)
    batches = epoch(samples, 0)
    assert sorted(chain.from_iterable(batches)) == list(range(1000))
    assert {len(batch) for batch in batches} <= {31, 32}
    assert padding_share(lengths, [np.array(batch) for batch in batches]) < 0.08


def test_order_is_the_generators_and_neighbours_change():
    samples = corpus(1000)
    assert epoch(samples, 1) == epoch(samples, 1)
    first, second = ({frozenset(b) for b in epoch(samples, seed)} for seed in (1, 2))
    assert len(first & second) <= 1
    longest = [max(len(samples[i].landmarks) for i in batch) for batch in epoch(samples, 1)]
    assert longest != sorted(longest)


def test_neighbours_change_even_where_all_lengths_are_equal():
    samples = [silent(30) for _ in range(64)]
    assert {frozenset(b) for b in epoch(samples, 1)} != {frozenset(b) for b in epoch(samples, 2)}


@pytest.mark.parametrize("count", [1, 7, 33])
def test_few_samples(count):
    samples = corpus(count)
    assert sorted(chain.from_iterable(epoch(samples, 0))) == list(range(count))
    ordered = list(chain.from_iterable(ordered_batches(samples, batch_size=8)))
    lengths = [len(samples[i].landmarks) for i in ordered]
    assert sorted(ordered) == list(range(count))
    assert lengths == sorted(lengths)


def test_collate_reads_a_read_only_memory_map(tmp_path):
    clip = np.random.default_rng(0).random((12, 75, 3), dtype=np.float32)
    clip[3, 33:54] = np.nan
    np.save(tmp_path / "clip.npy", quantise(clip))
    stored = np.load(tmp_path / "clip.npy", mmap_mode="r")
    samples = [
        Sample("long", "s1", ("b", "a", "b"), stored, aspect=0.5),
        Sample("short", "s2", ("a",), stored[:5]),
    ]
    batch = collate(samples, ("a", "b"), SELECTION)
    assert batch.labels.tolist() == [[2, 1, 2], [1, 0, 0]]
    assert batch.label_lengths.tolist() == [3, 1]
    assert (batch.ids, batch.signers) == (("long", "short"), ("s1", "s2"))
    landmarks = batch.landmarks
    assert landmarks.lengths.tolist() == [12, 5]
    assert not landmarks.present[1, 5:].any()
    assert not landmarks.present[0, 3, SELECTION.slices["left_hand"]].any()
    assert landmarks.present[0, 4].all()
    # distances between points are the clip's, y scaled, over the width of the shoulders
    xy = clip[..., :2] * [1, 0.5]
    widths = np.sort(np.linalg.norm(xy[:, 11] - xy[:, 12], axis=1))
    rows = SELECTION.rows
    expected = (xy[:, rows[30]] - xy[:, rows[2]]) / widths[(12 - 1) // 2]
    ours = landmarks.points[0, :, 30] - landmarks.points[0, :, 2]
    seen = landmarks.present[0, :, 30].numpy()
    np.testing.assert_allclose(ours.numpy()[seen], expected[seen], atol=0.01)


def test_what_does_not_fit_is_named():
    with pytest.raises(BadCorpus, match=r"'x'.*'C'"):
        collate([silent(4, "x", ("C",))], ("a",), SELECTION)
    wrong = Sample("y", "s1", ("a",), np.zeros((4, 543, 3), np.int16))
    with pytest.raises(BadCorpus, match=r"'y'.*pose-hands"):
        collate([wrong], ("a",), SELECTION)
