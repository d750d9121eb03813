"""Temporal blocks: convolutions that gather the neighbourhood and shorten the sequence."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from signlab.models.base import (
    TEMPORALS,
    Activations,
    Dropout,
    Kernel,
    Lengths,
    NewActivations,
    Positive,
    Sequential,
    Stack,
)
from signlab.models.convolution import (
    CONVOLUTIONS,
    Activation,
    Finish,
    MaxPool,
    Norm,
    Pool,
    TimeConv,
    shortened,
)
from signlab.registry import BadSetting

Downsample = Literal[1, 2, 4, 8]
Kernels = Annotated[tuple[Kernel, ...], Field(min_length=1)]


class ConvStage(Sequential):
    """A convolution, then normalisation, activation and dropout."""

    def __init__(self, conv: Sequential, finish: Finish) -> None:
        super().__init__()
        self.conv, self.finish = conv, finish
        self.out_width = conv.out_width

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        x, lengths = self.conv(x, lengths)
        return self.finish(x, lengths), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return self.conv.out_lengths(lengths)


class ParallelConv(Sequential):
    """Convolutions of several kernels side by side, mixed at each timestep.

    Args:
        in_width: Channels in.
        out_width: Channels out.
        kernels: One convolution each.
        branch_width: Channels of each convolution.
        stride: Every how many timesteps there is an output.
        separable: Depthwise-separable convolutions.
        skip: Add the input (through one linear layer where its length or width differs).
    """

    def __init__(
        self,
        in_width: int,
        out_width: int,
        *,
        kernels: tuple[int, ...],
        branch_width: int,
        stride: int,
        separable: bool,
        skip: bool,
    ) -> None:
        super().__init__()
        self.out_width, self.stride = out_width, stride
        self.branches = nn.ModuleList(
            CONVOLUTIONS[separable](in_width, branch_width, kernel=kernel, stride=stride)
            for kernel in kernels
        )
        self.mix = nn.Linear(len(kernels) * branch_width, out_width)
        self.shortcut = None
        if skip and (stride > 1 or in_width != out_width):
            self.shortcut = TimeConv(in_width, out_width, kernel=1, stride=stride)
        self.skip = skip

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        mixed = self.mix(torch.cat([branch(x, lengths)[0] for branch in self.branches], dim=-1))
        if self.skip:
            mixed = mixed + (x if self.shortcut is None else self.shortcut(x, lengths)[0])
        return mixed, self.out_lengths(lengths)

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)


@TEMPORALS.register("single-scale")
class SingleScale(Stack):
    """Convolutions of one kernel, each halving the sequence.

    Args:
        in_width: Channels in.
        width: Channels out; as many as come in where it is not given.
        kernel: Timesteps that one convolution sees.
        downsample: Timesteps in for one out.
        layers: Convolutions, of which the first ones halve the sequence; where it is not given
            there are as many as halvings, at least one.
        pool: Halve by the stride of the convolution, or by a maximum after it.
        separable: Depthwise-separable convolutions.
        norm: Over the channels of a timestep, or over the batch.
        activation: The nonlinearity.
        dropout: After it.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive | None = None,
        kernel: Kernel = 5,
        downsample: Downsample = 4,
        layers: Positive | None = None,
        pool: Pool = "stride",
        separable: bool = False,
        norm: Norm = "layer",
        activation: Activation = "silu",
        dropout: Dropout = 0.1,
    ) -> None:
        width = width or in_width
        conv = partial(CONVOLUTIONS[separable], out_width=width, kernel=kernel)
        finish = partial(Finish, width, norm=norm, activation=activation, dropout=dropout)
        super().__init__(_stages(in_width, stage_strides(downsample, layers), conv, finish, pool))


@TEMPORALS.register("multiscale")
class MultiScale(Stack):
    """Parallel convolutions of several kernels with a skip, each stage halving the sequence.

    Args:
        in_width: Channels in.
        width: Channels out; as many as come in where it is not given.
        kernels: Timesteps that the parallel convolutions see.
        branch_width: Channels of each of them; where it is not given they share ``width``, so
            that the block costs about as much as one convolution of the mean kernel.
        downsample: Timesteps in for one out.
        layers: Stages, of which the first ones halve the sequence; where it is not given there
            are as many as halvings, at least one.
        pool: Halve by the stride of the convolutions, or by a maximum after them.
        separable: Depthwise-separable convolutions.
        skip: Add the input of a stage to its output.
        norm: Over the channels of a timestep, or over the batch.
        activation: The nonlinearity.
        dropout: After it.
    """

    def __init__(
        self,
        *,
        in_width: int,
        width: Positive | None = None,
        kernels: Kernels = (5, 9, 15),
        branch_width: Positive | None = None,
        downsample: Downsample = 4,
        layers: Positive | None = None,
        pool: Pool = "stride",
        separable: bool = False,
        skip: bool = True,
        norm: Norm = "layer",
        activation: Activation = "silu",
        dropout: Dropout = 0.1,
    ) -> None:
        width = width or in_width
        conv = partial(
            ParallelConv,
            out_width=width,
            kernels=kernels,
            branch_width=branch_width or -(-width // len(kernels)),
            separable=separable,
            skip=skip,
        )
        finish = partial(Finish, width, norm=norm, activation=activation, dropout=dropout)
        super().__init__(_stages(in_width, stage_strides(downsample, layers), conv, finish, pool))


def _stages(
    in_width: int,
    strides: Sequence[int],
    conv: Callable[..., Sequential],
    finish: Callable[[], Finish],
    pool: Pool,
) -> list[Sequential]:
    """A convolution for each stride, and a maximum after it where that does the shortening."""
    blocks: list[Sequential] = []
    for stride in strides:
        pooled = pool == "max" and stride > 1
        blocks.append(ConvStage(conv(in_width, stride=1 if pooled else stride), finish()))
        in_width = blocks[-1].out_width
        if pooled:
            blocks.append(MaxPool(in_width, stride=stride))
    return blocks


def stage_strides(downsample: int, layers: int | None) -> list[int]:
    """The stride of each stage.

    Raises:
        BadSetting: Fewer layers than halvings.

    >>> stage_strides(4, None), stage_strides(1, None), stage_strides(2, 3)
    ([2, 2], [1], [2, 1, 1])
    """
    halvings = downsample.bit_length() - 1
    stages = layers or max(halvings, 1)
    if stages < halvings:
        raise BadSetting(
            "layers", f"{stages} layers cannot shorten {downsample} times: it takes {halvings}"
        )
    return [2] * halvings + [1] * (stages - halvings)
