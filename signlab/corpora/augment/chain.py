"""All augmentations of a recipe, one after the other."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from signlab.corpora.augment import blend, drop, join, space, time
from signlab.corpora.augment.base import AUGMENTATIONS, OutLengths
from signlab.corpora.batches import Batch, Blended
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks
from signlab.registry import below

MODULES = (space, time, join, drop, blend)
"""Imported so that what they hold is registered."""


class Augment:
    """The augmentations that a recipe names, in its order (but see ``Augmentation.turn``).

    Each draws from a generator of its own, seeded by one draw and the augmentation's name: to add,
    remove or change one leaves the draws of the others as they were.

    Args:
        settings: For each augmentation, by name, its settings.
        selection: The points of a batch.
        out_lengths: Timesteps that the model makes of so many frames; utterances keep the frames
            that their labels need.
        views: How often each utterance shall stand in the changed batch, changed differently in
            all but times and labels: all utterances once, then all of them again.

    Raises:
        BadSetting: An unknown name or setting.
    """

    def __init__(
        self,
        settings: Mapping[str, Mapping[str, Any]],
        *,
        selection: Selection,
        out_lengths: OutLengths,
        views: int = 1,
    ) -> None:
        built = {}
        for name, own in settings.items():
            with below(name):
                built[name] = AUGMENTATIONS.build(
                    name, own, selection=selection, out_lengths=out_lengths
                )
        self._chain = dict(sorted(built.items(), key=lambda entry: entry[1].turn))
        self._views = views

    @property
    def timed(self) -> list[str]:
        """The names of those that need to know when each gloss is signed."""
        return [name for name, augmentation in self._chain.items() if augmentation.timed]

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """The changed batch; ``generator`` moves on by one draw, whatever the recipe."""
        draw = int(torch.randint(2**31, (), generator=generator))
        views = [self._view(batch, draw, view) for view in range(self._views)]
        return views[0] if len(views) == 1 else _stacked(views)

    def _view(self, batch: Batch, draw: int, view: int) -> Batch:
        for name, augmentation in self._chain.items():
            stream = f"{name}{view}" if view and augmentation.apart else name
            own = torch.Generator().manual_seed(draw ^ zlib.crc32(stream.encode()))
            batch = augmentation(batch, own)
        return batch

    def lengths(
        self, frames: Int[Tensor, " batch"], draws: Float[Tensor, " batch"]
    ) -> Int[Tensor, " batch"]:
        """The frames that utterances will have, as far as ``Batch.draws`` decide it.

        So that utterances may share a batch that will be alike in length, not those that were.
        """
        for augmentation in self._chain.values():
            frames = augmentation.lengths(frames, draws)
        return frames


def _stacked(views: Sequence[Batch]) -> Batch:
    """Views of one batch, which differ in their points alone, one after the other."""
    first, count = views[0], len(views)
    other = first.blended
    return replace(
        first,
        landmarks=Landmarks.from_planes(
            torch.cat([view.landmarks.planes for view in views]),
            torch.cat([view.landmarks.present for view in views]),
            first.landmarks.lengths.repeat(count),
        ),
        labels=first.labels.repeat(count, 1),
        label_lengths=first.label_lengths.repeat(count),
        ids=first.ids * count,
        signers=first.signers * count,
        draws=None,
        spans=None,
        blended=other
        and Blended(
            other.labels.repeat(count, 1),
            other.label_lengths.repeat(count),
            other.weight.repeat(count),
        ),
    )
