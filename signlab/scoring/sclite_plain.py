"""The alignment of NIST's sclite for sentences without alternations, many at a time.

A cell of the table of costs is computed for all sentences at once, which makes it several times as
fast as ``sclite.align_network``; a property test holds the two to each other.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int

SUBSTITUTION, UNPAIRED = 4, 3
"""Costs; a deletion and an insertion are the two ways of being unpaired."""

_OUT_OF_REACH = 2**30

CELLS = 2**18
"""Of the table of costs at a time, so that it stays in the processor's cache."""

Words = tuple[str, ...]
Pair = tuple[Words, Words]


def edits_of(pairs: Sequence[Pair]) -> list[str]:
    """For each reference and hypothesis, a letter (C, S, D, I) a column."""
    found = [""] * len(pairs)
    for batch in _batches(pairs):
        for index, letters in zip(batch, _edits([pairs[i] for i in batch]), strict=True):
            found[index] = letters
    return found


def _batches(pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """Positions of sentences of about one length, as many as ``CELLS`` allows."""
    lengths = [max(map(len, pair)) for pair in pairs]
    batch: list[int] = []
    for index in sorted(range(len(pairs)), key=lambda index: lengths[index]):
        if batch and (len(batch) + 1) * (lengths[index] + 2) ** 2 > CELLS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _edits(pairs: Sequence[Pair]) -> list[str]:
    codes: dict[str, int] = {}
    words = _table([words for words, _ in pairs], codes)
    heard = _table([heard for _, heard in pairs], codes)
    costs = _costs(words, heard)
    sentence = np.arange(len(pairs))
    here, spoken = (np.array([len(pair[side]) for pair in pairs]) for side in (0, 1))
    letters = np.zeros((len(words) + len(heard), len(pairs)), dtype=np.uint8)
    for column in letters[::-1]:
        cost = costs[here, spoken, sentence]
        same = words[here - 1, sentence] == heard[spoken - 1, sentence]
        before = costs[here - 1, spoken - 1, sentence] + np.where(same, 0, SUBSTITUTION)
        pair = before == cost
        insertion = ~pair & (costs[here, spoken - 1, sentence] + UNPAIRED == cost)
        deletion = ~pair & ~insertion & (here > 0)
        unpaired = np.where(insertion, ord("I"), np.where(deletion, ord("D"), 0))
        column[:] = np.where(pair, np.where(same, ord("C"), ord("S")), unpaired)
        here, spoken = here - (pair | deletion), spoken - (pair | insertion)
    return [one.tobytes().lstrip(b"\0").decode() for one in letters.T]


def _table(sentences: Sequence[Words], codes: dict[str, int]) -> Int[np.ndarray, "words sentences"]:
    """A number for each word, filled up below the end."""
    table = np.zeros((max(1, *map(len, sentences)), len(sentences)), dtype=np.int32)
    for sentence, words in enumerate(sentences):
        table[: len(words), sentence] = [codes.setdefault(word, len(codes)) for word in words]
    return table


def _costs(
    words: Int[np.ndarray, "words sentences"], heard: Int[np.ndarray, "heard sentences"]
) -> Int[np.ndarray, "words+2 heard+2 sentences"]:
    """Of aligning the first i words with the first j heard; at -1, out of reach."""
    number = len(heard)
    costs = np.full((len(words) + 2, number + 2, words.shape[1]), _OUT_OF_REACH, dtype=np.int32)
    insertions = UNPAIRED * np.arange(number + 1, dtype=np.int32)[:, None]
    costs[0, :-1] = insertions
    for at, word in enumerate(words, start=1):
        before, row = costs[at - 1, :-1], costs[at, :-1]
        row[0] = UNPAIRED * at
        pair = before[:-1] + np.where(word == heard, 0, SUBSTITUTION)
        np.minimum(pair, before[1:] + UNPAIRED, out=row[1:])
        # any number of insertions: the lowest cost less that of inserting all up to there
        row -= insertions
        np.minimum.accumulate(row, axis=0, out=row)
        row += insertions
    return costs
