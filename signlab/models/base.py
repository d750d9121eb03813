"""The slots of a recogniser and what a block in each of them takes and gives.

Data flows stem -> fusion -> temporal -> encoder -> head. Shapes are named once, here.
Contract of every block, checked for each registered one by tests/unit/test_blocks.py: it reports
its ``out_width``; lengths never grow; padded positions never change a valid one; all parts
missing gives finite values; gradients reach every parameter; it is deterministic under a seed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from signlab.registry import Registry

PartFeatures = Mapping[str, Float[Tensor, "batch frames _"]]
"""The features of each part, by its name; the order of the mapping is the order of the parts."""

Presence = Bool[Tensor, "batch frames parts"]
"""Where a part was tracked; False past an utterance's length."""

PartActivations = Float[Tensor, "batch frames parts width"]
Activations = Float[Tensor, "batch time width"]
Lengths = Int[Tensor, " batch"]
Logits = Float[Tensor, "batch time outputs"]


class Block(nn.Module, ABC):
    """A module that fills a slot and tells its width."""

    out_width: int


class Stem(Block):
    """Features of each part to activations of one width a part."""

    @abstractmethod
    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, Presence, Lengths]:
        """Encode every part by itself (it may down-sample presence and lengths as well)."""


class Fusion(Block):
    """The parts of each timestep to one vector."""

    @abstractmethod
    def forward(self, parts: PartActivations, presence: Presence, lengths: Lengths) -> Activations:
        """Combine the parts; a missing part must not matter, all missing gives no NaN."""


class Sequential(Block):
    """Temporal blocks and encoders: a sequence to a sequence that is never longer."""

    @abstractmethod
    def forward(self, x: Activations, lengths: Lengths) -> tuple[Activations, Lengths]:
        """Valid timesteps must not depend on what stands past ``lengths``."""

    @abstractmethod
    def out_lengths(self, lengths: Lengths) -> Lengths:
        """The lengths that ``forward`` gives; also for one that is too short."""


class Head(Block):
    """Activations to one score an output (blank first, then the glosses)."""

    @abstractmethod
    def forward(self, x: Activations) -> Logits:
        """Unnormalised scores; log-softmax over the last axis gives log-probabilities."""


STEMS: Registry[Stem] = Registry("stem", given=("part_widths",))
"""Built with ``part_widths: dict[str, int]``, the features of each part."""

FUSIONS: Registry[Fusion] = Registry("fusion", given=("in_width", "parts"))
"""Built with ``in_width: int`` a part and ``parts: int``, how many there are."""

TEMPORALS: Registry[Sequential] = Registry("temporal block", given=("in_width",))
ENCODERS: Registry[Sequential] = Registry("encoder", given=("in_width",))
HEADS: Registry[Head] = Registry("head", given=("in_width", "outputs"))
"""Built with ``outputs``: the glosses and the blank."""
