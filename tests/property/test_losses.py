"""CTC against the sum over all paths, in float64; focal against its formula."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signlab.corpora.base import Sample
from signlab.errors import BadCorpus
from signlab.training.feasible import check_lengths
from signlab.training.losses import LOSSES, Ctc, Focal, needed_timesteps


def collapse(path):
    """A path of outputs to its labels: repeats first, then blanks."""
    return tuple(output for output, _ in itertools.groupby(path) if output != 0)


def brute_force(log_probs: torch.Tensor, labels: tuple[int, ...]) -> torch.Tensor:
    """-ln of the summed probability of every path that collapses to the labels."""
    timesteps, outputs = log_probs.shape
    paths = [
        p for p in itertools.product(range(outputs), repeat=timesteps) if collapse(p) == labels
    ]
    if not paths:
        return torch.tensor(float("inf"), dtype=log_probs.dtype)
    scores = [log_probs[torch.arange(timesteps), list(path)].sum() for path in paths]
    return -torch.logsumexp(torch.stack(scores), dim=0)


@st.composite
def cases(draw):
    outputs = draw(st.integers(2, 4))
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    labels = [
        tuple(draw(st.lists(st.integers(1, outputs - 1), min_size=1, max_size=3))) for _ in lengths
    ]
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    shape = (len(lengths), max(lengths) + draw(st.integers(0, 2)), outputs)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    return logits, lengths, labels


def batched(logits, lengths, labels):
    padded = torch.zeros(len(labels), max(map(len, labels)), dtype=torch.int64)
    for row, glosses in enumerate(labels):
        padded[row, : len(glosses)] = torch.tensor(glosses)
    counts = torch.tensor([len(glosses) for glosses in labels])
    return logits.log_softmax(-1), torch.tensor(lengths), padded, counts


@settings(max_examples=60)
@given(cases())
def test_ctc_is_the_sum_over_all_paths(case):
    logits, lengths, labels = case
    losses = Ctc()(*batched(*case))
    for row, (length, glosses) in enumerate(zip(lengths, labels, strict=True)):
        expected = brute_force(logits[row, :length].log_softmax(-1), glosses)
        torch.testing.assert_close(losses[row], expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=60)
@given(cases())
def test_needed_timesteps_are_exactly_those_with_an_alignment(case):
    _, lengths, labels = case
    losses = Ctc()(*batched(*case))
    for loss, length, glosses in zip(losses, lengths, labels, strict=True):
        assert bool(torch.isfinite(loss)) == (length >= needed_timesteps(glosses))


def test_utterances_without_an_alignment_are_counted_and_named():
    samples = [
        Sample(f"u{number}", "s", glosses, np.zeros((frames, 1, 2), dtype=np.int16))
        for number, (glosses, frames) in enumerate(
            [(("A", "B"), 8), (("A", "A"), 11), (("A", "A"), 12), (("A",), 3)]
        )
    ]
    check_lengths([samples[0], samples[2]], lambda frames: frames // 4)
    with pytest.raises(BadCorpus, match=r"2 of 4 utterances.*\('u1', 'u3'\).*11 frames.*need 3"):
        check_lengths(samples, lambda frames: frames // 4)


@settings(max_examples=30)
@given(cases(), st.floats(0, 1), st.floats(0, 4), st.sampled_from(["label", "utterance"]))
def test_focal_is_its_formula_on_the_brute_force_loss(case, share, gamma, by):
    logits, lengths, labels = case
    losses = Focal(share=share, gamma=gamma, by=by)(*batched(*case))
    for row, (length, glosses) in enumerate(zip(lengths, labels, strict=True)):
        if length < needed_timesteps(glosses):
            continue
        loss = brute_force(logits[row, :length].log_softmax(-1), glosses)
        p = torch.exp(-loss / (len(glosses) if by == "label" else 1))
        expected = (1 - share) * loss + share * (1 - p) ** gamma * loss
        torch.testing.assert_close(losses[row], expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES.names())
def test_gradients_are_those_of_the_values(name):
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    loss = LOSSES.build(name, {})

    def total(logits):
        return loss(*batched(logits, [6, 4], [(1, 1, 2), (3,)]))

    assert torch.autograd.gradcheck(total, (logits,))


@pytest.mark.parametrize("name", LOSSES.names())
def test_padding_does_not_matter(name):
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(1, 8, 4, generator=generator, dtype=torch.float64)
    loss = LOSSES.build(name, {})
    short = loss(*batched(logits[:, :5], [5], [(1, 2)]))
    long = loss(*batched(logits, [5], [(1, 2)]))
    torch.testing.assert_close(short, long, rtol=0, atol=0)


def test_gamma_zero_is_ctc():
    case = batched(torch.randn(2, 6, 4, dtype=torch.float64), [6, 5], [(1, 1, 2), (3,)])
    torch.testing.assert_close(Focal(gamma=0.0)(*case), Ctc()(*case))


CHOICES = [(name, {}) for name in LOSSES.names()]
CHOICES += [("focal", {"gamma": g, "by": by}) for g in (0.5, 1.5) for by in ("label", "utterance")]


@pytest.mark.parametrize(("name", "own"), CHOICES, ids=str)
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_finite_at_every_length_with_an_alignment(name, own, scale):
    """In single precision, with gradients, also for outputs that are wrong and sure of it."""
    generator = torch.Generator().manual_seed(5)
    loss = LOSSES.build(name, own)
    for glosses in [(1,), (1, 1), (2, 1, 2), (3, 3, 3, 1)]:
        fewest = needed_timesteps(glosses)
        for length in range(fewest, fewest + 5):
            logits = (scale * torch.randn(1, length, 4, generator=generator)).requires_grad_()
            nats = loss(*batched(logits, [length], [glosses])).sum()
            nats.backward()
            assert nats.isfinite()
            assert logits.grad is not None
            assert logits.grad.isfinite().all()


@pytest.mark.parametrize("by", ["label", "utterance"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_focal_is_finite_where_the_outputs_are_right_and_sure_of_it(gamma, by):
    """In single precision, where a loss is rounded to 0 and below; with gradients."""
    logits = torch.randn(60, 3, 2, generator=torch.Generator().manual_seed(6))
    logits[:, 1, 1] += 30  # the gloss is here, and begins and ends who knows where
    logits.requires_grad_()
    case = batched(logits, [3] * 60, [(1,)] * 60)
    nats = Ctc()(*case)
    assert (nats < 0).any()
    assert (nats == 0).any()
    losses = Focal(gamma=gamma, by=by)(*case)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
