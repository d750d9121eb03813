"""An n-gram model asked for all labels at once, as a beam search needs it."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from signlab.scoring.ngram import BEGIN, END, NGram

State = tuple[str, ...]
"""The glosses on which the next one depends."""

CACHED_ROWS = 4096
"""Rows kept; one takes 10 KiB with 1,296 outputs."""


class LabelModel:
    """Log-probabilities of the next label; without a model, 0 for each.

    Args:
        model: An n-gram model of glosses, or None.
        vocabulary: The gloss of label i + 1 is entry i.
    """

    def __init__(self, model: NGram | None, vocabulary: tuple[str, ...]) -> None:
        self.vocabulary = vocabulary
        self._model = model
        # glosses as the model has them, and the labels that each stands for
        self._names = vocabulary if model is None else tuple(map(model.known, vocabulary))
        labels: dict[str, list[int]] = {}
        for label, name in enumerate(self._names, start=1):
            labels.setdefault(name, []).append(label)
        self._following: dict[State, list[tuple[list[int], float]]] = {}
        if model is not None:
            for key, log_prob in model.log_probs.items():
                if key[-1] in labels:
                    self._following.setdefault(key[:-1], []).append((labels[key[-1]], log_prob))
        self.row = lru_cache(maxsize=CACHED_ROWS)(self._row)
        self.end = lru_cache(maxsize=None)(self._end)

    @property
    def start(self) -> State:
        """Before the first gloss."""
        return () if self._model is None else self._shorten((BEGIN,))

    def after(self, state: State, label: int) -> State:
        """The state once ``label`` was added."""
        return () if self._model is None else self._shorten((*state, self._names[label - 1]))

    def _shorten(self, history: State) -> State:
        """The longest end of ``history`` that the model knows as a context."""
        if self._model is None:
            return ()
        history = history[max(len(history) - self._model.order + 1, 0) :]
        while history and history not in self._following and history not in self._model.backoffs:
            history = history[1:]
        return history

    def _row(self, state: State) -> Float64[np.ndarray, " outputs"]:
        """The log-probability of each label after ``state`` (0 at the blank's place)."""
        if self._model is None:
            return np.zeros(len(self.vocabulary) + 1)
        if state:
            row = self.row(state[1:]) + self._model.backoffs.get(state, 0.0)
        else:
            row = np.zeros(len(self.vocabulary) + 1)
        for labels, log_prob in self._following.get(state, ()):
            row[labels] = log_prob
        row[0] = 0.0
        return row

    def _end(self, state: State) -> float:
        return 0.0 if self._model is None else self._model.score(state, END)
