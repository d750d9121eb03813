"""What holds for every augmentation, whatever the batch."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signlab.corpora.augment.base import AUGMENTATIONS, frames_needed
from signlab.corpora.augment.chain import Augment
from signlab.corpora.batches import Batch
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS
from signlab.landmarks.selection import FINGERS, select
from signlab.landmarks.tensors import Landmarks
from signlab.registry import BadSetting

FLAT = select(POSE_HANDS, parts=("pose", "hands"))
DEEP = select(HOLISTIC, coordinates=3)
NAMES = AUGMENTATIONS.names()


def out_lengths(frames):
    """Two convolutions of stride 2 without padding: not a plain division."""
    return ((frames - 2).clamp(min=0) // 2 - 1).clamp(min=0) // 2


def make(seed, selection=FLAT, utterances=5, longest=40):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(10, longest + 1, (utterances,), generator=generator)
    frames = int(lengths.max())
    present = torch.rand(utterances, frames, selection.points, generator=generator) < 0.8
    for part in selection.slices.values():  # parts are lost as a whole, as trackers lose them
        lost = torch.rand(utterances, frames, 1, generator=generator) < 0.2
        present[:, :, part] &= ~lost
    present &= (torch.arange(frames) < lengths[:, None])[..., None]
    shape = (utterances, frames, selection.coordinates, selection.points)
    planes = torch.randn(shape, generator=generator) * present[:, :, None]
    counts = torch.randint(1, 5, (utterances,), generator=generator)
    labels = torch.randint(1, 4, (utterances, int(counts.max())), generator=generator)
    labels *= torch.arange(labels.shape[1]) < counts[:, None]
    # each sign has its share of the frames, all but the first and the last of it
    turn = torch.arange(labels.shape[1]).expand(utterances, -1)
    each = (lengths // counts)[:, None]
    spans = torch.stack([turn * each, (turn + 1) * each - 1], dim=2).clamp(min=0)
    spans[:, :, 0] += 1
    return Batch(
        Landmarks.from_planes(planes, present, lengths),
        labels,
        counts,
        tuple(f"u{i}" for i in range(utterances)),
        tuple("AB"[i % 2] for i in range(utterances)),
        spans=spans * (labels > 0)[:, :, None],
    )


def build(name, selection=FLAT, **own):
    return Augment({name: own}, selection=selection, out_lengths=out_lengths)


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def assert_same(first, second):
    for name in ("points", "present", "lengths"):
        a, b = getattr(first.landmarks, name), getattr(second.landmarks, name)
        assert torch.equal(a, b), name
    assert torch.equal(first.labels, second.labels)
    assert torch.equal(first.label_lengths, second.label_lengths)
    # nothing blended in is the same as a weight of 1
    assert torch.equal(*(
        torch.ones(len(batch.ids)) if batch.blended is None else batch.blended.weight
        for batch in (first, second)
    ))  # fmt: skip


def assert_consistent(before, after):
    landmarks = after.landmarks
    utterances, frames = landmarks.present.shape[:2]
    assert landmarks.points.shape[:3] == landmarks.present.shape
    assert landmarks.points.isfinite().all()
    assert (landmarks.points[~landmarks.present] == 0).all()
    assert not landmarks.present[~landmarks.valid].any()
    assert frames == landmarks.lengths.max()
    assert (landmarks.lengths >= 1).all()
    assert (after.ids, after.signers) == (before.ids, before.signers)
    assert after.labels.shape == (utterances, after.label_lengths.max())
    written = torch.arange(after.labels.shape[1]) < after.label_lengths[:, None]
    assert torch.equal(after.labels > 0, written)
    # whoever had frames enough for its labels has them still
    had, has = (enough(batch, batch.labels, batch.label_lengths) for batch in (before, after))
    assert (has | ~had).all()
    if (blended := after.blended) is not None:
        assert ((blended.weight >= 0.5) & (blended.weight <= 1)).all()
        assert (enough(after, blended.labels, blended.label_lengths) | (blended.weight == 1)).all()


def enough(batch, labels, counts):
    need = frames_needed(labels, counts, out_lengths=out_lengths, frames=500)
    return batch.landmarks.lengths >= need


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("selection", [FLAT, DEEP])
@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), utterances=st.integers(1, 6))
def test_consistent_and_the_generators_alone(name, selection, seed, utterances):
    batch = make(seed, selection, utterances)
    augment = build(name, selection, rate=1.0)
    after = augment(batch, draws(seed))
    assert_consistent(batch, after)
    if name != "cutmix":  # which takes signs away
        width = batch.labels.shape[1]
        assert torch.equal(after.labels[:, :width] * (batch.labels > 0), batch.labels)
    assert_same(after, augment(batch, draws(seed)))
    assert_same(batch, make(seed, selection, utterances))  # what was given is as it was


@pytest.mark.parametrize("name", NAMES)
def test_something_changes_and_draws_matter(name):
    batch = make(1, utterances=6)
    augment = build(name, rate=1.0)
    seen = [augment(batch, draws(seed)).landmarks.points for seed in range(3)]
    assert all(s.shape != batch.landmarks.points.shape or (s != batch.landmarks.points).any()
               for s in seen)  # fmt: skip
    if name != "mirror":
        assert any(s.shape != seen[0].shape or (s != seen[0]).any() for s in seen[1:])


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_rate_0_is_the_identity(seed):
    batch = make(seed)
    for name in NAMES:
        assert_same(build(name, rate=0.0)(batch, draws(seed)), batch)


@pytest.mark.parametrize("name", NAMES)
def test_rate_is_the_share_of_changed_utterances(name):
    batch = make(3, utterances=400)
    after = build(name, rate=0.3)(batch, draws(2))
    frames = min(batch.landmarks.points.shape[1], after.landmarks.points.shape[1])
    same = (batch.landmarks.points[:, :frames] == after.landmarks.points[:, :frames]).flatten(1)
    changed = ~same.all(dim=1) | (batch.landmarks.lengths != after.landmarks.lengths)
    if name == "cutmix":  # leaves sentences of one sign alone
        changed = changed[batch.label_lengths > 1]
    assert 0.2 < changed.float().mean() < 0.4


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_mirroring_twice_is_the_identity(seed):
    batch = make(seed, DEEP)
    mirror = build("mirror", DEEP, rate=1.0)
    assert_same(mirror(mirror(batch, draws()), draws()), batch)


def test_a_mirrored_left_hand_is_the_right_hand():
    batch = make(0)
    after = build("mirror", rate=1.0)(batch, draws()).landmarks
    left, right = FLAT.slices["left_hand"], FLAT.slices["right_hand"]
    assert torch.equal(after.present[:, :, left], batch.landmarks.present[:, :, right])
    before = batch.landmarks.points[:, :, right]
    assert torch.equal(after.points[:, :, left], before * torch.tensor([-1.0, 1.0]))


def test_time_warp_keeps_a_movement_and_never_interpolates_over_a_gap():
    frames = 21
    line = torch.arange(frames, dtype=torch.float32)
    planes = line[None, :, None, None].repeat(1, 1, 2, FLAT.points)
    present = torch.ones(1, frames, FLAT.points, dtype=torch.bool)
    present[:, 8:12, 3] = False
    landmarks = Landmarks.from_planes(planes * present[:, :, None], present, torch.tensor([frames]))
    batch = Batch(landmarks, torch.tensor([[1]]), torch.tensor([1]), ("u",), ("A",))
    slower = build("time_warp", rate=1.0, low=2.0, high=2.0)(batch, draws()).landmarks
    assert slower.lengths.tolist() == [42]
    expected = torch.linspace(0, frames - 1, 42)
    torch.testing.assert_close(slower.points[0, :, 0, 0], expected)
    there = slower.present[0, :, 3]
    nearest = expected.round().long()
    assert torch.equal(there, present[0, nearest, 3])
    # beside the gap the point keeps the place of its last or next sighting, half a frame off
    assert (slower.points[0, there, 3, 0] - expected[there]).abs().max() <= 0.5
    assert (slower.points[0, ~there, 3] == 0).all()


def test_time_warp_stops_at_what_the_labels_need():
    batch = make(5, utterances=6)
    after = build("time_warp", rate=1.0, low=0.01, high=0.01)(batch, draws())
    need = frames_needed(batch.labels, batch.label_lengths, out_lengths=out_lengths, frames=500)
    old = batch.landmarks.lengths
    assert torch.equal(after.landmarks.lengths, torch.minimum(old, need))
    repeats = (batch.labels[:, 1:] == batch.labels[:, :-1]) & (batch.labels[:, 1:] > 0)
    timesteps = batch.label_lengths + repeats.sum(dim=1)
    assert (out_lengths(need) >= timesteps).all()
    assert (out_lengths(need - 1) < timesteps).all()


@pytest.mark.parametrize("rate", [1.0, 0.4])
def test_lengths_are_told_before_batches_are_made(rate):
    batch = replace(make(0, utterances=32), draws=torch.rand(32, generator=draws()))
    one = {"labels": batch.labels[:, :1], "label_lengths": torch.ones(32).long(), "spans": None}
    batch = replace(batch, **one)
    augment = build("time_warp", rate=rate)
    told = augment.lengths(batch.landmarks.lengths, batch.draws)
    assert torch.equal(augment(batch, draws(1)).landmarks.lengths, told)
    factors = told / batch.landmarks.lengths
    assert ((factors - 1).abs() > 0.02).float().mean() == pytest.approx(rate, abs=0.2)
    assert factors.min() > 0.45
    assert factors.max() < 1.65


def test_affine_turns_and_shears_but_keeps_parallels():
    batch = make(2)
    affine = build("affine", rate=1.0)
    after = affine(batch, draws())
    for before, moved, seen in zip(
        batch.landmarks.points, after.landmarks.points, batch.landmarks.present, strict=True
    ):
        ones = torch.ones(int(seen.sum()), 1)
        fit = torch.linalg.lstsq(torch.cat([before[seen], ones], dim=1), moved[seen])
        torch.testing.assert_close(
            torch.cat([before[seen], ones], dim=1) @ fit.solution, moved[seen], atol=1e-4, rtol=0.0
        )
        assert fit.solution[2].abs().max() <= 0.15
        assert 0.7**2 * 0.96 <= fit.solution[:2].det() <= 1.3**2 * 1.04


def test_concatenated_sentences_are_the_two_and_a_bridge():
    batch = make(8, utterances=4)
    after = build("concatenate", rate=1.0, gap=3)(batch, draws())
    for i, partner in enumerate([2, 3, 0, 1]):  # the only other one of each signer
        old = batch.landmarks.lengths.tolist()
        own, other = old[i], old[partner]
        landmarks = after.landmarks
        assert landmarks.lengths[i] == own + 3 + other
        assert torch.equal(landmarks.points[i, :own], batch.landmarks.points[i, :own])
        theirs = batch.landmarks.points[partner, :other]
        assert torch.equal(landmarks.points[i, own + 3 : own + 3 + other], theirs)
        both = batch.landmarks.present[i, own - 1] & batch.landmarks.present[partner, 0]
        middle = (batch.landmarks.points[i, own - 1] + theirs[0]) / 2
        torch.testing.assert_close(landmarks.points[i, own + 1][both], middle[both])
        labels = [label for row in (i, partner) for label in batch.labels[row].tolist() if label]
        assert [label for label in after.labels[i].tolist() if label] == labels


def test_cutmix_exchanges_signs_with_their_labels():
    """Each frame is marked with its sign; what the new frames are marked with are the labels."""
    batch = make(12, utterances=40, longest=60)
    ways, (begins, ends) = torch.zeros(40, 60), batch.spans.unbind(2)
    for label in range(batch.labels.shape[1]):
        frame = torch.arange(60)
        within = (frame >= begins[:, label, None]) & (frame < ends[:, label, None])
        ways += within * batch.labels[:, label, None]
    frames = batch.landmarks.present.shape[1]
    present = batch.landmarks.valid[:, :, None].expand(-1, -1, FLAT.points)
    planes = ways[:, :frames, None, None].expand(-1, -1, 2, FLAT.points) * present[:, :, None]
    marked = replace(
        batch, landmarks=Landmarks.from_planes(planes, present, batch.landmarks.lengths)
    )
    after = build("cutmix", rate=1.0, gap=0)(marked, draws(1))
    exchanged = 0
    for row in range(40):
        marks = after.landmarks.points[row, : after.landmarks.lengths[row], 0, 0]
        seen = marks[marks > 0].long().unique_consecutive()
        labels = after.labels[row, : after.label_lengths[row]]
        assert torch.equal(seen, labels.unique_consecutive())
        exchanged += not torch.equal(labels, batch.labels[row, : batch.label_lengths[row]])
    assert exchanged > 10


def test_cutmix_needs_to_know_when_signs_are_signed():
    batch = replace(make(1), spans=None)
    with pytest.raises(BadCorpus, match=r"cutmix.*'u0'"):
        build("cutmix")(batch, draws())


def test_cutmix_comes_before_what_changes_times_and_mixup_last():
    settings = {name: {"rate": 1.0} for name in ("mixup", "time_warp", "cutmix")}
    ordered = {name: settings[name] for name in ("cutmix", "time_warp", "mixup")}
    batch = make(2, utterances=4)
    first, second = (
        Augment(each, selection=FLAT, out_lengths=out_lengths)(batch, draws())
        for each in (settings, ordered)
    )
    assert torch.equal(first.landmarks.points, second.landmarks.points)
    assert torch.equal(first.blended.labels, second.blended.labels)


def test_mixup_is_the_weighted_mean_of_two_sentences_of_one_signer():
    batch = make(8, utterances=4)
    lengths = torch.full((4,), int(batch.landmarks.lengths.max()))
    batch = replace(batch, landmarks=replace(batch.landmarks, lengths=lengths))
    after = build("mixup", rate=1.0)(batch, draws())
    old, new, weight = batch.landmarks, after.landmarks, after.blended.weight[:, None, None, None]
    assert (weight < 1).all()
    assert torch.equal(new.present, old.present)
    partner = torch.tensor([2, 3, 0, 1])  # the only other one of each signer
    assert torch.equal(after.blended.labels, batch.labels[partner])
    both = (old.present & old.present[partner])[..., None]
    mean = weight * old.points + (1 - weight) * old.points[partner]
    torch.testing.assert_close(new.points, torch.where(both, mean, old.points))


@pytest.mark.parametrize("name", ["concatenate", "cutmix", "mixup"])
def test_a_signer_alone_is_not_joined_with_another(name):
    batch = make(8, utterances=2)
    assert_same(build(name, rate=1.0)(batch, draws()), batch)


def test_default_rates_are_those_of_the_proposal():
    rates = {"time_warp": 0.2, "frame_drop": 0.1, "noise": 0.05, "mirror": 0.3}
    assert {name: AUGMENTATIONS.resolve(name, {})["rate"] for name in rates} == rates


def test_hidden_fingers_are_whole_and_one_of_each_hand():
    batch = make(0)
    landmarks = replace(
        batch.landmarks, present=batch.landmarks.valid[..., None].expand(-1, -1, FLAT.points)
    )
    after = build("finger_drop", rate=1.0, fingers=2)(replace(batch, landmarks=landmarks), draws())
    for hand in ("left_hand", "right_hand"):
        rows = FLAT.slices[hand]
        gone = ~after.landmarks.present[:, 0, rows]
        fingers = torch.stack([gone[:, list(numbers)].all(dim=1) for numbers in FINGERS], dim=1)
        assert (fingers.sum(dim=1) == 2).all()
        assert (gone.sum(dim=1) == 8).all()


def test_part_drop_hides_a_hand_both_or_the_face_and_never_the_pose():
    batch = make(0, DEEP, utterances=80)
    after = build("part_drop", DEEP, rate=1.0, shortest=0.3)(batch, draws())
    hidden = batch.landmarks.present & ~after.landmarks.present
    parts = torch.stack([hidden[:, :, rows].any(dim=2).any(dim=1) for rows in DEEP.slices.values()])
    left, right, face = range(1, 4)
    kinds = {(left,), (right,), (face,), (left, right)}
    assert {tuple(row.nonzero()[:, 0].tolist()) for row in parts.T} == kinds
    assert list(DEEP.slices) == ["pose", "left_hand", "right_hand", "face"]


def test_part_dropout_lasts_the_whole_utterance():
    batch = make(0, DEEP, utterances=80)
    after = build("part_drop", DEEP, rate=0.5, shortest=1.0, longest=1.0)(batch, draws())
    for rows in DEEP.slices.values():
        before, kept = (b.landmarks.present[:, :, rows].flatten(1) for b in (batch, after))
        assert ((kept == before).all(dim=1) | ~kept.any(dim=1)).all()
    changed = (batch.landmarks.present != after.landmarks.present).flatten(1).any(dim=1)
    assert 25 < changed.sum() < 55


def test_other_augmentations_leave_the_draws_of_one_alone():
    batch = make(4)
    alone = build("affine")(batch, draws())
    settings = {"mirror": {"rate": 0.0}, "affine": {}, "noise": {"rate": 0.0}}
    among = Augment(settings, selection=FLAT, out_lengths=out_lengths)
    generator, other = draws(), draws()
    assert_same(among(batch, generator), alone)
    build("affine")(batch, other)
    assert torch.equal(generator.get_state(), other.get_state())


def test_views_differ_in_all_but_times_and_labels():
    """The first view is what a recipe with one view sees; frame t of both is the same moment."""
    batch = make(6, utterances=5)
    settings = {name: {"rate": 1.0} for name in NAMES}
    once, twice = (
        Augment(settings, selection=FLAT, out_lengths=out_lengths, views=views)(batch, draws(3))
        for views in (1, 2)
    )
    first, second = twice.landmarks.points.chunk(2)
    assert torch.equal(first, once.landmarks.points)
    assert not torch.equal(second, first)
    for tensor in (twice.landmarks.lengths, twice.labels, twice.label_lengths):
        assert torch.equal(*tensor.chunk(2))
    assert (twice.ids, twice.signers) == (batch.ids * 2, batch.signers * 2)


@pytest.mark.parametrize("name", NAMES)
def test_what_views_share_is_drawn_once(name):
    batch = make(6, utterances=5)
    augment = Augment({name: {"rate": 1.0}}, selection=FLAT, out_lengths=out_lengths, views=2)
    first, second = augment(batch, draws(3)).landmarks.points.chunk(2)
    apart = name in {"mirror", "affine", "noise", "part_drop", "finger_drop", "temporal_mask"}
    assert torch.equal(first, second) == (not apart or name == "mirror")


@pytest.mark.parametrize(
    ("name", "own", "key"),
    [
        ("time_warp", {"low": 2.0, "high": 0.5}, "low"),
        ("affine", {"low": 1.5}, "low"),
        ("part_drop", {"shortest": 0.8}, "shortest"),
        ("mirror", {"rate": 1.5}, "rate"),
        ("noise", {"scale": -1.0}, "scale"),
        ("miror", {}, "name"),
    ],
)
def test_senseless_settings_are_refused(name, own, key):
    with pytest.raises(BadSetting) as error:
        build(name, **own)
    assert error.value.key == f"{name}.{key}"
