"""All augmentations of a recipe, one after the other."""

import zlib
from collections.abc import Mapping
from typing import Any

import torch

from signlab.corpora.augment import drop, join, space, time
from signlab.corpora.augment.base import AUGMENTATIONS, OutLengths
from signlab.corpora.batches import Batch
from signlab.landmarks.selection import Selection

MODULES = (space, time, join, drop)
"""Imported so that what they hold is registered."""


class Augment:
    """The augmentations that a recipe names, in its order.

    Each draws from a generator of its own, seeded by one draw and the augmentation's name: to add,
    remove or change one leaves the draws of the others as they were.

    Args:
        settings: For each augmentation, by name, its settings.
        selection: The points of a batch.
        out_lengths: Timesteps that the model makes of so many frames; utterances keep the frames
            that their labels need.

    Raises:
        BadSetting: An unknown name or setting.
    """

    def __init__(
        self,
        settings: Mapping[str, Mapping[str, Any]],
        *,
        selection: Selection,
        out_lengths: OutLengths,
    ) -> None:
        self._chain = {
            name: AUGMENTATIONS.build(name, own, selection=selection, out_lengths=out_lengths)
            for name, own in settings.items()
        }

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The changed batch; ``generator`` moves on by one draw, whatever the recipe."""
        draw = int(torch.randint(2**31, (), generator=generator, device=generator.device))
        for name, augmentation in self._chain.items():
            own = torch.Generator(generator.device).manual_seed(draw ^ zlib.crc32(name.encode()))
            batch = augmentation(batch, own)
        return batch
