"""What training minimises, from what the recogniser gave for a batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.landmarks.tensors import sent
from signlab.models.recognizer import Output
from signlab.training.losses import LOSSES, Lengths, LogProbs, Loss
from signlab.training.regularisers import REGULARISERS, Regulariser


@dataclass(frozen=True)
class Objective:
    """CTC of one kind, on the last output and on the auxiliary heads', and its regularisers."""

    loss: Loss
    regularisers: tuple[Regulariser, ...] = ()

    @property
    def views(self) -> int:
        """How often each utterance has to stand in a batch; see ``Regulariser``."""
        return max((each.views for each in self.regularisers), default=1)

    def fit(
        self, references: Sequence[Sequence[str]], vocabulary: Sequence[str], *, blank: float
    ) -> None:
        """Tell the regularisers how frequent glosses are.

        Args:
            references: Of the training utterances.
            blank: Share of the timesteps without a gloss of their own.
        """
        counts = Counter(gloss for glosses in references for gloss in glosses)
        signed = torch.tensor([float(counts[gloss]) for gloss in vocabulary])
        for regulariser in self.regularisers:
            regulariser.fit(signed / signed.sum(), blank)

    def __call__(self, output: Output, batch: Batch) -> Float[Tensor, ""]:
        """Nats over the whole batch: to be summed over batches and divided by all their labels.

        To be called outside autocast: ``output`` is in single precision or better.
        """
        nats = _nats(self.loss, output.log_probs, output.lengths, batch)
        for auxiliary in output.auxiliary:
            extra = _nats(self.loss, auxiliary.log_probs, output.lengths, batch)
            nats = nats + auxiliary.weight * extra
        nats = nats * (1 - sum(each.instead for each in self.regularisers))
        for each in self.regularisers:
            nats = nats + each.weight * _nats(each, output.log_probs, output.lengths, batch)
        return nats


def _nats(
    term: Loss | Regulariser, log_probs: LogProbs, lengths: Lengths, batch: Batch
) -> Float[Tensor, ""]:
    """A term over the whole batch; of blended utterances, with the labels of both."""
    device = log_probs.device
    nats = term(log_probs, lengths, sent(batch.labels, device), batch.label_lengths)
    if (other := batch.blended) is not None:
        theirs = term(log_probs, lengths, sent(other.labels, device), other.label_lengths)
        nats = torch.lerp(theirs, nats, sent(other.weight, device).to(nats))
    return nats.sum()


def build_objective(recipe: Mapping[str, Any]) -> Objective:
    """The objective that a recipe asks for.

    Raises:
        BadSetting: An unknown name or setting.
    """
    return Objective(
        LOSSES.build_choice(recipe["loss"]),
        tuple(REGULARISERS.build(name, own) for name, own in recipe["regularise"].items()),
    )
