"""Fusions: the parts of each timestep to one vector."""

from abc import abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from signlab.models.base import (
    FUSIONS,
    Dropout,
    Fusion,
    PartActivations,
    PartPresence,
    PartWeights,
    Positive,
    with_presence,
)
from signlab.registry import BadSetting


@FUSIONS.register("concat")
class Concat(Fusion):
    """All parts side by side, with their presence, through one linear layer.

    Args:
        in_width: Channels a part.
        parts: How many parts.
        width: Channels out.
    """

    def __init__(self, *, in_width: int, parts: int, width: Positive = 192) -> None:
        super().__init__()
        self.out_width = width
        # the presence bits' columns are what the layer learns to say for an absent part
        self.mix = nn.Linear(parts * (in_width + 1), width)

    def forward(
        self, parts: PartActivations, presence: PartPresence
    ) -> Float[Tensor, "batch time fused"]:
        return self.mix(with_presence(parts, presence).flatten(2))


@FUSIONS.register("flat")
class Flat(Fusion):
    """All parts side by side, nothing learnt; a missing part is zeros.

    Args:
        in_width: Channels a part.
        parts: How many parts.
    """

    def __init__(self, *, in_width: int, parts: int) -> None:
        super().__init__()
        self.out_width = in_width * parts

    def forward(
        self, parts: PartActivations, presence: PartPresence
    ) -> Float[Tensor, "batch time fused"]:
        return torch.where(presence[..., None], parts, 0.0).flatten(2)


class WeighingFusion(Fusion):
    """A fusion that can say how much each part counted at each timestep."""

    @abstractmethod
    def part_weights(self, parts: PartActivations, presence: PartPresence) -> PartWeights:
        """Weights that sum to 1 over the parts; a missing part has 0; all missing gives zeros."""


@FUSIONS.register("crossmodal")
class CrossModal(WeighingFusion):
    """Attention between the parts of a timestep, added to them, then as ``concat``.

    A missing part is nobody's key, and asks with a learned vector instead of its own.

    Args:
        in_width: Channels a part.
        parts: How many parts.
        width: Channels out.
        heads: Attention heads; divides ``in_width``.
        dropout: On what attention adds.
    """

    def __init__(
        self,
        *,
        in_width: int,
        parts: int,
        width: Positive = 192,
        heads: Positive = 4,
        dropout: Dropout = 0.1,
    ) -> None:
        super().__init__()
        if parts < 2:
            raise BadSetting("name", "'crossmodal' needs a stem that keeps at least two parts")
        if in_width % heads:
            raise BadSetting(
                "heads", f"{heads} heads cannot share the {in_width} channels that the stem gives"
            )
        self.heads = heads
        self.absent = nn.Parameter(torch.zeros(parts, in_width))
        self.norm = nn.LayerNorm(in_width)
        self.queries_keys_values = nn.Linear(in_width, 3 * in_width)
        self.out = nn.Linear(in_width, in_width)
        self.dropout = nn.Dropout(dropout)
        self.mix = nn.Linear(parts * (in_width + 1), width)
        self.out_width = width

    def forward(
        self, parts: PartActivations, presence: PartPresence
    ) -> Float[Tensor, "batch time fused"]:
        tokens = torch.where(presence[..., None], parts, self.absent)
        attention, values = self._attend(tokens, presence)
        mixed = (attention @ values).transpose(-3, -2).flatten(-2)
        # what the others tell in a missing part's place stays: its own activations never entered
        x = tokens + self.dropout(self.out(mixed))
        bits = presence[..., None].to(x.dtype)
        return self.mix(torch.cat([x, bits], dim=-1).flatten(2))

    def part_weights(self, parts: PartActivations, presence: PartPresence) -> PartWeights:
        """Attention on each part, averaged over the heads and the parts present."""
        tokens = torch.where(presence[..., None], parts, self.absent)
        attention, _ = self._attend(tokens, presence)
        asking = presence[:, :, None, :, None].to(attention.dtype)
        return (attention * asking).sum((2, 3)) / (asking.sum((2, 3)) * self.heads).clamp(min=1)

    def _attend(
        self, tokens: PartActivations, presence: PartPresence
    ) -> tuple[
        Float[Tensor, "batch time heads kept kept"], Float[Tensor, "batch time heads parts head"]
    ]:
        split = self.queries_keys_values(self.norm(tokens))
        split = split.unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        queries, keys, values = split.unbind(0)
        scores = queries @ keys.transpose(-2, -1) * queries.shape[-1] ** -0.5
        known = presence[:, :, None, None, :]
        # a finite floor: with all parts missing a softmax over -inf would be NaN
        attention = scores.masked_fill(~known, torch.finfo(scores.dtype).min).softmax(-1)
        return attention * known, values
