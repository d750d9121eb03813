"""A decoder's weights, chosen on dev; the test split must never come here."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from signlab.scoring.decode import DECODERS
from signlab.scoring.decoder import LogProbs
from signlab.scoring.wer import corpus_wer

GRID: dict[str, tuple[float, ...]] = {
    "weight": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    "bonus": (0.0, 0.5, 1.0, 1.5),
}
"""Values that are tried, by setting."""


def tune(
    choice: Mapping[str, Any],
    log_probs: Sequence[LogProbs],
    references: Sequence[Sequence[str]],
    vocabulary: tuple[str, ...],
    *,
    training: Sequence[Sequence[str]],
    grid: Mapping[str, Sequence[float]] = GRID,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Try a decoder with every combination of the values of the grid.

    Args:
        choice: The decoder as a recipe writes it; of the grid, only settings that it has count.
        log_probs: Of each dev utterance, cut to its length.
        references: Of the dev utterances.
        training: References of the training split, for the language model.
        grid: Values by setting.

    Returns:
        The choice with the lowest WER (of equals, the one with the smaller values), and a table
        (a column a setting, and wer) of all that were tried.
    """
    names = [name for name in grid if name in DECODERS.parameters(choice["name"])]
    rows = []
    for values in product(*(sorted(grid[name]) for name in names)):
        tried = dict(zip(names, values, strict=True))
        decoder = DECODERS.build_choice({**choice, **tried})
        decoder.fit(training)
        found = [decoder.decode(one, vocabulary).glosses for one in log_probs]
        rows.append({**tried, "wer": corpus_wer(references, found)})
    table = pd.DataFrame(rows)
    best = rows[int(table["wer"].to_numpy().argmin())]
    return {**choice, **{name: best[name] for name in names}}, table
