"""Heads: activations to one score an output."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from signlab.models.base import HEADS, Activations, Dropout, Head, Logits, Positive


def blank_bias(share: float, glosses: int) -> float:
    """The blank's bias with which it has probability ``share`` beside ``glosses`` scores of 0.

    With T' timesteps and L labels an utterance, and ``share`` = (T' - L) / T', this is
    ln(V (T' - L) / L).
    """
    return math.log(glosses * share / (1 - share))


@HEADS.register("linear")
class Linear(Head):
    """One linear layer.

    Args:
        in_width: Channels in.
        outputs: The glosses and the blank.
        norm: Normalise the channels of each timestep first. A fresh LSTM gives values near 0.1;
            without it a plain BiLSTM may sit on the blank plateau for hundreds of updates where
            an encoder that ends in a normalisation leaves it in twenty, which would look like
            the merit of that encoder.
        dropout: On the activations.
    """

    def __init__(
        self, *, in_width: int, outputs: int, norm: bool = True, dropout: Dropout = 0.0
    ) -> None:
        super().__init__()
        self.out_width = outputs
        self.norm = nn.LayerNorm(in_width) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(in_width, outputs)

    def forward(self, x: Activations) -> Logits:
        return self.scores(self.dropout(self.norm(x)))

    def start_blank(self, share: float) -> None:
        with torch.no_grad():
            self.scores.bias[0] = blank_bias(share, self.out_width - 1)


@HEADS.register("mlp")
class Mlp(Head):
    """Two linear layers.

    Args:
        in_width: Channels in.
        outputs: The glosses and the blank.
        hidden: Channels between them.
        dropout: On these.
    """

    def __init__(
        self, *, in_width: int, outputs: int, hidden: Positive = 256, dropout: Dropout = 0.1
    ) -> None:
        super().__init__()
        self.out_width = outputs
        self.hidden = nn.Sequential(nn.Linear(in_width, hidden), nn.SiLU(), nn.Dropout(dropout))
        self.scores = nn.Linear(hidden, outputs)

    def forward(self, x: Activations) -> Logits:
        return self.scores(self.hidden(x))

    def start_blank(self, share: float) -> None:
        with torch.no_grad():
            self.scores.bias[0] = blank_bias(share, self.out_width - 1)


@HEADS.register("cosine")
class Cosine(Head):
    """The angle between the activations and a learned direction an output, scaled.

    Frequent glosses cannot win by the length of their weights.

    Args:
        in_width: Channels in.
        outputs: The glosses and the blank.
        scale: Of the cosine at the start; it is learned.
        dropout: On the activations.

    Source: Min et al. 2021, "Visual alignment constraint for continuous sign language
        recognition" (its NormLinear); the blank alone has a bias.
    """

    def __init__(
        self,
        *,
        in_width: int,
        outputs: int,
        scale: Annotated[float, Field(gt=0)] = 16.0,
        dropout: Dropout = 0.0,
    ) -> None:
        super().__init__()
        self.out_width = outputs
        self.dropout = nn.Dropout(dropout)
        self.directions = nn.Parameter(torch.randn(outputs, in_width))
        self.scale = nn.Parameter(torch.tensor(scale))
        self.blank = nn.Parameter(torch.zeros(1))

    def forward(self, x: Activations) -> Logits:
        x = functional.normalize(self.dropout(x), dim=-1)
        scores = self.scale * functional.linear(x, functional.normalize(self.directions, dim=-1))
        return scores + functional.pad(self.blank, (0, self.out_width - 1))

    def start_blank(self, share: float) -> None:
        with torch.no_grad():
            self.blank[0] = blank_bias(share, self.out_width - 1)
