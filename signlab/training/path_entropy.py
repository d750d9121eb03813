"""How undecided CTC is between the alignments of the right labels."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from signlab.landmarks.tensors import sent
from signlab.training.losses import Labels, Lengths, LogProbs

NEVER = -1e30
"""The logarithm of what cannot be; an infinite one would give gradients that are no numbers."""


def path_entropy(
    log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
) -> Float[Tensor, " batch"]:
    """Entropy of p(alignment | labels), in nats, of each utterance that has an alignment.

    CTC's forward pass over the labels with a blank around each. Beside the probability of being
    in a state it carries the entropy of the ways to it.

    Args:
        log_probs: Natural-log probabilities over the blank (0) and the glosses.
    """
    states = functional.pad(torch.stack([torch.zeros_like(labels), labels], 2).flatten(1), (0, 1))
    emitted = log_probs.gather(2, states[:, None].expand(-1, log_probs.shape[1], -1))
    # over a blank from one gloss to the next, unless the two are the same
    leaps = (states > 0) & (states != functional.pad(states, (2, 0))[:, :-2])
    barred = functional.pad(torch.where(leaps, 0.0, NEVER)[:, :, None], (0, 2)).to(log_probs)
    places = torch.arange(states.shape[1], device=states.device)
    first = emitted[:, 0].masked_fill(places > 1, NEVER)
    reached = [torch.stack([first, torch.zeros_like(first)])]
    for now in emitted.unbind(1)[1:]:
        # from two states before, one before, or the same
        before = functional.pad(reached[-1], (2, 0), value=NEVER).unfold(2, 3, 1)
        ways = before[0] + barred
        entropy = _where_ways_meet(ways, before[1])
        reached.append(torch.stack([ways.logsumexp(-1) + now, entropy]))
    each, end = torch.arange(len(labels), device=places.device), sent(lengths - 1, places.device)
    ends, entropy = torch.stack(reached)[end, :, each].unbind(1)
    # an alignment ends with the last gloss or the blank after it
    last = sent(2 * label_lengths, places.device)[:, None]
    ends = ends.masked_fill((places > last) | (places < last - 1), NEVER)
    return _where_ways_meet(ends, entropy)


def _where_ways_meet(
    ways: Float[Tensor, "*place ways"], entropy: Float[Tensor, "*place ways"]
) -> Float[Tensor, "*place"]:
    """Of each way, as probable as it is, and of which one it is."""
    shares = ways.log_softmax(-1)
    return (shares.exp() * (entropy - shares)).sum(-1)
