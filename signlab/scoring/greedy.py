"""The best output of each timestep, repeats and blanks taken out."""

import numpy as np

from signlab.scoring.decoder import (
    DECODERS,
    Decoder,
    Hypothesis,
    LogProbs,
    check_outputs,
    hypothesis_of,
)


@DECODERS.register("greedy")
class Greedy(Decoder):
    """Best path: fast, needs nothing, blind to the other paths of a sentence.

    It has one hypothesis, whose score is the log-probability of that path.
    """

    def n_best(
        self, log_probs: LogProbs, vocabulary: tuple[str, ...], number: int
    ) -> list[Hypothesis]:
        """See ``Decoder``."""
        check_outputs(log_probs, vocabulary)
        labels, timesteps = collapse(log_probs.argmax(axis=1))
        score = float(log_probs.max(axis=1).sum())
        return [hypothesis_of(log_probs, labels, timesteps, vocabulary, score)][:number]

    @property
    def signature(self) -> str:
        """See ``Decoder``."""
        return "greedy"


def collapse(path: np.ndarray) -> tuple[list[int], list[tuple[int, int]]]:
    """CTC's rule: runs of one output become one label, then blanks (0) go.

    Returns:
        The labels and the run of each: first timestep, and the one after its last.
    """
    if not len(path):
        return [], []
    starts = np.flatnonzero(np.r_[True, path[1:] != path[:-1]])
    stops = np.r_[starts[1:], len(path)]
    runs = [
        (int(path[start]), (int(start), int(stop)))
        for start, stop in zip(starts, stops, strict=True)
        if path[start]
    ]
    return [label for label, _ in runs], [span for _, span in runs]
