"""How far a WER, or a difference of WERs, would move with other seeds, utterances and signers.

Three levels of chance are told apart, since each has its own number of repetitions:

- utterances within a signer (many, so that their variance U is known well);
- signers (few): the spread between them, Q, beyond what their utterances explain, is S;
- seeds (few): the spread between the seeds of a system, beyond what the pairing of a seed with
  a signer explains (that is in the spread between signers already), is T.

The variance is U + S + T, S and T not below 0. Its degrees of freedom are Satterthwaite's, where
a part that was cut to 0 does not count as known: see ``_Level.doubt``. The signers' doubt does
not fall below 2 / signers of Q, which keeps the coverage of intervals between 92 and 97 % for 2
to 6 signers, whether they agree on a variant or differ by 4 points (benchmarks/coverage.py).

For the WER of one system U is left to the spread between signers, which is certainly there, and
the interval is Student's with signers - 1 degrees of freedom, plus the seeds.

Sources: two-way components as in Obuchowski and Rockette 1995 (readers are seeds, cases are
signers), degrees of freedom by Satterthwaite 1946, signers' weights by Bell and McCaffrey 2002,
blocks as in Liu and Peng 2019 (arXiv 1912.09508), bootstrap by Rao and Wu 1988 and Rubin 1981.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Real


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
    """One level of chance: its observed variance, and what lower levels explain of it."""

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
    if len(systems) == 1 and len(blocks.names) > 1:
        # signers certainly differ in difficulty: the spread between them is all theirs
        residuals = np.zeros_like(residuals)
    within = blocks.within(residuals)
    utterances = _Level(
        float(blocks.weights**2 @ within), 0.0, max(float(len(mean) - len(blocks.names)), 1.0)
    )
    between = _between_signers(blocks, rates - value, within)
    deviations = [_deviations(blocks.rates(errors), blocks) for _, errors in systems]
    seeds = _between_seeds(blocks, deviations)

    levels = (utterances, between, seeds)
    variance = sum(level.variance for level in levels)
    doubt = sum(level.doubt for level in levels)
    signer_parts = blocks.weights * (rates - value)
    seed_parts = np.concatenate([main / len(main) for main, _ in deviations])
    drawn = (
        value
        + _draw_utterances(blocks, residuals, draws, generator)
        + _draw(signer_parts, between.variance, draws, generator)
        + _draw(seed_parts, seeds.variance, draws, generator)
    )
    return Spread(value, variance**2 / doubt if doubt else np.inf, drawn)


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
    return _Level(float(observed), float(explained), blocks.freedom(), floor=2.0 / number)


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
    number = len(parts)
    if not variance:
        return np.zeros(draws)
    counts = generator.multinomial(number, np.full(number, 1.0 / number), size=draws)
    centred = parts - parts.mean()
    return (counts @ centred) * np.sqrt(variance / (centred**2).sum())


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
