"""What a recogniser sees where a part is withheld."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import updates as scenario
from toy import Toy

from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.layout import HOLISTIC, MISSING, POSE_HANDS
from signlab.landmarks.selection import select
from signlab.study.fold import Fold
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble
from signlab.training.evaluate import outputs

HANDS = select(POSE_HANDS, parts=("pose", "hands"))


def test_what_a_tracker_may_lose():
    assert select(HOLISTIC).losses == {
        "left_hand": ("left_hand",),
        "right_hand": ("right_hand",),
        "face": ("face",),
        "both_hands": ("left_hand", "right_hand"),
    }
    assert set(HANDS.losses) == {"left_hand", "right_hand", "both_hands"}
    assert select(HOLISTIC, parts=("pose", "face")).losses == {"face": ("face",)}


@pytest.mark.parametrize("without", HANDS.losses.values(), ids="+".join)
def test_a_withheld_part_is_a_part_that_was_never_tracked(without):
    splits = Toy().open(Fold())
    with torch.random.fork_rng():
        torch.manual_seed(3)
        assembly = assemble(resolve(scenario.RECIPE, CATALOGUE), POSE_HANDS, splits.vocabulary)

    def log_probs(samples, **options):
        found = outputs(assembly, samples, torch.device("cpu"), **options)
        return {index: each for index, each, _ in found}

    def lost(sample):
        landmarks = sample.landmarks.copy()
        for part in without:
            landmarks[:, POSE_HANDS.slices[part]] = MISSING
        return replace(sample, landmarks=landmarks)

    whole, withheld = log_probs(splits.test), log_probs(splits.test, without=without)
    untracked = log_probs([lost(sample) for sample in splits.test])
    for index in whole:
        np.testing.assert_allclose(withheld[index], untracked[index], atol=1e-6)
    assert any(np.abs(withheld[i] - whole[i]).max() > 1e-3 for i in whole)
