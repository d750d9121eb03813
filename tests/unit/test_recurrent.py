"""The two-direction LSTM against torch's own on packed sequences."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from signlab.models.recurrent import BiRecurrent, reordered, reversal

LENGTHS = torch.tensor([9, 4, 1, 7])


def packed_twin(layer: BiRecurrent) -> nn.LSTM:
    """torch's bidirectional LSTM with the same weights."""
    twin = nn.LSTM(
        layer.onward.input_size, layer.onward.hidden_size, batch_first=True, bidirectional=True
    )
    with torch.no_grad():
        for name, value in layer.onward.named_parameters():
            twin.get_parameter(name).copy_(value)
        for name, value in layer.reverse.named_parameters():
            twin.get_parameter(f"{name}_reverse").copy_(value)
    return twin


def test_equals_packed_sequences_in_value_and_gradient():
    layer = BiRecurrent(5, 8)
    twin = packed_twin(layer)
    ours = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    packed = pack_padded_sequence(theirs, LENGTHS, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(twin(packed)[0], batch_first=True)
    valid = (torch.arange(9) < LENGTHS[:, None])[:, :, None]
    y, _ = layer(ours, LENGTHS)

    torch.testing.assert_close(y * valid, expected, atol=1e-6, rtol=0)
    (y * valid).square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-5)
    for name, value in layer.onward.named_parameters():
        torch.testing.assert_close(value.grad, twin.get_parameter(name).grad, atol=1e-5, rtol=1e-5)


def test_reversal_turns_each_utterance_and_leaves_its_padding():
    x = torch.arange(1.0, 6.0).expand(2, 5)[:, :, None]
    lengths = torch.tensor([5, 3])
    order = reversal(5, lengths)
    turned = reordered(x, order)
    assert turned[..., 0].tolist() == [[5, 4, 3, 2, 1], [3, 2, 1, 4, 5]]
    assert torch.equal(reordered(turned, order), x)
