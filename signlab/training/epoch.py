"""The batches of one epoch: the same for every variant that leaves data and time as they are."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from signlab.corpora.augment.chain import Augment
from signlab.corpora.base import Sample
from signlab.corpora.batches import Batch, bucketed_batches, collate, frames_of
from signlab.corpora.store import StoredSamples
from signlab.training.assembly import Assembly
from signlab.training.feasible import check_lengths


class Epoch:
    """Utterances alike in length together, in random order, augmented.

    All draws come from generators that depend on the seed and the number of the epoch alone.

    Attributes:
        groups: Positions of the utterances of each update.
        frames: Of the utterances as they were signed.
        generator: What augmentation draws from.
        done: Batches given so far.

    Args:
        assembly: What reads the utterances.
        augment: What changes them.
        samples: The utterances.
        seed: Of the run.
        number: Epochs before this one.
        device: Where the landmarks shall be.
    """

    def __init__(
        self,
        assembly: Assembly,
        augment: Augment,
        samples: Sequence[Sample],
        *,
        seed: int,
        number: int,
        device: torch.device,
    ) -> None:
        self._assembly, self._augment, self._samples = assembly, augment, samples
        self._device, self._place = device, (seed, number)
        if not isinstance(samples, StoredSamples):  # fresh ones, which nobody has seen yet
            check_lengths(samples, assembly.recognizer.out_lengths)
        schedule = assembly.schedule
        order = torch.Generator().manual_seed(_mixed(seed, number, 1))
        self.generator = torch.Generator().manual_seed(_mixed(seed, number, 2))
        frames = frames_of(samples)
        self._draws = torch.rand(len(samples), generator=order)
        lengths = augment.lengths(torch.from_numpy(frames), self._draws).numpy()
        size = schedule.batch_size * assembly.computation.accumulate
        groups = list(bucketed_batches(lengths, batch_size=size, generator=order))
        self.groups = groups[: schedule.updates_per_epoch]
        self.frames = int(sum(frames[group].sum() for group in self.groups))
        self.done = 0

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Batch]:
        for group in self.groups[self.done :]:
            batch = collate(
                [self._samples[i] for i in group],
                self._assembly.vocabulary,
                self._assembly.features.selection,
                draws=self._draws[group],
                device=self._device,
            )
            self.done += 1
            yield self._augment(batch, self.generator)

    def random_states(self, process: int) -> list[torch.Tensor]:
        """Of global generators (the CPU's, and the device's own) for what one process draws.

        They are others for every batch, so that nothing has to be kept of them.
        """
        devices = {torch.device("cpu").type: torch.device("cpu"), self._device.type: self._device}
        seed = _mixed(*self._place, 2 + process, self.done)
        return [torch.Generator(each).manual_seed(seed).get_state() for each in devices.values()]

    def skip(self, batches: int, generator: torch.Tensor) -> None:
        """Go on after so many batches.

        Args:
            generator: The state that it had after them.
        """
        self.done = batches
        self.generator.set_state(generator)


def _mixed(*numbers: int) -> int:
    """A seed of its own for each seed, epoch and use; neighbours share nothing."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
