"""How many multiply-adds each slot takes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from signlab.models.recognizer import Recognizer

GATES: dict[type[nn.RNNBase], int] = {nn.LSTM: 4, nn.GRU: 3}


def multiply_adds(recognizer: Recognizer, widths: Mapping[str, int], frames: int) -> dict[str, int]:
    """Multiply-adds of the matrix products of each slot for one utterance.

    Those of recurrent layers are computed by formula, ``gates * hidden * (in + hidden)`` a
    timestep: torch's counter gives 0 or their number, depending on the backend, and on the meta
    device takes them one timestep after the other. Biases, activations and normalisations are
    left out, as is usual.

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
    # attention as two matrix products: the counter does not know the CPU's fused one
    plain = sdpa_kernel(SDPBackend.MATH)
    with _evaluating(recognizer), _by_formula(recognizer, recurrent), plain, counter:
        recognizer(parts, presence, lengths)
    counted = {name: sum(ops.values()) // 2 for name, ops in counter.get_flop_counts().items()}
    root = type(recognizer).__name__
    return {
        slot: _total(f"{root}.{slot}", module, counted)
        + sum(number for name, number in recurrent.items() if name.startswith(f"{slot}."))
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
def _by_formula(recognizer: Recognizer, found: dict[str, int]) -> Iterator[None]:
    """Let recurrent layers give zeros, and note in ``found`` what they would have taken."""
    modules = recognizer.named_modules()
    layers = {name: module for name, module in modules if isinstance(module, nn.RNNBase)}
    for name, module in layers.items():
        module.forward = partial(_counted, found, name, module)
    try:
        yield
    finally:
        for module in layers.values():
            del module.forward


def _counted(
    found: dict[str, int], name: str, module: nn.RNNBase, x: Tensor, _state: Any = None
) -> tuple[Tensor, Any]:
    directions = 2 if module.bidirectional else 1
    hidden = module.hidden_size
    widths = [module.input_size] + [directions * hidden] * (module.num_layers - 1)
    operations = sum(GATES[type(module)] * hidden * (width + hidden) for width in widths)
    timesteps = x.shape[0] * x.shape[1]
    found[name] = found.get(name, 0) + timesteps * directions * operations
    batch = x.shape[0 if module.batch_first else 1]
    state = x.new_zeros(directions * module.num_layers, batch, hidden)
    outputs = x.new_zeros(*x.shape[:2], directions * hidden)
    return outputs, (state, state) if isinstance(module, nn.LSTM) else state
