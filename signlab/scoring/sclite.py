"""The alignment that NIST's sclite makes: weighted edits through a network of alternatives.

Source: SCTK 2.4.10, ``net_dp.c`` and ``word.c`` (costs and tie order); compared with the program
itself by a property test where Debian's ``sctk`` is installed.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from signlab.errors import BadInput
from signlab.scoring.sclite_plain import SUBSTITUTION, UNPAIRED, Words, edits_of

NOTHING = "@"
"""In an alternation: no word at all."""

MARKS = frozenset({"{", "/", "}", NOTHING})

# in sclite's own single precision, whose rounding decides between ways that cost the same
_SUBSTITUTION, _UNPAIRED, _LEAVE_NOTHING = map(np.float32, (SUBSTITUTION, UNPAIRED, 0.001))

Aligned = tuple[Words, Words, str]
"""The reference that was chosen, the hypothesis, and a letter (C, S, D, I) a column."""


class _Network:
    """Words in topological order; ``before[i]`` are the words that may stand just before i.

    Word 0 is the beginning of the sentence, ``last`` are the words that may end it.
    """

    def __init__(self, reference: Sequence[str]) -> None:
        self.words = [""]
        self.before: list[list[int]] = [[]]
        tokens = iter(reference)
        self.last, end = self._branch(tokens, [0])
        if end:
            raise BadInput(f"{end!r} outside of an alternation in {' '.join(reference)!r}")

    def _branch(self, tokens: Iterator[str], last: list[int]) -> tuple[list[int], str]:
        """Add words up to the ``/`` or ``}`` that ends them, which is returned ("" at the end)."""
        for token in tokens:
            if token in {"/", "}"}:
                return last, token
            if token == "{":
                last = self._alternation(tokens, last)
            else:
                self.words.append(token)
                self.before.append(last)
                last = [len(self.words) - 1]
        return last, ""

    def _alternation(self, tokens: Iterator[str], first: list[int]) -> list[int]:
        ends: list[int] = []
        mark = "/"
        while mark == "/":
            size = len(self.words)
            last, mark = self._branch(tokens, first)
            if not mark:
                raise BadInput("an alternation '{ a / b }' has no closing '}'")
            if len(self.words) == size:
                raise BadInput("an alternation has an empty alternative; write '@' for nothing")
            ends += last
        return ends


def align_all(
    references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]
) -> list[Aligned]:
    """Align every utterance; both sides come back as sclite compares them, see ``fold``.

    Raises:
        BadInput: An alternation is not closed, or an alternative is empty.
    """
    found: list[Aligned] = []
    plain: list[int] = []
    for index, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        words, heard = tuple(map(fold, reference)), tuple(map(fold, hypothesis))
        if words == heard or MARKS.isdisjoint(words):
            plain.append(index)
            found.append((words, heard, ""))
        else:
            found.append(align_network(words, heard))
    edits = edits_of([found[index][:2] for index in plain])
    for index, letters in zip(plain, edits, strict=True):
        found[index] = *found[index][:2], letters
    return found


def check(reference: Sequence[str]) -> None:
    """Raise BadInput unless every alternation of the reference can be read."""
    _Network(reference)


def align_network(words: Words, heard: Words) -> Aligned:
    """Align one utterance whose reference may hold alternations."""
    network = _Network(words)
    pointers, position = _fill(network, heard)
    chosen, edits = [], []
    here, behind = position, len(heard)
    while here or behind:
        before, earlier = pointers[here][behind]
        word = network.words[here]
        if before == here:
            edits.append("I")
        elif word != NOTHING:
            chosen.append(word)
            edits.append("D" if earlier == behind else "C" if word == heard[earlier] else "S")
        here, behind = before, earlier
    return tuple(reversed(chosen)), heard, "".join(reversed(edits))


@lru_cache(maxsize=2**16)
def fold(word: str) -> str:
    """A word as sclite compares it: lower case, without ``;tags`` and without a final ``*``."""
    word = word.lower().partition(";")[0]
    return word[:-1] if len(word) > 1 and word.endswith("*") else word


def _fill(network: _Network, heard: tuple[str, ...]) -> tuple[list[list[tuple[int, int]]], int]:
    """For each (word, words heard), where its cheapest alignment comes from; and the best end.

    On a tie a pair comes before a deletion or an insertion, an insertion before a deletion, and
    an earlier alternative before a later one.
    """
    costs = [[_UNPAIRED * spoken for spoken in range(len(heard) + 1)]]
    pointers = [[(0, max(spoken - 1, 0)) for spoken in range(len(heard) + 1)]]
    for here in range(1, len(network.words)):
        word = network.words[here]
        leave = _LEAVE_NOTHING if word == NOTHING else _UNPAIRED
        sources, lowest = _cheapest(network.before[here], costs)
        cost = lowest[0] + leave
        column_costs, column_pointers = [cost], [(sources[0], 0)]
        for spoken, other in enumerate(heard, start=1):
            insertion, deletion = cost + _UNPAIRED, lowest[spoken] + leave
            cost = lowest[spoken - 1] + (0 if word == other else _SUBSTITUTION)
            pointer = (sources[spoken - 1], spoken - 1)
            if cost > insertion or cost > deletion:
                if deletion < insertion:
                    cost, pointer = deletion, (sources[spoken], spoken)
                else:
                    cost, pointer = insertion, (here, spoken - 1)
            column_costs.append(cost)
            column_pointers.append(pointer)
        costs.append(column_costs)
        pointers.append(column_pointers)
    return pointers, min(network.last, key=lambda arc: costs[arc][len(heard)])


def _cheapest(
    before: list[int], costs: list[list[np.float32]]
) -> tuple[list[int], list[np.float32]]:
    """Of the words that may stand before, the cheapest for each number of words heard."""
    if len(before) == 1:
        return before * len(costs[0]), costs[before[0]]
    sources = [min(before, key=lambda word: costs[word][spoken]) for spoken in range(len(costs[0]))]
    return sources, [costs[source][spoken] for spoken, source in enumerate(sources)]
