"""Minimal pairs as they are signed: all that differs is what should."""

from dataclasses import fields, replace

import numpy as np
import pytest

from signlab.corpora.synthetic.face import BROW, face_shapes
from signlab.corpora.synthetic.lexicon import make_lexicon, minimal_pairs
from signlab.corpora.synthetic.motion import follow
from signlab.corpora.synthetic.phonetics import make_phonetics
from signlab.corpora.synthetic.scene import perform
from signlab.corpora.synthetic.sentence import Keys, write_script
from signlab.corpora.synthetic.signer import make_signers
from signlab.corpora.synthetic.skeleton import FOREARM, UPPER_ARM, make_arms
from signlab.corpora.synthetic.stream import Stream
from signlab.landmarks.selection import COMPACT_FACE, MIRROR

SIGNS = make_lexicon(60)
PHONETICS = make_phonetics(SIGNS)
RIGHT, LEFT = make_signers(2, left_handed=frozenset({1}), variation=1.0, seed=3)
RIGHT_ARM = {14, 16, 18, 20, 22}
PAIRS = {
    aspect: [pair for pair in minimal_pairs(SIGNS) if pair.aspect == aspect]
    for aspect in {pair.aspect for pair in minimal_pairs(SIGNS)}
}


def script_of(*signs, signer=RIGHT):
    said = np.array([SIGNS.index(sign) for sign in signs])
    return write_script(said, PHONETICS, signer, Stream(7))


def scenes_of(pair, signer=RIGHT):
    return [perform(script_of(sign, signer=signer), signer, Stream(8)) for sign in pair]


def changed(first, second, tolerance=1e-6):
    """Points, by part, whose image ever differs."""
    face = np.stack(first.face) - np.stack(second.face)
    return {
        "pose": points_of(first.pose - second.pose, tolerance),
        "left": points_of((first.hands - second.hands)[:, :, 0], tolerance),
        "right": points_of((first.hands - second.hands)[:, :, 1], tolerance),
        "face": points_of(face.transpose(0, 2, 1), tolerance),
    }


def points_of(difference, tolerance):
    return set(np.flatnonzero((np.abs(difference) > tolerance).any(axis=(0, 2))).tolist())


def differing(first, second):
    """Fields of two scripts that are not the same."""
    found = set()
    for arm in ("first", "second"):
        for f in fields(Keys):
            a, b = (getattr(getattr(script, arm), f.name) for script in (first, second))
            if not np.array_equal(a, b):
                found.add(f"{arm}.{f.name}")
    for name in ("times", "face"):
        if not np.array_equal(getattr(first, name), getattr(second, name)):
            found.add(name)
    return found


def one_handed(aspect):
    return [p for p in PAIRS[aspect] if "none" == p.first.second_hand == p.second.second_hand]


@pytest.mark.parametrize("pair", one_handed("handshape"), ids=lambda p: p.second.gloss)
def test_handshape_pair_differs_in_one_hand_alone(pair):
    found = changed(*scenes_of((pair.first, pair.second)))
    assert found["left"] == found["face"] == set()
    assert found["pose"] <= {18, 20, 22}
    assert 0 not in found["right"]
    assert len(found["right"]) > 5


@pytest.mark.parametrize("pair", one_handed("orientation"), ids=lambda p: p.second.gloss)
def test_orientation_pair_turns_the_hand_about_the_palm(pair):
    first, second = scenes_of((pair.first, pair.second))
    found = changed(first, second)
    assert found["left"] == found["face"] == set()
    assert found["pose"] <= RIGHT_ARM
    assert len(found["right"]) == 21
    assert np.allclose(first.palms[:2], second.palms[:2], atol=0.02)


@pytest.mark.parametrize("pair", PAIRS["second_hand"], ids=lambda p: p.second.gloss)
def test_second_hand_pair_leaves_the_first_hand_alone(pair):
    found = changed(*scenes_of((pair.first, pair.second)))
    assert found["right"] == found["face"] == set()
    assert found["pose"] <= {13, 15, 17, 19, 21}
    assert len(found["left"]) == 21
    mirrored = changed(*scenes_of((pair.first, pair.second), signer=LEFT))
    assert mirrored["left"] == set()
    assert len(mirrored["right"]) == 21


@pytest.mark.parametrize("pair", PAIRS["mouth"], ids=lambda p: p.second.gloss)
def test_mouth_pair_differs_in_the_lower_face_alone(pair):
    found = changed(*scenes_of((pair.first, pair.second)))
    assert found["left"] == found["right"] == set()
    assert found["pose"] <= {9, 10}
    moved = set(np.flatnonzero(face_shapes()[:5].any(axis=(0, 1))).tolist())
    assert found["face"] <= moved
    assert found["face"] & set(COMPACT_FACE)
    assert not found["face"] & {p for row in BROW for p in row}


@pytest.mark.parametrize("pair", PAIRS["brow"], ids=lambda p: p.second.gloss)
def test_brow_pair_differs_in_the_brows_alone(pair):
    found = changed(*scenes_of((pair.first, pair.second)))
    assert found["left"] == found["right"] == found["pose"] == set()
    right = {point for row in BROW for point in row}
    assert found["face"] <= right | {MIRROR["face"][1][point] for point in right}
    assert len(found["face"]) == 20


@pytest.mark.parametrize("pair", PAIRS["duration"], ids=lambda p: p.second.gloss)
def test_duration_pair_differs_in_time_alone(pair):
    first, second = (script_of(sign) for sign in (pair.first, pair.second))
    assert differing(first, second) == {"times"}
    longer = np.diff(second.times) - np.diff(first.times)
    assert set(np.flatnonzero(np.abs(longer) > 1e-9)) == {2, 3}
    assert (longer[2:4] > 0).all()


@pytest.mark.parametrize("aspect", ["place", "relation", "movement"])
def test_other_pairs_differ_in_the_hands_way_alone(aspect):
    # where both hands do it, the second follows
    allowed = {"times"} | {
        f"{arm}.{name}" for arm in ("first", "second") for name in ("position", "swing", "swerve")
    }
    if aspect == "movement":
        allowed |= {f"{a}.{n}" for a in ("first", "second") for n in ("cycles", "twist", "wiggle")}
    for pair in PAIRS[aspect]:
        found = differing(script_of(pair.first), script_of(pair.second))
        assert found <= allowed
        assert found - {"times"}
        if pair.first.second_hand == "none":
            assert not any(name.startswith("second") for name in found)


def test_bones_keep_their_length_and_palms_reach_their_place():
    script = script_of(*SIGNS[:40:3])
    at = np.linspace(0, script.times[-1], 400)
    postures = follow(script, np.stack([at, at]))
    arms = make_arms(postures, RIGHT)
    shoulders = np.array([[0.5, -0.5], [0.0, 0.0], [0.0, 0.0]])[:, :, None]
    upper = np.linalg.norm(arms.elbow - shoulders, axis=0)
    fore = np.linalg.norm(arms.hand[:, 0] - arms.elbow, axis=0)
    assert np.allclose(upper, UPPER_ARM * RIGHT.arm)
    assert np.allclose(fore, FOREARM * RIGHT.arm)
    bones = np.linalg.norm(arms.hand[:, 5:] - np.roll(arms.hand, 1, axis=1)[:, 5:], axis=0)
    inner = [i for i in range(16) if i % 4]
    assert np.allclose(bones[inner], bones[inner][:, :1, :1])
    assert np.abs((arms.palm[:, 1] - postures.palm[:, 0])[:2]).max() < 0.02


def test_nothing_jumps():
    # seen at four times the frame rate, the steps of what moves are a quarter; a jump's are not
    largest = []
    for fps in (250.0, 1000.0):
        camera = replace(RIGHT.camera, fps=fps)
        scene = perform(script_of(*SIGNS[:40:2]), replace(RIGHT, camera=camera), Stream(8))
        steps = [np.abs(np.diff(p, axis=-1)).max() for p in (scene.pose, scene.hands)]
        largest.append([*steps, max(np.abs(np.diff(p, axis=0)).max() for p in scene.face)])
    assert np.allclose(largest[1], np.array(largest[0]) / 4, rtol=0.1)


def test_left_hander_is_the_mirror_of_a_right_hander():
    camera = replace(RIGHT.camera, yaw=0.0, roll=0.0, left=0.5)
    still = replace(RIGHT, camera=camera, sway=0.0, tremor=0.0)
    right = perform(script_of(*SIGNS[:6], signer=still), still, Stream(8))
    other = replace(still, left_handed=True)
    left = perform(script_of(*SIGNS[:6], signer=other), other, Stream(8))
    assert np.allclose(right.hands[0, :, ::-1], 1 - left.hands[0])
    assert np.allclose(right.hands[1:, :, ::-1], left.hands[1:])
