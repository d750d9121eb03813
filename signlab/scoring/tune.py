"""The beam search's weights, chosen on dev; the test split must never come here."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from signlab.scoring.beam import Beam
from signlab.scoring.decoder import LogProbs
from signlab.scoring.wer import corpus_wer

WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
BONUSES = (0.0, 0.5, 1.0)


def tune_beam(
    log_probs: Sequence[LogProbs],
    references: Sequence[Sequence[str]],
    vocabulary: tuple[str, ...],
    *,
    training: Sequence[Sequence[str]],
    width: int = 10,
    order: int = 2,
    weights: Sequence[float] = WEIGHTS,
    bonuses: Sequence[float] = BONUSES,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Try every pair of a language-model weight and an insertion bonus.

    Args:
        log_probs: Of each dev utterance, cut to its length.
        references: Of the dev utterances.
        training: References of the training split, for the language model.

    Returns:
        The settings of the ``beam`` decoder with the lowest WER (of equals, the smaller weight,
        then the smaller bonus), and a table (weight, bonus, wer) of all that were tried.
    """
    rows = []
    for weight, bonus in product(sorted(weights), sorted(bonuses)):
        beam = Beam(width=width, order=order, weight=weight, bonus=bonus)
        beam.fit(training)
        found = [beam.decode(one, vocabulary).glosses for one in log_probs]
        wer = corpus_wer(references, found)
        rows.append({"weight": weight, "bonus": bonus, "wer": wer})
    table = pd.DataFrame(rows)
    best = rows[int(table["wer"].to_numpy().argmin())]
    settings = {"width": width, "order": order, "weight": best["weight"], "bonus": best["bonus"]}
    return settings, table
