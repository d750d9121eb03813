"""The slots of a recogniser and what a block in each of them takes and gives.

Data flows stem -> fusion -> temporal -> encoder -> head. Shapes are named once, here.
Contract of every block, checked for each registered one by tests/unit/test_blocks.py: it reports
its ``out_width``; lengths never grow; padded positions never change a valid one; all parts
missing gives finite values; gradients reach every parameter; it is deterministic under a seed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, cast

import torch
from jaxtyping import Bool, Float, Int
from pydantic import AfterValidator, Field
from torch import Tensor, nn

from signlab.registry import Registry

PartFeatures = Mapping[str, Float[Tensor, "batch frames _"]]
"""The features of each part, by its name; the order of the mapping is the order of the parts."""

Presence = Bool[Tensor, "batch frames parts"]
"""Where a part was tracked; False past an utterance's length."""

PartActivations = Float[Tensor, "batch time kept width"]
PartPresence = Bool[Tensor, "batch time kept"]
"""Presence in what the stem gives: perhaps fewer timesteps than frames, or one joined part."""

PartWeights = Float[Tensor, "batch time kept"]
Activations = Float[Tensor, "batch time width"]
NewActivations = Float[Tensor, "batch new_time new_width"]
"""What a block gives whose input are ``Activations`` of another length and width."""

Lengths = Int[Tensor, " batch"]
Mask = Bool[Tensor, "batch time"]
Logits = Float[Tensor, "batch time outputs"]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("a kernel needs an odd size, so that it has a middle")
    return value


Positive = Annotated[int, Field(gt=0)]
Kernel = Annotated[int, Field(gt=0), AfterValidator(_odd)]
"""Timesteps that a convolution sees; odd."""

Dropout = Annotated[float, Field(ge=0, lt=1)]
"""Probability with which a value is dropped in training."""


class Block(nn.Module, ABC):
    """A module that fills a slot and tells its width."""

    out_width: int


class Stem(Block):
    """Features of each part to activations of one width a part."""

    @abstractmethod
    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, PartPresence, Lengths]:
        """Encode every part by itself (it may down-sample presence and lengths as well)."""

    @abstractmethod
    def out_lengths(self, lengths: Lengths) -> Lengths:
        """The lengths that ``forward`` gives."""

    @property
    @abstractmethod
    def out_parts(self) -> int:
        """How many parts ``forward`` gives; one where the stem joins them."""


class FittedStem(Stem):
    """A stem that looks at the training utterances before the first update.

    Attributes:
        frames: How many frames of them it wants.
    """

    frames: int

    @abstractmethod
    def fit(
        self, parts: dict[str, Float[Tensor, "frames _"]], presence: Bool[Tensor, "frames parts"]
    ) -> None:
        """Set what is learned without gradients, in buffers.

        Args:
            parts: The features of each part.
            presence: Where it was tracked.

        Raises:
            BadInput: There are too few frames.
        """


class Fusion(Block):
    """The parts of each timestep to one vector."""

    @abstractmethod
    def forward(
        self, parts: PartActivations, presence: PartPresence
    ) -> Float[Tensor, "batch time fused"]:
        """Combine the parts; a missing part must not matter, all missing gives no NaN."""


class Sequential(Block):
    """Temporal blocks and encoders: a sequence to a sequence that is never longer."""

    @abstractmethod
    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        """Valid timesteps must not depend on what stands past ``lengths``."""

    @abstractmethod
    def out_lengths(self, lengths: Lengths) -> Lengths:
        """The lengths that ``forward`` gives."""


class SameLength(Sequential):
    """A layer that gives a timestep for each that it is given."""

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return lengths


class Passage(SameLength):
    """What leads into the layers of an encoder, or out of them, and is none of them."""


class Stack(Sequential):
    """Layers one after another; the recogniser may look between them, or checkpoint each."""

    def __init__(self, layers: Sequence[Sequential]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.out_width = layers[-1].out_width

    @property
    def each(self) -> list[Sequential]:
        """The layers in order."""
        return cast("list[Sequential]", list(self.layers))

    def forward(self, x: Activations, lengths: Lengths) -> tuple[NewActivations, Lengths]:
        for layer in self.each:
            x, lengths = layer(x, lengths)
        return x, lengths

    def out_lengths(self, lengths: Lengths) -> Lengths:
        for layer in self.each:
            lengths = layer.out_lengths(lengths)
        return lengths


class Head(Block):
    """Activations to one score an output (blank first, then the glosses)."""

    @abstractmethod
    def forward(self, x: Activations) -> Logits:
        """Unnormalised scores; log-softmax over the last axis gives log-probabilities."""

    @abstractmethod
    def start_blank(self, share: float) -> None:
        """Set the blank's bias so that, other scores being equal, its probability is ``share``."""


def valid_positions(time: int, lengths: Lengths) -> Mask:
    """True before an utterance's length, False in its padding."""
    return torch.arange(time, device=lengths.device) < lengths[:, None]


def with_presence(
    x: Float[Tensor, "*timesteps width"], present: Bool[Tensor, "*timesteps"]
) -> Float[Tensor, "*timesteps width_and_one"]:
    """Zeros where a part is absent, and a last channel that says so."""
    bits = present[..., None]
    return torch.cat([torch.where(bits, x, 0.0), bits.to(x.dtype)], dim=-1)


STEMS: Registry[Stem] = Registry("stem", given=("part_widths",))
"""Built with ``part_widths: dict[str, int]``, the features of each part."""

FUSIONS: Registry[Fusion] = Registry("fusion", given=("in_width", "parts"))
"""Built with ``in_width: int`` a part and ``parts: int``, how many there are."""

TEMPORALS: Registry[Sequential] = Registry("temporal block", given=("in_width",))
ENCODERS: Registry[Sequential] = Registry("encoder", given=("in_width",))
HEADS: Registry[Head] = Registry("head", given=("in_width", "outputs"))
"""Built with ``outputs``: the glosses and the blank."""
