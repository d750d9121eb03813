"""A stem that reads principal components of the features, found before training."""

from typing import Any, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from signlab.errors import BadInput
from signlab.models.base import (
    STEMS,
    FittedStem,
    Lengths,
    PartActivations,
    PartFeatures,
    PartPresence,
    Positive,
    Presence,
)
from signlab.registry import BadSetting, below


class Projection(nn.Module):
    """Distances from the mean along the first axes; the first features until it is fitted."""

    mean: Tensor
    axes: Tensor

    def __init__(self, features: int, components: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("axes", torch.eye(components, features))

    def forward(
        self, x: Float[Tensor, "batch frames features"]
    ) -> Float[Tensor, "batch frames components"]:
        return functional.linear(x - self.mean, self.axes)

    def fit(self, x: Float[Tensor, "frames features"]) -> None:
        from sklearn.decomposition import PCA  # slow to import, and most recipes have none

        found = PCA(len(self.axes), random_state=0).fit(x.cpu().numpy())
        self.mean.copy_(torch.from_numpy(found.mean_))
        self.axes.copy_(torch.from_numpy(found.components_))


@STEMS.register("pca")
class PcaStem(FittedStem):
    """Principal components of each part's features, and another stem that reads them.

    They are those of the training utterances, without whitening: that would blow the noise of the
    last ones up to the size of the first. They stay as they are in training.

    Args:
        part_widths: Features of each part.
        components: How many of each part.
        then: The stem that reads them, as a recipe writes it: ``{name: ..., **settings}``.
        frames: Of the training utterances, evenly spaced, that they are found from.

    Raises:
        BadSetting: A part is missing, unknown, or has fewer features than components.
    """

    def __init__(
        self,
        *,
        part_widths: dict[str, int],
        components: dict[str, Positive],
        then: dict[str, Any],
        frames: Positive = 5000,
    ) -> None:
        super().__init__()
        if set(components) != set(part_widths):
            parts = ", ".join(part_widths)
            raise BadSetting("components", f"should give a number for each of the parts {parts}")
        for part, number in components.items():
            if number > part_widths[part]:
                raise BadSetting(
                    f"components.{part}",
                    f"{part} has {part_widths[part]} features, fewer than that",
                )
        self.frames = frames
        self.projections = nn.ModuleDict(
            {part: Projection(width, components[part]) for part, width in part_widths.items()}
        )
        if not isinstance(then.get("name"), str):
            raise BadSetting("then", "a stem needs a `name:`")
        with below("then"):
            widths = {part: components[part] for part in part_widths}
            self.then = STEMS.build_choice(then, part_widths=widths)
        self.out_width = self.then.out_width

    @property
    def each(self) -> dict[str, Projection]:
        """The projection of each part."""
        return cast("dict[str, Projection]", dict(self.projections.items()))

    @property
    def out_parts(self) -> int:
        return self.then.out_parts

    def forward(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> tuple[PartActivations, PartPresence, Lengths]:
        projected = {part: projection(parts[part]) for part, projection in self.each.items()}
        return self.then(projected, presence, lengths)

    def out_lengths(self, lengths: Lengths) -> Lengths:
        return self.then.out_lengths(lengths)

    def fit(
        self, parts: dict[str, Float[Tensor, "frames _"]], presence: Bool[Tensor, "frames parts"]
    ) -> None:
        for (part, projection), present in zip(self.each.items(), presence.unbind(1), strict=True):
            known = parts[part][present]
            if len(known) < len(projection.axes):
                raise BadInput(
                    f"model.stem.components.{part}: {len(projection.axes)} components need as many "
                    f"frames in which {part} was tracked; training offers {len(known)}"
                )
            projection.fit(known)
