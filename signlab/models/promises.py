"""Whether the blocks of plug-ins give what they tell their neighbours.

Those that come with signlab are held to it by its tests.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from signlab.models.base import Block
from signlab.models.reach import places
from signlab.models.recognizer import Recognizer
from signlab.registry import BadSetting

FRAMES = 9
"""Of the invented utterance; odd, so that halving leaves a rest."""

META = torch.device("meta")


def check_promises(recognizer: Recognizer, widths: Mapping[str, int]) -> None:
    """Let each block of a plug-in work once, and refuse one that gives another shape than it says.

    Args:
        recognizer: On the meta device, where nothing is computed.
        widths: Features of a frame, for each part.

    Raises:
        BadSetting: A block fails, or its activations are not those that the next one was built
            for; ``key`` is its slot.
    """
    for slot, block, inputs, shape in _uses(recognizer, widths):
        if type(block).__module__.partition(".")[0] != "signlab":
            given = _run(slot, block, inputs)
            if given.shape != shape:
                raise BadSetting(
                    f"model.{slot}",
                    f"{type(block).__name__} gives the shape {tuple(given.shape)}, and says "
                    f"{shape} with its out_width and out_lengths",
                )


def _uses(
    recognizer: Recognizer, widths: Mapping[str, int]
) -> Iterator[tuple[str, Block, tuple[Any, ...], tuple[int, ...]]]:
    """Each block with its slot, inputs, and the shape that it says it gives."""
    stem, fusion, head = recognizer.stem, recognizer.fusion, recognizer.head
    width, after = fusion.out_width, FRAMES
    for slot, layer, time in places(recognizer, FRAMES):
        after = int(layer.out_lengths(torch.tensor([time])))
        lengths = torch.tensor([time], device=META)
        if layer is stem:
            parts = {name: _zeros(time, features) for name, features in widths.items()}
            shape = after, stem.out_parts, stem.out_width
            yield slot, stem, (parts, _all_there(time, len(widths)), lengths), (1, *shape)
            encoded = _zeros(*shape), _all_there(after, stem.out_parts)
            yield "fusion", fusion, encoded, (1, after, width)
        else:
            inputs, width = (_zeros(time, width), lengths), layer.out_width
            yield slot, layer, inputs, (1, after, width)
    yield "head", head, (_zeros(after, width),), (1, after, head.out_width)


def _zeros(*shape: int) -> Tensor:
    return torch.zeros(1, *shape, device=META)


def _all_there(*shape: int) -> Tensor:
    return torch.ones(1, *shape, dtype=torch.bool, device=META)


def _run(slot: str, block: nn.Module, inputs: tuple[Any, ...]) -> Tensor:
    try:
        with torch.no_grad():
            given = block(*inputs)
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise BadSetting(
            f"model.{slot}",
            f"{type(block).__name__} fails on {FRAMES} frames on torch's meta device: {reason}",
        ) from error
    return given if isinstance(given, Tensor) else given[0]
