"""A stem of inverted residuals, the building block of small vision networks."""

import torch
from torch import nn
from torch.nn import functional

from signlab.models.base import (
    STEMS,
    Activations,
    Dropout,
    Kernel,
    Lengths,
    PartActivations,
    PartFeatures,
    PartPresence,
    Positive,
    Presence,
    SameLength,
    Stack,
    Stem,
    with_presence,
)
from signlab.models.convolution import SeparableConv, TimeConv, shortened
from signlab.models.stems import any_presence


class InvertedResidual(SameLength):
    """Widen, filter every channel over time, narrow, and add the input.

    Args:
        width: Channels in and out.
        expansion: Channels within, as a multiple of ``width``.
        kernel: Timesteps that the filter sees.
        dropout: On what is added.

    Source: Sandler et al. 2018, "MobileNetV2: Inverted residuals and linear bottlenecks", with
        layer normalisation.
    """

    def __init__(self, width: int, *, expansion: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.out_width = width
        wide = expansion * width
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, wide)
        self.filter = TimeConv(wide, wide, kernel=kernel, depthwise=True)
        self.narrow = nn.Linear(wide, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[Activations, Lengths]:
        wide, _ = self.filter(functional.silu(self.widen(self.norm(x))), lengths)
        return x + self.dropout(self.narrow(functional.silu(wide))), lengths


@STEMS.register("inverted-residual")
class InvertedResidualStem(Stem):
    """A depthwise-separable convolution and inverted residuals a part.

    Args:
        part_widths: Features of each part.
        width: Channels a part.
        kernel: Frames that the first convolution sees.
        stride: Every how many frames it has an output.
        blocks: Inverted residuals a part.
        block_kernel: Timesteps that each of them sees.
        expansion: Channels within them, as a multiple of ``width``.
        dropout: On what each of them adds.
    """

    def __init__(
        self,
        *,
        part_widths: dict[str, int],
        width: Positive = 64,
        kernel: Kernel = 9,
        stride: Positive = 1,
        blocks: Positive = 1,
        block_kernel: Kernel = 5,
        expansion: Positive = 4,
        dropout: Dropout = 0.1,
    ) -> None:
        super().__init__()
        self.names, self.out_width, self.stride = tuple(part_widths), width, stride
        self.encoders = nn.ModuleList(
            Stack(
                [
                    SeparableConv(features + 1, width, kernel=kernel, stride=stride),
                    *(
                        InvertedResidual(
                            width, expansion=expansion, kernel=block_kernel, dropout=dropout
                        )
                        for _ in range(blocks)
                    ),
                ]
            )
            for features in part_widths.values()
        )

    @property
    def out_parts(self) -> int:
        return len(self.names)

    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, PartPresence, Lengths]:
        outputs = []
        for name, present, encode in zip(
            self.names, presence.unbind(2), self.encoders, strict=True
        ):
            outputs.append(encode(with_presence(parts[name], present), lengths)[0])
        shorter = self.out_lengths(lengths)
        return torch.stack(outputs, dim=2), any_presence(presence, self.stride), shorter

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)
