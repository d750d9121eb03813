"""One update of the weights."""

import torch
from torch import Tensor, nn


class Updates:
    """Moves the weights of a model.

    Args:
        model: What is trained.
        optimizer: Of the model's parameters.
        clip: Largest norm of the gradient.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, *, clip: float) -> None:
        self._model = model
        self._optimizer = optimizer
        self._clip = clip

    def __call__(self, loss: Tensor, labels: Tensor, *, rate: float) -> Tensor:
        """Move the weights down the gradient of ``loss / labels``.

        Args:
            loss: Nats over the whole batch.
            labels: How many the batch has.
            rate: The learning rate.

        Returns:
            The norm of the gradient before it was clipped.
        """
        for parameters in self._optimizer.param_groups:
            parameters["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        (loss / labels).backward()
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._optimizer.step()
        return norm
