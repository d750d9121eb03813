"""Features against an independent computation in numpy, on real landmarks."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from signlab.corpora.base import Sample
from signlab.corpora.batches import collate
from signlab.corpora.importers.boston104 import BOSTON104, WIDTH
from signlab.corpora.importers.catalogue import import_corpus
from signlab.errors import BadInput
from signlab.landmarks.features import Features
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, Layout, Part, dequantise, quantise
from signlab.landmarks.selection import COMPACT, MIRROR, select

ASPECT = 0.75


@pytest.fixture(scope="module")
def clips(shared):
    """Real clips of 543 points, (clips, frames, points, 3), NaN where absent."""
    pack = np.load(shared / "data" / "signs_face.npz")
    values = np.cumsum(pack["delta"].reshape(1662, -1, 30).astype(np.int64), axis=2) / 8192
    values = values.transpose(1, 2, 0).astype(np.float32)
    pose = values[..., :132].reshape(-1, 30, 33, 4)[..., :3]
    face, left, right = (
        part.reshape(-1, 30, part.shape[2] // 3, 3)
        for part in np.split(values[..., 132:], [1404, 1467], axis=2)
    )
    parts = []
    for part in (pose, left, right, face):
        absent = ~part.any(axis=(2, 3), keepdims=True)
        parts.append(np.where(absent, np.nan, part))
    return np.concatenate(parts, axis=2)


def sample(clip, name="a"):
    return Sample(name, "s1", ("a",), quantise(clip.astype(np.float32)), aspect=ASPECT)


def features_of(clips, **settings):
    features = Features(HOLISTIC, **settings)
    batch = collate([sample(clip) for clip in clips], ("a",), features.selection)
    parts, presence = features(batch.landmarks)
    assert {part: x.shape[-1] for part, x in parts.items()} == features.widths
    return features, parts, presence


def lower_median(values):
    ordered = np.sort(values[~np.isnan(values)])
    return ordered[(len(ordered) - 1) // 2]


def reference(clip):
    """The canonical (frames, 543, 12) tensor, point by point as the documentation says it."""
    xyz = dequantise(quantise(clip.astype(np.float32))).astype(np.float64)
    xyz[..., 1] *= ASPECT
    pose, face = xyz[:, :33], xyz[:, 75:]
    shoulders = (pose[:, 11] + pose[:, 12]) / 2
    width = lower_median(np.linalg.norm((pose[:, 11] - pose[:, 12])[:, :2], axis=1))
    body = (xyz - shoulders[:, None]) / width
    out = np.full((len(xyz), 543, 12), np.nan)
    out[..., :3] = body
    out[1:, :, 3:6] = body[1:] - body[:-1]
    out[1:, :, 6:9] = out[1:, :, 3:6] - out[:-1, :, 3:6]
    neck = body[:, [9, 10, 11, 12]].mean(axis=1, keepdims=True)
    out[:, :33, 9:] = body[:, :33] - neck
    for rows in (slice(33, 54), slice(54, 75)):
        hand = xyz[:, rows]
        if not np.isnan(hand).all():
            palm = lower_median(np.linalg.norm((hand[:, 9] - hand[:, 0])[:, :2], axis=1))
            out[:, rows, 9:] = (hand - hand[:, :1]) / palm
    eyes = lower_median(np.linalg.norm((face[:, 33] - face[:, 263])[:, :2], axis=1))
    out[:, 75:, 9:] = (face - face[:, 1:2]) / eyes
    return np.nan_to_num(out)


def test_hands_together_are_the_hands_side_by_side(clips):
    _, apart, present = features_of(clips[:8], parts=("pose", "hands"))
    _, together, either = features_of(clips[:8], parts=("pose", "hands"), hands="together")
    assert list(together) == ["pose", "hands"]
    both = torch.cat([apart["left_hand"], apart["right_hand"]], dim=-1)
    assert torch.equal(together["hands"], both)
    assert not torch.equal(present[..., 1], present[..., 2])
    assert torch.equal(either, torch.stack([present[..., 0], present[..., 1:].any(-1)], dim=-1))


def test_canonical_tensor_is_the_references(clips):
    chosen = clips[::20]
    features, parts, presence = features_of(chosen, points="all", coordinates=3, derivatives=2)
    assert sum(features.widths.values()) == 6516
    planes = [parts[part].unflatten(-1, (12, -1)) for part in features.parts]
    canonical = torch.cat(planes, dim=-1).transpose(2, 3).numpy()
    gaps = 0
    for clip, ours in zip(chosen, canonical, strict=True):
        expected = reference(clip)
        np.testing.assert_allclose(ours, expected, atol=2e-4)
        gaps += int(np.isnan(clip[:, 33:75, 0]).all(axis=1).sum())
    for column, rows in enumerate([slice(33), slice(33, 54), slice(54, 75), slice(75, 543)]):
        there = ~np.isnan(chosen[:, :, rows, 0]).all(axis=2)
        np.testing.assert_array_equal(presence[..., column].numpy(), there)
    assert not presence.all()  # the clips do have lost hands


def test_compact_features_are_some_of_all(clips):
    features, parts, _ = features_of(clips[:3])
    _, full, _ = features_of(clips[:3], points="all", coordinates=3, derivatives=2)
    for part in features.parts:
        numbers = list(COMPACT[part])
        wanted = full[part].unflatten(-1, (4, 3, -1))[:, :, [0, 1, 3], :2][..., numbers]
        torch.testing.assert_close(parts[part], wanted.flatten(2))


def test_features_ignore_where_the_signer_stands_and_how_near(clips):
    moved = clips[:2, :, :, :] * 0.8 + np.float32(0.1)
    _, parts, _ = features_of(clips[:2], points="all")
    _, same, _ = features_of(moved, points="all")
    for part, values in parts.items():
        torch.testing.assert_close(values, same[part], atol=0.02, rtol=0.0)  # stored steps


@pytest.mark.parametrize("lost", ["one frame's shoulders", "all shoulders", "everything"])
def test_lost_points_give_zeros_and_never_nan(clips, lost):
    clip = clips[0].copy()
    if lost == "one frame's shoulders":
        clip[5, 11:13] = np.nan
    elif lost == "all shoulders":
        clip[:, 11:13] = np.nan
    else:
        clip[:] = np.nan
    _, parts, presence = features_of([clip], points="all", coordinates=3, derivatives=2)
    absent = torch.from_numpy(np.isnan(clip[..., 0]))
    for part, rows in HOLISTIC.slices.items():
        values = parts[part].unflatten(-1, (12, -1))[0]
        assert values.isfinite().all()
        assert values.abs().max() < 40
        assert (values.transpose(1, 2)[absent[:, rows]] == 0).all()
    assert presence.any() == (lost != "everything")


def test_shoulders_lost_for_a_frame_hardly_move_the_rest(clips):
    clip = clips[0].copy()
    clip[5, 11:13] = np.nan
    _, parts, _ = features_of([clips[0], clip], points="all", derivatives=0, local=False)
    before, after = parts["face"][:, 5]
    assert (before - after).abs().max() < 0.1


def test_a_shorter_neighbour_gets_padding_that_is_absent(clips):
    short = clips[1][:11]
    features = Features(HOLISTIC)
    batch = collate([sample(clips[0]), sample(short)], ("a",), features.selection)
    parts, presence = features(batch.landmarks)
    alone, _ = features(collate([sample(short)], ("a",), features.selection).landmarks)
    assert not presence[1, 11:].any()
    for part, values in parts.items():
        assert (values[1, 11:] == 0).all()
        torch.testing.assert_close(values[1, :11], alone[part][0])


def test_face_mirror_is_the_one_that_real_faces_have(clips):
    faces = clips[:, :, 75:].reshape(-1, 468, 3).astype(np.float64)
    faces = faces[~np.isnan(faces[:, 0, 0])]
    faces[..., 1] *= ASPECT
    faces -= faces.mean(axis=1, keepdims=True)
    mean = faces[0]
    for _ in range(3):  # the mean face, every face turned onto it
        mean = np.mean([face @ rotation(face, mean) for face in faces[::10]], axis=0)
    flipped = mean * [-1, 1, 1]
    for _ in range(30):  # the flipped mean face turned onto the mean face, nearest points matched
        cost = ((flipped[:, None] - mean[None]) ** 2).sum(axis=-1)
        matched = linear_sum_assignment(cost)[1]
        flipped = flipped @ rotation(flipped, mean[matched])
    assert MIRROR["face"] == ("face", tuple(matched.tolist()))


def rotation(points, onto):
    """The turn that brings centred points nearest to others (Kabsch)."""
    u, _, v = np.linalg.svd(points.T @ onto)
    return u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v


def test_pose_mirror_exchanges_the_sides(clips):
    pose = np.nanmean(clips[:, :, :33], axis=(0, 1))
    pose[:, 0] -= (pose[11, 0] + pose[12, 0]) / 2
    counterpart = list(MIRROR["pose"][1])
    flipped = pose[counterpart] * [-1, 1, 1]
    still = [*range(13), 23, 24]  # the arms move
    assert np.abs(flipped - pose)[still, 0].max() < 0.1
    assert np.abs(flipped - pose)[still, 1].max() < 0.05


@pytest.mark.parametrize("points", ["compact", "all"])
@pytest.mark.parametrize(
    ("layout", "parts"),
    [
        (HOLISTIC, ("pose", "hands", "face")),
        (POSE_HANDS, ("pose", "hands")),
        (BOSTON104, ("hands", "nose")),
    ],
)
def test_mirror_is_an_involution_of_every_selection(layout, parts, points):
    selection = select(layout, parts=parts, points=points)
    mirror = selection.mirror
    assert (mirror[mirror] == np.arange(selection.points)).all()
    left, right = selection.slices["left_hand"], selection.slices["right_hand"]
    assert mirror[left].tolist() == list(range(right.start, right.stop))


def test_only_what_is_asked_for_is_read():
    selection = select(HOLISTIC, parts=("hands",), points="all")
    assert list(selection.slices) == ["pose", "left_hand", "right_hand"]
    assert Features(HOLISTIC, parts=("hands",)).parts == ("left_hand", "right_hand")


def test_tracks_are_seen_from_the_nose_and_the_other_hand(shared, tmp_path):
    folder = shared / "data" / "boston104"
    store = import_corpus("boston104", folder, tmp_path / "b", name="b", licence="MIT", settings={})
    rows = pd.read_csv(folder / "hands_condensed.csv").query("video == 1")
    tracks = {
        part: rows[[f"{column}-x", f"{column}-y"]].to_numpy() / (WIDTH * 0.25)
        for part, column in (("left_hand", "left"), ("right_hand", "right"), ("nose", "nose"))
    }
    middle = np.array([lower_median(values) for values in tracks["nose"].T])

    features = Features(BOSTON104, parts=("hands", "nose"), derivatives=1)
    batch = collate([store.samples("train")[0]], store.vocabulary, features.selection)
    parts, presence = features(batch.landmarks)

    assert presence.all()
    assert {part: x.shape[-1] for part, x in parts.items()} == features.widths
    for part, other in (("left_hand", "right_hand"), ("right_hand", "left_hand"), ("nose", None)):
        place = tracks[part] - middle
        expected = [place, np.diff(place, axis=0, prepend=place[:1])]
        if other:
            expected += [tracks[part] - tracks["nose"], tracks[part] - tracks[other]]
        found = parts[part][0].numpy()
        assert np.abs(found - np.concatenate(expected, axis=1)).max() < 4 / 8192 * 4


@pytest.mark.parametrize(
    ("layout", "settings", "words"),
    [
        (POSE_HANDS, {}, ["pose-hands", "no face", "left_hand"]),
        (HOLISTIC, {"parts": ("pose", "hand")}, ["'hand'", "'hands'"]),
        (HOLISTIC, {"parts": ()}, ["one or more"]),
        (HOLISTIC, {"parts": ("pose", "pose")}, ["once"]),
        (Layout("flat", HOLISTIC.parts, 2), {"coordinates": 3}, ["flat", "3", "2"]),
        (Layout("hand", (Part("left_hand", 21),)), {"parts": ("hands",)}, ["hand"]),
        (BOSTON104, {}, ["boston104", "no pose", "nose"]),
    ],
)
def test_what_a_layout_lacks_is_said(layout, settings, words):
    with pytest.raises(BadInput) as error:
        Features(layout, **settings)
    for word in words:
        assert word in str(error.value)
