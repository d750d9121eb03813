"""Simulated studies with a known truth: to test intervals with, and to plan seeds and signers."""

from dataclasses import dataclass

import numpy as np

from signlab.scoring.significance import ErrorTable


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a study is drawn from. WERs and standard deviations are fractions, not percent.

    Attributes:
        signers: Signers in the test, with equal shares of the utterances.
        seeds: Runs a variant.
        wer: Of the baseline, in the mean of all signers there are.
        change: What the variant adds to it.
        utterances: In the test; 4 to 12 glosses each.
        between_signers: How signers differ for both variants alike.
        signers_differ: How signers differ in what the variant changes.
        between_seeds: How the runs of one variant differ, for all signers alike.
        seed_and_signer: How they differ for one signer.
        between_utterances: How utterances of one signer differ, for both variants alike.
    """

    signers: int
    seeds: int
    wer: float = 0.3
    change: float = 0.0
    utterances: int = 300
    between_signers: float = 0.05
    signers_differ: float = 0.015
    between_seeds: float = 0.01
    seed_and_signer: float = 0.01
    between_utterances: float = 0.1


def draw_study(truth: Truth, generator: np.random.Generator) -> tuple[ErrorTable, ErrorTable]:
    """The errors of the baseline and of the variant in one study."""
    normal = generator.normal
    signer = np.arange(truth.utterances) % truth.signers
    shape = (2, truth.seeds, truth.signers)
    wers = truth.wer + normal(0, truth.between_signers, truth.signers)
    wers = wers + np.array([0.0, truth.change])[:, None, None]
    wers = wers + normal(0, truth.signers_differ / 2**0.5, (2, 1, truth.signers))
    wers = wers + normal(0, truth.between_seeds, (2, truth.seeds, 1))
    wers = wers + normal(0, truth.seed_and_signer, shape)
    each = wers[..., signer] + normal(0, truth.between_utterances, truth.utterances)
    glosses = generator.integers(4, 13, truth.utterances)
    # two chances of an error a gloss, since insertions come on top
    errors = generator.binomial(2 * glosses, np.clip(each / 2, 0, 1))
    names = tuple(map(str, signer))
    return ErrorTable(errors[0], glosses, names), ErrorTable(errors[1], glosses, names)
