"""The files that come with signlab: studies that can be built, blocks that go into recipes."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.corpora.importers.boston104 import BOSTON104
from signlab.execution.catalogue import CATALOGUE
from signlab.execution.inventory import block_table, component_table
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS
from signlab.study.components import COMPONENTS
from signlab.study.plan import make_variants
from signlab.study.study import load_study
from signlab.training.assembly import assemble

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
MODELS = [
    path
    for path in sorted((ROOT / "experiments").glob("*.yaml"))
    if (path.parent / f"{path.stem}-small.yaml").exists() or path.stem == "baseline"
]
"""The baseline's recipe and those of the proposal's models, at their full size."""

LAYOUTS = {"synthetic": HOLISTIC, "composed": POSE_HANDS, "folder": BOSTON104}
GLOSSES = tuple(f"G{number}" for number in range(40))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_variant_of_a_study_can_be_built(path):
    for variant in make_variants(load_study(path), CATALOGUE):
        layout = LAYOUTS[variant.recipe["corpus"]["name"]]
        with torch.device("meta"):
            assemble(variant.recipe, layout, GLOSSES)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_any_block_or_component_goes_into_any_recipe_or_says_why_not(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    _, *blocks = block_table(path)
    _, *components = component_table(path)
    told = [row[2] for row in blocks] + [row[1] for row in components]
    fits = [number for number in told if number.replace(",", "").isdigit()]
    assert len(fits) > len(told) / 2
    assert all(text.startswith("does not fit: ") for text in told if text not in fits)


def test_components_are_a_line_each(monkeypatch):
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, ["components"], catch_exceptions=False)
    _, recipe, *lines = done.stdout.splitlines()
    assert recipe.split()[:2] == ["(none)", "604,338"]
    assert [line.split()[0] for line in lines] == list(COMPONENTS)
    for line, component in zip(lines, COMPONENTS.values(), strict=True):
        assert line.strip().endswith(component.summary)
