"""Weights that are means of others: over the updates so far, and over the epochs that are kept."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)
Weights = dict[str, Any]


class Ema(Generic[M]):
    """A running average of a model's weights and buffers, as a model of its own.

    The first updates count more, or the average would remember the untrained weights for long:
    after n updates the decay is at most (1 + n) / (10 + n).

    Attributes:
        model: The average, in evaluation mode.
        updates: How many it has seen.

    Args:
        model: What is averaged; to be on its device already.
        decay: Share of the average that an update leaves.
    """

    def __init__(self, model: M, decay: float) -> None:
        self.model = deepcopy(model).requires_grad_(requires_grad=False).eval()
        self.updates = 0
        self._decay = decay
        self._pairs = [
            *zip(self.model.parameters(), model.parameters(), strict=True),
            *zip(self.model.buffers(), model.buffers(), strict=True),
        ]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the model as it is now."""
        self.updates += 1
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        for mine, other in self._pairs:
            if mine.is_floating_point():
                mine.lerp_(other, 1 - decay)
            else:
                mine.copy_(other)


@dataclass(frozen=True)
class Kept:
    """Weights that a run may end with, and how they did on dev."""

    epoch: int
    wer: float
    loss: float
    weights: Weights


def keep(kept: Sequence[Kept], new: Kept, *, best: bool, count: int) -> list[Kept]:
    """The ``count`` to keep of those so far and a new one, the foremost first.

    Dev WER saturates where the signers of dev are known; among equals the loss decides, and then
    the earlier one.

    Args:
        best: By dev WER; else the last ones.
    """
    ranked = sorted(
        [*kept, new], key=lambda one: (one.wer, one.loss, one.epoch) if best else (-one.epoch,)
    )
    return ranked[:count]


def mean_weights(kept: Sequence[Kept]) -> Weights:
    """The mean of all, running statistics included; of counters those of the foremost."""
    first, *_ = kept
    if len(kept) == 1:
        return first.weights
    return {
        name: torch.stack([one.weights[name].double() for one in kept]).mean(0).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in first.weights.items()
    }


def copied(weights: Weights) -> Weights:
    """The weights as they are now, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in weights.items()}
