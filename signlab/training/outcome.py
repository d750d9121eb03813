"""What a finished run leaves of each utterance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from signlab.corpora.base import Sample
from signlab.landmarks.layout import MISSING, Layout
from signlab.scoring.tables import PRESENT
from signlab.training.evaluate import Evaluation


def hypotheses_table(
    evaluation: Evaluation, samples: Sequence[Sample], layout: Layout
) -> pd.DataFrame:
    """One row an utterance, as ``RunFolder.hypotheses`` tells, less the split."""
    rows = []
    for sample, found, errors, timesteps in zip(
        samples,
        evaluation.hypotheses,
        evaluation.by_utterance,
        evaluation.timesteps,
        strict=True,
    ):
        frame_ms = 1000.0 / sample.fps
        timestep_ms = len(sample.landmarks) / timesteps * frame_ms
        rows.append(
            {
                "id": sample.id,
                "signer": sample.signer,
                "frames": len(sample.landmarks),
                "reference": " ".join(sample.glosses),
                "hypothesis": " ".join(found.glosses),
                "substitutions": errors.substitutions,
                "deletions": errors.deletions,
                "insertions": errors.insertions,
                "glosses": errors.glosses,
                "confidence": found.confidence,
                "confidences": list(found.confidences),
                **_times("", found.timesteps, timestep_ms),
                **_times("signed_", sample.spans, frame_ms),
                **_presence(sample, layout),
            }
        )
    return pd.DataFrame(rows)


def _times(
    prefix: str, spans: Sequence[tuple[int, int]] | None, unit_ms: float
) -> dict[str, list[float] | None]:
    """Begin and end of each gloss, if they are known."""
    if spans is None:
        return {f"{prefix}begin_ms": None, f"{prefix}end_ms": None}
    return {
        f"{prefix}begin_ms": [round(begin * unit_ms, 1) for begin, _ in spans],
        f"{prefix}end_ms": [round(end * unit_ms, 1) for _, end in spans],
    }


def _presence(sample: Sample, layout: Layout) -> dict[str, float]:
    """The share of the frames in which each part was tracked."""
    return {
        PRESENT + part: float(np.any(sample.landmarks[:, rows, 0] != MISSING, axis=1).mean())
        for part, rows in layout.slices.items()
    }
