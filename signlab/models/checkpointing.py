"""Activation checkpointing: less memory for a second forward pass."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from torch import nn
from torch.utils.checkpoint import checkpoint

from signlab.models.convolution import BatchNorm


def checkpointed(block: nn.Module, *inputs: Any) -> Any:
    """``block(*inputs)`` without keeping what lies within; backward computes it again.

    Dropout draws the same again, and running averages are updated once.
    """
    return checkpoint(
        block, *inputs, use_reentrant=False, context_fn=lambda: (nullcontext(), _again(block))
    )


@contextmanager
def _again(block: nn.Module) -> Iterator[None]:
    norms = [module for module in block.modules() if isinstance(module, BatchNorm)]
    for norm in norms:
        norm.tracking = False
    try:
        yield
    finally:
        for norm in norms:
            norm.tracking = True
