"""Temporal blocks whose later convolutions look further, at growing distances."""

from typing import Annotated

from pydantic import Field

from signlab.models.base import (
    TEMPORALS,
    Activations,
    Dropout,
    Lengths,
    NewActivations,
    Positive,
    Sequential,
    Stack,
)
from signlab.models.convolution import CONVOLUTIONS, Activation, Finish, Norm, TimeConv, shortened
from signlab.models.temporals import Downsample, Kernels, stage_strides
from signlab.registry import BadSetting

Several = Annotated[tuple[Positive, ...], Field(min_length=1)]


class DilatedPair(Sequential):
    """Two dilated convolutions, each normalised, and beside them a linear skip.

    Nothing follows the sum, so that a way through all pairs stays linear: with a normalisation
    there four pairs took ten epochs to leave the blank plateau.

    Args:
        in_width: Channels in.
        out_width: Channels out.
        kernel: Timesteps that one output sees.
        dilation: Distance of these timesteps.
        stride: Of the first convolution.
        separable: Depthwise-separable convolutions.
        norm: After each convolution.
        activation: The nonlinearity.
        dropout: After it.
    """

    def __init__(
        self,
        in_width: int,
        out_width: int,
        *,
        kernel: int,
        dilation: int,
        stride: int,
        separable: bool,
        norm: Norm,
        activation: Activation,
        dropout: float,
    ) -> None:
        super().__init__()
        self.out_width, self.stride = out_width, stride
        conv = CONVOLUTIONS[separable]
        self.first = conv(in_width, out_width, kernel=kernel, dilation=dilation, stride=stride)
        self.second = conv(out_width, out_width, kernel=kernel, dilation=dilation)
        self.between = Finish(out_width, norm=norm, activation=activation, dropout=dropout)
        self.finish = Finish(out_width, norm=norm, activation=activation, dropout=dropout)
        self.skip = TimeConv(in_width, out_width, kernel=1, stride=stride)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        shorter = self.out_lengths(lengths)
        added, _ = self.second(self.between(self.first(x, lengths)[0], shorter), shorter)
        return self.finish(added, shorter) + self.skip(x, lengths)[0], shorter

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)


@TEMPORALS.register("dilated")
class Dilated(Stack):
    """Pairs of dilated convolutions with skips, of growing kernels and distances.

    Args:
        in_width: Channels in.
        widths: Channels out of each pair; as many as come in where they are not given.
        kernels: Timesteps that the convolutions of each pair see.
        dilations: Distance of these timesteps, for each pair.
        downsample: Timesteps in for one out; the first pairs halve the sequence.
        separable: Depthwise-separable convolutions.
        norm: Over the channels of a timestep, or over the batch.
        activation: The nonlinearity.
        dropout: After it.

    Raises:
        BadSetting: Not as many kernels as dilations and widths, or fewer than halvings.
    """

    def __init__(
        self,
        *,
        in_width: int,
        widths: Several | None = None,
        kernels: Kernels = (3, 5, 7, 7),
        dilations: Several = (1, 1, 2, 4),
        downsample: Downsample = 4,
        separable: bool = False,
        norm: Norm = "batch",
        activation: Activation = "silu",
        dropout: Dropout = 0.1,
    ) -> None:
        widths = widths or (in_width,) * len(kernels)
        for setting, values in {"dilations": dilations, "widths": widths}.items():
            if len(values) != len(kernels):
                raise BadSetting(
                    setting, f"there are {len(kernels)} kernels and {len(values)} {setting}"
                )
        strides = stage_strides(downsample, len(kernels))
        layers = [
            DilatedPair(
                before,
                width,
                kernel=kernel,
                dilation=dilation,
                stride=stride,
                separable=separable,
                norm=norm,
                activation=activation,
                dropout=dropout,
            )
            for before, width, kernel, dilation, stride in zip(
                (in_width, *widths[:-1]), widths, kernels, dilations, strides, strict=True
            )
        ]
        super().__init__(layers)
