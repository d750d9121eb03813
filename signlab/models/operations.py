"""How many multiply-adds each slot takes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from signlab.models.recognizer import Recognizer

GATES: dict[type[nn.RNNBase], int] = {nn.LSTM: 4, nn.GRU: 3}


def multiply_adds(recognizer: Recognizer, widths: Mapping[str, int], frames: int) -> dict[str, int]:
    """Multiply-adds of the matrix products of each slot for one utterance.

    Those of recurrent layers are computed by formula, ``gates * hidden * (in + hidden)`` a
    timestep: torch's counter gives 0 or their number, depending on the backend. Biases,
    activations and normalisations are left out, as is usual.

    Args:
        recognizer: May be on the meta device; runs once, in evaluation mode.
        widths: Features of a frame, for each part.
        frames: Length of the utterance.
    """
    place = next(recognizer.parameters())
    parts = {
        name: torch.zeros(1, frames, width, dtype=place.dtype, device=place.device)
        for name, width in widths.items()
    }
    presence = torch.ones(1, frames, len(widths), dtype=torch.bool, device=place.device)
    lengths = torch.tensor([frames], device=place.device)
    recurrent: dict[str, int] = {}
    counter = FlopCounterMode(display=False)
    with _evaluating(recognizer), _recurrent_layers(recognizer, recurrent), counter:
        recognizer(parts, presence, lengths)
    counted = {name: sum(ops.values()) // 2 for name, ops in counter.get_flop_counts().items()}
    root = type(recognizer).__name__
    return {
        slot: _total(f"{root}.{slot}", module, counted)
        + sum(
            by_formula - counted.get(f"{root}.{name}", 0)
            for name, by_formula in recurrent.items()
            if name.startswith(f"{slot}.")
        )
        for slot, module in recognizer.named_children()
    }


def _total(name: str, module: nn.Module, counted: Mapping[str, int]) -> int:
    """What was counted in a module, or in its parts where it was not called as a whole."""
    if name in counted:
        return counted[name]
    return sum(_total(f"{name}.{child}", part, counted) for child, part in module.named_children())


@contextmanager
def _evaluating(recognizer: Recognizer) -> Iterator[None]:
    training = recognizer.training
    recognizer.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        recognizer.train(training)


@contextmanager
def _recurrent_layers(recognizer: Recognizer, found: dict[str, int]) -> Iterator[None]:
    """Note in ``found`` what each recurrent layer that runs takes, by its name."""
    handles = [
        module.register_forward_hook(partial(_note, found, name))
        for name, module in recognizer.named_modules()
        if isinstance(module, nn.RNNBase)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _note(found: dict[str, int], name: str, module: nn.RNNBase, inputs: Any, _outputs: Any) -> None:
    timesteps = inputs[0].shape[0] * inputs[0].shape[1]
    directions = 2 if module.bidirectional else 1
    hidden = module.hidden_size
    widths = [module.input_size] + [directions * hidden] * (module.num_layers - 1)
    gates = GATES[type(module)]
    operations = sum(gates * hidden * (width + hidden) for width in widths)
    found[name] = found.get(name, 0) + timesteps * directions * operations
