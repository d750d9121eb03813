"""Squeezeformer encoder: a Conformer in another order, which scales what it reads."""

from typing import Any

import torch
from torch import nn

from signlab.models.base import ENCODERS, Activations, Lengths, NewActivations, valid_positions
from signlab.models.conformer import ConvAttention, ConvAttentionLayer


class Scale(nn.Module):
    """A learned scale and shift a channel, in place of a normalisation before a branch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Activations) -> Activations:
        return torch.addcmul(self.shift, x, self.scale)


class SqueezeformerLayer(ConvAttentionLayer):
    """Attention, perceptron, convolution, perceptron; each sum is normalised."""

    normalisations, gated = 4, False

    def __init__(self, width: int, **settings: Any) -> None:
        super().__init__(width, **settings)
        self.scales = nn.ModuleList(Scale(width) for _ in range(4))

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        one, two, three, four = self.scales
        after_one, after_two, after_three, after_four = self.norms
        valid = valid_positions(x.shape[1], lengths)
        x = after_one(x + self.leave(self.attention(one(x), valid)))
        x = after_two(x + self.leave(self.first(two(x))))
        x = after_three(x + self.leave(self.conv(three(x), lengths)))
        return after_four(x + self.leave(self.second(four(x)))), lengths


@ENCODERS.register("squeezeformer")
class Squeezeformer(ConvAttention):
    """Squeezeformer layers: attention, perceptron, convolution, perceptron.

    Source: Kim et al. 2022, "Squeezeformer: An efficient transformer for automatic speech
        recognition", section 3.2. Its U-Net over time is left out, since the temporal block has
        down-sampled before; rope stands in for Transformer-XL's positions by default.
    """

    layer = SqueezeformerLayer
