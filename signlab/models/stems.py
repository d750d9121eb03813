"""Stems: the features of each part to activations of one width."""

import torch
from torch import nn

from signlab.models.base import (
    STEMS,
    Dropout,
    Kernel,
    Lengths,
    PartActivations,
    PartFeatures,
    PartPresence,
    Positive,
    Presence,
    Stem,
    with_presence,
)
from signlab.models.convolution import (
    CONVOLUTIONS,
    Activation,
    BatchNorm,
    Finish,
    Norm,
    largest,
    shortened,
)


@STEMS.register("conv")
class ConvStem(Stem):
    """One convolution a part, straight on its features.

    It runs on every frame and is the dearest layer of a small model: ``stride`` 2 halves it.

    Args:
        part_widths: Features of each part.
        width: Channels a part.
        kernel: Frames that one output sees.
        stride: Every how many frames there is an output.
        separable: Depthwise-separable convolutions.
        standardise: Bring every feature to mean 0 and variance 1 over the frames that have the
            part (batch statistics in training, running averages in use): velocities are a
            hundredth of positions.
        norm: Over the channels of a timestep, or over the batch.
        activation: The nonlinearity.
        dropout: After it.
    """

    def __init__(
        self,
        *,
        part_widths: dict[str, int],
        width: Positive = 96,
        kernel: Kernel = 5,
        stride: Positive = 1,
        separable: bool = False,
        standardise: bool = True,
        norm: Norm = "layer",
        activation: Activation = "silu",
        dropout: Dropout = 0.1,
    ) -> None:
        super().__init__()
        self.out_width, self.stride = width, stride
        self.names = tuple(part_widths)
        self.standards = (
            nn.ModuleList(BatchNorm(features, affine=False) for features in part_widths.values())
            if standardise
            else None
        )
        # one more channel tells the frames that have the part from zeros
        self.convs = nn.ModuleList(
            CONVOLUTIONS[separable](features + 1, width, kernel=kernel, stride=stride)
            for features in part_widths.values()
        )
        self.finishes = nn.ModuleList(
            Finish(width, norm=norm, activation=activation, dropout=dropout) for _ in part_widths
        )

    @property
    def out_parts(self) -> int:
        return len(self.names)

    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, PartPresence, Lengths]:
        outputs = []
        for i, name in enumerate(self.names):
            present = presence[:, :, i]
            x = parts[name] if self.standards is None else self.standards[i](parts[name], present)
            x, shorter = self.convs[i](with_presence(x, present), lengths)
            outputs.append(self.finishes[i](x, shorter))
        return (
            torch.stack(outputs, dim=2),
            any_presence(presence, self.stride),
            self.out_lengths(lengths),
        )

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)


@STEMS.register("joined")
class JoinedStem(Stem):
    """All features side by side as one part, nothing learnt: the input of the legacy models.

    A missing part is zeros, and nothing tells it from a part at the origin.

    Args:
        part_widths: Features of each part.
    """

    def __init__(self, *, part_widths: dict[str, int]) -> None:
        super().__init__()
        self.names = tuple(part_widths)
        self.out_width = sum(part_widths.values())

    @property
    def out_parts(self) -> int:
        return 1

    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, PartPresence, Lengths]:
        known = [
            torch.where(presence[:, :, i, None], parts[name], 0.0)
            for i, name in enumerate(self.names)
        ]
        return torch.cat(known, dim=-1).unsqueeze(2), presence.any(-1, keepdim=True), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return lengths


def any_presence(presence: Presence, stride: int) -> PartPresence:
    """Whether a part was tracked in any of every ``stride`` frames."""
    if stride == 1:
        return presence
    return largest(presence.to(torch.float32), stride) > 0
