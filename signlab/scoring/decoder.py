"""What every decoder takes and gives."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from signlab.registry import Registry

LogProbs = Float32[np.ndarray, "timesteps outputs"]
"""Natural-log probabilities: blank first, then the glosses in the vocabulary's order."""


@dataclass(frozen=True)
class Hypothesis:
    """The glosses of one utterance, as a decoder found them.

    Attributes:
        score: What the decoder ranks hypotheses by, in nats; the higher, the better.
        confidence: Of the utterance: the mean over its glosses, 0 to 1; without any gloss, the
            blank's mean probability.
        confidences: Of each gloss: its highest probability in its timesteps, 0 to 1.
        timesteps: Of each gloss: where it begins and where it has ended (exclusive).
    """

    glosses: tuple[str, ...]
    score: float
    confidence: float
    confidences: tuple[float, ...]
    timesteps: tuple[tuple[int, int], ...]


class Decoder(ABC):
    """Log-probabilities of a recogniser to glosses; settings come through the registry.

    Attributes:
        tune: Whether a run chooses the decoder's weights on dev (``scoring.tune``).
    """

    tune = False

    def fit(self, references: Sequence[Sequence[str]]) -> None:  # noqa: B027 - a choice, not a gap
        """Learn from the training references; decoders without a language model need nothing."""

    @abstractmethod
    def n_best(
        self, log_probs: LogProbs, vocabulary: tuple[str, ...], number: int
    ) -> list[Hypothesis]:
        """The best hypotheses of one utterance (already cut to its length), the best first.

        At least one, and as many as the decoder has, up to ``number``. Timesteps are those of
        a hypothesis's most probable path.

        Raises:
            ValueError: The outputs are not the blank and the vocabulary, or there is a language
                model to use and ``fit`` was not called.
        """

    def decode(self, log_probs: LogProbs, vocabulary: tuple[str, ...]) -> Hypothesis:
        """The best of ``n_best``."""
        return self.n_best(log_probs, vocabulary, 1)[0]

    @property
    @abstractmethod
    def signature(self) -> str:
        """Name, width and language model, for the scoring signature ("beam10+2gram")."""


DECODERS: Registry[Decoder] = Registry("decoder")


def hypothesis_of(
    log_probs: LogProbs,
    labels: Sequence[int],
    timesteps: Sequence[tuple[int, int]],
    vocabulary: tuple[str, ...],
    score: float,
) -> Hypothesis:
    """The hypothesis made of ``labels`` (1 = first gloss) that stand at ``timesteps``."""
    confidences = tuple(
        float(np.exp(log_probs[start:stop, label].max()))
        for label, (start, stop) in zip(labels, timesteps, strict=True)
    )
    if confidences:
        confidence = float(np.mean(confidences))
    else:
        confidence = float(np.exp(log_probs[:, 0]).mean()) if len(log_probs) else 1.0
    glosses = tuple(vocabulary[label - 1] for label in labels)
    return Hypothesis(glosses, score, confidence, confidences, tuple(timesteps))


def check_outputs(log_probs: LogProbs, vocabulary: tuple[str, ...]) -> None:
    """Raise ValueError unless there is one output a gloss and one for the blank."""
    if log_probs.shape[1] != len(vocabulary) + 1:
        raise ValueError(
            f"{log_probs.shape[1]} outputs cannot be the blank and {len(vocabulary)} glosses"
        )
