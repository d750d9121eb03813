"""Squeezeformer encoder: a Conformer in another order, which scales what it reads."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional

from signlab.models.attention import DropPath, SelfAttention, drop_path_rates
from signlab.models.base import (
    ENCODERS,
    Activations,
    Dropout,
    Kernel,
    Lengths,
    NewActivations,
    Positive,
    Sequential,
    Stack,
    valid_positions,
)
from signlab.models.convolution import NORMS, Norm, TimeConv
from signlab.models.positions import Positions
from signlab.models.transformer import Entrance, Rate, feed_forward


class Scale(nn.Module):
    """A learned scale and shift a channel, in place of a normalisation before a branch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Activations) -> Activations:
        return torch.addcmul(self.shift, x, self.scale)


class SwishConv(nn.Module):
    """Mixing to twice the channels, a depthwise convolution, and mixing back, without a gate."""

    def __init__(self, width: int, *, kernel: int, norm: Norm) -> None:
        super().__init__()
        wide = 2 * width
        self.widen = nn.Linear(width, wide)
        self.filter = TimeConv(wide, wide, kernel=kernel, depthwise=True)
        self.norm = NORMS[norm](wide)
        self.out = nn.Linear(wide, width)

    def forward(self, x: Activations, lengths: Lengths) -> Activations:
        x, _ = self.filter(functional.silu(self.widen(x)), lengths)
        x = self.norm(x, valid_positions(x.shape[1], lengths))
        return self.out(functional.silu(x))


class SqueezeformerLayer(Sequential):
    """Attention, perceptron, convolution, perceptron; each sum is normalised.

    Args:
        width: Channels in and out.
        heads: Divides ``width``.
        kernel: Timesteps that the convolution sees.
        expansion: Channels of the perceptrons, as a multiple of ``width``.
        positions: How distance enters the attention.
        norm: Within the convolution.
        dropout: On what each branch adds, and on the attention.
        drop_path: Share of the utterances for which a branch is left out in training.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        kernel: int,
        expansion: int,
        positions: Positions,
        norm: Norm,
        dropout: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.out_width = width
        self.scales = nn.ModuleList(Scale(width) for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.attention = SelfAttention(width, heads=heads, positions=positions, dropout=dropout)
        self.first = feed_forward(width, expansion, dropout)
        self.conv = SwishConv(width, kernel=kernel, norm=norm)
        self.second = feed_forward(width, expansion, dropout)
        self.leave = nn.Sequential(nn.Dropout(dropout), DropPath(drop_path))

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        one, two, three, four = self.scales
        after_one, after_two, after_three, after_four = self.norms
        valid = valid_positions(x.shape[1], lengths)
        x = after_one(x + self.leave(self.attention(one(x), valid)))
        x = after_two(x + self.leave(self.first(two(x))))
        x = after_three(x + self.leave(self.conv(three(x), lengths)))
        return after_four(x + self.leave(self.second(four(x)))), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return lengths


@ENCODERS.register("squeezeformer")
class Squeezeformer(Stack):
    """Squeezeformer layers: attention, perceptron, convolution, perceptron.

    Args:
        in_width: Channels in.
        width: Channels within and out.
        layers: How many layers.
        heads: Attention heads; divides ``width``.
        kernel: Timesteps that the convolutions see.
        expansion: Channels of the perceptrons, as a multiple of ``width``.
        positions: How distance enters the attention.
        norm: Within the convolutions: over the channels of a timestep, or over the batch (as
            published).
        dropout: On what each branch adds, and on the attention.
        drop_path: As for the transformer.

    Source: Kim et al. 2022, "Squeezeformer: An efficient transformer for automatic speech
        recognition", section 3.2. Its U-Net over time is left out, since the temporal block has
        down-sampled before; rope stands in for Transformer-XL's positions by default.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 144,
        layers: Positive = 3,
        heads: Positive = 4,
        kernel: Kernel = 15,
        expansion: Positive = 4,
        positions: Positions = "rope",
        norm: Norm = "layer",
        dropout: Dropout = 0.1,
        drop_path: Rate = 0.1,
    ) -> None:
        layer = partial(
            SqueezeformerLayer,
            width,
            heads=heads,
            kernel=kernel,
            expansion=expansion,
            positions=positions,
            norm=norm,
            dropout=dropout,
        )
        tower = (layer(drop_path=rate) for rate in drop_path_rates(drop_path, layers))
        super().__init__([Entrance(in_width, width, positions, dropout), *tower])
