"""Runs a recogniser over utterances and scores what it gives."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from signlab.corpora.base import Sample
from signlab.corpora.batches import collate, ordered_batches
from signlab.scoring.decode import Hypothesis
from signlab.scoring.wer import count_errors
from signlab.study.folder import Errors
from signlab.training.assembly import Assembly
from signlab.training.losses import Ctc

BATCH_SIZE = 32


@dataclass(frozen=True)
class Evaluation:
    """How a recogniser did on some utterances.

    Attributes:
        loss_per_label: CTC in nats a label, whatever loss the run trains with.
        blank_share: Share of the timesteps whose best output is the blank, 0 to 1.
        hypotheses: One row an utterance, as in ``RunFolder.hypotheses`` less the split.
    """

    errors: Errors
    loss_per_label: float
    blank_share: float
    distinct_glosses: int
    hypotheses: pd.DataFrame

    def collapsed(self, glosses: int) -> bool:
        """Whether the recogniser sits on the blank plateau, or says one thing always.

        Args:
            glosses: The size of the vocabulary V.

        Blanks above 95 % with a loss near ln V are the plateau on which CTC training starts;
        a model that uses at most 5 % of the vocabulary has not left it to any use either.
        """
        plateau = self.blank_share > 0.95 and self.loss_per_label > 0.8 * math.log(glosses)
        return plateau or self.distinct_glosses <= max(1.0, 0.05 * glosses)


@torch.inference_mode()
def evaluate(assembly: Assembly, samples: Sequence[Sample], device: torch.device) -> Evaluation:
    """Recognise and score every utterance; the decoder must have been fitted."""
    assembly.recognizer.eval()
    decoded: list[tuple[int, Hypothesis]] = []
    loss = blanks = timesteps = labels = 0.0
    for chosen in ordered_batches(samples, batch_size=BATCH_SIZE):
        batch = collate(
            [samples[i] for i in chosen], assembly.vocabulary, assembly.features.selection
        ).to(device)
        parts, presence = assembly.features(batch.landmarks)
        output = assembly.recognizer(parts, presence, batch.landmarks.lengths)
        nats = Ctc()(output.log_probs, output.lengths, batch.labels, batch.label_lengths)
        loss += nats.sum().item()
        labels += batch.label_lengths.sum().item()
        log_probs, lengths = output.log_probs.cpu().numpy(), output.lengths.cpu().numpy()
        for row, index in enumerate(chosen):
            valid = log_probs[row, : lengths[row]]
            blanks += float((valid.argmax(axis=1) == 0).sum())
            timesteps += len(valid)
            decoded.append((index, assembly.decoder.decode(valid, assembly.vocabulary)))
    hypotheses = [hypothesis for _, hypothesis in sorted(decoded, key=lambda pair: pair[0])]
    return _scored(samples, hypotheses, loss / labels, blanks / timesteps)


def _scored(
    samples: Sequence[Sample],
    hypotheses: Sequence[Hypothesis],
    loss_per_label: float,
    blank_share: float,
) -> Evaluation:
    errors = count_errors([s.glosses for s in samples], [h.glosses for h in hypotheses])
    rows: list[dict[str, Any]] = [
        {
            "id": sample.id,
            "signer": sample.signer,
            "frames": len(sample.landmarks),
            "reference": " ".join(sample.glosses),
            "hypothesis": " ".join(hypothesis.glosses),
            "substitutions": error.substitutions,
            "deletions": error.deletions,
            "insertions": error.insertions,
            "glosses": error.glosses,
            "confidence": hypothesis.confidence,
        }
        for sample, hypothesis, error in zip(samples, hypotheses, errors, strict=True)
    ]
    table = pd.DataFrame(rows)
    sums = {
        key: int(np.sum(table[key]))
        for key in ("substitutions", "deletions", "insertions", "glosses")
    }
    return Evaluation(
        errors=Errors(**sums),
        loss_per_label=loss_per_label,
        blank_share=blank_share,
        distinct_glosses=len({gloss for h in hypotheses for gloss in h.glosses}),
        hypotheses=table,
    )
