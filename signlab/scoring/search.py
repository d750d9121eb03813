"""The prefixes of a beam search, a timestep after the other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

from signlab.scoring.label_model import LabelModel

BLANK, NO_PARENT = 0, -1


@dataclass(frozen=True)
class Candidate:
    """One of the N best.

    Attributes:
        labels: Glosses as labels (1 = the vocabulary's first).
        score: What the search ranks by.
        log_prob: Of the paths that the search kept; at most the true log-probability.
    """

    labels: tuple[int, ...]
    score: float
    log_prob: float


class PrefixSearch:
    """Sums, for each prefix, the paths that end in a blank and those that do not.

    Args:
        model: Which labels follow which.
        width: Prefixes kept.
        weight: Of the model's log-probability.
        bonus: Added for each label.
    """

    def __init__(self, model: LabelModel, *, width: int, weight: float, bonus: float) -> None:
        self._model, self._width, self._weight, self._bonus = model, width, weight, bonus
        # a prefix is a node of a tree: its parent's node and its last label
        self._tree = [(NO_PARENT, BLANK)]
        self._children: dict[tuple[int, int], int] = {}
        self._nodes = np.zeros(1, dtype=np.intp)
        self._parents = np.full(1, NO_PARENT)
        self._last = np.zeros(1, dtype=np.intp)
        self._blank, self._label = np.zeros(1), np.full(1, -np.inf)
        self._prior = np.zeros(1)
        self._states = [model.start]

    def advance(
        self, log_probs: Float64[np.ndarray, " outputs"], tokens: Int[np.ndarray, " tokens"]
    ) -> None:
        """Take one timestep, lengthening prefixes by ``tokens`` (labels) only."""
        total = np.logaddexp(self._blank, self._label)
        blank = total + log_probs[BLANK]
        label = self._label + log_probs[self._last]
        longer = total[:, None] + log_probs[tokens]
        slots, places = np.nonzero(self._last[:, None] == tokens)
        longer[slots, places] = self._blank[slots] + log_probs[self._last[slots]]
        self._meet(total, log_probs, tokens, label, longer)

        ranks = np.concatenate(
            [
                np.logaddexp(blank, label) + self._prior,
                (longer + self._prior[:, None] + self._priors(tokens)).ravel(),
            ]
        )
        kept = np.arange(len(ranks))
        if len(ranks) > self._width:
            kept = np.argpartition(ranks, len(ranks) - self._width)[-self._width :]
        kept = kept[ranks[kept] > -np.inf]
        stay = kept[kept < len(total)]
        slots, places = np.divmod(kept[kept >= len(total)] - len(total), len(tokens))
        self._keep(stay, blank, label, slots, tokens[places], longer[slots, places])

    def finish(self) -> list[Candidate]:
        """All prefixes left, the best first, with the probability of ending there."""
        total = np.logaddexp(self._blank, self._label)
        found = []
        for slot, state in enumerate(self._states):
            score = total[slot] + self._prior[slot] + self._weight * self._model.end(state)
            labels = self._labels(int(self._nodes[slot]))
            found.append(Candidate(labels, float(score), float(total[slot])))
        return sorted(found, key=lambda candidate: -candidate.score)

    def _meet(
        self,
        total: Float64[np.ndarray, " prefixes"],
        log_probs: Float64[np.ndarray, " outputs"],
        tokens: Int[np.ndarray, " tokens"],
        label: Float64[np.ndarray, " prefixes"],
        longer: Float64[np.ndarray, "prefixes tokens"],
    ) -> None:
        """Where a prefix's lengthening is a prefix kept already, add it there and only there."""
        children, parents = np.nonzero(self._parents[:, None] == self._nodes)
        if not len(children):
            return
        last = self._last[children]
        repeated = last == self._last[parents]
        reach = np.where(repeated, self._blank[parents], total[parents]) + log_probs[last]
        label[children] = np.logaddexp(label[children], reach)
        which, places = np.nonzero(last[:, None] == tokens)
        longer[parents[which], places] = -np.inf

    def _priors(self, tokens: Int[np.ndarray, " tokens"]) -> Float64[np.ndarray, "prefixes tokens"]:
        rows = np.array([self._model.row(state)[tokens] for state in self._states])
        return self._weight * rows + self._bonus

    def _keep(
        self,
        stay: Int[np.ndarray, " staying"],
        blank: Float64[np.ndarray, " prefixes"],
        label: Float64[np.ndarray, " prefixes"],
        slots: Int[np.ndarray, " longer"],
        labels: Int[np.ndarray, " longer"],
        log_probs: Float64[np.ndarray, " longer"],
    ) -> None:
        """Make the prefixes that stay, and those lengthened by a label, the new beam."""
        states = [self._states[slot] for slot in stay]
        nodes, priors = [], []
        for slot, added in zip(slots.tolist(), labels.tolist(), strict=True):
            state = self._states[slot]
            prior = self._weight * float(self._model.row(state)[added]) + self._bonus
            priors.append(float(self._prior[slot]) + prior)
            states.append(self._model.after(state, added))
            nodes.append(self._node(int(self._nodes[slot]), added))
        self._parents = np.concatenate([self._parents[stay], self._nodes[slots]])
        self._nodes = np.concatenate([self._nodes[stay], np.array(nodes, dtype=np.intp)])
        self._last = np.concatenate([self._last[stay], labels])
        self._prior = np.concatenate([self._prior[stay], priors])
        self._blank = np.concatenate([blank[stay], np.full(len(slots), -np.inf)])
        self._label = np.concatenate([label[stay], log_probs])
        self._states = states

    def _node(self, parent: int, label: int) -> int:
        node = self._children.setdefault((parent, label), len(self._tree))
        if node == len(self._tree):
            self._tree.append((parent, label))
        return node

    def _labels(self, node: int) -> tuple[int, ...]:
        labels = []
        while node:
            node, label = self._tree[node]
            labels.append(label)
        return tuple(reversed(labels))
