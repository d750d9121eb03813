"""Every block as a graph of any batch and length."""

import numpy as np
import onnxruntime
import pytest
import torch
from jaxtyping import config
from test_blocks import TRIALS, Inputs, build, make_inputs, run
from torch import nn

from signlab.models.recognizer import SLOTS
from signlab.training.tracing import to_onnx, trace

NAMES = [(slot, name) for slot in SLOTS if slot != "auxiliary" for name in SLOTS[slot].names()]


@pytest.fixture(autouse=True)
def _sizes_may_be_symbols():
    """A traced size is no ``int``, which the checks of the signatures would refuse."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


class Bare(nn.Module):
    """A block as a function of tensors alone."""

    def __init__(self, slot: str, block: nn.Module) -> None:
        super().__init__()
        self.slot, self.block = slot, block

    def forward(self, x, presence, lengths):
        return run(self.slot, self.block, Inputs(x, presence, lengths))


def tensors(slot: str, frames: int, rows: slice):
    inputs = make_inputs(slot, frames=frames)
    return inputs.x[rows], inputs.presence[rows], inputs.lengths[rows].clamp(max=frames)


UNSEEN = ((29, slice(0, 3)), (17, slice(3, 4)))
"""Lengths and batches that are not traced; the second is one utterance."""


def traced(slot: str, name: str):
    settings = TRIALS.get(f"{slot} {name}", [{}])[0]
    module = Bare(slot, build(slot, name, settings)).eval()
    return module, trace(module, tensors(slot, 24, slice(0, 2)), (2, 2, 1))


every_block = pytest.mark.parametrize(("slot", "name"), NAMES, ids=map("-".join, NAMES))


@every_block
def test_every_block_becomes_a_graph_of_any_batch_and_length(slot, name):
    module, program = traced(slot, name)
    graph = program.module()
    for inputs in (tensors(slot, *size) for size in UNSEEN):
        y, lengths = module(*inputs)
        found, ends = graph(*inputs)
        assert torch.equal(lengths, ends)
        torch.testing.assert_close(found, y, atol=1e-5, rtol=1e-5)


@pytest.mark.nightly
@every_block
def test_every_block_gives_the_same_in_onnxruntime(slot, name, tmp_path):
    module, program = traced(slot, name)
    path, names = tmp_path / "block.onnx", ("x", "presence", "lengths")
    to_onnx(program, names, ("y", "ends")).save(path)
    session = onnxruntime.InferenceSession(path)
    read = {each.name for each in session.get_inputs()}  # not every block reads all three
    for inputs in (tensors(slot, *size) for size in UNSEEN):
        y, lengths = module(*inputs)
        given = {n: x.numpy() for n, x in zip(names, inputs, strict=True) if n in read}
        found, ends = session.run(None, given)
        assert ends.tolist() == lengths.tolist()
        assert np.abs(found - y.detach().numpy()).max() < 1e-4
