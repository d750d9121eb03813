"""Recurrent encoders for padded batches.

A padded bidirectional ``nn.LSTM`` starts its backward direction in the padding, and
PackedSequence, the usual cure, is 5 to 20 times slower on CPU (pytorch #149194). Here each
direction is an ``nn.LSTM`` of its own, and the second reads every utterance reversed within its
own length, so that padding comes last in both.
"""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from signlab.models.base import (
    ENCODERS,
    Activations,
    Dropout,
    Lengths,
    NewActivations,
    Positive,
    Sequential,
    Stack,
)


class BiLstm(Sequential):
    """One bidirectional LSTM layer; padding never reaches a valid timestep.

    Args:
        in_width: Channels in.
        width: Hidden units a direction; ``2 * width`` channels come out, forward first.
    """

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.out_width = 2 * width
        self.onward = nn.LSTM(in_width, width, batch_first=True)
        self.backward_ = nn.LSTM(in_width, width, batch_first=True)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        order = reversal(x.shape[1], lengths)
        onward, _ = self.onward(x)
        backward, _ = self.backward_(reordered(x, order))
        return torch.cat([onward, reordered(backward, order)], dim=-1), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return lengths


def reversal(time: int, lengths: Lengths) -> Int[Tensor, "batch time"]:
    """For each utterance the timesteps last to first, its padding where it was.

    Applied twice it gives back the first order.
    """
    forward = torch.arange(time, device=lengths.device)
    backward = lengths[:, None] - 1 - forward
    return torch.where(backward >= 0, backward, forward)


def reordered(x: Activations, order: Int[Tensor, "batch time"]) -> Activations:
    """``x`` with the timesteps of each utterance in ``order``."""
    return x.gather(1, order[:, :, None].expand_as(x))


class BiLstmLayer(Sequential):
    """A bidirectional LSTM and dropout, perhaps with a skip and a normalisation.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        dropout: On what comes out.
        residual: Add the input (through a linear layer where its width differs) and normalise.
    """

    def __init__(self, in_width: int, width: int, *, dropout: float, residual: bool) -> None:
        super().__init__()
        self.lstm = BiLstm(in_width, width)
        self.dropout = nn.Dropout(dropout)
        self.out_width = self.lstm.out_width
        self.residual = residual
        if residual:
            same = in_width == self.out_width
            self.skip = nn.Identity() if same else nn.Linear(in_width, self.out_width)
            self.norm = nn.LayerNorm(self.out_width)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        added = self.dropout(self.lstm(x, lengths)[0])
        return (self.norm(self.skip(x) + added) if self.residual else added), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return lengths


@ENCODERS.register("bilstm")
class BiLstmEncoder(Stack):
    """Bidirectional LSTM layers.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many layers.
        dropout: After each layer.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        dropout: Dropout = 0.2,
    ) -> None:
        super().__init__(_layers(in_width, width, layers, dropout=dropout, residual=False))


@ENCODERS.register("residual-bilstm")
class ResidualBiLstmEncoder(Stack):
    """Bidirectional LSTM layers, each with a skip around it and a layer normalisation.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        layers: How many layers.
        dropout: On what each layer adds.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 128,
        layers: Positive = 2,
        dropout: Dropout = 0.2,
    ) -> None:
        super().__init__(_layers(in_width, width, layers, dropout=dropout, residual=True))


def _layers(
    in_width: int, width: int, layers: int, *, dropout: float, residual: bool
) -> list[Sequential]:
    widths = [in_width] + [2 * width] * (layers - 1)
    return [BiLstmLayer(each, width, dropout=dropout, residual=residual) for each in widths]
