"""What training minimises, from what the recogniser gave for a batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.models.recognizer import Output
from signlab.training.losses import LOSSES, Loss


@dataclass(frozen=True)
class Objective:
    """The loss of the recipe on the recogniser's output and on that of its auxiliary heads."""

    loss: Loss

    def __call__(self, output: Output, batch: Batch) -> Float[Tensor, ""]:
        """Nats over the whole batch: to be summed over batches and divided by all their labels.

        To be called outside autocast: ``output`` is in single precision or better.
        """
        labels = batch.labels, batch.label_lengths
        loss = self.loss(output.log_probs, output.lengths, *labels).sum()
        for auxiliary in output.auxiliary:
            extra = self.loss(auxiliary.log_probs, auxiliary.lengths, *labels).sum()
            loss = loss + auxiliary.weight * extra
        return loss


def build_objective(recipe: Mapping[str, Any]) -> Objective:
    """The objective that a recipe asks for.

    Raises:
        BadSetting: An unknown name or setting.
    """
    return Objective(LOSSES.build_choice(recipe["loss"]))
