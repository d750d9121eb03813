"""Attention and positions against slow references and known laws."""

import math

import pytest
import torch

from signlab.errors import BadInput
from signlab.models.attention import DropPath, SelfAttention, split_heads
from signlab.models.conformer import Conformer
from signlab.models.efficient_attention import Linformer, Performer
from signlab.models.positions import RELATIONS
from signlab.models.transformer import LinformerEncoder, PerformerEncoder, Transformer
from signlab.registry import BadSetting

VALID = torch.ones(1, 9, dtype=torch.bool)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("positions", ["rope", "t5", "transformer-xl"])
def test_a_relation_sees_distances_not_places(positions):
    """The same vectors everywhere: scores may only depend on how far apart two timesteps are."""
    relation = RELATIONS[positions](8, 2)
    for parameter in relation.parameters():
        torch.nn.init.normal_(parameter)
    queries, keys = (each.expand(-1, -1, 9, -1) for each in noise(2, 1, 2, 1, 4).unbind(0))
    queries, keys, bias = relation(queries, keys)
    scores = queries @ keys.transpose(-2, -1) * 4**-0.5 + (0 if bias is None else bias)
    for distance in range(-8, 9):
        diagonal = scores.diagonal(distance, -2, -1)
        torch.testing.assert_close(diagonal, diagonal[..., :1].expand_as(diagonal))
    assert not torch.allclose(scores[..., 0, 1], scores[..., 0, 2])
    assert not torch.allclose(scores[..., 0, 1], scores[..., 1, 0])


def test_transformer_xl_scores_equal_the_published_sum():
    relation = RELATIONS["transformer-xl"](8, 2)
    for parameter in relation.parameters():
        torch.nn.init.normal_(parameter)
    q, k = noise(1, 2, 5, 4), noise(2, 2, 5, 4)[1:]
    queries, keys, bias = relation(q, k)
    scores = queries @ keys.transpose(-2, -1) * 0.5 + bias
    rates = 10_000.0 ** (-torch.arange(0, 8, 2) / 8)
    for i in range(5):
        for j in range(5):
            angles = (j - i) * rates
            code = relation.encode(torch.cat([angles.sin(), angles.cos()])).view(2, 4)
            for h in range(2):
                content = (q[0, h, i] + relation.content[h, 0]) @ k[0, h, j]
                distance = (q[0, h, i] + relation.distance[h, 0]) @ code[h]
                assert scores[0, h, i, j].item() == pytest.approx(
                    (content + distance).item() / 2, abs=1e-5
                )


def test_t5_buckets_are_exact_near_and_logarithmic_far():
    relation = RELATIONS["t5"](8, 2)
    buckets = relation._buckets(300, torch.device("cpu"))
    assert buckets[0, :8].tolist() == [0, *range(17, 24)]
    assert buckets[:8, 0].tolist() == list(range(8))
    assert buckets[0, 127] == buckets[0, 299] == 31
    assert buckets[64, 0] == 8 + math.floor(8 * math.log(64 / 8) / math.log(128 / 8))


def test_linformer_with_a_sum_a_timestep_is_full_attention():
    x = noise(1, 9, 8)
    full = SelfAttention(8, heads=2, positions="none", dropout=0.0)
    sums = Linformer(8, heads=2, dropout=0.0, rank=9, longest=9)
    sums.load_state_dict(full.state_dict() | {"sums": torch.eye(9)})
    torch.testing.assert_close(sums(x, VALID), full(x, VALID))
    with pytest.raises(BadInput, match="at most 9 timesteps, not 10"):
        sums(noise(1, 10, 8), torch.ones(1, 10, dtype=torch.bool))


def test_performer_approaches_full_attention():
    x = noise(1, 9, 8)
    full = SelfAttention(8, heads=2, positions="none", dropout=0.0)
    errors = []
    for features in (16, 4096):
        linear = Performer(8, heads=2, dropout=0.0, features=features)
        linear.load_state_dict(full.state_dict() | {"directions": linear.directions})
        errors.append((linear(x, VALID) - full(x, VALID)).abs().max().item())
    assert errors[1] < 0.03
    assert errors[1] < errors[0]


def test_performer_stays_finite_on_large_values():
    x = 100 * noise(1, 9, 8)
    linear = Performer(8, heads=2, dropout=0.0, features=16)
    assert linear(x, VALID).isfinite().all()


def test_heads_split_as_multihead_attention_does():
    x = noise(2, 9, 8)
    ours = SelfAttention(8, heads=2, positions="none", dropout=0.0)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.queries_keys_values.weight)
        theirs.in_proj_bias.copy_(ours.queries_keys_values.bias)
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
    valid = torch.arange(9) < torch.tensor([[9], [4]])
    expected, _ = theirs(x, x, x, key_padding_mask=~valid)
    torch.testing.assert_close(ours(x, valid), expected, atol=1e-6, rtol=1e-5)
    assert split_heads(noise(2, 9, 24), 2)[0].shape == (2, 2, 9, 4)


def test_drop_path_leaves_out_whole_utterances_and_keeps_the_mean():
    y = DropPath(0.25).train()(torch.ones(4000, 3, 2))
    rows = y.flatten(1)
    assert ((rows == 0).all(1) | (rows == 1 / 0.75).all(1)).all()
    assert y.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(DropPath(0.25).eval()(y), y)


@pytest.mark.parametrize("encoder", [Transformer, LinformerEncoder, PerformerEncoder, Conformer])
def test_branches_are_left_out_the_more_the_deeper_they_are(encoder):
    built = encoder(in_width=8, width=8, heads=2, layers=3, drop_path=0.2)
    rates = [module.rate for module in built.modules() if isinstance(module, DropPath)]
    assert rates == pytest.approx([0.0, 0.1, 0.2])


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(BadSetting, match="3 heads cannot share 8 channels"):
        Transformer(in_width=8, width=8, heads=3)
    with pytest.raises(BadSetting, match="3 is odd"):
        Transformer(in_width=6, width=6, heads=2, positions="rope")
