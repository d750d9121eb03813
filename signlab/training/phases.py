"""The phases of a training: each names its length, learning rate, augmentation, loss."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from signlab.corpora.augment.chain import AUGMENTATIONS
from signlab.registry import BadSetting, Group, Registry, refusal
from signlab.study.recipe import resolve_choice, resolve_collection
from signlab.training.losses import LOSSES
from signlab.training.regularisers import REGULARISERS

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Curve = Literal["rise", "constant", "cosine"]

FLOOR = 0.01
"""Share of the learning rate at which a cosine ends."""


class Distil(Group):
    """Learning from a teacher's outputs beside the labels.

    Attributes:
        teacher: "ema", the running average of the weights (``schedule.ema`` says over how many
            updates); "previous", the model with which the phase before ended; or a finished run:
            its folder, its ``model.pt``, or a variant's folder with one run a seed.
        weight: Of the divergence beside the loss.
        temperature: Softens both sides; its square weighs the divergence, which a higher one
            makes smaller.
    """

    teacher: Annotated[str, Field(min_length=1)] = "ema"
    weight: Positive = 0.2
    temperature: Positive = 2.0

    @property
    def of_a_run(self) -> bool:
        """Whether the teacher is a finished run."""
        return self.teacher not in ("ema", "previous")


def _checked(
    resolve: Callable[[Any, Registry[Any]], dict[str, Any]], registry: Registry[Any]
) -> AfterValidator:
    def check(value: Any) -> dict[str, Any]:
        try:
            return resolve(value, registry)
        except BadSetting as error:
            raise refusal(error) from None

    return AfterValidator(check)


Chain = Annotated[dict[str, Any], _checked(resolve_collection, AUGMENTATIONS)]
Terms = Annotated[dict[str, Any], _checked(resolve_collection, REGULARISERS)]
LossChoice = Annotated[dict[str, Any], _checked(resolve_choice, LOSSES)]


class PhaseSettings(Group):
    """What a recipe writes of one phase; what it does not name is as elsewhere in the recipe.

    Attributes:
        epochs: Its length, before ``schedule.scale``.
        learning_rate: Its highest; ``schedule.learning_rate`` unless named.
        curve: The learning rate "rise"s from 0 to the highest, is "constant", or falls to a
            hundredth along half a "cosine".
        augment: The augmentations of this phase, instead of the recipe's.
        loss: The loss of this phase, instead of the recipe's.
        regularise: The regularisers of this phase, instead of the recipe's.
        distil: A teacher.
    """

    epochs: Count
    learning_rate: Positive | None = None
    curve: Curve = "constant"
    augment: Chain | None = None
    loss: LossChoice | None = None
    regularise: Terms | None = None
    distil: Distil | None = None

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of the recipe that the phase replaces."""
        named = {"augment": self.augment, "loss": self.loss, "regularise": self.regularise}
        return {section: value for section, value in named.items() if value is not None}


@dataclass(frozen=True)
class Phase:
    """One phase, ready to be trained.

    Attributes:
        epochs: Its true length.
        learning_rate: Its highest.
        sections: Those of the recipe that are other ones in this phase.
    """

    name: str
    epochs: int
    learning_rate: float
    curve: Curve = "constant"
    distil: Distil | None = None
    sections: Mapping[str, Any] = field(default_factory=dict)

    def rate(self, progress: float) -> float:
        """The learning rate at ``progress`` epochs from its begin; fractions count."""
        if self.curve == "rise":
            return self.learning_rate * max(progress, 1e-3) / self.epochs
        if self.curve == "constant":
            return self.learning_rate
        fallen = 0.5 * (1 + math.cos(math.pi * min(progress / self.epochs, 1.0)))
        return self.learning_rate * (FLOOR + (1 - FLOOR) * fallen)
