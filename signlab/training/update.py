"""One update of the weights, and what the updates of an epoch add up to."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class UpdateSums:
    """What the updates of one epoch add up to."""

    loss: float
    labels: int
    gradient_norm: float
    updates: int

    @property
    def finite(self) -> bool:
        """Whether every loss and every gradient was a number."""
        return math.isfinite(self.loss + self.gradient_norm)


class Updates:
    """The updates of one epoch; their sums stay on the device until they are asked for.

    Args:
        model: What is trained.
        optimizer: Of the model's parameters.
        clip: Largest norm of the gradient.
        device: Where the model is.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        clip: float,
        device: torch.device,
    ) -> None:
        self._model = model
        self._optimizer = optimizer
        self._clip = clip
        self._loss, self._norm, self._labels = torch.zeros(3, device=device).unbind()
        self._count = 0

    def __call__(self, loss: Tensor, labels: Tensor, *, rate: float) -> None:
        """Move the weights down the gradient of ``loss / labels``.

        Args:
            loss: Nats over the whole batch.
            labels: How many the batch has.
            rate: The learning rate.
        """
        for parameters in self._optimizer.param_groups:
            parameters["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        (loss / labels).backward()
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._optimizer.step()
        self._norm = self._norm + norm
        self._loss = self._loss + loss.detach()
        self._labels = self._labels + labels
        self._count += 1

    def sums(self) -> UpdateSums:
        """One look an epoch: reading a value from an accelerator makes it wait."""
        return UpdateSums(
            loss=self._loss.item(),
            labels=int(self._labels.item()),
            gradient_norm=self._norm.item(),
            updates=self._count,
        )
