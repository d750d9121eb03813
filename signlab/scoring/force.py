"""Where the glosses of a hypothesis stand: its most probable path through the timesteps."""

from collections.abc import Sequence

import numpy as np

from signlab.scoring.decoder import LogProbs


def force(log_probs: LogProbs, labels: Sequence[int]) -> list[tuple[int, int]]:
    """For each label the timesteps that the best path gives it: first, and one after the last.

    Raises:
        ValueError: There are fewer timesteps than labels and blanks between equal neighbours.

    Source: Graves et al. 2006, section 4.1, with the best path in place of the sum.
    """
    if not labels:
        return []
    # blank, first label, blank, second label, ..., blank
    states = np.zeros(2 * len(labels) + 1, dtype=np.intp)
    states[1::2] = labels
    may_skip = np.zeros(len(states), dtype=bool)
    may_skip[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    emissions = log_probs[:, states].astype(np.float64)
    scores = np.full(len(states), -np.inf)
    scores[:2] = emissions[0, :2]
    steps = np.zeros(emissions.shape, dtype=np.int8)
    for timestep in range(1, len(emissions)):
        sources = np.full((3, len(states)), -np.inf)
        sources[0] = scores
        sources[1, 1:] = scores[:-1]
        sources[2, 2:] = np.where(may_skip[2:], scores[:-2], -np.inf)
        steps[timestep] = sources.argmax(axis=0)
        scores = sources.max(axis=0) + emissions[timestep]
    state = len(states) - 1 - int(scores[-2] > scores[-1])
    if not np.isfinite(scores[state]):
        raise ValueError(f"{len(labels)} labels cannot stand in {len(log_probs)} timesteps")
    path = np.empty(len(emissions), dtype=np.intp)
    for timestep in reversed(range(len(emissions))):
        path[timestep] = state
        state -= int(steps[timestep, state])
    spans = []
    for index in range(1, len(states), 2):
        at = np.flatnonzero(path == index)
        spans.append((int(at[0]), int(at[-1]) + 1))
    return spans
