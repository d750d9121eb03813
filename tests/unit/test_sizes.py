"""The proposal's models, as the shipped recipes write them, have the sizes known for them."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

import signlab.models.blocks  # noqa: F401  (registers)
from signlab.landmarks.features import Features
from signlab.landmarks.layout import HOLISTIC
from signlab.models.recognizer import Recognizer, build_recognizer

RECIPES = Path(__file__).parents[2] / "experiments"
HIERARCHICAL = {"features": 1024}
CANONICAL = {"features": 6516}
PARTS = {"pose": 258, "hands": 252, "face": 1404}


def read(name: str) -> dict:
    return YAML(typ="safe").load(RECIPES / f"{name}.yaml")


def size(model: dict, part_widths: dict[str, int], outputs: int) -> int:
    with torch.device("meta"):
        recognizer = build_recognizer(model, part_widths=part_widths, outputs=outputs)
    return sum(recognizer.parameters_by_slot().values())


@pytest.mark.parametrize(
    ("name", "part_widths", "outputs", "parameters"),
    [
        ("legacy-hierarchical", HIERARCHICAL, 966, 20_146_118),
        ("legacy-teacher", CANONICAL, 1295, 41_638_671),
    ],
)
def test_legacy_models_have_their_exact_size(name, part_widths, outputs, parameters):
    assert size(read(name)["model"], part_widths, outputs) == parameters


@pytest.mark.parametrize(
    ("name", "part_widths", "outputs", "millions"),
    [
        ("improved-hierarchical", HIERARCHICAL, 966, 30.9),
        ("cnn-lstm-hybrid", CANONICAL, 1296, 34.8),
        ("efficient-transformer", PARTS, 1296, 35.1),
    ],
)
def test_new_models_have_about_their_size(name, part_widths, outputs, millions):
    model = read(name)["model"]
    if model["head"]["name"] == "cluster":  # the recipe's own corpus has too few glosses for 50
        model["head"]["clusters"] = 50
    assert size(model, part_widths, outputs) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    ("change", "millions"),
    [
        ({"encoder": {"name": "residual-bilstm"}}, 20.68),
        ({"temporal": {"kernels": [5, 9, 15]}}, 27.49),
        ({"temporal": {"separable": True}}, 13.87),
    ],
)
def test_ablations_of_the_hierarchical_model_have_their_size(change, millions):
    model = deepcopy(read("legacy-hierarchical")["model"])
    for slot, settings in change.items():
        model[slot].update(settings)
    assert size(model, HIERARCHICAL, 966) / 1e6 == pytest.approx(millions, abs=0.006)


def test_the_canonical_features_are_those_of_the_teacher():
    settings = read("legacy-teacher")["features"]
    features = Features(HOLISTIC, **settings | {"parts": tuple(settings["parts"])})
    assert sum(features.widths.values()) == 6516


SMALL = sorted(path.stem for path in RECIPES.glob("*-small.yaml"))


def test_every_model_has_a_small_version():
    assert len(SMALL) == 5


@pytest.mark.parametrize("name", SMALL)
def test_small_recipes_are_small_and_train(name):
    recipe = read(name)
    settings = recipe["features"]
    widths = Features(HOLISTIC, **settings | {"parts": tuple(settings["parts"])}).widths
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recognizer: Recognizer = build_recognizer(recipe["model"], part_widths=widths, outputs=41)
        assert 0.8e6 < sum(recognizer.parameters_by_slot().values()) < 2e6
        parts = {part: torch.randn(2, 24, width) for part, width in widths.items()}
        output = recognizer(
            parts, torch.ones(2, 24, len(parts), dtype=torch.bool), torch.tensor([24, 24])
        )
    output.log_probs.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in recognizer.parameters())
