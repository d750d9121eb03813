"""Convolution, normalisation and pooling over time that padding cannot leak through.

Activations stay (batch, time, width) in memory, which on CPU is the quicker way for every size
here. A dense convolution is one matrix product over what each output sees, a depthwise one a
two-dimensional convolution of height 1 in the channels-last format.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from signlab.models.base import (
    Activations,
    Lengths,
    Mask,
    NewActivations,
    Sequential,
    valid_positions,
)
from signlab.models.processes import over_processes

Activation = Literal["relu", "gelu", "silu"]
Norm = Literal["layer", "batch"]
Pool = Literal["stride", "max"]

ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def blank_padding(x: Activations, lengths: Lengths, value: float = 0.0) -> Activations:
    """``x`` with ``value`` past every length."""
    return torch.where(valid_positions(x.shape[1], lengths)[:, :, None], x, value)


def shortened(lengths: Lengths, stride: int) -> Lengths:
    """How many timesteps are left of each length when every ``stride``-th is kept."""
    return (lengths + (stride - 1)) // stride


class TimeConv(Sequential):
    """Convolution over time with zeros beyond both ends of each utterance.

    Args:
        in_width: Channels in.
        out_width: Channels out.
        kernel: Timesteps that one output sees; odd.
        stride: Every how many timesteps there is an output.
        dilation: Distance of the timesteps that one output sees.
        depthwise: Filter every channel by itself; the widths are equal then.
        bias: Learn a shift a channel.
    """

    def __init__(
        self,
        in_width: int,
        out_width: int,
        *,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        depthwise: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.out_width, self.stride, self.dilation = out_width, stride, dilation
        self.reach = dilation * (kernel // 2)
        self.groups = in_width if depthwise else 1
        # holds and initialises the weights; the computation is below
        self.filter = nn.Conv1d(in_width, out_width, kernel, groups=self.groups, bias=bias)
        if not depthwise:
            # in memory (out, timesteps, in), as the product reads them: to reorder them at each
            # call takes longer than the product where the batch is small
            weight = self.filter.weight.detach().transpose(1, 2).contiguous().transpose(1, 2)
            self.filter.weight = nn.Parameter(weight)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        x = blank_padding(x, lengths)
        return self._dense(x) if self.groups == 1 else self._depthwise(x), self.out_lengths(lengths)

    def _dense(self, x: Activations) -> NewActivations:
        weight, taps = self.filter.weight, self.filter.weight.shape[2]
        outputs = (x.shape[1] + self.stride - 1) // self.stride
        padded = functional.pad(x, (0, 0, self.reach, self.reach))
        seen = [
            padded[:, first : first + (outputs - 1) * self.stride + 1 : self.stride]
            for first in range(0, taps * self.dilation, self.dilation)
        ]
        y = functional.linear(
            torch.cat(seen, dim=-1), weight.transpose(1, 2).flatten(1), self.filter.bias
        )
        return y.view(x.shape[0], outputs, y.shape[2])  # a tracer cannot tell how long a slice is

    def _depthwise(self, x: Activations) -> NewActivations:
        # (batch, width, 1, time) whose memory is (batch, time, width)
        image = functional.conv2d(
            x.transpose(1, 2).unsqueeze(2),
            self.filter.weight.unsqueeze(2),
            self.filter.bias,
            stride=(1, self.stride),
            padding=(0, self.reach),
            dilation=(1, self.dilation),
            groups=self.groups,
        )
        return image.squeeze(2).transpose(1, 2)

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)


class SeparableConv(Sequential):
    """Filters every channel by itself, then mixes the channels of each timestep.

    That takes kernel + out_width weights a channel instead of their product.

    Args:
        in_width: Channels in.
        out_width: Channels out.
        kernel: Timesteps that one output sees; odd.
        stride: Every how many timesteps there is an output.
        dilation: Distance of the timesteps that one output sees.
    """

    def __init__(
        self, in_width: int, out_width: int, *, kernel: int, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        self.out_width = out_width
        # a bias of the filter would be absorbed by that of the mixing
        self.filter = TimeConv(
            in_width,
            in_width,
            kernel=kernel,
            stride=stride,
            dilation=dilation,
            depthwise=True,
            bias=False,
        )
        self.mix = nn.Linear(in_width, out_width)

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        x, lengths = self.filter(x, lengths)
        return self.mix(x), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return self.filter.out_lengths(lengths)


CONVOLUTIONS: dict[bool, type[TimeConv] | type[SeparableConv]] = {
    False: TimeConv,
    True: SeparableConv,
}
"""By whether they are depthwise-separable."""


class LayerNorm(nn.Module):
    """Normalise the channels of each timestep; padding cannot matter."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Activations, counted: Mask) -> Activations:
        del counted  # no other timestep has a say
        return self.norm(x)


class BatchNorm(nn.Module):
    """Normalise each channel over the counted timesteps of the batch; in use, by running averages.

    torch's own BatchNorm1d counts the padding as data. Where several processes share a batch, all
    of it counts.

    Attributes:
        tracking: Whether training updates the running averages.

    Args:
        width: Channels.
        affine: Learn a scale and a shift a channel.
        momentum: Share of a batch in the running averages.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, width: int, *, affine: bool = True, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum, self.tracking = momentum, True
        self.scale = nn.Parameter(torch.ones(width)) if affine else None
        self.shift = nn.Parameter(torch.zeros(width)) if affine else None
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))

    def forward(self, x: Activations, counted: Mask) -> Activations:
        mean, variance = self.mean, self.variance
        if self.training:
            # under mixed precision x may have but three digits
            mean, variance = _moments(x.to(torch.promote_types(x.dtype, mean.dtype)), counted)
            self._track(mean.detach(), variance.detach())
        scale = (variance + 1e-5).rsqrt()
        if self.scale is not None:
            scale = scale * self.scale
        shift = -mean * scale
        if self.shift is not None:
            shift = shift + self.shift
        return torch.addcmul(shift, x, scale)

    def _track(self, mean: Tensor, variance: Tensor) -> None:
        if self.tracking:
            self.mean.lerp_(mean.to(self.mean), self.momentum)
            self.variance.lerp_(variance.to(self.variance), self.momentum)


def _moments(
    x: Activations, counted: Mask
) -> tuple[Float[Tensor, " width"], Float[Tensor, " width"]]:
    weights = counted[:, :, None].to(x.dtype)
    # a batch without a single counted timestep gives mean 0 and variance 0, not NaN
    total = over_processes(weights.sum()).clamp(min=1)
    mean = over_processes((x * weights).sum((0, 1))) / total
    return mean, over_processes(((x - mean).square() * weights).sum((0, 1))) / total


NORMS: dict[Norm, type[nn.Module]] = {"layer": LayerNorm, "batch": BatchNorm}


class MaxPool(Sequential):
    """The largest of every ``stride`` timesteps; a last, incomplete group counts too."""

    def __init__(self, width: int, *, stride: int) -> None:
        super().__init__()
        self.out_width, self.stride = width, stride

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        low = blank_padding(x, lengths, float("-inf"))
        lengths = self.out_lengths(lengths)
        return blank_padding(largest(low, self.stride), lengths), lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return shortened(lengths, self.stride)


def largest(x: Activations, stride: int) -> NewActivations:
    """The largest of every ``stride`` timesteps, the last group filled up with ever less."""
    # neither max_pool1d nor ceil_mode: the exporter would freeze the length, or its divisors
    full = functional.pad(x, (0, 0, 0, stride - 1), value=float("-inf"))
    return functional.max_pool2d(full, (stride, 1))


class Finish(nn.Module):
    """What follows a convolution: normalisation, activation, dropout."""

    def __init__(
        self, width: int, *, norm: Norm = "layer", activation: Activation = "silu", dropout: float
    ) -> None:
        super().__init__()
        self.norm = NORMS[norm](width)
        self.rest = nn.Sequential(ACTIVATIONS[activation](), nn.Dropout(dropout))

    def forward(self, x: Activations, lengths: Lengths) -> Activations:
        return self.rest(self.norm(x, valid_positions(x.shape[1], lengths)))
