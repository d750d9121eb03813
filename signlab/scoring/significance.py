"""Which differences of WER are real: intervals, paired tests, verdicts.

Intervals speak of new seeds, new sentences and new signers like those of the test; with a single
signer, of that signer alone. docs/scoring.md says what that means for 2 or 3 signers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from jaxtyping import Int
from scipy import stats

from signlab.errors import BadInput
from signlab.scoring.spread import Spread, spread

LEVEL = 0.05
"""A difference with a smaller adjusted p is called real."""

POWER = 0.8
"""With which probability the smallest detectable difference would be found."""

MIN_SEEDS = 3
"""Below this the spread between seeds is not known well enough for a verdict."""

Population = Literal["new signers", "this signer"]
Verdict = Literal["helps", "hurts", "no difference shown", "withheld"]


@dataclass(frozen=True)
class ErrorTable:
    """The errors of one variant on a test set.

    Attributes:
        errors: Substitutions + deletions + insertions of each run and utterance.
        glosses: Reference glosses of each utterance.
        signers: Who signs each utterance.
    """

    errors: Int[np.ndarray, "seeds utterances"]
    glosses: Int[np.ndarray, " utterances"]
    signers: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.errors.shape[1] == len(self.glosses) == len(self.signers):
            raise ValueError("errors, glosses and signers must have the same utterances")
        for signer in sorted(set(self.signers)):
            if not self.glosses[np.asarray(self.signers) == signer].sum():
                raise BadInput(f"signer {signer!r} has no reference gloss, so there is no WER")

    @property
    def seeds(self) -> int:
        """Runs of this variant."""
        return len(self.errors)

    @property
    def wer(self) -> float:
        """Mean WER of the seeds in percent."""
        return 100.0 * float(self.errors.mean(axis=0).sum() / self.glosses.sum())


@dataclass(frozen=True)
class Interval:
    """A WER in percent and where it lies with 95 % confidence, for ``population``."""

    value: float
    low: float
    high: float
    population: Population


@dataclass(frozen=True)
class PairedDifference:
    """A variant against the baseline on the same utterances, in WER points; below 0 is better.

    Attributes:
        low: Lower end of the 95 % interval.
        high: Its upper end; p < 0.05 exactly where the interval leaves 0 out.
        p: Of the two-sided test that there is no difference.
        probability_of_improvement: That the difference is below 0, given these data and no
            prior knowledge (Bisani and Ney 2004, widened for few seeds and signers).
        smallest_detectable: The true difference that data like these show in 80 % of cases.
        reachable: Whether the data could show an improvement at all; where False, even a variant
            without any error would not have differed enough from this baseline.
        freedom: Degrees of freedom behind the interval.
        seeds: The smaller number of runs of the two.
        signers: Signers in the test.
        population: Whom the interval speaks of.
    """

    difference: float
    low: float
    high: float
    p: float
    probability_of_improvement: float
    smallest_detectable: float
    reachable: bool
    freedom: float
    seeds: int
    signers: int
    population: Population


@dataclass(frozen=True)
class SignFlip:
    """An exact test of few pairs; ``reachable``: whether so many pairs could give p < 0.05."""

    p: float
    smallest_p: float
    reachable: bool


def wer_interval(
    table: ErrorTable, *, draws: int = 10_000, generator: np.random.Generator
) -> Interval:
    """The WER with its 95 % interval, from a bootstrap over seeds, signers and utterances."""
    found = spread(
        [(1, table.errors)], table.glosses, table.signers, draws=draws, generator=generator
    )
    half = _critical(found) * found.error
    low, high = 100.0 * max(found.value - half, 0.0), 100.0 * (found.value + half)
    return Interval(100.0 * found.value, low, high, _population(table))


def compare_paired(
    baseline: ErrorTable,
    variant: ErrorTable,
    *,
    draws: int = 10_000,
    generator: np.random.Generator,
) -> PairedDifference:
    """The difference of two variants' WERs and how sure it is.

    Utterances are paired. Seeds are not: two variants with one seed see the same data in the same
    order, but their training noise is independent.

    Raises:
        ValueError: The two were not tested on the same utterances.
    """
    same = np.array_equal(baseline.glosses, variant.glosses) and baseline.signers == variant.signers
    if not same:
        raise ValueError("baseline and variant must have the same utterances in the same order")
    found = spread(
        [(-1, baseline.errors), (1, variant.errors)],
        baseline.glosses,
        baseline.signers,
        draws=draws,
        generator=generator,
    )
    half = _critical(found) * found.error
    detectable = half + float(stats.t.ppf(POWER, found.freedom)) * found.error
    return PairedDifference(
        difference=100.0 * found.value,
        low=100.0 * (found.value - half),
        high=100.0 * (found.value + half),
        p=2.0 * _probability_below(-abs(found.value), found),
        probability_of_improvement=_probability_below(-found.value, found),
        smallest_detectable=100.0 * detectable,
        reachable=100.0 * half < baseline.wer,
        freedom=found.freedom,
        seeds=min(baseline.seeds, variant.seeds),
        signers=len(set(baseline.signers)),
        population=_population(baseline),
    )


def verdict(difference: float, adjusted_p: float, seeds: int) -> Verdict:
    """What may be said of a component.

    Args:
        difference: WER points, below 0 is better.
        adjusted_p: After Holm's correction over the family of comparisons.
        seeds: Runs of each variant; below ``MIN_SEEDS`` the verdict is withheld.
    """
    if seeds < MIN_SEEDS:
        return "withheld"
    if adjusted_p >= LEVEL or difference == 0:
        return "no difference shown"
    return "helps" if difference < 0 else "hurts"


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number, in the order given (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    stepped = np.maximum.accumulate(np.asarray(p_values, dtype=float)[order] * factors)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted.tolist()


def sign_flip(differences: Sequence[float]) -> SignFlip:
    """Whether the mean of paired differences is 0, by flipping each sign in all possible ways.

    Exact for any distribution that is symmetric under the null hypothesis.

    Raises:
        ValueError: No pairs, or more than 20 (use ``compare_paired`` there).
    """
    number = len(differences)
    if not 1 <= number <= 20:
        raise ValueError(f"an exact sign-flip test takes 1 to 20 pairs, not {number}")
    values = np.asarray(differences, dtype=float)
    signs = np.array(list(product((1.0, -1.0), repeat=number)))
    # rounding must not make a flip of equal size seem smaller
    extreme = np.abs(signs @ values) >= np.abs(values.sum()) - 1e-9 * np.abs(values).sum()
    smallest = 2.0 ** -(number - 1)
    return SignFlip(float(extreme.mean()), smallest, smallest < LEVEL)


def _critical(found: Spread) -> float:
    return float(stats.t.ppf(1.0 - LEVEL / 2.0, found.freedom))


def _probability_below(bound: float, found: Spread) -> float:
    """That the estimate's error lies below ``bound``."""
    if found.error == 0:
        return 0.5 if bound == 0 else float(bound > 0)
    return float(stats.t.cdf(bound / found.error, found.freedom))


def _population(table: ErrorTable) -> Population:
    return "new signers" if len(set(table.signers)) > 1 else "this signer"
