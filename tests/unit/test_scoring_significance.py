"""Intervals hold the truth as often as they say; tests agree with intervals; small exact cases."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from signlab.errors import BadInput
from signlab.scoring.significance import (
    ErrorTable,
    compare_paired,
    holm,
    sign_flip,
    verdict,
    wer_interval,
)
from signlab.scoring.simulate import Truth, draw_study

STUDIES = 2000


nightly = pytest.mark.nightly


def _study(change):
    return draw_study(Truth(signers=3, seeds=3, change=change), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("signers", "seeds", "signers_differ"),
    [
        (2, 3, 0.015),
        (3, 5, 0.04),
        pytest.param(1, 3, 0.0, marks=nightly),
        pytest.param(4, 3, 0.0, marks=nightly),
        pytest.param(2, 5, 0.04, marks=nightly),
        pytest.param(6, 5, 0.03, marks=nightly),
    ],
)
def test_intervals_of_differences_hold_the_truth(signers, seeds, signers_differ):
    truth = Truth(signers=signers, seeds=seeds, change=-0.05, signers_differ=signers_differ)
    generator = np.random.default_rng(signers)
    held = 0
    for _ in range(STUDIES):
        found = compare_paired(*draw_study(truth, generator), draws=100, generator=generator)
        held += found.low <= -5.0 <= found.high
    assert 0.93 * STUDIES <= held <= 0.97 * STUDIES


@pytest.mark.parametrize(
    ("signers", "seeds"),
    [(2, 3), pytest.param(3, 3, marks=nightly), pytest.param(6, 5, marks=nightly)],
)
def test_intervals_of_a_wer_hold_the_truth_for_new_signers(signers, seeds):
    truth = Truth(signers=signers, seeds=seeds)
    generator = np.random.default_rng(signers)
    held = 0
    for _ in range(STUDIES):
        baseline, _ = draw_study(truth, generator)
        found = wer_interval(baseline, draws=100, generator=generator)
        held += found.low <= 30.0 <= found.high
        assert found.population == "new signers"
    assert 0.93 * STUDIES <= held <= 0.97 * STUDIES


@pytest.mark.parametrize("signers", [3, pytest.param(4, marks=nightly)])
def test_five_points_are_normally_found_and_nothing_is_not(signers):
    better = Truth(signers=signers, seeds=3, change=-0.05, signers_differ=0.005)
    same = replace(better, change=0.0)
    generator = np.random.default_rng(signers)
    found = false = 0
    for _ in range(200):
        one = compare_paired(*draw_study(better, generator), draws=200, generator=generator)
        found += verdict(one.difference, one.p, one.seeds) == "helps"
        none = compare_paired(*draw_study(same, generator), draws=200, generator=generator)
        false += verdict(none.difference, none.p, none.seeds) != "no difference shown"
    # three signers say so little of others that three studies in ten miss 5 points
    assert found >= 0.65 * 200
    assert false <= 0.07 * 200


def test_interval_test_and_probability_agree():
    generator = np.random.default_rng(0)
    for _ in range(100):
        baseline, variant = draw_study(Truth(signers=4, seeds=3, change=-0.03), generator)
        found = compare_paired(baseline, variant, draws=500, generator=generator)
        assert (found.p < 0.05) == (found.high < 0 or found.low > 0)
        assert (found.probability_of_improvement > 0.975) == (found.p < 0.05 and found.high < 0)
        assert found.difference == pytest.approx(variant.wer - baseline.wer)
        assert found.smallest_detectable > (found.high - found.low) / 2


def test_swapping_the_systems_changes_the_sign_alone():
    baseline, variant = _study(change=-0.05)
    there = compare_paired(baseline, variant, generator=np.random.default_rng(1))
    back = compare_paired(variant, baseline, generator=np.random.default_rng(1))
    assert back.difference == pytest.approx(-there.difference)
    assert back.freedom == pytest.approx(there.freedom)
    assert back.p == pytest.approx(there.p, rel=0.2)


def test_one_signer_is_a_paired_t_test_over_utterances():
    generator = np.random.default_rng(0)
    errors = generator.integers(0, 5, (2, 400))
    glosses = np.full(400, 8)
    tables = [ErrorTable(one[None], glosses, ("s",) * 400) for one in errors]
    found = compare_paired(*tables, draws=20_000, generator=generator)
    assert found.population == "this signer"
    assert found.p == pytest.approx(stats.ttest_rel(*errors).pvalue, abs=0.02)


def test_out_of_reach():
    # a baseline with a single error cannot be shown to be beaten
    glosses, names = np.full(20, 5), ("a", "b") * 10
    errors = np.zeros((3, 20), dtype=int)
    errors[:, 3] = 1
    tables = ErrorTable(errors, glosses, names), ErrorTable(errors * 0, glosses, names)
    found = compare_paired(*tables, generator=np.random.default_rng(0))
    assert not found.reachable
    assert found.high > 0


def test_identical_systems_and_bad_tables():
    baseline, variant = _study(change=0.0)
    zeros = ErrorTable(baseline.errors * 0, baseline.glosses, baseline.signers)
    none = compare_paired(zeros, zeros, generator=np.random.default_rng(0))
    assert (none.difference, none.low, none.high, none.p) == (0, 0, 0, 1)
    other = ErrorTable(variant.errors, variant.glosses + 1, variant.signers)
    with pytest.raises(ValueError, match="same utterances"):
        compare_paired(baseline, other, generator=np.random.default_rng(0))
    with pytest.raises(BadInput, match="signer 'b' has no reference gloss"):
        ErrorTable(np.ones((1, 2), dtype=int), np.array([3, 0]), ("a", "b"))


def test_verdicts():
    assert verdict(-5.0, 0.01, 3) == "helps"
    assert verdict(5.0, 0.01, 3) == "hurts"
    assert verdict(-5.0, 0.05, 3) == "no difference shown"
    assert verdict(-5.0, 0.0, 2) == "withheld"


def test_holm_and_sign_flip_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    five = sign_flip([-1.0, -2.0, -0.5, -3.0, -1.5])
    assert (five.p, five.smallest_p, five.reachable) == (0.0625, 0.0625, False)
    six = sign_flip([-1.0, -2.0, -0.5, -3.0, -1.5, 0.1])
    assert six.reachable
    assert six.p == pytest.approx(4 / 64)
    assert sign_flip([0.1, 0.1, 0.1, -0.3]).p == 1.0
