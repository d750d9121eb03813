"""Tracing a module for any batch and any length.

torch's tracer looks into some operations further than their meaning: it unrolls a recurrent layer
into its timesteps, which freezes their number, and asks a convolution for the memory format of
batches above 1. Here it is told no more than which shape comes out; the operation stays a whole,
and becomes one LSTM or GRU in ONNX instead of a loop.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._C import DispatchKey
from torch._decomp import decomposition_table
from torch.export import Dim, ExportedProgram
from torch.fx.experimental import _config as symbolic_shapes

_COMPOSITE = DispatchKey.CompositeImplicitAutograd


def trace(
    module: nn.Module, inputs: Sequence[Tensor], dimensions: Sequence[int]
) -> ExportedProgram:
    """A module in evaluation mode as a graph.

    Args:
        module: Reads tensors by position, of which the first axes may have any size.
        inputs: An example with at least two utterances of more than one timestep.
        dimensions: How many axes of each may change.

    Raises:
        torch._dynamo.exc.UserError: The module's Python looks at a size or a value.
    """
    dynamic = tuple(dict.fromkeys(range(count), Dim.DYNAMIC) for count in dimensions)
    # 0 and 1 are sizes like any other: nothing here broadcasts by accident
    any_size = symbolic_shapes.patch(  # pyright: ignore[reportAttributeAccessIssue]  # put there
        backed_size_oblivious=True
    )
    with torch.no_grad(), _wholes(), quiet(), any_size:
        return torch.export.export(module.eval(), tuple(inputs), dynamic_shapes=dynamic)


def to_onnx(program: ExportedProgram, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
    """The graph as a ``torch.onnx.ONNXProgram`` whose tensors have these names."""
    with torch.no_grad(), _wholes(), quiet():
        return torch.onnx.export(
            program, input_names=inputs, output_names=outputs, dynamo=True, verbose=False
        )


def _lstm(
    x: Tensor, hidden: Sequence[Tensor], *_weights_and_settings: Any
) -> tuple[Tensor, Tensor, Tensor]:
    return _recurrent(x, hidden[0]), torch.empty_like(hidden[0]), torch.empty_like(hidden[1])


def _gru(x: Tensor, hidden: Tensor, *_weights_and_settings: Any) -> tuple[Tensor, Tensor]:
    return _recurrent(x, hidden), torch.empty_like(hidden)


def _recurrent(x: Tensor, hidden: Tensor) -> Tensor:
    """One direction, the batch first: the layers of ``models.recurrent``."""
    return x.new_empty(*x.shape[:2], hidden.shape[-1])


def _conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
) -> Tensor:
    del bias, groups
    sizes = [
        (size + 2 * pad - gap * (kernel - 1) - 1) // step + 1
        for size, kernel, step, pad, gap in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    return x.new_empty(x.shape[0], weight.shape[0], *sizes)


_SHAPES: dict[Any, Callable[..., Any]] = {
    torch.ops.aten.lstm.input: _lstm,
    torch.ops.aten.gru.input: _gru,
    torch.ops.aten.conv2d.default: _conv2d,
}


@contextmanager
def _wholes() -> Iterator[None]:
    """Let the tracer compute nothing but the shapes of some operations.

    ``torch.export._patches`` puts loops in the same two places, as the ONNX exporter does.
    """
    kernels = {operation: operation.py_kernels.get(_COMPOSITE) for operation in _SHAPES}
    formulas = {operation: decomposition_table.get(operation) for operation in _SHAPES}
    for operation, shape in _SHAPES.items():
        operation.py_kernels[_COMPOSITE] = shape
        if formulas[operation] is not None:
            decomposition_table[operation] = shape
    try:
        yield
    finally:
        for operation in _SHAPES:
            _restore(operation.py_kernels, _COMPOSITE, kernels[operation])
            _restore(decomposition_table, operation, formulas[operation])


def _restore(table: dict[Any, Any], key: Any, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from users what the exporter tells its own authors."""
    logger = logging.getLogger("torch.onnx._internal.exporter")
    before = logger.level
    with warnings.catch_warnings():
        # a recurrent layer gathers its weights anew each time that it runs
        warnings.filterwarnings("ignore", r"(?s).*_flat_weights.* were assigned during export")
        # the weights of a convolution lie in another order than their axes; that is kept
        warnings.filterwarnings("ignore", "No complete tensor found in the group")
        warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated", FutureWarning)
        logger.setLevel(logging.ERROR)  # it looks for torchvision, which nothing here needs
        try:
            yield
        finally:
            logger.setLevel(before)
