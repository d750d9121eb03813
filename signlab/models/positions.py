"""Where a timestep stands: the ways in which attention can know."""

import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from signlab.models.base import Activations

Positions = Literal["none", "sinusoidal", "rope", "t5", "transformer-xl"]

Split = Float[Tensor, "batch heads time channels"]
Bias = Float[Tensor, "#batch heads time time"]


class Relation(nn.Module, ABC):
    """Lets attention depend on how far apart two timesteps are."""

    @abstractmethod
    def forward(self, queries: Split, keys: Split) -> tuple[Split, Split, Bias | None]:
        """Queries and keys to compare, and what to add to their scaled products."""


class NoRelation(Relation):
    """Distance plays no role."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        del width, heads

    def forward(self, queries: Split, keys: Split) -> tuple[Split, Split, Bias | None]:
        return queries, keys, None


class Rotary(Relation):
    """Pairs of channels turn with the timestep, so that a product depends on the distance.

    Source: Su et al. 2021, "RoFormer: Enhanced transformer with rotary position embedding".
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        del width, heads

    def forward(self, queries: Split, keys: Split) -> tuple[Split, Split, Bias | None]:
        time, channels = queries.shape[-2:]
        angles = _angles(torch.arange(time), channels).to(queries, non_blocking=True)
        cosine, sine = angles.cos(), angles.sin()
        return _turned(queries, cosine, sine), _turned(keys, cosine, sine), None


class BucketBias(Relation):
    """A learned bias a head for each distance, in buckets that widen with it.

    Source: Raffel et al. 2020, "Exploring the limits of transfer learning" (T5), section 2.1.
    """

    BUCKETS, FURTHEST = 32, 128

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        del width
        self.bias = nn.Embedding(self.BUCKETS, heads)

    def forward(self, queries: Split, keys: Split) -> tuple[Split, Split, Bias | None]:
        bias = self.bias(self._buckets(queries.shape[-2], queries.device))
        return queries, keys, bias.permute(2, 0, 1).unsqueeze(0)

    def _buckets(self, time: int, device: torch.device) -> Int[Tensor, "time time"]:
        """Half of the buckets for each direction; of these, half hold one distance each."""
        timesteps = torch.arange(time, device=device)
        distance = timesteps - timesteps[:, None]
        half, exact = self.BUCKETS // 2, self.BUCKETS // 4
        far = distance.abs()
        share = (far.clamp(min=1) / exact).log() / math.log(self.FURTHEST / exact)
        wide = (exact + share * (half - exact)).long().clamp(max=half - 1)
        return torch.where(far < exact, far, wide) + (distance > 0) * half


class DistanceQuery(Relation):
    """Queries look for content and for distance, each with a learned bias of its own.

    Source: Dai et al. 2019, "Transformer-XL", section 3.3, here in both directions.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.encode = nn.Linear(width, width, bias=False)
        self.content = nn.Parameter(torch.zeros(heads, 1, width // heads))
        self.distance = nn.Parameter(torch.zeros(heads, 1, width // heads))

    def forward(self, queries: Split, keys: Split) -> tuple[Split, Split, Bias | None]:
        time, channels = queries.shape[-2:]
        distances = torch.arange(1 - time, time)
        table = sinusoids(distances, self.encode.in_features).to(queries, non_blocking=True)
        encoded = self.encode(table).unflatten(-1, (self.heads, channels)).transpose(0, 1)
        asked = (queries + self.distance) @ encoded.transpose(-2, -1) * channels**-0.5
        timesteps = torch.arange(time, device=queries.device)
        places = timesteps - timesteps[:, None] + time - 1
        return (
            queries + self.content,
            keys,
            asked.gather(-1, places.expand(*asked.shape[:2], -1, -1)),
        )


RELATIONS: dict[Positions, type[Relation]] = {
    "none": NoRelation,
    "sinusoidal": NoRelation,
    "rope": Rotary,
    "t5": BucketBias,
    "transformer-xl": DistanceQuery,
}


class Sinusoids(nn.Module):
    """Adds a fixed code of the timestep to the activations.

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """

    def forward(self, x: Activations) -> Activations:
        return x + sinusoids(torch.arange(x.shape[1]), x.shape[2]).to(x, non_blocking=True)


def sinusoids(timesteps: Int[Tensor, " time"], width: int) -> Float[Tensor, "time width"]:
    """Sines, then cosines, of wavelengths from 2 pi to 10,000 x 2 pi."""
    angles = _angles(timesteps, width + width % 2)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[:, :width]


def _angles(timesteps: Int[Tensor, " time"], width: int) -> Float[Tensor, "time half"]:
    rates = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return timesteps[:, None] * rates


def _turned(
    x: Split, cosine: Float[Tensor, "time half"], sine: Float[Tensor, "time half"]
) -> Split:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)
