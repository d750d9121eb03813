"""How a trained recogniser does without its hands or its face."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd
import torch

from signlab.corpora.base import Sample
from signlab.scoring.tables import INTACT
from signlab.study.folder import Errors
from signlab.training.assembly import Assembly
from signlab.training.evaluate import Evaluation, evaluate


def robustness(
    assembly: Assembly, samples: Sequence[Sample], device: torch.device, intact: Evaluation
) -> pd.DataFrame:
    """Score the utterances again with each part withheld that a tracker may lose.

    Args:
        intact: What the recogniser does with all parts.

    Returns:
        One row for each loss, the first for none. Columns: withheld, substitutions, deletions,
        insertions, glosses, wer (percent).
    """
    losses: Mapping[str, Sequence[str]] = assembly.features.selection.losses
    found = {INTACT: intact.errors} | {
        name: evaluate(assembly, samples, device, without=parts).errors
        for name, parts in losses.items()
    }
    return pd.DataFrame([_row(name, errors) for name, errors in found.items()])


def _row(name: str, errors: Errors) -> dict[str, object]:
    return {"withheld": name, **asdict(errors), "wer": errors.wer}
