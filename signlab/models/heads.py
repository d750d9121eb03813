"""Heads: activations to one score an output."""

import math

import torch
from torch import nn

from signlab.models.base import HEADS, Activations, Dropout, Head, Logits


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
