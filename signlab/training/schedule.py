"""How long and how fast a run trains, and which weights it ends with."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from signlab.registry import BadSetting, Registry
from signlab.training.phases import Count, Distil, Phase, PhaseSettings, Positive


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """AdamW through phases; the fields are settings of every schedule.

    Attributes:
        learning_rate: The highest, where a phase names no other.
        scale: Multiplies the epochs of every phase, of which one at least stays.
        batch_size: Utterances an update.
        weight_decay: Of AdamW.
        clip: Largest norm of the gradient.
        updates_per_epoch: Ends an epoch early; for a quick look.
        ema: Decay an update of a running average of the weights, which is then scored on dev and
            kept instead of the weights themselves. A young average forgets faster: after n updates
            the decay is (1 + n) / (10 + n) at most.
        keep: Whose weights a run ends with: those of the epoch that is best on dev, or of the
            last, which is the better choice where dev is too small to tell epochs apart.
        average: Of how many of these epochs a run ends with the mean.
        patience: Epochs without a better dev after which a phase ends early.
        retry: Whether a training that diverged goes on, once, from the last good epoch at half
            the learning rate.
    """

    learning_rate: Positive = 2e-3
    scale: Positive = 1.0
    batch_size: Count = 16
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    clip: Positive = 1.0
    updates_per_epoch: Count | None = None
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    keep: Literal["best", "last"] = "best"
    average: Count = 1
    patience: Count | None = None
    retry: bool = False

    def __post_init__(self) -> None:
        if not self.plan:
            raise BadSetting("phases", "no phase is left")
        teachers = [phase.distil.teacher for phase in self.plan if phase.distil]
        if "ema" in teachers and self.ema is None:
            raise BadSetting(
                "ema",
                "the teacher 'ema' needs schedule.ema, the decay of the average an update: 0.99 "
                "remembers about a hundred updates once there were some 900",
            )
        first = self.plan[0]
        if first.distil and first.distil.teacher == "previous":
            raise BadSetting(
                f"phases.{first.name}.distil.teacher",
                f"{first.name!r} is the first phase, so no model before it can be its teacher",
            )

    @property
    @abstractmethod
    def plan(self) -> tuple[Phase, ...]:
        """The phases that the training goes through, their lengths scaled."""

    @property
    def total_epochs(self) -> int:
        """Of all phases, if none ends early."""
        return sum(phase.epochs for phase in self.plan)

    def _scaled(self, epochs: int) -> int:
        return max(1, math.floor(epochs * self.scale + 0.5))


SCHEDULES: Registry[Schedule] = Registry("schedule")


@SCHEDULES.register("cosine")
@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """A linear warm-up and a cosine decay to a hundredth.

    Attributes:
        epochs: Of both together.
        warmup_epochs: Of the warm-up.
        distil: A teacher, after the warm-up.
    """

    epochs: Count = 40
    warmup_epochs: Annotated[int, Field(ge=0)] = 2
    distil: Distil | None = None

    def __post_init__(self) -> None:
        if self.warmup_epochs >= self.epochs:
            raise BadSetting(
                "warmup_epochs",
                f"schedule.warmup_epochs = {self.warmup_epochs} should be below "
                f"schedule.epochs = {self.epochs}",
            )
        super().__post_init__()

    @property
    def plan(self) -> tuple[Phase, ...]:
        """The warm-up, if there is one, and the rest."""
        epochs = self._scaled(self.epochs)
        warmup = min(self._scaled(self.warmup_epochs), epochs - 1) if self.warmup_epochs else 0
        rate = self.learning_rate
        main = Phase("main", epochs - warmup, rate, "cosine", self.distil)
        return (Phase("warm-up", warmup, rate, "rise"), main) if warmup else (main,)


@SCHEDULES.register("phased")
@dataclass(frozen=True, kw_only=True)
class Phased(Schedule):
    """Phases one after the other, each with what it names and the recipe's in all else.

    Attributes:
        phases: By name, in order; null leaves one out that the recipe has.
    """

    phases: Annotated[dict[str, PhaseSettings | None], Field(min_length=1)]

    @property
    def plan(self) -> tuple[Phase, ...]:
        """Those that are not left out."""
        return tuple(
            Phase(
                name,
                self._scaled(phase.epochs),
                phase.learning_rate or self.learning_rate,
                phase.curve,
                phase.distil,
                phase.sections,
            )
            for name, phase in self.phases.items()
            if phase is not None
        )
