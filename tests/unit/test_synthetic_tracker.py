"""What the tracker adds: nothing if told so, bursts of losses, more of them where it is hard."""

from dataclasses import replace

import numpy as np
import pytest

from signlab.corpora.synthetic.lexicon import make_lexicon
from signlab.corpora.synthetic.phonetics import make_phonetics
from signlab.corpora.synthetic.scene import perform
from signlab.corpora.synthetic.sentence import write_script
from signlab.corpora.synthetic.signer import make_signers
from signlab.corpora.synthetic.stream import Stream
from signlab.corpora.synthetic.tracker import track
from signlab.landmarks.layout import HOLISTIC, MISSING, quantise

LEFT, RIGHT = HOLISTIC.slices["left_hand"], HOLISTIC.slices["right_hand"]
PHONETICS = make_phonetics(make_lexicon(40))
(SIGNER,) = make_signers(1, left_handed=frozenset(), variation=0.0, seed=0)


@pytest.fixture(scope="module")
def scene():
    said = Stream(5).order(40)
    return perform(write_script(said, PHONETICS, SIGNER, Stream(1)), SIGNER, Stream(2))


def flat(scene):
    points = [scene.pose, scene.hands[:, :, 0], scene.hands[:, :, 1]]
    body = np.concatenate(points, axis=1).T
    return np.concatenate([body, np.stack(scene.face, axis=-1)], axis=1).astype(np.float32)


def present(stored, part):
    return stored[:, part.start, 0] != MISSING


def test_perfect_tracker_stores_the_scene(scene):
    stored = track(scene, SIGNER, Stream(3), errors=0.0)
    assert np.abs(stored.astype(int) - quantise(flat(scene)).astype(int)).max() <= 1
    assert (stored != MISSING).all()


def test_jitter_is_small_and_unbiased(scene):
    stored = track(scene, SIGNER, Stream(3), errors=1.0)
    seen = present(stored, RIGHT)
    error = (stored[seen, RIGHT, :2] - quantise(flat(scene))[seen, RIGHT, :2].astype(float)) / 8192
    assert 0.0005 < np.median(np.abs(error)) < 0.004
    assert np.abs(np.median(error)) < 0.0005


def test_losses_come_in_bursts_and_more_of_them_with_worse_tracking(scene):
    lost = [
        np.mean([~present(track(scene, SIGNER, Stream(3, n), errors=e), RIGHT) for n in range(20)])
        for e in (0.5, 1.0, 3.0)
    ]
    assert lost[0] < lost[1] < lost[2]
    runs = []
    for number in range(20):
        gone = ~present(track(scene, SIGNER, Stream(3, number), errors=1.0), RIGHT)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], gone, [0]])))
        runs.extend(edges[1::2] - edges[::2])
    assert np.mean(runs) > 3


def test_a_hand_outside_the_image_or_fast_is_lost_more_often(scene):
    shifted = replace(scene, hands=scene.hands + np.array([0, 2.0, 0])[:, None, None, None])
    assert not present(track(shifted, SIGNER, Stream(3), errors=1.0), RIGHT).any()
    fast = replace(scene, palms=scene.palms * np.array([1.0, 8.0, 1.0])[:, None, None])
    rates = [
        np.mean([present(track(s, SIGNER, Stream(4, n), errors=1.0), LEFT) for n in range(10)])
        for s in (scene, fast)
    ]
    assert rates[1] < rates[0]
