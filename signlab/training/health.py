"""What the updates of an epoch add up to, and whether they are still numbers."""

import math

import torch
from torch import Tensor

from signlab.errors import TrainingDiverged
from signlab.training.checkpoint import State

LOOK_EVERY = 50
"""Updates between two looks: to read a value from an accelerator makes it wait."""


class Sums:
    """Losses and gradients of the updates of one epoch.

    Attributes:
        updates: How many were looked at.
        skipped: How many of them float16 left out.
        loss: In nats.
        labels: Which these are spread over.
        norm: Of the gradients, those that were left out aside.
        largest_norm: The largest of them.
        seconds: Spent on the updates.
        unseen: What ``add`` was given of the updates since the last look, as far as it was read.
    """

    def __init__(self) -> None:
        self._unread: list[tuple[int, Tensor]] = []
        self.unseen: list[list[float]] = []
        self.updates = self.skipped = 0
        self.labels = 0
        self.loss = self.norm = self.largest_norm = self.seconds = 0.0

    @property
    def mean_norm(self) -> float:
        """Of the gradients; NaN where all were left out."""
        taken = self.updates - self.skipped
        return self.norm / taken if taken else math.nan

    def add(self, loss: Tensor, labels: Tensor, norm: Tensor, skipped: Tensor) -> None:
        """Note an update.

        Args:
            loss: Nats of its utterances.
            labels: Of these; on the CPU.
            norm: Of its gradient.
            skipped: Whether it was left out, which is no harm.

        Raises:
            TrainingDiverged: At every LOOK_EVERYth, as ``look`` does.
        """
        row = torch.stack([loss.detach(), norm.to(loss), skipped.to(loss)])
        self._unread.append((int(labels), row))
        if len(self.unseen) + len(self._unread) == LOOK_EVERY:
            self.look()

    def look(self) -> None:
        """Add up what was noted.

        Raises:
            TrainingDiverged: A loss or a gradient is no number; tells the first.
        """
        self._read()
        rows, self.unseen = self.unseen, []
        for loss, labels, norm, skipped in rows:
            self.updates += 1
            if not (math.isfinite(loss) and (skipped or math.isfinite(norm))):
                what = "gradient" if math.isfinite(loss) else "loss"
                raise TrainingDiverged(
                    f"the {what} became infinite or not a number in update {self.updates}"
                )
            self.loss += loss
            self.labels += int(labels)
            if skipped:
                self.skipped += 1
                continue
            self.norm += norm
            self.largest_norm = max(self.largest_norm, norm)

    def state_dict(self) -> State:
        """As plain values, without a look: all processes look at the same updates, one saves."""
        self._read()
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def load_state_dict(self, state: State) -> None:
        """Go on from there."""
        vars(self).update(state)

    def _read(self) -> None:
        if self._unread:
            labels, rows = zip(*self._unread, strict=True)
            read = torch.stack(rows).tolist()
            new = [[nats, n, *rest] for n, (nats, *rest) in zip(labels, read, strict=True)]
            self.unseen = [*self.unseen, *new]
            self._unread = []
