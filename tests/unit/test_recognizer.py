"""The whole recogniser: assembly, blank start, counts, errors, padding, export."""

import math

import pytest
import torch

import signlab.models.blocks  # noqa: F401  (registers)
from signlab.models.base import Passage
from signlab.models.operations import multiply_adds
from signlab.models.recognizer import Recognizer, build_recognizer
from signlab.registry import BadSetting

PARTS = {"pose": 6, "left_hand": 4, "right_hand": 4, "face": 5}
OUTPUTS = 11
BASELINE = {
    "stem": {"name": "conv", "width": 8},
    "fusion": {"name": "concat", "width": 12},
    "temporal": {"name": "single-scale", "kernel": 5, "downsample": 4},
    "encoder": {"name": "bilstm", "width": 6, "layers": 2},
    "head": {"name": "linear"},
}
RESIDUAL = {"encoder": {"name": "residual-bilstm", "width": 6, "layers": 2}}
MULTISCALE = {"temporal": {"name": "multiscale", "kernels": [5, 9, 15], "downsample": 4}}
CROSSMODAL = {"fusion": {"name": "crossmodal", "width": 12}}
DEPTHWISE = {
    "stem": {"name": "conv", "width": 8, "separable": True},
    "temporal": {"name": "single-scale", "separable": True},
}
ALL = RESIDUAL | CROSSMODAL | DEPTHWISE | {"temporal": MULTISCALE["temporal"] | {"separable": True}}
VARIANTS = {
    "baseline": {},
    "residual": RESIDUAL,
    "multiscale": MULTISCALE,
    "crossmodal": CROSSMODAL,
    "depthwise": DEPTHWISE,
    "all": ALL,
}


def build(change: dict | None = None, outputs: int = OUTPUTS) -> Recognizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BASELINE | (change or {})
        return build_recognizer(model, part_widths=PARTS, outputs=outputs)


def batch(lengths: list[int], dtype: torch.dtype = torch.float32):
    generator = torch.Generator().manual_seed(1)
    size = len(lengths), max(lengths)
    parts = {
        name: torch.randn(*size, width, generator=generator, dtype=dtype)
        for name, width in PARTS.items()
    }
    presence = torch.rand(*size, len(PARTS), generator=generator) < 0.8
    presence &= (torch.arange(size[1]) < torch.tensor(lengths)[:, None])[:, :, None]
    return parts, presence, torch.tensor(lengths)


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_gives_log_probabilities_that_padding_cannot_reach(change):
    recognizer = build(change).eval()
    parts, presence, lengths = batch([40, 17, 3])
    output = recognizer(parts, presence, lengths)
    assert output.log_probs.dtype == torch.float32
    assert torch.equal(output.lengths, torch.tensor([10, 5, 1]))
    assert torch.equal(recognizer.out_lengths(lengths), output.lengths)
    torch.testing.assert_close(output.log_probs.exp().sum(-1), torch.ones(3, 10))
    for i, (frames, timesteps) in enumerate(zip([40, 17, 3], [10, 5, 1], strict=True)):
        cut = (slice(i, i + 1), slice(0, frames))
        alone = recognizer(
            {name: x[cut] for name, x in parts.items()}, presence[cut], lengths[i : i + 1]
        )
        torch.testing.assert_close(
            alone.log_probs[0], output.log_probs[i, :timesteps], atol=1e-5, rtol=1e-5
        )


def test_the_variants_differ_in_output_and_size():
    inputs = batch([24])
    models = {name: build(change).eval() for name, change in VARIANTS.items()}
    outputs = {name: model(*inputs).log_probs for name, model in models.items()}
    sizes = {sum(model.parameters_by_slot().values()) for model in models.values()}
    assert len(sizes) == len(VARIANTS)
    names = list(outputs)
    for i, one in enumerate(names):
        for other in names[:i]:
            assert not torch.allclose(outputs[one], outputs[other], atol=1e-3), (one, other)


def test_parameters_by_slot_match_a_hand_count():
    inputs = sum(PARTS.values()) + len(PARTS)
    assert build().parameters_by_slot() == {
        "stem": inputs * 8 * 5 + 4 * (8 + 2 * 8),
        "fusion": 4 * 9 * 12 + 12,
        "temporal": 2 * (12 * 12 * 5 + 12 + 2 * 12),
        "encoder": 2 * (4 * 6 * (12 + 6) + 8 * 6) + 2 * (4 * 6 * (12 + 6) + 8 * 6),
        "head": 2 * 12 + 12 * OUTPUTS + OUTPUTS,
        "auxiliary": 0,
    }


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_multiply_adds_match_a_hand_count(device):
    inputs = sum(PARTS.values()) + len(PARTS)
    with torch.device(device):
        counted = multiply_adds(build(), PARTS, frames=40)
    assert counted == {
        "stem": 40 * inputs * 8 * 5,
        "fusion": 40 * 4 * 9 * 12,
        "temporal": 20 * 12 * 12 * 5 + 10 * 12 * 12 * 5,
        "encoder": 10 * 2 * (4 * 6 * (12 + 6)) * 2,
        "head": 10 * 12 * OUTPUTS,
        "auxiliary": 0,
    }


def test_multiply_adds_of_separable_convolutions_match_a_hand_count():
    counted = multiply_adds(build(DEPTHWISE), PARTS, frames=40)
    inputs = sum(PARTS.values()) + len(PARTS)
    assert counted["stem"] == 40 * inputs * (5 + 8)
    assert counted["temporal"] == (20 + 10) * 12 * (5 + 12)


def test_multiply_adds_of_the_linear_skips_are_counted():
    counted = multiply_adds(build({"encoder": {"name": "residual-bilstm", "width": 8}}), PARTS, 40)
    assert counted["encoder"] == 10 * (2 * 4 * 8 * (12 + 8) + 12 * 16 + 2 * 4 * 8 * (16 + 8))


def test_blank_starts_at_the_share_asked_for():
    outputs, timesteps, labels = 101, 30.0, 6.0
    recognizer = build({"auxiliary": {"name": "interctc"}}, outputs)
    share = (timesteps - labels) / timesteps
    recognizer.start_blank(share)
    bias = recognizer.head.scores.bias
    assert bias[0].item() == pytest.approx(math.log(100 * (timesteps - labels) / labels))
    blank = recognizer.train()(*batch([60, 60])).log_probs[..., 0].exp()
    assert blank.mean().item() == pytest.approx(share, abs=0.2)


CONFORMER = {"name": "conformer", "width": 12, "layers": 2, "heads": 2, "kernel": 5}


@pytest.mark.parametrize("encoder", [BASELINE["encoder"], CONFORMER], ids=["bilstm", "conformer"])
@pytest.mark.parametrize(("name", "before"), [("convctc", 0), ("interctc", 1)])
def test_auxiliary_heads_answer_in_training_alone_and_reach_the_layers_before_them(
    name, before, encoder
):
    recognizer = build({"auxiliary": {"name": name, "weight": 0.5}, "encoder": encoder})
    output = recognizer.train()(*batch([24, 9]))
    (auxiliary,) = output.auxiliary
    assert auxiliary.weight == 0.5
    assert auxiliary.log_probs.shape == output.log_probs.shape
    auxiliary.log_probs.sum().backward()
    layers = [layer for layer in recognizer.encoder.layers if not isinstance(layer, Passage)]
    learnt = [any(p.grad is not None for p in layer.parameters()) for layer in layers]
    assert learnt == [number < before for number in range(2)]
    assert recognizer.eval()(*batch([24, 9])).auxiliary == ()


def test_part_weights_can_be_read_and_missing_parts_have_none():
    recognizer = build(CROSSMODAL).eval()
    parts, presence, lengths = batch([12, 12])
    presence[0, 3], presence[0, 4] = False, torch.tensor([True, False, False, False])
    weights = recognizer.part_weights(parts, presence, lengths)
    assert not weights[~presence].any()
    present = presence.any(-1)
    torch.testing.assert_close(weights.sum(-1), present.float())
    assert weights[0, 4].tolist() == pytest.approx([1, 0, 0, 0])
    with pytest.raises(BadSetting, match="weighs the parts"):
        build().part_weights(parts, presence, lengths)


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"encodr": {"name": "bilstm"}}, "model.encodr", "did you mean 'encoder'"),
        ({"encoder": None}, "model.encoder", "one of .*bilstm"),
        ({"encoder": {"width": 4}}, "model.encoder", "needs `{name: ...}`"),
        ({"encoder": {"name": "bilstn"}}, "model.encoder.name", "did you mean 'bilstm'"),
        ({"encoder": {"name": "bilstm", "widht": 4}}, "model.encoder.widht", "'width'"),
        ({"encoder": {"name": "bilstm", "width": 0}}, "model.encoder.width", "greater than 0"),
        ({"encoder": {"name": "bilstm", "width": "8"}}, "model.encoder.width", "integer"),
        ({"temporal": {"name": "single-scale", "kernel": 4}}, "model.temporal.kernel", "odd"),
        ({"temporal": {"name": "single-scale", "downsample": 3}}, "model.temporal.downsample", "4"),
        ({"temporal": {"name": "multiscale", "kernels": []}}, "model.temporal.kernels", "at least"),
        ({"fusion": {"name": "crossmodal", "heads": 3}}, "model.fusion.heads", "3 heads .* 8"),
    ],
)
def test_an_error_names_slot_and_setting(change, key, says):
    with torch.device("meta"), pytest.raises(BadSetting, match=says) as caught:
        build(change)
    assert caught.value.key == key


def test_checkpointing_changes_no_gradient_and_no_running_average():
    change = ALL | {"temporal": {"name": "multiscale", "norm": "batch"}}
    results = []
    for checkpoint_blocks in (False, True):
        recognizer = build(change).double().train()
        recognizer.checkpoint_blocks = checkpoint_blocks
        passes = []
        recognizer.fusion.register_forward_pre_hook(lambda *_, to=passes: to.append(1))
        with torch.random.fork_rng():
            torch.manual_seed(5)
            output = recognizer(*batch([24, 9], torch.float64))
            output.log_probs[0].sum().backward()
        gradients = {name: p.grad for name, p in recognizer.named_parameters()}
        assert len(passes) == 1 + checkpoint_blocks
        results.append(gradients | dict(recognizer.named_buffers()))
    assert results[0].keys() == results[1].keys()
    for name, expected in results[0].items():
        assert torch.equal(results[1][name], expected), name


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_leaves_the_blank_plateau(change):
    """Two sentences of the same signs in another order are learnt within 80 updates."""
    parts, presence, lengths = batch([16, 16])
    recognizer = build(change)
    optimiser = torch.optim.AdamW(recognizer.parameters(), lr=2e-2)
    labels, label_lengths = torch.tensor([[1, 2], [2, 1]]), torch.tensor([2, 2])
    losses = [math.inf]
    with torch.random.fork_rng():
        torch.manual_seed(2)  # for dropout
        while losses[-1] > 0.5 and len(losses) < 80:
            output = recognizer(parts, presence, lengths)
            loss = torch.nn.functional.ctc_loss(
                output.log_probs.transpose(0, 1), labels, output.lengths, label_lengths
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[-1] <= 0.5
