"""Recurrent layers for padded batches.

A padded bidirectional ``nn.LSTM`` starts its backward direction in the padding, and
PackedSequence, the usual cure, is several times slower on CPU (pytorch #149194;
benchmarks/lstm.py). Here each direction is a module of its own, and the second reads every
utterance reversed within its own length, so that padding comes last in both.
"""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from signlab.models.base import Activations, Lengths, NewActivations, SameLength


class BiRecurrent(SameLength):
    """One layer in two directions; padding never reaches a valid timestep.

    Args:
        in_width: Channels in.
        width: Hidden units a direction; ``2 * width`` channels come out, forward first.
        cell: ``nn.LSTM`` or ``nn.GRU``.
    """

    def __init__(
        self, in_width: int, width: int, cell: type[nn.LSTM] | type[nn.GRU] = nn.LSTM
    ) -> None:
        super().__init__()
        self.out_width = 2 * width
        self.onward = cell(in_width, width, batch_first=True)
        self.reverse = cell(in_width, width, batch_first=True)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        order = reversal(x.shape[1], lengths)
        onward, _ = self.onward(x)
        backward, _ = self.reverse(reordered(x, order))
        return torch.cat([onward, reordered(backward, order)], dim=-1), lengths


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


class RecurrentLayer(SameLength):
    """A layer in two directions and dropout.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        dropout: On what comes out.
        cell: ``nn.LSTM`` or ``nn.GRU``.
    """

    def __init__(
        self,
        in_width: int,
        width: int,
        *,
        dropout: float,
        cell: type[nn.LSTM] | type[nn.GRU] = nn.LSTM,
    ) -> None:
        super().__init__()
        self.recurrent = BiRecurrent(in_width, width, cell)
        self.dropout = nn.Dropout(dropout)
        self.out_width = self.recurrent.out_width

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        return self.dropout(self.recurrent(x, lengths)[0]), lengths


class ResidualLayer(SameLength):
    """A layer in two directions, added to its input, then normalised.

    Args:
        in_width: Channels in.
        width: Hidden units a direction.
        project: Channels out, through a linear layer; ``2 * width`` where it is None.
        dropout: On what is added.
    """

    def __init__(self, in_width: int, width: int, *, project: int | None, dropout: float) -> None:
        super().__init__()
        self.recurrent = BiRecurrent(in_width, width)
        self.out_width = project or 2 * width
        self.project = nn.Linear(2 * width, project) if project else nn.Identity()
        same = in_width == self.out_width
        self.skip = nn.Identity() if same else nn.Linear(in_width, self.out_width)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(self.out_width)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        added = self.dropout(self.project(self.recurrent(x, lengths)[0]))
        return self.norm(self.skip(x) + added), lengths
