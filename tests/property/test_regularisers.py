"""Regularisers against sums over everything, in float64, and how an objective adds them up."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signlab.corpora.batches import Batch
from signlab.landmarks.tensors import Landmarks
from signlab.models.recognizer import AuxiliaryOutput, Output
from signlab.training.losses import LOSSES, Ctc, needed_timesteps
from signlab.training.objective import Objective, build_objective
from signlab.training.path_entropy import path_entropy
from signlab.training.regularisers import REGULARISERS
from tests.property.test_losses import batched, cases, collapse

UNIGRAM = {2: [1.0], 3: [0.25, 0.75], 4: [0.5, 0.3, 0.2]}
BLANK = 0.6


def build(name, outputs=4, **own):
    regulariser = REGULARISERS.build(name, own)
    regulariser.fit(torch.tensor(UNIGRAM[outputs], dtype=torch.float64), BLANK)
    return regulariser


def kl(u, p):
    """KL(u || p) by its definition, with 0 ln 0 = 0."""
    return sum(a * (a.log() - b.log()) for a, b in zip(u, p, strict=True) if a > 0)


def prior(outputs, kind, blank):
    glosses = UNIGRAM[outputs] if kind == "unigram" else [1 / (outputs - 1)] * (outputs - 1)
    share = (BLANK if kind == "unigram" else 1 / outputs) if blank else 0.0
    return torch.tensor([share, *((1 - share) * g for g in glosses)], dtype=torch.float64)


@settings(max_examples=20)
@given(cases(), st.sampled_from(["uniform", "unigram"]), st.booleans())
def test_smoothing_is_the_mean_divergence_from_its_prior(case, kind, blank):
    logits, lengths, labels = case
    outputs = logits.shape[-1]
    found = build("smoothing", outputs, prior=kind, blank=blank)(*batched(*case))
    u = prior(outputs, kind, blank)
    for row, (length, glosses) in enumerate(zip(lengths, labels, strict=True)):
        each = []
        for p in logits[row, :length].softmax(-1):
            given_a_sign = torch.cat([p[:1], p[1:] / p[1:].sum()])
            each.append(kl(u, p if blank else given_a_sign))
        torch.testing.assert_close(found[row], sum(each) / length * len(glosses))


@settings(max_examples=20)
@given(cases())
def test_path_entropy_is_that_of_all_alignments(case):
    logits, lengths, labels = case
    found = path_entropy(*batched(*case))
    for row, (length, glosses) in enumerate(zip(lengths, labels, strict=True)):
        if length < needed_timesteps(glosses):
            continue
        log_probs = logits[row, :length].log_softmax(-1)
        paths = itertools.product(range(logits.shape[-1]), repeat=length)
        scores = [
            log_probs[torch.arange(length), list(path)].sum()
            for path in paths
            if collapse(path) == glosses
        ]
        share = torch.stack(scores).log_softmax(0)
        torch.testing.assert_close(found[row], -(share.exp() * share).sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(cases())
def test_consistency_is_the_divergence_between_the_views(case):
    logits, lengths, labels = case
    views = torch.cat([logits, logits.flip(2)])
    found = build("consistency")(*batched(views, lengths * 2, labels * 2))
    for row, length in enumerate(lengths):
        first = logits[row, :length].softmax(-1)
        second = first.flip(1)
        there = sum(kl(q, p) for p, q in zip(first, second, strict=True))
        torch.testing.assert_close(found[row], there)
        torch.testing.assert_close(found[row + len(lengths)], there)  # flipped, the same terms


def test_consistency_draws_each_view_to_the_other_as_it_stands():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    term = build("consistency")
    term(*batched(logits, [5, 3], [(1,), (1,)])).sum().backward()
    p = logits.detach().softmax(-1)
    # the gradient of KL(q || p) by the scores behind p is p - q, with q held fast
    valid = torch.tensor([[1] * 5, [1] * 3 + [0] * 2])[:, :, None]
    torch.testing.assert_close(logits.grad, (p - p.flip(0)) * valid)


@pytest.mark.parametrize("name", REGULARISERS.names())
def test_gradients_are_those_of_the_values(name):
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    term = build(name)
    target = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64)

    def total(logits):
        # the other view is a constant, as it is for the gradient
        views = torch.cat([logits, target]) if term.views == 2 else logits
        rows = [6, 4] * term.views, [(1, 1, 2), (3,)] * term.views
        return term(*batched(views, *rows))[:2]

    assert torch.autograd.gradcheck(total, (logits,))


@pytest.mark.parametrize("name", REGULARISERS.names())
@settings(max_examples=15)
@given(labels=st.lists(st.integers(1, 3), min_size=1, max_size=4), spare=st.integers(0, 3))
def test_finite_at_every_length_with_an_alignment(name, labels, spare):
    """In single precision, for outputs as sure of themselves as trained ones, at every length."""
    length = needed_timesteps(labels) + spare
    generator = torch.Generator().manual_seed(length)
    logits = 60 * torch.randn(2, length + 2, 4, generator=generator)
    logits.requires_grad_()
    term = build(name)
    nats = term(*batched(logits, [length, length], [tuple(labels)] * 2))
    nats.sum().backward()
    assert nats.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert (logits.grad[:, length:] == 0).all()


def output(logits, lengths):
    return Output(logits.log_softmax(-1), torch.tensor(lengths))


def batch_of(logits, lengths, labels):
    _, _, padded, counts = batched(logits, lengths, labels)
    landmarks = Landmarks(torch.zeros(2, 1, 1, 2), torch.zeros(2, 1, 1, dtype=torch.bool), counts)
    return Batch(landmarks, padded, counts, ("a", "b"), ("s", "s"))


def test_an_objective_is_the_sum_of_its_parts():
    logits = torch.randn(2, 6, 4, dtype=torch.float64)
    lengths, labels = [6, 4], [(1, 1, 2), (3,)]
    given_regularisers = {"smoothing": {"share": 0.2}, "entropy": {"weight": 0.5}}
    objective = build_objective({"loss": {"name": "ctc"}, "regularise": given_regularisers})
    references = [("A", "A", "B"), ("C",)]
    objective.fit(references, ("A", "B", "C"), blank=BLANK)
    smoothing = REGULARISERS.build("smoothing", {"share": 0.2})
    smoothing.fit(torch.tensor([0.5, 0.25, 0.25]), BLANK)
    case = batched(logits, lengths, labels)
    extra = AuxiliaryOutput((2 * logits).log_softmax(-1), 0.3)
    found = objective(
        Output(logits.log_softmax(-1), torch.tensor(lengths), (extra,)),
        batch_of(logits, lengths, labels),
    )
    ctc = Ctc()(*case) + 0.3 * Ctc()(*batched(2 * logits, lengths, labels))
    each = 0.8 * ctc + 0.2 * smoothing(*case) - 0.5 * path_entropy(*case)
    torch.testing.assert_close(found, each.sum())


def test_a_weight_of_zero_is_plain_ctc():
    logits = torch.randn(2, 6, 4, dtype=torch.float64)
    lengths, labels = [6, 4], [(1, 1, 2), (3,)]
    batch = batch_of(logits, lengths, labels)
    plain = Objective(LOSSES.build("ctc", {}))(output(logits, lengths), batch)
    for name in REGULARISERS.names():
        own = {"share" if name == "smoothing" else "weight": 0.0}
        term = build(name, **own)
        found = Objective(LOSSES.build("ctc", {}), (term,))(output(logits, lengths), batch)
        torch.testing.assert_close(found, plain, rtol=0, atol=0)
