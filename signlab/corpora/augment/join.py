"""New sentences of the sentences of a batch, with their labels."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import torch
from jaxtyping import Bool
from pydantic import Field
from torch import Tensor

from signlab.corpora.augment.base import (
    AUGMENTATIONS,
    Augmentation,
    OutLengths,
    Rate,
    frames_needed,
    partners,
    uniform,
)
from signlab.corpora.augment.splice import Piece, bridged_lengths, splice_labels, splice_landmarks
from signlab.corpora.batches import Batch
from signlab.errors import BadCorpus
from signlab.landmarks.selection import Selection

Gap = Annotated[int, Field(ge=0)]


@AUGMENTATIONS.register("concatenate")
class Concatenate(Augmentation):
    """Another sentence of the same signer appended, with its labels.

    The hands move from one to the other over a few interpolated frames. An utterance whose signer
    has no other in the batch is left as it is.

    Args:
        rate: Probability an utterance.
        gap: Interpolated frames between the two.
        frames: The two together have no more frames than this.
    """

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        gap: Gap = 4,
        frames: Annotated[int, Field(gt=0)] = 400,
    ) -> None:
        del selection
        self._out_lengths = out_lengths
        self._rate = rate
        self._gap = gap
        self._frames = frames

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Append to each chosen utterance a partner drawn from its signer's others."""
        chosen = uniform(generator, len(batch.ids)) < self._rate
        partner, found = partners(batch, generator)
        rows, frames, labels = _whole(batch)
        pieces = [
            (Piece.whole(rows, frames), Piece.whole(rows, labels)),
            (Piece.whole(partner, frames[partner]), Piece.whole(partner, labels[partner])),
        ]
        lengths = bridged_lengths([piece for piece, _ in pieces], self._gap)
        chosen &= found & (lengths <= self._frames)
        return _spliced(batch, pieces, chosen, gap=self._gap, out_lengths=self._out_lengths)


@AUGMENTATIONS.register("cutmix")
class CutMix(Augmentation):
    """Some signs of a sentence exchanged for some that the same signer signs in another one.

    A stretch of signs goes, with what leads to it from the sign before and from it to the sign
    after; a stretch of the other sentence comes in its place, with a few interpolated frames on
    either side. A sentence of one sign, or whose signer has no other in the batch, is left as it
    is. Signs are cut where the corpus says that they begin and end, so it must say so.

    Args:
        rate: Probability an utterance.
        longest: Largest share of the signs of either sentence.
        gap: Interpolated frames on either side of the stretch.

    Source: Yun et al. 2019, "CutMix: regularization strategy to train strong classifiers with
        localizable features", for the idea; here labels change with the frames, none is mixed.
    """

    turn = 0
    timed = True

    def __init__(
        self,
        *,
        selection: Selection,
        out_lengths: OutLengths,
        rate: Rate = 0.2,
        longest: Annotated[float, Field(gt=0, le=1)] = 0.5,
        gap: Gap = 4,
    ) -> None:
        del selection
        self._out_lengths = out_lengths
        self._rate = rate
        self._longest = longest
        self._gap = gap

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Exchange one stretch of each chosen utterance."""
        if batch.spans is None:
            raise BadCorpus(
                f"augment.cutmix: the corpus does not tell when the glosses of {batch.ids[0]!r} or "
                "others are signed"
            )
        rows, frames, labels = _whole(batch)
        begins, ends = batch.spans.unbind(2)
        chosen = uniform(generator, len(rows)) < self._rate
        draws = uniform(generator, len(rows), 4)
        partner, found = partners(batch, generator)
        out, back = self._stretch(labels, draws[:, :2])
        first, last = self._stretch(labels[partner], draws[:, 2:])

        def at(times: Tensor, row: Tensor, label: Tensor) -> Tensor:
            return times[row, label.clamp(min=0)]

        # what is before the first sign stays, and what is after the last one
        stop = torch.where(out > 0, at(ends, rows, out - 1), at(begins, rows, out))
        resume = torch.where(
            back < labels,
            at(begins, rows, back.clamp(max=begins.shape[1] - 1)),
            at(ends, rows, back - 1),
        )
        pieces = [
            (Piece(rows, 0 * rows, stop), Piece(rows, 0 * rows, out)),
            (
                Piece(partner, at(begins, partner, first), at(ends, partner, last - 1)),
                Piece(partner, first, last),
            ),
            (Piece(rows, resume, frames), Piece(rows, back, labels)),
        ]
        chosen &= found & (labels > 1)
        return _spliced(batch, pieces, chosen, gap=self._gap, out_lengths=self._out_lengths)

    def _stretch(self, labels: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
        """First label of a stretch of each utterance, and the one after its last."""
        longest = (labels * self._longest).long().clamp(min=1)
        size = 1 + (draws[:, 0] * longest).long()
        start = (draws[:, 1] * (labels - size + 1)).long()
        return start, start + size


def _whole(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The positions of the utterances, their frames and their labels."""
    rows = torch.arange(len(batch.ids))
    return rows, batch.landmarks.lengths, batch.label_lengths


def _spliced(
    batch: Batch,
    pieces: Sequence[tuple[Piece, Piece]],
    chosen: Bool[Tensor, " batch"],
    *,
    gap: int,
    out_lengths: OutLengths,
) -> Batch:
    """The chosen utterances made of pieces, of frames and of labels, where CTC can align them."""
    lengths = bridged_lengths([piece for piece, _ in pieces], gap)
    labels, counts = splice_labels(batch.labels, [piece for _, piece in pieces])
    needed = frames_needed(labels, counts, out_lengths=out_lengths, frames=int(lengths.max()))
    chosen = chosen & (needed <= lengths)
    rows, frames, own = _whole(batch)
    whole = Piece.whole(rows, frames), Piece.whole(rows, own)
    nothing = Piece.whole(rows, 0 * rows)
    kept = [whole, *[(nothing, nothing)] * (len(pieces) - 1)]
    frame_pieces, label_pieces = (
        [_either(chosen, new[kind], old[kind]) for new, old in zip(pieces, kept, strict=True)]
        for kind in range(2)
    )
    labels, counts = splice_labels(batch.labels, label_pieces)
    return replace(
        batch,
        landmarks=splice_landmarks(batch.landmarks, frame_pieces, gap),
        labels=labels,
        label_lengths=counts,
        spans=None,
    )


def _either(chosen: Bool[Tensor, " batch"], new: Piece, old: Piece) -> Piece:
    return Piece(
        torch.where(chosen, new.row, old.row),
        torch.where(chosen, new.start, old.start),
        torch.where(chosen, new.end, old.end),
    )
