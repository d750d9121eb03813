"""Convolutions over time against torch's own, an utterance at a time."""

from copy import deepcopy
from io import BytesIO

import pytest
import torch
from torch.nn import functional

from signlab.models.convolution import TimeConv

LENGTHS = torch.tensor([23, 9])


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(5, 1, 1), (3, 2, 1), (7, 1, 4), (7, 2, 2), (1, 2, 1)]
)
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions_are_those_of_torch(kernel, stride, dilation, depthwise):
    x = torch.randn(2, 23, 6, generator=torch.Generator().manual_seed(0))
    conv = TimeConv(
        6, 6, kernel=kernel, stride=stride, dilation=dilation, depthwise=depthwise
    )  # fmt: skip
    found, lengths = conv(x, LENGTHS)
    for utterance, y, before, after in zip(x, found, LENGTHS, lengths, strict=True):
        expected = functional.conv1d(
            utterance[:before].T,
            conv.filter.weight,
            conv.filter.bias,
            stride=stride,
            padding=dilation * (kernel // 2),
            dilation=dilation,
            groups=6 if depthwise else 1,
        )
        torch.testing.assert_close(y[:after], expected.T, atol=1e-5, rtol=1e-5)


def test_weights_lie_as_the_product_reads_them_and_stay_so():
    conv = TimeConv(4, 9, kernel=3)
    stored = BytesIO()
    torch.save(torch.nn.Conv1d(4, 9, 3).state_dict(), stored)  # in torch's own order
    conv.filter.load_state_dict(torch.load(BytesIO(stored.getvalue())))
    for each in (conv, deepcopy(conv), deepcopy(conv).double()):
        weight = each.filter.weight
        assert weight.transpose(1, 2).flatten(1).data_ptr() == weight.data_ptr()
        each(torch.randn(2, 23, 4).to(weight), LENGTHS)[0].sum().backward()
        assert weight.grad.stride() == weight.stride()  # else the optimiser goes one by one
    assert torch.equal(conv.filter.weight, torch.load(BytesIO(stored.getvalue()))["weight"])
