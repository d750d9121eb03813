"""Intervals hold the truth as often as they say; tests agree with intervals; small exact cases."""

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

STUDIES = 1000


class Studies:
    """Simulated studies: true WERs with effects of signers, seeds and utterances.

    Deviations, in WER points: 5 between signers, ``signers_differ`` in what a signer gains from
    the variant, 1 between seeds, 1 between seeds for one signer, 10 between utterances.
    """

    def __init__(self, *, signers, seeds, change, signers_differ=0.015, utterances=300):
        self.generator = np.random.default_rng(signers * 100 + seeds)
        self.signers = np.repeat(np.arange(signers), utterances // signers)
        self.names = tuple(map(str, self.signers))
        self.shape = (2, seeds, signers)
        self.change, self.signers_differ = change, signers_differ

    def draw(self):
        normal = self.generator.normal
        systems, seeds, signers = self.shape
        wers = 0.3 + normal(0, 0.05, signers) + np.array([0, self.change])[:, None, None]
        wers = wers + normal(0, self.signers_differ / 2**0.5, (systems, 1, signers))
        wers = wers + normal(0, 0.01, (systems, seeds, 1)) + normal(0, 0.01, self.shape)
        each = wers[..., self.signers] + normal(0, 0.1, len(self.signers))
        glosses = self.generator.integers(4, 13, len(self.signers))
        # an error a gloss, or two: insertions let a sentence have more errors than glosses
        errors = self.generator.binomial(2 * glosses, np.clip(each / 2, 0, 1))
        return [ErrorTable(one, glosses, self.names) for one in errors]


nightly = pytest.mark.nightly


@pytest.mark.parametrize(
    ("signers", "seeds", "signers_differ"),
    [
        (4, 3, 0.015),
        pytest.param(1, 3, 0.0, marks=nightly),
        pytest.param(3, 3, 0.0, marks=nightly),
        pytest.param(3, 3, 0.03, marks=nightly),
        pytest.param(6, 5, 0.03, marks=nightly),
    ],
)
def test_intervals_of_differences_hold_the_truth(signers, seeds, signers_differ):
    studies = Studies(signers=signers, seeds=seeds, change=-0.05, signers_differ=signers_differ)
    held = 0
    for _ in range(STUDIES):
        found = compare_paired(*studies.draw(), draws=200, generator=studies.generator)
        held += found.low <= -5.0 <= found.high
    assert 0.93 * STUDIES <= held <= 0.975 * STUDIES


@pytest.mark.parametrize(("signers", "seeds"), [(3, 3), pytest.param(6, 5, marks=nightly)])
def test_intervals_of_a_wer_hold_the_truth_for_new_signers(signers, seeds):
    studies = Studies(signers=signers, seeds=seeds, change=0.0)
    held = 0
    for _ in range(STUDIES):
        found = wer_interval(studies.draw()[0], draws=200, generator=studies.generator)
        held += found.low <= 30.0 <= found.high
        assert found.population == "new signers"
    assert 0.93 * STUDIES <= held <= 0.97 * STUDIES


@pytest.mark.parametrize("signers", [3, pytest.param(4, marks=nightly)])
def test_five_points_are_normally_found_and_nothing_is_not(signers):
    better = Studies(signers=signers, seeds=3, change=-0.05, signers_differ=0.005)
    same = Studies(signers=signers, seeds=3, change=0.0, signers_differ=0.005)
    found = false = 0
    for _ in range(200):
        one = compare_paired(*better.draw(), draws=200, generator=better.generator)
        found += verdict(one.difference, one.p, one.seeds) == "helps"
        none = compare_paired(*same.draw(), draws=200, generator=same.generator)
        false += verdict(none.difference, none.p, none.seeds) != "no difference shown"
    assert found >= 0.75 * 200
    assert false <= 0.07 * 200


def test_interval_test_and_probability_agree():
    studies = Studies(signers=4, seeds=3, change=-0.03)
    for _ in range(100):
        baseline, variant = studies.draw()
        found = compare_paired(baseline, variant, draws=500, generator=studies.generator)
        assert (found.p < 0.05) == (found.high < 0 or found.low > 0)
        assert (found.probability_of_improvement > 0.975) == (found.p < 0.05 and found.high < 0)
        assert found.difference == pytest.approx(variant.wer - baseline.wer)
        assert found.smallest_detectable > (found.high - found.low) / 2


def test_swapping_the_systems_changes_the_sign_alone():
    baseline, variant = Studies(signers=3, seeds=3, change=-0.05).draw()
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
    baseline, variant = Studies(signers=3, seeds=3, change=0).draw()
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
