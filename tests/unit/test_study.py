"""Studies: designs, component semantics, and one clear sentence for everything that is wrong."""

import itertools
from pathlib import Path

import pytest

from signlab.errors import BadStudy
from signlab.registry import Registry
from signlab.study.components import COMPONENTS, Component, apply, merge
from signlab.study.designs import DESIGNS
from signlab.study.fold import Fold
from signlab.study.plan import make_runs, make_variants
from signlab.study.recipe import Catalogue
from signlab.study.study import load_study, smoke_of

ENCODERS: Registry = Registry("encoder", given=("in_width",))
WARPS: Registry = Registry("augmentation")


@ENCODERS.register("lstm")
class Lstm:
    """One layer."""

    def __init__(self, *, in_width: int, width: int = 8, dropout: float = 0.1) -> None: ...


@ENCODERS.register("wide")
class Wide:
    """Another."""

    def __init__(self, *, in_width: int, width: int = 16, heads: int = 2) -> None: ...


@WARPS.register("mirror")
class Mirror:
    """Left is right."""

    def __init__(self, *, rate: float = 0.5) -> None: ...


SCHEDULES: Registry = Registry("schedule")


@SCHEDULES.register("plain")
class Plain:
    """How long."""

    def __init__(
        self, *, epochs: int = 3, scale: float = 1.0, updates_per_epoch: int = 0
    ) -> None: ...


@SCHEDULES.register("other")
class Other:
    """Another way to say how long."""

    def __init__(self, *, phases: int = 1, scale: float = 1.0) -> None: ...


CATALOGUE = Catalogue(
    choices={"model.encoder": ENCODERS, "schedule": SCHEDULES},
    settings={},
    collections={"augment": WARPS},
    optional={"schedule": {"name": "plain"}},
)

RECIPE = """
model:
  encoder: {name: lstm, width: 32, dropout: 0.3}
augment:
  mirror: {rate: 0.2}
schedule: {epochs: 5}
"""

STUDY = """
name: tiny
question: Does it help?
recipe: recipe.yaml
components:
  - wider: {model: {encoder: {width: 64}}}
  - other: {model: {encoder: {name: wide}}}
seeds: [0, 1]
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a study and its recipe with some text replaced; give the study's path."""

    def write(old: str = "", new: str = "") -> Path:
        for name, text in (("study.yaml", STUDY), ("recipe.yaml", RECIPE)):
            (tmp_path / name).write_text(text.replace(old, new) if old else text)
        assert not old or old in STUDY + RECIPE
        return tmp_path / "study.yaml"

    return write


def test_a_study_may_name_the_component_of_its_plug_in(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(COMPONENTS, "widest", None)  # taken away again afterwards
    del COMPONENTS["widest"]
    (tmp_path / "widening.py").write_text(
        "from signlab.study.components import add_component\n"
        'add_component("widest", "wide", {"model": {"encoder": {"width": 128}}})\n'
    )
    path = write("seeds:", "plugins: [widening]\nvariants: {widest: [widest]}\nseeds:")
    _, widest = make_variants(load_study(path), CATALOGUE)
    assert widest.changes == {"model.encoder.width": (32, 128)}


def test_a_block_that_replaces_another_keeps_what_both_have(write):
    baseline, wider, other, both = make_variants(load_study(write()), CATALOGUE)
    assert baseline.recipe["model"]["encoder"] == {"name": "lstm", "width": 32, "dropout": 0.3}
    assert wider.recipe["model"]["encoder"] == {"name": "lstm", "width": 64, "dropout": 0.3}
    assert other.recipe["model"]["encoder"] == {"name": "wide", "width": 32, "heads": 2}
    assert both.recipe["model"]["encoder"] == {"name": "wide", "width": 64, "heads": 2}
    assert wider.changes == {"model.encoder.width": (32, 64)}


def test_an_optional_choice_may_leave_out_its_name(write):
    study = load_study(write("{width: 64}}}", "{width: 64}}, schedule: {name: other}}"))
    baseline, wider, *_ = make_variants(study, CATALOGUE)
    expected = {"name": "plain", "epochs": 5, "scale": 1.0, "updates_per_epoch": 0}
    assert baseline.recipe["schedule"] == expected
    assert wider.recipe["schedule"] == {"name": "other", "phases": 1, "scale": 1.0}


def test_null_takes_an_entry_of_a_collection_away():
    change = {"augment": {"mirror": None}}
    recipe = {"model": {"encoder": {"name": "lstm"}}, "augment": {"mirror": {}}}
    assert apply(recipe, change, CATALOGUE)["augment"] == {}
    assert recipe["augment"] == {"mirror": {}}


def test_merging_components_does_not_depend_on_their_order():
    parts = [
        Component("a", "", {"model": {"encoder": {"name": "wide"}}}),
        Component("b", "", {"model": {"encoder": {"heads": 4}}}),
        Component("c", "", {"schedule": {"epochs": 2}}),
    ]
    merged = [merge(order) for order in itertools.permutations(parts)]
    assert all(one == merged[0] for one in merged)
    assert merged[0]["model"]["encoder"] == {"name": "wide", "heads": 4}


def test_designs():
    names = ("a", "b", "c")
    one, leave, full = (DESIGNS[d](names) for d in ("one-at-a-time", "leave-one-out", "factorial"))
    assert list(one) == ["baseline", "a", "b", "c", "all"]
    assert leave["all-but-b"] == ("a", "c")
    assert len(full) == 8
    assert len(set(full.values())) == 8
    assert next(iter(full)) == "baseline"
    assert full["all"] == names
    assert list(DESIGNS["one-at-a-time"](("a",))) == ["baseline", "a"]


def test_every_decision_makes_a_run_of_its_own(write):
    study = load_study(write())
    variants = make_variants(study, CATALOGUE)
    folds = [Fold(), Fold("s1", "signer", ("s1",))]
    corpus, other = (dict.fromkeys(study.combinations, name) for name in ("corpus", "other"))
    runs = make_runs(study, variants, folds, corpus, lambda *_: ())
    changed = make_runs(study, variants, folds, other, lambda *_: ())
    assert len(runs) == 4 * 2 * 2
    reading = make_runs(study, variants, folds, corpus, lambda *_: ("a table",))
    assert len({run.folder for run in [*runs, *changed, *reading]}) == 48
    longer = load_study(write("epochs: 5", "epochs: 6"))
    again = make_runs(longer, make_variants(longer, CATALOGUE), folds, corpus, lambda *_: ())
    assert not {run.digest for run in runs} & {run.digest for run in again}


def test_a_smoke_study_cannot_be_taken_for_the_real_one(write):
    study = load_study(write())
    smoke = smoke_of(study)
    assert smoke.name == "tiny-smoke"
    assert 100 * smoke.recipe.values["schedule"]["scale"] < 0.5
    assert study.recipe.values["schedule"]["epochs"] == 5


def test_set_reads_values_as_yaml_and_reaches_the_recipe(write):
    study = load_study(write(), ("schedule.epochs=7", "model.encoder.dropout=1e-3", "seeds=[4]"))
    baseline = make_variants(study, CATALOGUE)[0]
    assert baseline.recipe["schedule"]["epochs"] == 7
    assert baseline.recipe["model"]["encoder"]["dropout"] == 0.001
    assert study.seeds == (4,)


WRONG = {
    "unknown key of a study": ("seeds:", "sedes:", "study.yaml:8: ", "'sedes'", "'seeds'"),
    "missing key": ("question: Does it help?\n", "", "study.yaml", "needs the key 'question'"),
    "wrong type": ("[0, 1]", "[0, no]", "study.yaml:8: ", "seeds.1", "'no'"),
    "seed twice": ("[0, 1]", "[1, 1]", "study.yaml:8: ", "listed twice"),
    "unknown component": ("components:\n", "components:\n  - residul\n", "study.yaml:6: ", "'residual'"),
    "unknown design": ("seeds:", "design: one-at-time\nseeds:", "study.yaml:8: ", "'one-at-a-time'"),
    "no such recipe": ("recipe.yaml", "recipes.yaml", "study.yaml:4: ", "'recipe.yaml'"),
    "unknown block": ("name: lstm", "name: lstn", "recipe.yaml:3: ", "no encoder 'lstn'", "'lstm'"),
    "unknown setting": ("dropout: 0.3", "droput: 0.3", "recipe.yaml:3: ", "'droput'", "'dropout'"),
    "setting of wrong type": ("epochs: 5", "epochs: five", "recipe.yaml:6: ", "schedule.epochs", "'five'"),
    "unknown section": ("schedule:", "shedule:", "recipe.yaml:6: ", "'shedule'", "'schedule'"),
    "unknown augmentation": ("mirror: {", "miror: {", "recipe.yaml:5: ", "'miror'", "'mirror'"),
    "setting of a component": (
        "width: 64}", "widht: 64}", "study.yaml:6: ", "variant 'wider'", "'widht'", "'width'",
    ),
    "a component without effect": ("width: 64", "width: 32", "'wider'", "measure nothing"),
    "conflict": (
        "name: wide}", "width: 5}", "'wider'", "'other'", "model.encoder.width", "64", "5",
    ),
    "a baseline with components": (
        "seeds:", "variants: {baseline: [wider]}\nseeds:", "study.yaml:8: ", "the recipe as it is",
    ),
    "projection of no variant": (
        "seeds:", "projections: {source: a, variants: {widr: {}}}\nseeds:", "study.yaml:8: ", "'widr'", "'wider'",
    ),
    "unknown projection": (
        "seeds:", "projections: {source: a, variants: {wider: {wr: 3}}}\nseeds:", "study.yaml:8: ", "'wer'",
    ),
    "not YAML": ("seeds: [0", "seeds: [0, [", "study.yaml:", "not valid YAML"),
    "a key twice": ("seeds:", "name: again\nseeds:", "study.yaml:8", "duplicate"),
    "name that is no folder": ("name: tiny", "name: ../tiny", "study.yaml:2: ", "'../tiny'"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "parts"), [(w[0], w[1], w[2:]) for w in WRONG.values()], ids=WRONG
)
def test_bad_input_is_one_sentence_with_place_value_and_remedy(write, old, new, parts):
    with pytest.raises(BadStudy) as caught:
        make_variants(load_study(write(old, new)), CATALOGUE)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_an_absent_study_is_a_sentence(tmp_path: Path):
    with pytest.raises(BadStudy, match=r"no\.yaml: cannot be read"):
        load_study(tmp_path / "no.yaml")
