"""The proposal's models, as the shipped recipes write them, have the sizes known for them."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

import signlab.models.blocks  # noqa: F401  (registers)
from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.features import Features
from signlab.landmarks.layout import HOLISTIC
from signlab.models.recognizer import Recognizer, build_recognizer
from signlab.study.document import load
from signlab.study.plan import make_variants
from signlab.study.recipe import resolve_file
from signlab.study.study import load_study

RECIPES = Path(__file__).parents[2] / "experiments"
PARTS = {"pose": 258, "hands": 252, "face": 1404}
"""What the Efficient Transformer-CNN was given; the recipe's face has positions beside these."""


def read(name: str) -> dict:
    return YAML(typ="safe").load(RECIPES / f"{name}.yaml")


def size(model: dict, part_widths: dict[str, int], outputs: int) -> int:
    with torch.device("meta"):
        recognizer = build_recognizer(model, part_widths=part_widths, outputs=outputs)
    return sum(recognizer.parameters_by_slot().values())


def recipe_size(name: str, outputs: int) -> int:
    """Of a recipe as it is shipped, on MediaPipe's landmarks."""
    recipe = read(name)
    settings = recipe["features"]
    features = Features(HOLISTIC, **settings | {"parts": tuple(settings["parts"])})
    return size(proposed(recipe["model"]), features.widths, outputs)


def proposed(model: dict) -> dict:
    """The model with the proposal's 50 clusters; the recipe's own corpus has too few glosses."""
    if model["head"]["name"] == "cluster":
        model["head"]["clusters"] = 50
    return model


@pytest.mark.parametrize(
    ("name", "outputs", "parameters"),
    [("legacy-hierarchical", 966, 20_146_118), ("legacy-teacher", 1295, 41_638_671)],
)
def test_legacy_recipes_have_their_exact_size(name, outputs, parameters):
    assert recipe_size(name, outputs) == parameters


@pytest.mark.parametrize(
    ("name", "outputs", "millions"),
    [("improved-hierarchical", 966, 30.9), ("cnn-lstm-hybrid", 1296, 34.8)],
)
def test_new_recipes_have_about_their_size(name, outputs, millions):
    assert recipe_size(name, outputs) / 1e6 == pytest.approx(millions, abs=0.05)


def test_the_efficient_transformer_has_about_its_size_on_the_features_of_the_proposal():
    model = proposed(read("efficient-transformer")["model"])
    assert size(model, PARTS, 1296) / 1e6 == pytest.approx(35.1, abs=0.05)
    assert recipe_size("efficient-transformer", 1296) / 1e6 == pytest.approx(35.1, abs=0.4)


RESIDUAL = {"encoder": {"name": "residual-bilstm"}}
KERNELS = {"temporal": {"kernels": [5, 9, 15]}}
DEPTHWISE = {"temporal": {"separable": True}}
CROSSMODAL = {
    "stem": {
        "components": {"pose": 256, "hands": 512, "face": 256},
        "then": {"name": "conv", "width": 512, "kernel": 1},
    },
    "fusion": {"name": "crossmodal", "width": 512},
}
BLOCKS = {"pose": 396, "hands": 512, "face": 5616}
"""The parts of the proposal's components: 256, 512 and 256."""


@pytest.mark.parametrize(
    ("changes", "millions"),
    [
        ([RESIDUAL], 20.68),
        ([KERNELS], 27.49),
        ([CROSSMODAL], 18.58),
        ([DEPTHWISE], 13.87),
        ([RESIDUAL, KERNELS, CROSSMODAL, DEPTHWISE], 15.98),
    ],
)
def test_ablations_of_the_hierarchical_model_have_their_size(changes, millions):
    model = deepcopy(read("legacy-hierarchical")["model"])
    model["stem"]["components"] = CROSSMODAL["stem"]["components"]
    for change in changes:
        for slot, settings in change.items():
            model[slot].update(settings)
    assert size(model, BLOCKS, 966) / 1e6 == pytest.approx(millions, abs=0.01)


SMALL = sorted(path.stem for path in RECIPES.glob("*-small.yaml"))


def test_every_model_has_a_small_version():
    assert len(SMALL) == 5


def test_the_study_of_projections_trains_the_small_versions_as_they_are():
    study = load_study(RECIPES.parent / "studies" / "projections.yaml")
    for variant in make_variants(study, CATALOGUE):
        name = "legacy-hierarchical" if variant.name == "baseline" else variant.name
        assert variant.recipe == resolve_file(load(RECIPES / f"{name}-small.yaml"), CATALOGUE)
        assert variant.name in study.projections.variants


@pytest.mark.parametrize("name", SMALL)
def test_small_recipes_are_small_and_train(name):
    recipe = read(name)
    settings = recipe["features"]
    widths = Features(HOLISTIC, **settings | {"parts": tuple(settings["parts"])}).widths
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recognizer: Recognizer = build_recognizer(recipe["model"], part_widths=widths, outputs=41)
        assert 1e6 < sum(recognizer.parameters_by_slot().values()) < 2e6
        parts = {part: torch.randn(2, 24, width) for part, width in widths.items()}
        output = recognizer(
            parts, torch.ones(2, 24, len(parts), dtype=torch.bool), torch.tensor([24, 24])
        )
    output.log_probs.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in recognizer.parameters())
