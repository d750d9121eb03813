"""Auxiliary heads: CTC on activations from the middle of the recogniser, in training alone."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from signlab.models.base import Dropout, Logits
from signlab.models.heads import Linear
from signlab.registry import Registry

Taps = Sequence[Float[Tensor, "batch time _"]]
"""The outputs of the temporal block and of every encoder layer but the last."""

Weight = Annotated[float, Field(gt=0)]


class Auxiliary(nn.Module, ABC):
    """Heads on what comes before the last encoder layer.

    Attributes:
        weight: Of each of its losses beside the main one.
    """

    weight: float

    @abstractmethod
    def forward(self, taps: Taps) -> list[Logits]:
        """Scores from some of the taps, in training alone."""

    @abstractmethod
    def start_blank(self, share: float) -> None:
        """As for a ``Head``."""


AUXILIARIES: Registry[Auxiliary] = Registry("auxiliary head", given=("widths", "outputs"))
"""Built with ``widths: tuple[int, ...]``, the channels of each tap, and ``outputs``."""


@AUXILIARIES.register("none")
class NoAuxiliary(Auxiliary):
    """No auxiliary head."""

    weight = 0.0

    def __init__(self, *, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        del widths, outputs

    def forward(self, taps: Taps) -> list[Logits]:
        del taps
        return []

    def start_blank(self, share: float) -> None:
        del share


class OneTap(Auxiliary):
    """A linear head on one tap."""

    def __init__(
        self, tap: int, widths: tuple[int, ...], outputs: int, *, weight: float, dropout: float
    ) -> None:
        super().__init__()
        self.tap, self.weight = tap, weight
        self.head = Linear(in_width=widths[tap], outputs=outputs, dropout=dropout)

    def forward(self, taps: Taps) -> list[Logits]:
        return [self.head(taps[self.tap])]

    def start_blank(self, share: float) -> None:
        self.head.start_blank(share)


@AUXILIARIES.register("convctc")
class ConvCtc(OneTap):
    """CTC on what the temporal block gives, so that the convolutions learn without the encoder.

    Args:
        widths: Channels of each tap.
        outputs: The glosses and the blank.
        weight: Of its loss beside the main one.
        dropout: On the activations.

    Source: Min et al. 2021, "Visual alignment constraint for continuous sign language
        recognition", the visual enhancement loss.
    """

    def __init__(
        self,
        *,
        widths: tuple[int, ...],
        outputs: int,
        weight: Weight = 0.3,
        dropout: Dropout = 0.0,
    ) -> None:
        super().__init__(0, widths, outputs, weight=weight, dropout=dropout)


@AUXILIARIES.register("interctc")
class InterCtc(OneTap):
    """CTC after the middle layer of the encoder (or the temporal block, before a single layer).

    Args:
        widths: Channels of each tap.
        outputs: The glosses and the blank.
        weight: Of its loss beside the main one.
        dropout: On the activations.

    Source: Lee and Watanabe 2021, "Intermediate loss regularization for CTC-based speech
        recognition"; there the head is shared, here it is its own, since widths may differ.
    """

    def __init__(
        self,
        *,
        widths: tuple[int, ...],
        outputs: int,
        weight: Weight = 0.3,
        dropout: Dropout = 0.0,
    ) -> None:
        super().__init__(len(widths) // 2, widths, outputs, weight=weight, dropout=dropout)
