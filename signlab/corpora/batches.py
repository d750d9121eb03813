"""Utterances to padded batches, and which utterances share one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int, Int16
from torch import Tensor

from signlab.corpora.base import Sample
from signlab.corpora.store import StoredSamples
from signlab.errors import BadCorpus
from signlab.landmarks.layout import MISSING
from signlab.landmarks.selection import Selection
from signlab.landmarks.tensors import Landmarks, sent

JITTERS = (0.2, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.0)
"""Tried in turn: how far an utterance may stray in the order of lengths, relative to its own."""

PADDING = 0.07
"""Share of padded frames an epoch that a jitter may cause."""


@dataclass(frozen=True)
class Blended:
    """What is blended into the utterances of a batch, each with one of its signer's.

    Attributes:
        labels: Of the other one, padded with 0.
        label_lengths: Labels of the other one.
        weight: Of the utterance itself; 1 where nothing is blended in.
    """

    labels: Int[Tensor, "batch other_labels"]
    label_lengths: Int[Tensor, " batch"]
    weight: Float[Tensor, " batch"]

    def take(self, rows: Int[Tensor, " rows"]) -> "Blended":
        """What is blended into some of the utterances."""
        lengths = self.label_lengths[rows]
        return Blended(self.labels[rows, : int(lengths.max())], lengths, self.weight[rows])


@dataclass(frozen=True)
class Batch:
    """Utterances padded to the longest of them.

    The landmarks may be on an accelerator. All that is counted or drawn stays on the CPU: to read
    it elsewhere would be to wait for all that the accelerator has still to do.

    Attributes:
        labels: Positions in the vocabulary plus 1 (0 is the blank), padded with 0.
        label_lengths: Labels of each utterance.
        draws: A number from 0 to below 1 for each utterance, where what it decides had to be known
            before utterances could share a batch (``Augment.lengths``).
        spans: First frame and the one after the last of each label; None where the corpus does
            not tell them of all utterances, and once times were changed.
        blended: Labels that utterances have besides, since others are blended in.
    """

    landmarks: Landmarks
    labels: Int[Tensor, "batch labels"]
    label_lengths: Int[Tensor, " batch"]
    ids: tuple[str, ...]
    signers: tuple[str, ...]
    draws: Float[Tensor, " batch"] | None = None
    spans: Int[Tensor, "batch labels 2"] | None = None
    blended: Blended | None = None

    def take(self, rows: Int[Tensor, " rows"]) -> "Batch":
        """Some of its utterances, padded to the longest of them."""
        lengths, label_lengths = self.landmarks.lengths[rows], self.label_lengths[rows]
        frames, labels = int(lengths.max()), int(label_lengths.max())
        places = sent(rows, self.landmarks.points.device)
        return Batch(
            Landmarks.from_planes(
                self.landmarks.planes[places, :frames],
                self.landmarks.present[places, :frames],
                lengths,
            ),
            self.labels[rows, :labels],
            label_lengths,
            tuple(self.ids[row] for row in rows.tolist()),
            tuple(self.signers[row] for row in rows.tolist()),
            None if self.draws is None else self.draws[rows],
            None if self.spans is None else self.spans[rows, :labels],
            None if self.blended is None else self.blended.take(rows),
        )


def collate(
    samples: Sequence[Sample],
    vocabulary: tuple[str, ...],
    selection: Selection,
    *,
    draws: Float[Tensor, " batch"] | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Read the selected points of each sample and make a batch; its landmarks are on ``device``.

    Only the selected points leave the memory map, in the two bytes they are stored in; what
    follows is done on the device.

    Raises:
        BadCorpus: A gloss is not in the vocabulary, or as for ``stored_points``.
    """
    lengths = [len(sample.landmarks) for sample in samples]
    labels = [_labels(sample, vocabulary) for sample in samples]
    padded = np.zeros((len(samples), max(map(len, labels))), dtype=np.int64)
    spans = np.zeros((*padded.shape, 2), dtype=np.int64)
    for row, (numbers, sample) in enumerate(zip(labels, samples, strict=True)):
        padded[row, : len(numbers)] = numbers
        if numbers and sample.spans is not None:
            spans[row, : len(numbers)] = sample.spans
    landmarks = Landmarks.from_stored(
        sent(torch.from_numpy(stored_points(samples, selection)), device).unflatten(
            2, (selection.coordinates, selection.points)
        ),
        lengths=torch.tensor(lengths),
        aspects=sent(torch.tensor([sample.aspect for sample in samples]), device),
        selection=selection,
    )
    return Batch(
        landmarks,
        torch.from_numpy(padded),
        torch.tensor([len(numbers) for numbers in labels]),
        tuple(sample.id for sample in samples),
        tuple(sample.signer for sample in samples),
        draws,
        None if any(sample.spans is None for sample in samples) else torch.from_numpy(spans),
    )


def stored_points(
    samples: Sequence[Sample], selection: Selection
) -> Int16[np.ndarray, "batch frames values"]:
    """The selected points of each sample as they are stored, padded with MISSING.

    Raises:
        BadCorpus: Frames have another number of points than the layout; names the utterance.
    """
    lengths = [len(sample.landmarks) for sample in samples]
    expected = (selection.layout.points, selection.layout.coordinates)
    stored = np.empty((len(samples), max(lengths), len(selection.values)), dtype=np.int16)
    for row, sample in enumerate(samples):
        if sample.landmarks.shape[1:] != expected:
            raise BadCorpus(
                f"utterance {sample.id!r} has frames of shape {sample.landmarks.shape[1:]}, but "
                f"layout {selection.layout.name!r} has {expected}"
            )
        frames = sample.landmarks.reshape(lengths[row], -1)
        # "clip" (no position is beyond) writes in place where "raise" would copy first
        frames.take(selection.values, axis=1, out=stored[row, : lengths[row]], mode="clip")
        stored[row, lengths[row] :] = MISSING
    return stored


def bucketed_batches(
    lengths: Int[np.ndarray, " samples"], *, batch_size: int, generator: torch.Generator
) -> Iterator[list[int]]:
    """Positions of the samples of each batch of an epoch: alike in length, in random order.

    Lengths are jittered before sorting, so that other utterances meet in each epoch: as much as
    leaves less than PADDING of the epoch's frames padding, if the lengths allow it. The batches
    depend on nothing but the lengths, the size and the generator.

    Args:
        lengths: Frames of the epoch's utterances when they are trained on.
        batch_size: Utterances of a batch at most; batches differ by one at most.
    """
    spread = torch.rand(len(lengths), generator=generator, dtype=torch.float64).numpy() * 2 - 1
    ties = torch.rand(len(lengths), generator=generator, dtype=torch.float64).numpy()
    count = -(-len(lengths) // batch_size)
    batches: list[np.ndarray] = []
    for jitter in JITTERS:
        order = np.lexsort((ties, lengths * (1 + jitter * spread)))
        batches = np.array_split(order, count)
        if padding_share(lengths, batches) < PADDING:
            break
    for position in torch.randperm(count, generator=generator).tolist():
        yield batches[position].tolist()


def ordered_batches(samples: Sequence[Sample], *, batch_size: int) -> Iterator[list[int]]:
    """Positions of the samples of each batch, shortest first: for scoring, where order is free."""
    order = np.argsort(frames_of(samples), kind="stable")
    for batch in np.array_split(order, -(-len(samples) // batch_size)):
        yield batch.tolist()


def frames_of(samples: Sequence[Sample]) -> Int[np.ndarray, " samples"]:
    """How long each utterance is."""
    if isinstance(samples, StoredSamples):
        return samples.frames  # without making the samples
    return np.array([len(sample.landmarks) for sample in samples])


def padding_share(lengths: Int[np.ndarray, " samples"], batches: Sequence[np.ndarray]) -> float:
    """Padded frames over all frames of an epoch."""
    frames = sum(int(lengths[batch].max()) * len(batch) for batch in batches)
    return 1.0 - float(lengths.sum()) / frames


def _labels(sample: Sample, vocabulary: tuple[str, ...]) -> list[int]:
    """Labels of a sample's glosses."""
    numbers = _numbered(vocabulary)
    try:
        return [numbers[gloss] for gloss in sample.glosses]
    except KeyError as error:
        raise BadCorpus(
            f"utterance {sample.id!r} has gloss {error.args[0]!r}, which is not in the vocabulary "
            f"of the training data"
        ) from None


@lru_cache(maxsize=8)
def _numbered(vocabulary: tuple[str, ...]) -> dict[str, int]:
    """Label of each gloss."""
    return {gloss: label for label, gloss in enumerate(vocabulary, start=1)}
