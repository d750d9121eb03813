"""How the updates of a run are computed: in which precision, in how many pieces, how repeatably."""

from typing import Annotated, Literal

import torch
from pydantic import Field

from signlab.registry import BadSetting, Settings

Precision = Literal["float32", "bfloat16", "float16"]


class Computation:
    """A recipe's ``train:`` section.

    Args:
        precision: Of the recogniser's activations in training; weights, log-probabilities and
            losses stay in single precision, and so does all scoring.
        accumulate: Batches whose gradients make one update, as if they were one large batch; but
            layers that normalise over a batch take their statistics from each by itself.
        checkpoint_blocks: Compute what lies within a block again instead of keeping it: less
            memory, about a third more time.
        deterministic: Give the same bits again on the same device: what has no such form there
            runs on the CPU (CTC on CUDA) or is refused.
    """

    def __init__(
        self,
        *,
        precision: Precision = "float32",
        accumulate: Annotated[int, Field(gt=0)] = 1,
        checkpoint_blocks: bool = False,
        deterministic: bool = False,
    ) -> None:
        self.precision: Precision = precision
        self.accumulate = accumulate
        self.checkpoint_blocks = checkpoint_blocks
        self.deterministic = deterministic

    def check(self, device: torch.device, *, batches: int) -> None:
        """See that it can be done.

        Args:
            batches: Of an epoch.

        Raises:
            BadSetting: The device lacks the precision, or an epoch has not enough batches.
        """
        known = precisions(device)
        if self.precision not in known:
            raise BadSetting(
                "precision",
                f"the device {device.type!r} computes in {' and '.join(known)} only",
            )
        if self.accumulate > batches:
            raise BadSetting(
                "accumulate",
                f"an epoch has only {batches} batches of schedule.batch_size utterances",
            )


def precisions(device: torch.device) -> list[Precision]:
    """What a device computes in at a gain or without a loss."""
    if device.type == "cpu":
        return ["float32", "bfloat16"]
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return ["float32", "float16"]
    return ["float32", "bfloat16", "float16"]


COMPUTATION = Settings(Computation, "train")
