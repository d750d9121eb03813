"""The recogniser: five slots in a row, and how a recipe's ``model:`` section becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from signlab.errors import nearest
from signlab.models.auxiliary import AUXILIARIES, Auxiliary
from signlab.models.base import (
    ENCODERS,
    FUSIONS,
    HEADS,
    STEMS,
    TEMPORALS,
    Fusion,
    Head,
    Lengths,
    Logits,
    PartFeatures,
    PartWeights,
    Passage,
    Presence,
    Sequential,
    Stack,
    Stem,
)
from signlab.models.checkpointing import checkpointed
from signlab.models.fusions import WeighingFusion
from signlab.registry import BadSetting, Registry, below

LogProbs = Float[Tensor, "batch timesteps outputs"]

SLOTS: dict[str, Registry[Any]] = {
    "stem": STEMS,
    "fusion": FUSIONS,
    "temporal": TEMPORALS,
    "encoder": ENCODERS,
    "head": HEADS,
    "auxiliary": AUXILIARIES,
}
"""What may stand below ``model:``, in the order of the data."""

OPTIONAL: dict[str, dict[str, Any]] = {"auxiliary": {"name": "none"}}
"""Slots that a recipe may leave out, and what then fills them."""


@dataclass(frozen=True)
class AuxiliaryOutput:
    """What an auxiliary head gave; its loss counts ``weight`` times beside the main one."""

    log_probs: LogProbs
    weight: float


@dataclass(frozen=True)
class Output:
    """What a recogniser gives.

    Attributes:
        log_probs: Natural-log probabilities over the blank (0) and the glosses, in float32 (or
            float64 for a model of that type); without meaning past a length.
        lengths: Timesteps of each utterance, those of the auxiliary heads' outputs as well.
        auxiliary: From the auxiliary heads; empty outside training.
    """

    log_probs: LogProbs
    lengths: Lengths
    auxiliary: tuple[AuxiliaryOutput, ...] = ()


class Recognizer(nn.Module):
    """Part features to log-probabilities.

    Attributes:
        checkpoint_blocks: In training, keep only what passes from block to block and compute
            the rest again for the gradients: less memory, about a third more time.

    Args:
        stem: Features of each part to activations.
        fusion: The parts of a timestep to one vector.
        temporal: Neighbourhoods in time; shortens the sequence.
        encoder: The whole sequence; keeps the length.
        head: Scores.
        auxiliary: Heads on the way, for training.
    """

    def __init__(
        self,
        stem: Stem,
        fusion: Fusion,
        temporal: Sequential,
        encoder: Sequential,
        head: Head,
        auxiliary: Auxiliary,
    ) -> None:
        super().__init__()
        self.stem, self.fusion, self.temporal = stem, fusion, temporal
        self.encoder, self.head, self.auxiliary = encoder, head, auxiliary
        self.checkpoint_blocks = False

    def forward(self, parts: PartFeatures, presence: Presence, lengths: Lengths) -> Output:
        through = checkpointed if self.checkpoint_blocks and self.training else _called
        encoded, present, lengths = through(self.stem, parts, presence, lengths)
        x = through(self.fusion, encoded, present)
        for layer in layers(self.temporal):
            x, lengths = through(layer, x, lengths)
        taps = [x]
        for layer in layers(self.encoder):
            x, lengths = through(layer, x, lengths)
            if not isinstance(layer, Passage):
                taps.append(x)
        extra = [
            AuxiliaryOutput(log_softmax(scores), self.auxiliary.weight)
            for scores in (self.auxiliary(taps[:-1]) if self.training else [])
        ]
        return Output(log_softmax(self.head(x)), lengths, tuple(extra))

    def out_lengths(self, lengths: Lengths) -> Lengths:
        """Timesteps of utterances with so many frames."""
        for block in (self.stem, self.temporal, self.encoder):
            lengths = block.out_lengths(lengths)
        return lengths

    def start_blank(self, share: float) -> None:
        """Begin at the data's blank rate, instead of learning it first.

        Args:
            share: Timesteps without a label of their own: (T' - L) / T' for L labels in T'
                timesteps. A linear head's blank gets the bias ln(V (T' - L) / L).
        """
        self.head.start_blank(share)
        self.auxiliary.start_blank(share)

    def part_weights(
        self, parts: PartFeatures, presence: Presence, lengths: Lengths
    ) -> PartWeights:
        """How much each part counts at each timestep of the stem.

        Raises:
            BadSetting: The fusion does not weigh the parts.
        """
        if not isinstance(self.fusion, WeighingFusion):
            raise BadSetting("model.fusion", "only a fusion such as 'crossmodal' weighs the parts")
        encoded, present, _ = self.stem(parts, presence, lengths)
        return self.fusion.part_weights(encoded, present)

    def parameters_by_slot(self) -> dict[str, int]:
        """How many numbers each slot learns."""
        return {slot: count_parameters(module) for slot, module in self.named_children()}


def _called(block: nn.Module, *inputs: Any) -> Any:
    return block(*inputs)


def layers(block: Sequential) -> list[Sequential]:
    """The layers of a stack, or the block itself."""
    return block.each if isinstance(block, Stack) else [block]


def count_parameters(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


def log_softmax(scores: Logits) -> Logits:
    """Log-probabilities in at least single precision, also under mixed precision."""
    return scores.log_softmax(-1, dtype=torch.promote_types(scores.dtype, torch.float32))


def build_recognizer(
    model: Mapping[str, Any], *, part_widths: Mapping[str, int], outputs: int
) -> Recognizer:
    """Fill the slots as the ``model:`` section of a recipe says.

    Under ``torch.device("meta")`` it takes no time and no memory.

    Args:
        model: For each slot ``{"name": ..., **settings}``.
        part_widths: Features of a frame, for each part, in order.
        outputs: The glosses and the blank.

    Raises:
        BadSetting: A slot, a name or a setting is missing, unknown or does not fit; ``key`` is
            its place in the recipe ("model.encoder.width").
    """
    for slot in model:
        if slot not in SLOTS:
            raise BadSetting(f"model.{slot}", f"no slot {slot!r}; {nearest(slot, SLOTS)}")
    stem = _fill("stem", model, part_widths=dict(part_widths))
    fusion = _fill("fusion", model, in_width=stem.out_width, parts=stem.out_parts)
    temporal = _fill("temporal", model, in_width=fusion.out_width)
    encoder = _fill("encoder", model, in_width=temporal.out_width)
    head = _fill("head", model, in_width=encoder.out_width, outputs=outputs)
    if head.out_width != outputs:
        raise BadSetting(
            "model.head",
            f"gives {head.out_width} outputs, and the blank and the glosses need {outputs}",
        )
    within = [layer.out_width for layer in layers(encoder) if not isinstance(layer, Passage)]
    widths = (temporal.out_width, *within[:-1])
    auxiliary = _fill("auxiliary", model, widths=widths, outputs=outputs)
    return Recognizer(stem, fusion, temporal, encoder, head, auxiliary)


def _fill(slot: str, model: Mapping[str, Any], **given: Any) -> Any:
    choice = model.get(slot, OPTIONAL.get(slot))
    with below(f"model.{slot}"):
        if not isinstance(choice, Mapping) or not isinstance(choice.get("name"), str):
            names = ", ".join(SLOTS[slot].names())
            raise BadSetting("", f"the {slot} needs `{{name: ...}}`, one of {names}")
        return SLOTS[slot].build_choice(choice, **given)
