"""One update of the weights, whatever it is computed in: pieces, processes, precision."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.errors import BadInput
from signlab.models.recognizer import Recognizer
from signlab.training.assembly import Assembly
from signlab.training.engine import Engine


@dataclass(frozen=True)
class Update:
    """What one update was about; tensors without an axis, all but the labels on the device.

    Attributes:
        nats: Over the whole batch.
        labels: How many the batch has.
        norm: Of the gradient, before it was shortened.
        skipped: Whether the weights stayed, since float16 could not hold the gradient.
    """

    nats: Tensor
    labels: Tensor
    norm: Tensor
    skipped: Tensor


def adamw(assembly: Assembly) -> torch.optim.Optimizer:
    """The optimiser of every training; its fused form is a tenth of a small model's update."""
    return torch.optim.AdamW(
        assembly.recognizer.parameters(),
        lr=assembly.schedule.learning_rate,
        weight_decay=assembly.schedule.weight_decay,
        fused=True,
    )


class Updates:
    """Moves the weights of a recogniser.

    The gradient is that of the nats over the labels of the whole batch, in however many pieces it
    was computed, by however many processes: a mean of the pieces' means would weigh the labels of
    a small piece more.

    Attributes:
        model: What to call for the nats.

    Args:
        clip: Largest norm of the gradient.
        pieces: In how many a process computes its share.
    """

    def __init__(
        self,
        engine: Engine,
        recognizer: Recognizer,
        optimizer: torch.optim.Optimizer,
        *,
        clip: float,
        pieces: int,
    ) -> None:
        self._engine, self._clip, self._pieces = engine, clip, pieces
        self.model, self._optimizer = engine.prepare(recognizer, optimizer)

    def __call__(
        self,
        batch: Batch,
        nats: Callable[[Batch], Tensor],
        *,
        rate: float,
        views: int = 1,
        between: Callable[[], None] = lambda: None,
    ) -> Update:
        """Move the weights down the gradient.

        Args:
            batch: The same in every process.
            nats: Of a piece of the batch.
            rate: The learning rate.
            views: How often each utterance stands in the batch; its views stay together.
            between: Called between any two pieces; what it raises leaves the weights unmoved.
        """
        for parameters in self._optimizer.param_groups:
            parameters["lr"] = rate
        engine, labels = self._engine, batch.label_lengths.sum()
        # processes' gradients are averaged, and are to be added
        scale = engine.processes / labels
        own = torch.zeros((), device=engine.device)
        *others, last = self._share(batch, views)
        for piece in (*others, last):
            with nullcontext() if piece is last else engine.alone(self.model):
                found = nats(piece)
                engine.backward(found * scale)
            own = own + found.detach()
            if piece is not last:
                between()
        norm = engine.clip(self.model, self._clip)
        skipped = engine.overflows(norm)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return Update(engine.total(own), labels, norm, skipped)

    def _share(self, batch: Batch, views: int) -> list[Batch]:
        """The pieces of a batch that this process computes: as many as every other's."""
        processes, utterances = self._engine.processes, len(batch.ids) // views
        pieces = min(self._pieces, utterances // processes)
        if not pieces:
            raise BadInput(
                f"an update has {utterances} utterances, fewer than the {processes} processes; "
                "raise schedule.batch_size"
            )
        if pieces == processes == 1:
            return [batch]
        # by turns, since neighbours are alike in length; pieces then of neighbours
        own = torch.arange(self._engine.rank, utterances, processes)
        first = torch.arange(views)[:, None] * utterances
        return [batch.take((first + rows).flatten()) for rows in own.tensor_split(pieces)]
