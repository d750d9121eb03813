"""CTC prefix beam search with an n-gram model of the glosses.

A prefix is a sequence of glosses; its probability is the sum over all paths that collapse to it,
those that end in a blank apart from those that do not. What is ranked is

    log p(prefix) + weight * log p_model(prefix) + bonus * glosses.

Source: Graves and Jaitly 2014, algorithm 1; Hannun et al. 2014 (arXiv 1408.2873).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from signlab.scoring.decoder import (
    DECODERS,
    Decoder,
    Hypothesis,
    LogProbs,
    check_outputs,
    hypothesis_of,
)
from signlab.scoring.force import force
from signlab.scoring.label_model import LabelModel
from signlab.scoring.ngram import NGram, read_arpa, train
from signlab.scoring.search import Candidate, PrefixSearch


@DECODERS.register("beam")
class Beam(Decoder):
    """Prefix beam search; sums over paths and knows which glosses follow which.

    Args:
        width: Prefixes kept a timestep.
        tokens: Outputs tried a timestep, the most probable; 0 tries all.
        order: Of the n-gram model that ``fit`` trains; 0 for none.
        weight: Of the model's log-probability.
        bonus: Added for each gloss, against the model's liking for short sentences.
        tune: Choose weight and bonus on dev when training has ended.
        arpa: A file with an n-gram model of glosses, in place of the training references.
    """

    def __init__(
        self,
        *,
        width: Annotated[int, Field(gt=0)] = 10,
        tokens: Annotated[int, Field(ge=0)] = 20,
        order: Annotated[int, Field(ge=0)] = 2,
        weight: Annotated[float, Field(ge=0)] = 0.5,
        bonus: float = 0.0,
        tune: bool = False,
        arpa: str | None = None,
    ) -> None:
        self._width, self._tokens = width, tokens
        self._given = read_arpa(Path(arpa)) if arpa else None
        self._order = self._given.order if self._given else order
        self._weight, self._bonus = weight, bonus
        self.tune = tune
        self._references: Sequence[Sequence[str]] = ()
        self._model: LabelModel | None = None

    @property
    def signature(self) -> str:
        """See ``Decoder``."""
        return f"beam{self._width}" + (f"+{self._order}gram" if self._order else "")

    def fit(self, references: Sequence[Sequence[str]]) -> None:
        """Train the language model; see ``Decoder``."""
        self._references, self._model = references, None

    def n_best(
        self, log_probs: LogProbs, vocabulary: tuple[str, ...], number: int
    ) -> list[Hypothesis]:
        """See ``Decoder``; at most ``width``."""
        found = self.search(log_probs, vocabulary)[:number]
        return [
            hypothesis_of(
                log_probs, one.labels, force(log_probs, one.labels), vocabulary, one.score
            )
            for one in found
        ]

    def search(self, log_probs: LogProbs, vocabulary: tuple[str, ...]) -> list[Candidate]:
        """The prefixes that are left at the end, the best first; see ``n_best``."""
        check_outputs(log_probs, vocabulary)
        search = PrefixSearch(
            self._label_model(vocabulary),
            width=self._width,
            weight=self._weight,
            bonus=self._bonus,
        )
        tokens = min(self._tokens or len(vocabulary), len(vocabulary))
        for timestep in log_probs.astype(np.float64):
            likely = np.argpartition(timestep[1:], len(vocabulary) - tokens)[-tokens:] + 1
            search.advance(timestep, likely)
        return search.finish()

    def _label_model(self, vocabulary: tuple[str, ...]) -> LabelModel:
        if self._model is None or self._model.vocabulary != vocabulary:
            self._model = LabelModel(self._given or self._trained(), vocabulary)
        return self._model

    def _trained(self) -> NGram | None:
        if self._order and not self._references:
            raise ValueError("fit the decoder on the training references before decoding")
        return train(self._references, order=self._order) if self._order else None
