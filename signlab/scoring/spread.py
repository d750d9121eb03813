"""How far a WER, or a difference of WERs, would move with other seeds, utterances and signers.

Three levels of chance are told apart, since each has its own number of repetitions:

- utterances within a signer (many, so that their variance U is known well);
- signers (few): the spread between them, Q, beyond what their utterances explain, is S;
- seeds (few): the spread between the seeds of a system, beyond what the pairing of a seed with
  a signer explains (that is in the spread between signers already), is T.

The variance is U + S + T, S and T not below 0. Its degrees of freedom are Satterthwaite's, where
a part that was cut to 0 does not count as known: see ``_Level.doubt`` and ``DOUBTED``.

For the WER of one system, and for two signers, U is left to the spread between signers and the
interval is Student's with signers - 1 degrees of freedom, plus the seeds: that signers differ in
difficulty is certain, and of two signers' spread too little is known to tell U from S.

Both ways hold the truth in 93 to 97 % of studies, whether signers agree on a variant or differ by
4 points (benchmarks/coverage.py).

Sources: two-way components as in Obuchowski and Rockette 1995 (readers are seeds, cases are
signers), degrees of freedom by Satterthwaite 1946, signers' weights by Bell and McCaffrey 2002,
Student's t plus a normal variable by the tail of their sum (the problem of Behrens and Fisher),
blocks as in Liu and Peng 2019 (arXiv 1912.09508), bootstrap by Rao and Wu 1988 and Rubin 1981.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Real
from scipy import stats

DOUBTED = 3.0
"""Of the spread between n signers, the share DOUBTED / n counts as theirs in the degrees of freedom
even where their utterances explain all of it: found by simulation (benchmarks/coverage.py)."""


@dataclass(frozen=True)
class Spread:
    """The sampling distribution of an estimate.

    Attributes:
        value: The estimate, a fraction.
        freedom: Degrees of freedom of its standard error.
        draws: Bootstrap values of the estimate.
    """

    value: float
    freedom: float
    draws: Float[np.ndarray, " draws"]

    @property
    def error(self) -> float:
        """Standard error."""
        return float(self.draws.std())


@dataclass(frozen=True)
class _Level:
    """One level of chance: its observed variance, and what lower levels explain of it.

    Attributes:
        floor: The least share of the observed variance that counts as doubtful.
    """

    observed: float
    explained: float
    freedom: float
    floor: float = 0.0

    @property
    def variance(self) -> float:
        return max(self.observed - self.explained, 0.0)

    @property
    def doubt(self) -> float:
        """Its term in the denominator of Satterthwaite's degrees of freedom.

        With ``observed`` in place of one factor of ``variance``, since the observed spread is
        what the data tell; with the variance squared, intervals are a point or two too narrow.
        """
        return max(self.variance, self.floor * self.observed) * self.observed / self.freedom


class _Blocks:
    """Error rates a signer, and the weights with which they enter the corpus's WER."""

    def __init__(self, glosses: Int[np.ndarray, " utterances"], signers: Sequence[str]) -> None:
        self.names, self.index = np.unique(np.asarray(signers), return_inverse=True)
        self.member = np.eye(len(self.names))[self.index]
        self.sizes = self.member.sum(axis=0)
        self.glosses = glosses
        self.totals = glosses @ self.member
        self.weights = self.totals / self.totals.sum()
        self.leverage = 1.0 - 2.0 * self.weights + (self.weights**2).sum()

    def rates(
        self, errors: Real[np.ndarray, "*seeds utterances"]
    ) -> Float[np.ndarray, "*seeds signers"]:
        return errors @ self.member / self.totals

    def within(self, residuals: Float[np.ndarray, " utterances"]) -> Float[np.ndarray, " signers"]:
        """The variance of each signer's rate that its utterances explain."""
        unbiased = self.sizes / np.maximum(self.sizes - 1, 1)
        return (residuals**2 @ self.member) * unbiased / self.totals**2

    def freedom(self) -> float:
        """Degrees of freedom of the spread between signers (their number less 1, if equal)."""
        number = len(self.names)
        residual = np.eye(number) - np.outer(np.ones(number), self.weights)
        form = (self.weights**2 / self.leverage)[:, None] * (residual @ residual.T)
        return float(np.trace(form) ** 2 / np.trace(form @ form))


def spread(
    systems: Sequence[tuple[int, Int[np.ndarray, "_ utterances"]]],
    glosses: Int[np.ndarray, " utterances"],
    signers: Sequence[str],
    *,
    draws: int,
    generator: np.random.Generator,
) -> Spread:
    """The distribution of a sum of WERs.

    Args:
        systems: For each system, its sign in the sum and its errors (seeds, utterances); a seed
            is common to all utterances of a system, and independent of the other systems'.
        glosses: Reference glosses of each utterance.
        signers: Of each utterance; with one signer, utterances alone vary.
        draws: Bootstrap draws.
    """
    blocks = _Blocks(glosses, signers)
    mean = np.sum([sign * errors.mean(axis=0) for sign, errors in systems], axis=0)
    rates = blocks.rates(mean)
    value = float(rates @ blocks.weights)
    residuals = mean - rates[blocks.index] * glosses
    by_signers = len(blocks.names) == 2 or (len(blocks.names) > 2 and len(systems) == 1)
    within = blocks.within(residuals)
    utterances = _Level(
        float(blocks.weights**2 @ within), 0.0, max(float(len(mean) - len(blocks.names)), 1.0)
    )
    between = _between_signers(blocks, rates - value, within)
    deviations = [_deviations(blocks.rates(errors), blocks) for _, errors in systems]
    seeds = _between_seeds(blocks, deviations)

    if by_signers:
        freedom = between.freedom
        critical = float(stats.t.ppf(0.975, freedom))
        # signers who agree by luck do not tell more than one standard error of their sentences
        signers_variance = max(between.observed, utterances.variance / critical**2)
        # far out t swallows a normal variable: the square of the quantile grows by (freedom + 1)
        # times its variance, with many degrees of freedom by what a normal variable would add
        grows = min(freedom + 1.0, float(stats.norm.ppf(0.975)) ** 2)
        seeds_variance = seeds.variance * grows / critical**2
        residuals = np.zeros_like(residuals)
    else:
        levels = (utterances, between, seeds)
        variance = sum(level.variance for level in levels)
        doubt = sum(level.doubt for level in levels)
        freedom = variance**2 / doubt if doubt else np.inf
        signers_variance, seeds_variance = between.variance, seeds.variance
    signer_parts = blocks.weights * (rates - value)
    seed_parts = np.concatenate([main / len(main) for main, _ in deviations])
    drawn = (
        value
        + _draw_utterances(blocks, residuals, draws, generator)
        + _draw(signer_parts, signers_variance, draws, generator)
        + _draw(seed_parts, seeds_variance, draws, generator)
    )
    return Spread(value, freedom, drawn)


def _between_signers(
    blocks: _Blocks,
    deviations: Float[np.ndarray, " signers"],
    within: Float[np.ndarray, " signers"],
) -> _Level:
    number, weights = len(deviations), blocks.weights
    if number == 1:
        return _Level(0.0, 0.0, 1.0)
    scale = weights**2 / blocks.leverage
    explained = scale @ (within * (1.0 - 2.0 * weights) + weights**2 @ within)
    observed = scale @ deviations**2
    return _Level(
        float(observed),
        float(explained),
        blocks.freedom(),
        floor=min(DOUBTED / number, 1.0),
    )


def _deviations(
    rates: Float[np.ndarray, "seeds signers"], blocks: _Blocks
) -> tuple[Float[np.ndarray, " seeds"], Float[np.ndarray, "seeds signers"]]:
    """How each seed differs from the mean of the seeds, and what it adds for each signer."""
    totals = rates @ blocks.weights
    main = totals - totals.mean()
    return main, rates - rates.mean(axis=0) - main[:, None]


def _between_seeds(
    blocks: _Blocks,
    deviations: Sequence[tuple[Float[np.ndarray, " _"], Float[np.ndarray, "_ signers"]]],
) -> _Level:
    observed, explained, freedom = 0.0, 0.0, 0
    for main, interaction in deviations:
        pairs = max(len(main) * (len(main) - 1), 1)
        observed += (main**2).sum() / pairs
        if len(blocks.names) > 1:
            scale = blocks.weights**2 / blocks.leverage
            explained += (scale @ (interaction**2).sum(axis=0)) / pairs
        freedom += len(main) - 1
    return _Level(float(observed), float(explained), float(max(freedom, 1)))


def _draw(
    parts: Float[np.ndarray, " parts"], variance: float, draws: int, generator: np.random.Generator
) -> Float[np.ndarray, " draws"]:
    """Sums of ``parts`` drawn with replacement, scaled so that they vary by ``variance``."""
    number, centred = len(parts), parts - parts.mean()
    total = float((centred**2).sum())
    if not total:  # parts that do not differ have nothing to be drawn from
        return generator.normal(0.0, np.sqrt(variance), draws)
    counts = generator.multinomial(number, np.full(number, 1.0 / number), size=draws)
    return (counts @ centred) * np.sqrt(variance / total)


def _draw_utterances(
    blocks: _Blocks,
    residuals: Float[np.ndarray, " utterances"],
    draws: int,
    generator: np.random.Generator,
) -> Float[np.ndarray, " draws"]:
    """Changes of the estimate when each signer's utterances get new random weights."""
    weights = generator.standard_exponential((draws, len(residuals)), dtype=np.float32)
    columns = [blocks.member * residuals[:, None], blocks.member * blocks.glosses[:, None]]
    errors, glosses = np.hsplit((weights @ np.hstack(columns).astype(np.float32)).astype(float), 2)
    # such weights spread a little less than the variance of a mean of ``sizes`` utterances
    scale = np.sqrt((blocks.sizes + 1) / np.maximum(blocks.sizes - 1, 1))
    return (errors / glosses * scale) @ blocks.weights
