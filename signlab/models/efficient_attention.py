"""Attention whose cost grows linearly with the timesteps.

At the 40 to 75 timesteps of a sentence neither form is faster than full attention; they are here
to be compared with it.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from signlab.errors import BadInput
from signlab.models.attention import check_heads, join_heads, split_heads
from signlab.models.base import Activations, Mask


class Linformer(nn.Module):
    """Every timestep attends to a fixed number of learned sums over the timesteps.

    Keys and values of padding are zeroed before they are summed.

    Args:
        width: Channels in and out.
        heads: Divides ``width``.
        dropout: On the attention.
        rank: How many sums.
        longest: The most timesteps that the sums can take.

    Source: Wang et al. 2020, "Linformer: Self-attention with linear complexity", eq. 7, with the
        projection shared by keys, values and heads.
    """

    def __init__(self, width: int, *, heads: int, dropout: float, rank: int, longest: int) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads, self.longest = heads, longest
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.sums = nn.Parameter(torch.randn(rank, longest) / math.sqrt(rank))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, width)

    def forward(self, x: Activations, valid: Mask) -> Activations:
        time = x.shape[1]
        if time > self.longest:
            raise BadInput(
                f"the linformer encoder sums at most {self.longest} timesteps, not {time}; "
                "set its `longest` higher"
            )
        queries, keys, values = split_heads(self.queries_keys_values(x), self.heads)
        sums = self.sums[:, :time] * valid[:, None, None, :]
        scores = queries @ (sums @ keys).transpose(-2, -1) * queries.shape[-1] ** -0.5
        return self.out(join_heads(self.dropout(scores.softmax(-1)) @ (sums @ values)))


class Performer(nn.Module):
    """The softmax of attention as a product of random positive features.

    The features of padding are zeroed in the sum of the values and in that of the weights.

    Args:
        width: Channels in and out.
        heads: Divides ``width``.
        dropout: On what comes out.
        features: Random features; more approximate the softmax better.

    Source: Choromanski et al. 2021, "Rethinking attention with Performers", lemma 1 and section
        2.4 (orthogonal directions); drawn once, with the first weights.
    """

    directions: Tensor

    def __init__(self, width: int, *, heads: int, dropout: float, features: int) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.register_buffer("directions", _orthogonal(features, width // heads))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, width)

    def forward(self, x: Activations, valid: Mask) -> Activations:
        queries, keys, values = split_heads(self.queries_keys_values(x), self.heads)
        known = valid[:, None, :, None]
        asked = self._exponents(queries)
        offered = self._exponents(keys).masked_fill(~known, float("-inf"))
        # a factor a query, or one for all keys, cancels: without it exp overflows
        asked = (asked - asked.amax(-1, keepdim=True).detach()).exp()
        offered = (offered - offered.amax((-2, -1), keepdim=True).detach()).exp()
        weights = asked @ offered.sum(-2).unsqueeze(-1)
        mixed = asked @ (offered.transpose(-2, -1) @ values) / (weights + 1e-6)
        return self.out(self.dropout(join_heads(mixed)))

    def _exponents(self, x: Tensor) -> Float[Tensor, "batch heads time features"]:
        scaled = x * x.shape[-1] ** -0.25
        return scaled @ self.directions.T - scaled.square().sum(-1, keepdim=True) / 2


def _orthogonal(rows: int, width: int) -> Float[Tensor, "rows width"]:
    """Gaussian directions, orthogonal within each group of ``width``."""
    groups = []
    for start in range(0, rows, width):
        square = nn.init.orthogonal_(torch.empty(width, width))
        groups.append(square[: min(width, rows - start)])
    lengths = torch.randn(rows, width).norm(dim=1, keepdim=True)
    return torch.cat(groups) * lengths
