"""Pieces of utterances put together to new ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from signlab.corpora.augment.base import resampled
from signlab.landmarks.tensors import Landmarks

Places = Int[Tensor, " batch"]


@dataclass(frozen=True)
class Piece:
    """For each new utterance a stretch of an old one, perhaps an empty one.

    Attributes:
        row: The old utterance.
        start: Its first frame or label.
        end: The one after its last.
    """

    row: Places
    start: Places
    end: Places

    @classmethod
    def whole(cls, row: Places, size: Places) -> "Piece":
        """All of an old utterance, which has so many frames or labels."""
        return cls(row, torch.zeros_like(row), size)

    @property
    def size(self) -> Places:
        """How many frames or labels."""
        return (self.end - self.start).clamp(min=0)


def bridged_lengths(pieces: Sequence[Piece], gap: int) -> Places:
    """The lengths of the pieces put together, with ``gap`` frames between any two."""
    return sum((gaps + piece.size for gaps, piece in _placed(pieces, gap)), torch.tensor(0))


def splice_landmarks(landmarks: Landmarks, pieces: Sequence[Piece], gap: int) -> Landmarks:
    """The pieces one after the other, with ``gap`` interpolated frames from one to the next."""
    lengths = bridged_lengths(pieces, gap)
    first, second, weight = _sources(
        pieces, gap, width=landmarks.present.shape[1], out_width=int(lengths.max())
    )
    return resampled(landmarks, first=first, second=second, weight=weight, lengths=lengths)


def splice_labels(
    labels: Int[Tensor, "batch labels"], pieces: Sequence[Piece]
) -> tuple[Int[Tensor, "batch new_labels"], Places]:
    """The labels of the pieces, padded with 0, and how many each utterance has."""
    lengths = bridged_lengths(pieces, 0)
    out_width = int(lengths.max())
    source, _, _ = _sources(pieces, 0, width=labels.shape[1], out_width=out_width)
    written = torch.arange(out_width) < lengths[:, None]
    return labels.flatten()[source] * written, lengths


def _placed(pieces: Sequence[Piece], gap: int) -> list[tuple[Places, Piece]]:
    """Each piece with the frames between it and what stands before it, if anything does."""
    placed, before = [], torch.zeros_like(pieces[0].size)
    for piece in pieces:
        placed.append((gap * ((before > 0) & (piece.size > 0)), piece))
        before = before + piece.size
    return placed


def _sources(
    pieces: Sequence[Piece], gap: int, *, width: int, out_width: int
) -> tuple[
    Int[Tensor, "batch out_width"], Int[Tensor, "batch out_width"], Float[Tensor, "batch out_width"]
]:
    """For each new place two old ones in the flattened batch, and the weight of the second."""
    place = torch.arange(out_width)
    begin = torch.zeros_like(pieces[0].row)[:, None]
    first = second = torch.zeros(len(begin), out_width, dtype=torch.int64)
    weight = torch.zeros(len(begin), out_width)
    for gaps, piece in _placed(pieces, gap):
        begin = begin + gaps[:, None]
        into = place - begin
        there = (into >= -gaps[:, None]) & (piece.size > 0)[:, None]
        inside = there & (into >= 0)
        old = (piece.start + piece.row * width)[:, None]
        old = old + torch.minimum(into.clamp(min=0), (piece.size - 1).clamp(min=0)[:, None])
        # on the way to this piece, ``first`` stays at the last frame of the one before
        first, second = torch.where(inside, old, first), torch.where(there, old, second)
        weight = torch.where(there, (1 + into / (gaps[:, None] + 1)).clamp(max=1), weight)
        begin = begin + piece.size[:, None]
    return first, second, weight
