"""Transformer encoders: full attention with several kinds of positions, or a linear form."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from signlab.models.attention import DropPath, SelfAttention, drop_path_rates
from signlab.models.base import (
    ENCODERS,
    Activations,
    Dropout,
    Lengths,
    NewActivations,
    Passage,
    Positive,
    SameLength,
    Sequential,
    Stack,
    valid_positions,
)
from signlab.models.efficient_attention import Linformer, Performer
from signlab.models.positions import Positions, Sinusoids

Rate = Annotated[float, Field(ge=0, lt=1)]


class TransformerLayer(SameLength):
    """Attention, then a two-layer perceptron, each added to its normalised input.

    Args:
        width: Channels in and out.
        attention: From normalised activations and a mask to what is added.
        expansion: Channels within the perceptron, as a multiple of ``width``.
        dropout: On what each of the two adds.
        drop_path: Share of the utterances for which a branch is left out in training.

    Source: Xiong et al. 2020, "On layer normalization in the transformer architecture".
    """

    def __init__(
        self, width: int, attention: nn.Module, *, expansion: int, dropout: float, drop_path: float
    ) -> None:
        super().__init__()
        self.out_width = width
        self.before_attention, self.before_mixing = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = attention
        self.mixing = feed_forward(width, expansion, dropout)
        self.leave = nn.Sequential(nn.Dropout(dropout), DropPath(drop_path))

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        valid = valid_positions(x.shape[1], lengths)
        x = x + self.leave(self.attention(self.before_attention(x), valid))
        return x + self.leave(self.mixing(self.before_mixing(x))), lengths


class Entrance(Passage):
    """To the encoder's width, perhaps with a code of each timestep."""

    def __init__(self, in_width: int, width: int, positions: Positions, dropout: float) -> None:
        super().__init__()
        self.out_width = width
        self.project = nn.Linear(in_width, width) if in_width != width else nn.Identity()
        self.code = Sinusoids() if positions == "sinusoidal" else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        return self.dropout(self.code(self.project(x))), lengths


class Exit(Passage):
    """The normalisation after the last of layers that normalise what they read."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out_width = width
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        return self.norm(x), lengths


@ENCODERS.register("transformer")
class Transformer(Stack):
    """Transformer layers with full attention and relative positions.

    Args:
        in_width: Channels in.
        width: Channels within and out.
        layers: How many layers.
        heads: Attention heads; divides ``width``.
        expansion: Channels of the perceptrons, as a multiple of ``width``.
        positions: Distances by rotation (rope), a learned bias (t5) or learned queries
            (transformer-xl); or timesteps by a fixed code (sinusoidal); or neither.
        dropout: On what each branch adds, and on the attention.
        drop_path: Share of the utterances for which a branch is left out in training: this in
            the last layer, and linearly less before, down to 0.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 192,
        layers: Positive = 4,
        heads: Positive = 4,
        expansion: Positive = 4,
        positions: Positions = "rope",
        dropout: Dropout = 0.1,
        drop_path: Rate = 0.1,
    ) -> None:
        attention = partial(SelfAttention, width, heads=heads, positions=positions, dropout=dropout)
        layer = partial(TransformerLayer, width, expansion=expansion, dropout=dropout)
        entrance = Entrance(in_width, width, positions, dropout)
        super().__init__(_tower(entrance, layer, attention, drop_path, layers))


@ENCODERS.register("linformer")
class LinformerEncoder(Stack):
    """Transformer layers whose attention reads a fixed number of sums over the timesteps.

    Args:
        in_width: Channels in.
        width: Channels within and out.
        layers: How many layers.
        heads: Attention heads; divides ``width``.
        expansion: Channels of the perceptrons, as a multiple of ``width``.
        rank: How many sums.
        longest: The most timesteps of an utterance.
        dropout: On what each branch adds, and on the attention.
        drop_path: As for the transformer.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 192,
        layers: Positive = 4,
        heads: Positive = 4,
        expansion: Positive = 4,
        rank: Positive = 32,
        longest: Positive = 512,
        dropout: Dropout = 0.1,
        drop_path: Rate = 0.1,
    ) -> None:
        attention = partial(
            Linformer, width, heads=heads, dropout=dropout, rank=rank, longest=longest
        )
        layer = partial(TransformerLayer, width, expansion=expansion, dropout=dropout)
        entrance = Entrance(in_width, width, "sinusoidal", dropout)
        super().__init__(_tower(entrance, layer, attention, drop_path, layers))


@ENCODERS.register("performer")
class PerformerEncoder(Stack):
    """Transformer layers whose attention is a product of random features.

    Args:
        in_width: Channels in.
        width: Channels within and out.
        layers: How many layers.
        heads: Attention heads; divides ``width``.
        expansion: Channels of the perceptrons, as a multiple of ``width``.
        features: Random features a head.
        dropout: On what each branch adds.
        drop_path: As for the transformer.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive = 192,
        layers: Positive = 4,
        heads: Positive = 4,
        expansion: Positive = 4,
        features: Positive = 64,
        dropout: Dropout = 0.1,
        drop_path: Rate = 0.1,
    ) -> None:
        attention = partial(Performer, width, heads=heads, dropout=dropout, features=features)
        layer = partial(TransformerLayer, width, expansion=expansion, dropout=dropout)
        entrance = Entrance(in_width, width, "sinusoidal", dropout)
        super().__init__(_tower(entrance, layer, attention, drop_path, layers))


def _tower(
    entrance: Entrance,
    layer: Callable[..., TransformerLayer],
    attention: Callable[[], nn.Module],
    drop_path: float,
    layers: int,
) -> list[Sequential]:
    """The layers, with rising rates of DropPath, between entrance and normalisation."""
    rates = drop_path_rates(drop_path, layers)
    tower = (layer(attention(), drop_path=rate) for rate in rates)
    return [entrance, *tower, Exit(entrance.out_width)]


def feed_forward(width: int, expansion: int, dropout: float) -> nn.Sequential:
    """A perceptron with one wide layer."""
    return nn.Sequential(
        nn.Linear(width, expansion * width),
        nn.SiLU(),
        nn.Dropout(dropout),
        nn.Linear(expansion * width, width),
    )
