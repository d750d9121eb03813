"""What every block promises, whatever its slot; a new block is covered by being registered."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

import signlab.models.blocks  # noqa: F401  (registers)
from signlab.models.base import Lengths
from signlab.models.recognizer import SLOTS

WIDTH, OUTPUTS, FRAMES = 8, 7, 21
PARTS = {"pose": 6, "left_hand": 4, "right_hand": 4}
LENGTHS = torch.tensor([21, 14, 1, 9])

# settings beside the defaults that a block has code for; small widths keep the suite quick
TRIALS: dict[str, list[dict]] = {
    "stem conv": [
        {"width": 8},
        {"width": 8, "stride": 2, "separable": True},
        {"width": 8, "stride": 3, "standardise": False, "norm": "batch", "activation": "relu"},
    ],
    "fusion concat": [{"width": 8}],
    "fusion crossmodal": [{"width": 8, "heads": 2}],
    "temporal single-scale": [
        {},
        {"downsample": 1, "norm": "batch"},
        {"downsample": 8, "separable": True, "width": 12},
        {"pool": "max"},
    ],
    "temporal multiscale": [
        {},
        {"downsample": 1, "skip": False, "branch_width": 8, "kernels": [3]},
        {"downsample": 8, "separable": True, "width": 12, "norm": "batch"},
        {"pool": "max"},
    ],
    "encoder bilstm": [{"width": 6}, {"width": 6, "layers": 1}],
    "head linear": [{}, {"norm": False}],
    "encoder residual-bilstm": [
        {"width": 6},
        {"width": 4, "layers": 3},
        {"width": 6, "project": 8},
    ],
    "encoder gru": [{"width": 6}],
    "encoder bilstm-attention": [{"width": 4, "heads": 2}],
    "encoder transformer": [
        {"width": 12, "heads": 2, "layers": 2, "positions": positions}
        for positions in ("none", "sinusoidal", "rope", "t5", "transformer-xl")
    ],
    "encoder linformer": [{"width": 8, "heads": 2, "layers": 2, "rank": 4, "longest": 30}],
    "encoder performer": [{"width": 12, "heads": 2, "layers": 2, "features": 16}],
    "encoder conformer": [
        {"width": 8, "heads": 2, "layers": 2, "kernel": 5},
        {"width": 12, "heads": 2, "layers": 1, "norm": "batch", "positions": "t5"},
    ],
    "encoder squeezeformer": [
        {"width": 8, "heads": 2, "layers": 2, "kernel": 5},
        {"width": 12, "heads": 2, "layers": 1, "norm": "batch", "positions": "t5"},
    ],
    "encoder chain": [
        {
            "blocks": [
                {"name": "transformer", "width": 8, "heads": 2, "layers": 1},
                {"name": "residual-bilstm", "width": 4, "layers": 1},
            ]
        }
    ],
    "temporal chain": [{"blocks": [{"name": "single-scale"}, {"name": "multiscale"}]}],
    "temporal dilated": [
        {},
        {"widths": [4, 6], "kernels": [3, 5], "dilations": [1, 3], "norm": "layer"},
        {"downsample": 1, "separable": True},
    ],
    "stem inverted-residual": [{"width": 8}, {"width": 8, "stride": 2, "blocks": 2}],
    "stem pca": [
        {"components": {"pose": 3, "left_hand": 4, "right_hand": 2}, "then": then}
        for then in ({"name": "joined"}, {"name": "conv", "width": 8, "stride": 2})
    ],
    "head cluster": [{}, {"clusters": 4, "hidden": 9}, {"clusters": 5}, {"clusters": 1}],
}

BLOCKS = [
    pytest.param(slot, name, settings, id=f"{slot}-{name}-{number}")
    for slot, registry in SLOTS.items()
    for name in registry.names()
    for number, settings in enumerate(TRIALS.get(f"{slot} {name}", [{}]))
]
every_block = pytest.mark.parametrize(("slot", "name", "settings"), BLOCKS)
every_block_that_sees_parts = pytest.mark.parametrize(
    ("slot", "name", "settings"), [b for b in BLOCKS if b.values[0] in {"stem", "fusion"}]
)


@dataclass
class Inputs:
    """What any block may be given: one tensor, whose last axis it may read in its own way."""

    x: Tensor
    presence: Tensor
    lengths: Lengths

    def alone(self, i: int) -> "Inputs":
        """One utterance without padding."""
        length = int(self.lengths[i])
        cut = (slice(i, i + 1), slice(0, length))
        return Inputs(self.x[cut], self.presence[cut], self.lengths[i : i + 1])


def build(slot: str, name: str, settings: dict) -> nn.Module:
    given = {
        "stem": {"part_widths": PARTS},
        "fusion": {"in_width": WIDTH, "parts": len(PARTS)},
        "temporal": {"in_width": WIDTH},
        "encoder": {"in_width": WIDTH},
        "head": {"in_width": WIDTH, "outputs": OUTPUTS},
        "auxiliary": {"widths": (WIDTH, WIDTH), "outputs": OUTPUTS},
    }[slot]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return SLOTS[slot].build(name, settings, **given)


def make_inputs(slot: str, dtype: torch.dtype = torch.float32, frames: int = FRAMES + 3) -> Inputs:
    """Noise everywhere, in the padding as well; each part missing at some frames."""
    generator = torch.Generator().manual_seed(5)
    width = {"stem": sum(PARTS.values()), "fusion": WIDTH * len(PARTS)}.get(slot, WIDTH)
    x = torch.randn(len(LENGTHS), frames, width, generator=generator, dtype=torch.float64)
    presence = torch.rand(len(LENGTHS), frames, len(PARTS), generator=generator) < 0.7
    presence &= (torch.arange(frames) < LENGTHS[:, None])[:, :, None]
    return Inputs(x.to(dtype), presence, LENGTHS)


def run(slot: str, block: nn.Module, inputs: Inputs) -> tuple[Tensor, Lengths]:
    """Any block, as (batch, time, channels) and lengths."""
    x, presence, lengths = inputs.x, inputs.presence, inputs.lengths
    if slot == "stem":
        parts = dict(zip(PARTS, x.split(list(PARTS.values()), dim=-1), strict=True))
        y, present, lengths = block(parts, presence, lengths)
        assert present.shape == y.shape[:3]
        return y.flatten(2), lengths
    if slot == "fusion":
        return block(x.unflatten(-1, (len(PARTS), WIDTH)), presence), lengths
    if slot == "auxiliary":
        return torch.cat([x[..., :0], *block([x, x])], dim=-1), lengths
    if slot == "head":
        return block(x), lengths
    return block(x, lengths)


def warmed(slot: str, block: nn.Module) -> nn.Module:
    """In evaluation mode, after an update of whatever it keeps running averages of."""
    with torch.random.fork_rng(), torch.no_grad():
        run(slot, block.train(), make_inputs(slot))
    return block.eval()


@every_block
def test_tells_its_width_and_never_lengthens(slot, name, settings):
    block = build(slot, name, settings)
    inputs = make_inputs(slot)
    y, lengths = run(slot, block, inputs)
    if slot == "stem":
        assert y.shape[2] == block.out_width * block.out_parts
    elif slot != "auxiliary":
        assert y.shape[2] == block.out_width
    assert (lengths <= inputs.lengths).all()
    assert (lengths >= 1).all()
    assert lengths.max() <= y.shape[1] <= inputs.x.shape[1]
    if slot in {"stem", "temporal", "encoder"}:
        assert torch.equal(block.out_lengths(inputs.lengths), lengths)
    if slot == "encoder":
        assert torch.equal(lengths, inputs.lengths)


@every_block
def test_padding_never_reaches_a_valid_timestep(slot, name, settings):
    block = warmed(slot, build(slot, name, settings))
    inputs = make_inputs(slot)
    together, lengths = run(slot, block, inputs)
    for i, length in enumerate(lengths.tolist()):
        alone, _ = run(slot, block, inputs.alone(i))
        torch.testing.assert_close(together[i, :length], alone[0, :length], atol=1e-5, rtol=1e-5)


@every_block
def test_padding_gets_no_gradient_in_training(slot, name, settings):
    block = build(slot, name, settings).train()
    inputs = make_inputs(slot)
    inputs.x.requires_grad_()
    y, lengths = run(slot, block, inputs)
    sum(y[i, :length].square().sum() for i, length in enumerate(lengths)).backward()
    for i, length in enumerate(LENGTHS.tolist()):
        assert not inputs.x.grad[i, length:].any()


@every_block
def test_gradients_reach_every_parameter(slot, name, settings):
    block = build(slot, name, settings)
    inputs = make_inputs(slot)
    inputs.x.requires_grad_()
    y, lengths = run(slot, block, inputs)
    sum(y[i, :length].pow(3).sum() for i, length in enumerate(lengths)).backward()
    for label, parameter in block.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.isfinite().all(), label
        assert parameter.grad.any(), label


@every_block
def test_a_seed_decides_everything(slot, name, settings):
    outputs = []
    for _ in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(11)
            outputs.append(run(slot, build(slot, name, settings).train(), make_inputs(slot))[0])
    assert torch.equal(*outputs)


@every_block
def test_all_parts_missing_gives_finite_values_and_gradients(slot, name, settings):
    block = build(slot, name, settings)
    inputs = make_inputs(slot)
    inputs.presence[:] = False
    inputs.x.requires_grad_()
    y, _ = run(slot, block, inputs)
    assert y.isfinite().all()
    y.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in block.parameters())


@every_block_that_sees_parts
def test_a_missing_part_does_not_matter(slot, name, settings):
    block = warmed(slot, build(slot, name, settings))
    first = make_inputs(slot)
    widths = list(PARTS.values()) if slot == "stem" else [WIDTH] * len(PARTS)
    known = first.presence.repeat_interleave(torch.tensor(widths), dim=-1)
    second = Inputs(torch.where(known, first.x, 100.0), first.presence, first.lengths)
    a, lengths = run(slot, block, first)
    b, _ = run(slot, block, second)
    for i, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(a[i, :length], b[i, :length], atol=1e-5, rtol=1e-5)


@every_block
def test_runs_in_double_precision_and_builds_on_meta(slot, name, settings):
    y, _ = run(slot, build(slot, name, settings).double(), make_inputs(slot, torch.float64))
    assert y.dtype == torch.float64
    with torch.device("meta"):
        block = build(slot, name, settings)
    assert all(tensor.is_meta for tensor in block.state_dict().values())


def test_every_block_says_in_a_line_what_it_is():
    for registry in SLOTS.values():
        for name in registry.names():
            assert registry.summary(name).endswith("."), name
