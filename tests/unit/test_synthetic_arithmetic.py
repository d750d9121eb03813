"""Own sines, turns and random numbers against independent ones."""

import math

import numpy as np
import pytest

from signlab.corpora.synthetic.face import BROW, EYE, LOWER_LIP, OVAL, UPPER_LIP, neutral_face
from signlab.corpora.synthetic.handshapes import HANDSHAPES, hand_points
from signlab.corpora.synthetic.rotation import (
    blended,
    cross,
    dot,
    facing,
    matrices,
    sine_cosine,
    times,
    turned,
)
from signlab.corpora.synthetic.stream import Stream
from signlab.landmarks.selection import FACE_MIDLINE, MIRROR


def test_sines_are_those_of_the_mathematics_library():
    angles = np.linspace(-50, 50, 20001)
    sine, cosine = sine_cosine(angles)
    assert np.abs(sine - np.array([math.sin(a) for a in angles])).max() < 1e-10
    assert np.abs(cosine - np.array([math.cos(a) for a in angles])).max() < 1e-10


def test_facing_turns_the_hands_axes_where_they_should_be():
    stream = Stream(1)
    fingers, palm = stream.uniform(-1.0, 1.0, 3, 200), stream.uniform(-1.0, 1.0, 3, 200)
    rotation = matrices(facing(fingers, palm))
    unit = fingers / np.linalg.norm(fingers, axis=0)
    assert np.allclose(rotation[:, 1], unit)
    assert (dot(rotation[:, 2], palm) > 0).all()
    assert np.allclose(cross(rotation[:, 0], rotation[:, 1]), rotation[:, 2])
    assert np.allclose(np.linalg.det(rotation.transpose(2, 0, 1)), 1)


def test_products_and_blends_of_turns():
    stream = Stream(2)
    first, second = (facing(*stream.uniform(-1.0, 1.0, 2, 3, 50)) for _ in range(2))
    vectors = stream.uniform(-1.0, 1.0, 3, 50)
    both = turned(matrices(times(first, second)), vectors)
    assert np.allclose(both, turned(matrices(first), turned(matrices(second), vectors)))
    assert np.allclose(matrices(blended(first, second, np.zeros(50))), matrices(first))
    assert np.allclose(matrices(blended(first, second, np.ones(50))), matrices(second))


def test_random_numbers_have_their_moments_and_are_independent_by_key():
    stream = Stream(3)
    for values in (stream.noise(100_000), stream.bell(100_000)):
        assert abs(values.mean()) < 0.02
        assert abs(values.std() - 1) < 0.02
    level = stream.uniform(2.0, 4.0, 10_000)
    assert level.min() >= 2.0
    assert level.max() < 4.0
    assert sorted(stream.order(50)) == list(range(50))
    first, again, other = Stream(1, 2).unit(1000), Stream(1, 2).unit(1000), Stream(2, 1).unit(1000)
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1


def test_a_straight_finger_is_as_long_as_its_bones_and_a_fist_is_short():
    tip = {name: hand_points(np.array(shape))[:, 12] for name, shape in HANDSHAPES.items()}
    assert 1.9 < np.linalg.norm(tip["flat"]) < 2.2
    assert np.linalg.norm(tip["fist"]) < 1.2
    assert tip["fist"][2] > 0.1  # bent towards the palm


def test_face_is_its_own_mirror():
    x, y, z = neutral_face()
    mirror = list(MIRROR["face"][1])
    assert np.allclose(x[mirror], -x)
    assert np.allclose(y[mirror], y)
    assert np.allclose(z[mirror], z)
    assert np.allclose(x[list(FACE_MIDLINE)], 0)
    assert len(np.unique(np.round([x, y], 6), axis=1).T) == 468


@pytest.mark.parametrize(
    "points",
    [OVAL, EYE, *BROW, *UPPER_LIP, *LOWER_LIP, (1, 4, 5, 195, 197, 6, 168, 2), (205, 152, 10)],
)
def test_named_points_are_where_a_real_face_has_them(points, shared):
    pack = np.load(shared / "data" / "signs_face.npz")
    ends = np.cumsum(pack["lengths"])
    clip = np.cumsum(pack["delta"][:, : ends[0]].astype(np.int64), axis=1) / 8192
    face = clip[132 : 132 + 1404].T.reshape(-1, 468, 3)[:, :, :2]
    face = np.median(face[(face != 0).any(axis=(1, 2))], axis=0) * [1, 0.75]
    # a person is not quite straight: take the mean of both sides
    mirror = list(MIRROR["face"][1])
    middle = (face[33] + face[263]) / 2
    face = (face - middle) / np.linalg.norm(face[33] - face[263])
    face = (face + face[mirror] * [-1, 1]) / 2
    own = neutral_face()[:2].T
    assert np.linalg.norm(own[list(points)] - face[list(points)], axis=1).max() < 0.16
