"""Encoders of attention for the sentence and convolution for the sign; the Conformer is one."""

from functools import partial
from typing import ClassVar

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
    SameLength,
    Stack,
    valid_positions,
)
from signlab.models.convolution import NORMS, Norm, TimeConv
from signlab.models.positions import Positions
from signlab.models.transformer import Entrance, Rate, feed_forward


class ConvModule(nn.Module):
    """Mixing to twice the channels, a depthwise convolution, and mixing back.

    Args:
        width: Channels in and out.
        kernel: Timesteps that the convolution sees.
        norm: After the convolution.
        gated: Whether half of the mixed channels gate the other half before the convolution.
    """

    def __init__(self, width: int, *, kernel: int, norm: Norm, gated: bool) -> None:
        super().__init__()
        within = width if gated else 2 * width
        self.gate = nn.Linear(width, 2 * width)
        self.enter = functional.glu if gated else functional.silu
        self.filter = TimeConv(within, within, kernel=kernel, depthwise=True)
        self.norm = NORMS[norm](within)
        self.out = nn.Linear(within, width)

    def forward(self, x: Activations, lengths: Lengths) -> Activations:
        x, _ = self.filter(self.enter(self.gate(x)), lengths)
        x = self.norm(x, valid_positions(x.shape[1], lengths))
        return self.out(functional.silu(x))


class ConvAttentionLayer(SameLength):
    """The branches of a layer, which its kinds put in order.

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

    normalisations: ClassVar[int]
    gated: ClassVar[bool]
    """Of the convolution, see there."""

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
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(self.normalisations))
        self.first = feed_forward(width, expansion, dropout)
        self.attention = SelfAttention(width, heads=heads, positions=positions, dropout=dropout)
        self.conv = ConvModule(width, kernel=kernel, norm=norm, gated=self.gated)
        self.second = feed_forward(width, expansion, dropout)
        self.leave = nn.Sequential(nn.Dropout(dropout), DropPath(drop_path))


class ConvAttention(Stack):
    """Layers of attention, convolution and two perceptrons.

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
    """

    layer: ClassVar[type[ConvAttentionLayer]]

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
            self.layer,
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


class ConformerLayer(ConvAttentionLayer):
    """Half a perceptron, attention, convolution, half a perceptron, normalisation."""

    normalisations, gated = 5, True

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        one, two, three, four, last = self.norms
        valid = valid_positions(x.shape[1], lengths)
        x = x + self.leave(self.first(one(x))) / 2
        x = x + self.leave(self.attention(two(x), valid))
        x = x + self.leave(self.conv(three(x), lengths))
        x = x + self.leave(self.second(four(x))) / 2
        return last(x), lengths


@ENCODERS.register("conformer")
class Conformer(ConvAttention):
    """Conformer layers: perceptron, attention, convolution, perceptron.

    Source: Gulati et al. 2020, "Conformer: Convolution-augmented transformer for speech
        recognition", with rope in place of Transformer-XL's positions by default.
    """

    layer = ConformerLayer
