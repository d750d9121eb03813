"""Runs a recogniser over utterances and scores what it gives."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from signlab.corpora.augment.base import hide, points_of
from signlab.corpora.base import Sample
from signlab.corpora.batches import collate, ordered_batches
from signlab.scoring.decoder import Hypothesis, LogProbs
from signlab.scoring.wer import total
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
        hypotheses: What was recognised in each utterance.
        by_utterance: The errors of each.
        timesteps: The outputs for each.
    """

    errors: Errors
    loss_per_label: float
    blank_share: float
    distinct_glosses: int
    hypotheses: list[Hypothesis]
    by_utterance: list[Errors]
    timesteps: list[int]

    def collapsed(self, glosses: int) -> bool:
        """Whether the recogniser sits on the blank plateau, or says one thing always.

        Args:
            glosses: The size of the vocabulary V.

        Blanks above 95 % with a loss near ln V are the plateau on which CTC training starts;
        a model that uses at most 5 % of the vocabulary has not left it to any use either.
        """
        plateau = self.blank_share > 0.95 and self.loss_per_label > 0.8 * math.log(glosses)
        return plateau or self.distinct_glosses <= max(1.0, 0.05 * glosses)


def evaluate(
    assembly: Assembly,
    samples: Sequence[Sample],
    device: torch.device,
    *,
    without: Sequence[str] = (),
) -> Evaluation:
    """Recognise and score every utterance; the decoder must have been fitted.

    Args:
        without: Parts that are hidden from the recogniser.
    """
    decoded: dict[int, tuple[Hypothesis, int]] = {}
    loss = blanks = 0.0
    for index, log_probs, nats in outputs(assembly, samples, device, without=without):
        loss += nats
        blanks += float((log_probs.argmax(axis=1) == 0).sum())
        hypothesis = assembly.decoder.decode(log_probs, assembly.vocabulary)
        decoded[index] = hypothesis, len(log_probs)
    hypotheses, timesteps = map(list, zip(*(decoded[i] for i in range(len(samples))), strict=True))
    references = [sample.glosses for sample in samples]
    errors = assembly.scoring.errors(references, [h.glosses for h in hypotheses])
    return Evaluation(
        errors=total(errors),
        loss_per_label=loss / sum(map(len, references)),
        blank_share=blanks / sum(timesteps),
        distinct_glosses=len({gloss for h in hypotheses for gloss in h.glosses}),
        hypotheses=hypotheses,
        by_utterance=errors,
        timesteps=timesteps,
    )


def outputs(
    assembly: Assembly,
    samples: Sequence[Sample],
    device: torch.device,
    *,
    without: Sequence[str] = (),
) -> Iterator[tuple[int, LogProbs, float]]:
    """What the recogniser gives for each utterance, the shortest first.

    Args:
        without: Parts that are hidden from it.

    Yields:
        Its position, its log-probabilities cut to its length, and its CTC loss in nats.
    """
    assembly.recognizer.eval()
    selection = assembly.features.selection
    hidden = points_of(without, selection)[None, None]
    for chosen in ordered_batches(samples, batch_size=BATCH_SIZE):
        batch = collate([samples[i] for i in chosen], assembly.vocabulary, selection, device=device)
        if without:
            batch = hide(batch, hidden)
        with torch.inference_mode():
            output = assembly.forward(batch)
        log_probs, lengths = output.log_probs.cpu(), output.lengths
        nats = Ctc()(log_probs, lengths, batch.labels, batch.label_lengths).tolist()
        for row, index in enumerate(chosen):
            yield index, log_probs[row, : lengths[row]].numpy(), nats[row]
