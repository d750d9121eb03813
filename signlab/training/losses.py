"""Losses between the recogniser's log-probabilities and the labels of a batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from signlab.landmarks.tensors import sent
from signlab.registry import Registry

LogProbs = Float[Tensor, "batch time outputs"]
Lengths = Int[Tensor, " batch"]
Labels = Int[Tensor, "batch labels"]


class Loss(ABC):
    """Nats an utterance; the trainer sums them and divides by the labels of the whole update."""

    @abstractmethod
    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """The loss of each utterance.

        Args:
            log_probs: Natural-log probabilities over the blank (0) and the glosses; timesteps
                past a length are ignored.
            lengths: On the CPU, so that torch's CTC need not read them back from a device.
            labels: On the device of ``log_probs``, padded with 0.
            label_lengths: On the CPU.
        """


LOSSES: Registry[Loss] = Registry("loss")


@LOSSES.register("ctc")
class Ctc(Loss):
    """Connectionist temporal classification (Graves et al. 2006)."""

    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """-ln p(labels | landmarks) of each utterance; infinite where no alignment exists."""
        device = log_probs.device
        if torch.are_deterministic_algorithms_enabled():  # the backward pass on CUDA is not
            log_probs, labels = log_probs.cpu(), labels.cpu()
        nats = functional.ctc_loss(
            log_probs.transpose(0, 1), labels, lengths, label_lengths, reduction="none"
        )
        return nats.to(device)


@LOSSES.register("focal")
class Focal(Loss):
    """CTC mixed with focal CTC, which weighs hard utterances more.

    (1 - share) l + share (1 - p)^gamma l with l the CTC loss of an utterance.

    Args:
        share: Weight of the focal term; the proposal's mix is 0.7 CTC + 0.3 focal.
        gamma: Focusing exponent; 0 is plain CTC.
        by: Whether p = exp(-l / labels) or exp(-l). The latter is 0 for whole sentences in
            practice (l >= 20 nats), which makes the focal weight 1.

    Source: Feng et al. 2019, "Focal CTC loss for Chinese optical character recognition", eq. 7.
    """

    def __init__(
        self,
        *,
        share: Annotated[float, Field(ge=0, le=1)] = 0.3,
        gamma: Annotated[float, Field(ge=0)] = 2.0,
        by: Literal["label", "utterance"] = "label",
    ) -> None:
        self._share = share
        self._gamma = gamma
        self._by_label = by == "label"
        self._ctc = Ctc()

    def __call__(
        self, log_probs: LogProbs, lengths: Lengths, labels: Labels, label_lengths: Lengths
    ) -> Float[Tensor, " batch"]:
        """The mixed loss of each utterance, in nats."""
        loss = self._ctc(log_probs, lengths, labels, label_lengths)
        exponent = loss / sent(label_lengths, loss.device) if self._by_label else loss
        # of a sure model, rounding may leave a loss of 0 or below, where powers have no gradient
        miss = (-torch.expm1(-exponent)).clamp(min=torch.finfo(loss.dtype).tiny)
        weight = miss**self._gamma
        return (1 - self._share) * loss + self._share * weight * loss


def needed_timesteps(labels: Sequence[object]) -> int:
    """The fewest timesteps with an alignment: one a label and a blank between equal neighbours."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))
