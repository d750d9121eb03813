"""Whether the blocks of a recogniser suit the lengths of the utterances."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from signlab.models.base import Sequential, Stem
from signlab.models.convolution import TimeConv
from signlab.models.efficient_attention import Linformer
from signlab.models.recognizer import Recognizer, layers
from signlab.registry import BadSetting


def check_reach(recognizer: Recognizer, model: Mapping[str, Any], frames: int) -> None:
    """Refuse kernels larger than any utterance, and utterances longer than a block can take.

    Some weights of such a kernel would hardly ever see anything but padding.

    Args:
        recognizer: May be on the meta device; nothing is computed.
        model: The section of the recipe that it was built from.
        frames: Of the longest utterance.

    Raises:
        BadSetting: ``key`` is the place of the setting, or of its block.
    """
    for slot, layer, timesteps in places(recognizer, frames):
        there = f"the longest utterance has {frames} frames, which are {timesteps} timesteps there"
        for module in layer.modules():
            if isinstance(module, TimeConv) and 2 * module.reach >= timesteps:
                (kernel,) = module.filter.kernel_size
                span = f" at a distance of {module.dilation}" * (module.dilation > 1)
                raise BadSetting(
                    _key(slot, model[slot], "kernel", kernel),
                    f"a kernel of {kernel} timesteps{span} is larger than the clip: {there}",
                )
            if isinstance(module, Linformer) and module.longest < timesteps:
                raise BadSetting(
                    _key(slot, model[slot], "longest", module.longest),
                    f"sums over at most {module.longest} timesteps, and {there}",
                )


def places(recognizer: Recognizer, frames: int) -> Iterator[tuple[str, Stem | Sequential, int]]:
    """Each layer that sees time, with its slot and the timesteps of an utterance before it."""
    lengths = torch.tensor([frames], device="cpu")
    yield "stem", recognizer.stem, frames
    lengths = recognizer.stem.out_lengths(lengths)
    for slot, block in (("temporal", recognizer.temporal), ("encoder", recognizer.encoder)):
        for layer in layers(block):
            yield slot, layer, int(lengths)
            lengths = layer.out_lengths(lengths)


def _key(slot: str, choice: Mapping[str, Any], word: str, value: int) -> str:
    """The place of the setting whose name has a word and whose value is, or holds, a number."""
    return next(_keys(f"model.{slot}", choice, word, value), f"model.{slot}")


def _keys(place: str, choice: Mapping[str, Any], word: str, value: int) -> Iterator[str]:
    for name, setting in choice.items():
        several = isinstance(setting, list)
        held = setting if several else [setting]
        if word in name and value in held:
            yield f"{place}.{name}"
        for number, inner in enumerate(held):  # the blocks of a chain, or what another is before
            if isinstance(inner, Mapping):
                below = f"{place}.{name}.{number}" if several else f"{place}.{name}"
                yield from _keys(below, inner, word, value)
