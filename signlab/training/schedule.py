"""How long and how fast a run trains."""

import math
from typing import Annotated

from pydantic import Field

from signlab.errors import BadInput
from signlab.registry import Settings

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Schedule:
    """AdamW with a linear warm-up and a cosine decay to a hundredth.

    Args:
        learning_rate: At the end of the warm-up.
        batch_size: Utterances an update.
        clip: Largest norm of the gradient.
        updates_per_epoch: Ends an epoch early; for a quick look.
        keep: Whose weights a run ends with: those of the epoch that is best on dev, or of the
            last, which is the better choice where dev is too small to tell epochs apart.
    """

    def __init__(
        self,
        *,
        epochs: Count = 40,
        warmup_epochs: Annotated[int, Field(ge=0)] = 2,
        learning_rate: Positive = 2e-3,
        weight_decay: Annotated[float, Field(ge=0)] = 0.01,
        batch_size: Count = 16,
        clip: Positive = 1.0,
        updates_per_epoch: Count | None = None,
        keep: Annotated[str, Field(pattern="^(best|last)$")] = "best",
    ) -> None:
        if warmup_epochs >= epochs:
            raise BadInput(
                f"schedule.warmup_epochs = {warmup_epochs} should be below "
                f"schedule.epochs = {epochs}"
            )
        self.epochs = epochs
        self.warmup_epochs = warmup_epochs
        self.peak = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.clip = clip
        self.updates_per_epoch = updates_per_epoch
        self.keep_last = keep == "last"

    def learning_rate(self, progress: float) -> float:
        """The rate at ``progress`` epochs (a fraction within an epoch counts)."""
        if progress < self.warmup_epochs:
            return self.peak * max(progress, 1e-3) / self.warmup_epochs
        share = (progress - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
        return self.peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


SCHEDULE = Settings(Schedule, "schedule")
