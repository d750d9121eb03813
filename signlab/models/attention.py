"""Self-attention over the timesteps of padded utterances."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from signlab.models.base import (
    Activations,
    Lengths,
    Mask,
    NewActivations,
    SameLength,
    valid_positions,
)
from signlab.models.positions import RELATIONS, Positions
from signlab.registry import BadSetting


class SelfAttention(nn.Module):
    """Scaled dot-product attention of every timestep on every valid one.

    Args:
        width: Channels in and out.
        heads: Divides ``width``.
        positions: How distance enters.
        dropout: On the attention.

    Raises:
        BadSetting: ``heads`` does not divide ``width``, or leaves an odd width to rotate.
    """

    def __init__(self, width: int, *, heads: int, positions: Positions, dropout: float) -> None:
        super().__init__()
        check_heads(width, heads)
        if positions == "rope" and width // heads % 2:
            raise BadSetting("positions", f"'rope' turns pairs, and {width // heads} is odd")
        self.heads, self.dropout = heads, dropout
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.relation = RELATIONS[positions](width, heads)
        self.out = nn.Linear(width, width)

    def forward(self, x: Activations, valid: Mask) -> Activations:
        queries, keys, values = split_heads(self.queries_keys_values(x), self.heads)
        queries, keys, bias = self.relation(queries, keys)
        # every utterance has a timestep, so no row of the softmax is empty
        mask = valid[:, None, None, :]
        if bias is not None:
            mask = bias.masked_fill(~mask, float("-inf"))
        mixed = functional.scaled_dot_product_attention(
            queries, keys, values, mask, self.dropout if self.training else 0.0
        )
        return self.out(join_heads(mixed))


def check_heads(width: int, heads: int) -> None:
    """Refuse heads that do not divide the channels."""
    if width % heads:
        raise BadSetting("heads", f"{heads} heads cannot share {width} channels")


def split_heads(x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """(batch, time, 3 width) to queries, keys and values (batch, heads, time, width / heads)."""
    queries, keys, values = x.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
    return queries, keys, values


def join_heads(x: Tensor) -> Activations:
    """(batch, heads, time, channels) to (batch, time, heads * channels)."""
    return x.transpose(1, 2).flatten(2)


class AttentionLayer(SameLength):
    """Normalised activations attend to each other; the sum with them is normalised again.

    Args:
        width: Channels in and out.
        heads: Divides ``width``.
        dropout: On what attention adds.
    """

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.out_width = width
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads=heads, positions="none", dropout=0.0)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        x = self.before(x)
        added = self.attention(x, valid_positions(x.shape[1], lengths))
        return self.after(x + self.dropout(added)), lengths


class DropPath(nn.Module):
    """Leaves a branch out for whole utterances in training, and scales it up for the others.

    Source: Huang et al. 2016, "Deep networks with stochastic depth".
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Activations) -> Activations:
        if not self.training or self.rate == 0.0:
            return x
        kept = torch.empty(x.shape[0], 1, 1, dtype=x.dtype, device=x.device)
        return x * kept.bernoulli_(1 - self.rate).div_(1 - self.rate)


def drop_path_rates(last: float, layers: int) -> list[float]:
    """Rates that grow linearly from 0 in the first of several layers to ``last`` in the last.

    >>> drop_path_rates(0.25, 3)
    [0.0, 0.125, 0.25]
    >>> drop_path_rates(0.25, 1)
    [0.25]
    """
    if layers == 1:
        return [last]
    return [last * layer / (layers - 1) for layer in range(layers)]
