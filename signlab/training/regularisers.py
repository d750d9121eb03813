"""What a recipe's ``regularise:`` adds to CTC, each by itself, so that any may be combined."""

from abc import ABC, abstractmethod
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from signlab.landmarks.tensors import sent
from signlab.registry import Registry
from signlab.training.losses import Labels, Lengths, LogProbs
from signlab.training.path_entropy import path_entropy

Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Regulariser(ABC):
    """A term beside CTC, from the recogniser's last output.

    Attributes:
        weight: Of the term.
        instead: Of CTC's own weight, 1, what the term takes for itself.
        views: How often each utterance stands in a batch, augmented differently each time: the
            second views follow after all the first ones.
    """

    weight: float
    instead: float = 0.0
    views: int = 1

    def fit(self, unigram: Float[Tensor, " glosses"], blank: float) -> None:
        """Learn what the training data tell before the first update.

        Args:
            unigram: How often each gloss is signed, as a share of all; in the order of labels.
            blank: Share of the timesteps without a gloss of their own.
        """
        del unigram, blank

    @abstractmethod
    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """Nats an utterance, on the same terms as a ``Loss``."""


REGULARISERS: Registry[Regulariser] = Registry("regulariser")


@REGULARISERS.register("smoothing")
class Smoothing(Regulariser):
    """Label smoothing: every frame is drawn to a fixed distribution u.

    (1 - share) CTC + share KL(u || p), where the divergence is the mean over an utterance's
    timesteps and counts once a label, as CTC does.

    Args:
        share: Of the whole loss.
        prior: u is the same for each gloss, or as frequent as in the training data.
        blank: Whether u has the blank as well (``uniform``: as one more output, ``unigram``: at
            its share of the timesteps). Else p is what the glosses share when it is no blank, and
            how probable the blank is stays CTC's business.

    Source: Kim et al. 2018, "Improved training for online end-to-end speech recognition systems",
        with a uniform u over all outputs.
    """

    def __init__(
        self,
        *,
        share: Share = 0.1,
        prior: Literal["uniform", "unigram"] = "unigram",
        blank: bool = False,
    ) -> None:
        self.weight = self.instead = share
        self._uniform = prior == "uniform"
        self._blank = blank
        self._prior = torch.ones(1)

    def fit(self, unigram: Float[Tensor, " glosses"], blank: float) -> None:
        """Make u."""
        outputs = len(unigram) + 1
        if self._uniform:
            unigram = torch.full_like(unigram, 1 / len(unigram))
            blank = 1 / outputs
        whole = torch.cat([unigram.new_tensor([blank]), (1 - blank) * unigram])
        self._prior = whole if self._blank else unigram

    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """Mean of KL(u || p) over the timesteps of each utterance, once a label."""
        del labels
        prior = sent(self._prior, log_probs.device).to(log_probs)
        if not self._blank:
            log_probs = log_probs[:, :, 1:].log_softmax(-1)
        divergence = torch.special.xlogy(prior, prior).sum() - log_probs @ prior
        frames, labels_each = (sent(each, prior.device) for each in (lengths, label_lengths))
        return _summed(divergence, lengths) / frames * labels_each


@REGULARISERS.register("consistency")
class Consistency(Regulariser):
    """CR-CTC: two augmented views of an utterance have to agree frame by frame.

    The mean of the views' losses, + weight times half the sum over timesteps of
    KL(sg(p2) || p1) + KL(sg(p1) || p2); sg stops the gradient, so that each view is drawn to the
    other as it stands. What changes times is drawn once for both views. About twice the work.

    Source: Yao et al. 2024, "CR-CTC: Consistency regularization on CTC for improved speech
        recognition", arXiv 2410.05101; there the weight is 0.2.
    """

    views = 2

    def __init__(self, *, weight: Weight = 0.2) -> None:
        self.weight = weight

    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """KL from each view to the other one of the same utterance, over its timesteps."""
        del labels, label_lengths
        first, second = log_probs.detach().chunk(2)
        return frame_divergence(torch.cat([second, first]), log_probs, lengths)


@REGULARISERS.register("entropy")
class Entropy(Regulariser):
    """EnCTC: CTC - weight H, with H the entropy of the alignments of the labels.

    CTC soon believes in one alignment, with each gloss at a single timestep; H keeps the other
    ones in play.

    Source: Liu, Jin and Zhang 2018, "Connectionist temporal classification with maximum entropy
        regularization".
    """

    def __init__(self, *, weight: Weight = 0.1) -> None:
        self.weight = weight

    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """-H(alignment | labels) of each utterance."""
        return -path_entropy(log_probs, lengths, labels, label_lengths)


def frame_divergence(
    targets: LogProbs, log_probs: LogProbs, lengths: Lengths
) -> Float[Tensor, " batch"]:
    """KL(target || p) in nats, summed over the valid timesteps of each utterance.

    Args:
        targets: Natural-log probabilities, detached.
    """
    # a probability of 0 has a logarithm of -inf, and counts nothing
    surprise = (targets - log_probs).masked_fill(targets.isneginf(), 0.0)
    return _summed((targets.exp() * surprise).sum(-1), lengths)


def _summed(values: Float[Tensor, "batch time"], lengths: Lengths) -> Float[Tensor, " batch"]:
    """Over the valid timesteps."""
    padding = torch.arange(values.shape[1]) >= lengths[:, None]
    return values.masked_fill(sent(padding, values.device), 0.0).sum(1)
