"""Search spaces: what applies where, and one clear sentence for everything that is wrong."""

from pathlib import Path

import pytest

from signlab.errors import BadStudy
from signlab.execution.catalogue import CATALOGUE
from signlab.study.dimension import Dimension, read_dimension
from signlab.study.plan import make_variants
from signlab.study.spaces import make_spaces
from signlab.study.study import load_study

RECIPE = """
corpus: {name: synthetic}
model:
  stem: {name: conv, width: 16}
  fusion: {name: concat, width: 32}
  temporal: {name: single-scale, kernel: 5}
  encoder: {name: bilstm, width: 96, layers: 1}
  head: {name: linear}
augment: {time_warp: {rate: 0.5}, mirror: {rate: 0.5}}
schedule: {epochs: 10}
"""

STUDY = """
name: tiny
question: What does tuning change?
recipe: recipe.yaml
components:
  - wider: {model: {encoder: {width: 160}}}
  - unmirrored: {augment: {mirror: null}}
  - attention:
      model: {encoder: {name: transformer}}
      search:
        model.encoder.heads: {choices: [2, 4]}
search:
  space:
    schedule.learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}
    model.encoder.width: {choices: [64, 128]}
    augment.time_warp.rate: {low: 0, high: 1}
    augment.mirror.rate: {low: 0.0, high: 0.5, step: 0.25}
  trials: 4
seeds: [0, 1]
"""


@pytest.fixture
def write(tmp_path: Path):
    """Write a study with some text replaced; give its path."""

    def write(*pairs: tuple[str, str]) -> Path:
        text = STUDY
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "study.yaml").write_text(text)
        (tmp_path / "recipe.yaml").write_text(RECIPE)
        return tmp_path / "study.yaml"

    return write


def spaces_of(path: Path):
    study = load_study(path)
    return {s.variant: s for s in make_spaces(study, make_variants(study, CATALOGUE), CATALOGUE)}


def keys(space) -> set[str]:
    return {one.key for one in space.dimensions}


def test_what_a_component_sets_or_removes_is_not_searched_and_what_it_brings_is(write):
    spaces = spaces_of(write())
    everything = set(load_study(write()).search.space)
    assert keys(spaces["baseline"]) == everything
    assert keys(spaces["wider"]) == everything - {"model.encoder.width"}
    assert keys(spaces["unmirrored"]) == everything - {"augment.mirror.rate"}
    assert keys(spaces["attention"]) == everything | {"model.encoder.heads"}
    # written as 0 and 1, yet a rate takes what is between
    [rate] = [d for d in spaces["baseline"].dimensions if d.key == "augment.time_warp.rate"]
    assert not rate.whole


def test_the_recipes_own_settings_are_a_point_or_the_next_to_one(write):
    own = spaces_of(write())["baseline"].completed({})
    assert own["schedule.learning_rate"] == 2e-3  # a default that the recipe does not write
    assert own["model.encoder.width"] in (64, 128)  # 96 is not in the space
    assert own["augment.mirror.rate"] == 0.5


def test_a_setting_applies_only_with_the_block_that_has_it(write):
    conditional = (
        "    model.encoder.width: {choices: [64, 128]}\n",
        "    model.encoder.heads: {choices: [1, 4]}\n"
        "    model.encoder.name: {choices: [bilstm, transformer]}\n",
    )
    space = spaces_of(write(conditional))["baseline"]
    without = space.completed({"model.encoder.name": "bilstm"})
    assert "model.encoder.heads" not in without
    point = space.completed({"model.encoder.name": "transformer", "model.encoder.heads": 1})
    assert point["model.encoder.heads"] == 1
    encoder = space.recipe(point)["model"]["encoder"]
    assert (encoder["name"], encoder["heads"], encoder["width"]) == ("transformer", 1, 96)
    # in the variant that is a transformer its name stays, and its own range holds
    other = spaces_of(write(conditional))["attention"]
    assert other.completed({})["model.encoder.heads"] in (2, 4)
    assert "model.encoder.name" not in other.completed({})


def test_components_become_switches_and_those_that_disagree_have_no_recipe(write):
    clash = ("  - unmirrored:", "  - narrower: {model: {encoder: {width: 32}}}\n  - unmirrored:")
    switched = ("  trials: 4", "  components: search\n  trials: 4")
    path = write(clash, ("seeds:", "variants: {baseline: []}\nseeds:"), switched)
    [space] = spaces_of(path).values()
    off = space.completed({})
    assert off["components.wider"] is False
    assert "model.encoder.heads" not in off
    on = space.completed({"components.wider": True, "components.attention": True})
    assert "model.encoder.width" not in on
    assert space.recipe(on)["model"]["encoder"]["width"] == 160
    both = space.completed({"components.wider": True, "components.narrower": True})
    with pytest.raises(BadStudy, match="conflict"):
        space.recipe(both)


def test_a_grid_has_every_point_once(write):
    space = spaces_of(
        write(
            ("    schedule.learning_rate: {low: 1.0e-4, high: 1.0e-2, log: true}\n", ""),
            ("{low: 0, high: 1}", "{low: 0.0, high: 1.0, step: 0.5}"),
        )
    )["baseline"]
    grid = space.grid()
    assert len(grid) == 2 * 3 * 3
    assert {point["augment.mirror.rate"] for point in grid} == {0.0, 0.25, 0.5}


def test_a_stepped_range_keeps_to_its_steps():
    one = read_dimension("k", {"low": 32, "high": 128, "step": 32})
    assert (one.values, one.nearest(70), one.nearest(999)) == ((32, 64, 96, 128), 64, 128)
    assert Dimension("k", 0.0, 1.0).nearest("text") is None


WRONG = {
    "unknown key of the search": ("trials:", "trails:", "study.yaml:18", "search.trails", "'trials'"),
    "unknown key of the recipe": ("schedule.learning_rate", "schedule.learning_rat", ":14", "learning_rate"),
    "unknown section": ("schedule.learning_rate", "shedule.learning_rate", ":14", "'schedule.learning_rate'"),
    "setting of no block here": ("augment.time_warp.rate: {low: 0, high: 1}", "model.encoder.kernel: {low: 3, high: 5}", ":16", "applies in no variant", "model.encoder.name"),
    "unknown block": ("model.encoder.width: {choices: [64, 128]}", "model.encoder.name: {choices: [bilstm, bilstn]}", ":15", "did you mean 'bilstm'"),
    "low above high": ("low: 1.0e-4, high: 1.0e-2", "low: 1.0e-2, high: 1.0e-4", ":14", "low = 0.01", "below high"),
    "log with 0": ("low: 1.0e-4", "low: 0.0", ":14", "log needs a range above 0"),
    "mixed kinds": ("[64, 128]", "[64, wide]", ":15", "mixed kinds", "number, text"),
    "one choice": ("[64, 128]", "[64]", ":15", "two or more"),
    "a choice twice": ("[64, 128]", "[64, 64]", ":15", "twice"),
    "a value that no recipe takes": ("[64, 128]", "[64, -1]", ":15", "-1"),
    "no range": ("{low: 0, high: 1}", "0.5", ":16", "{low: ..., high: ...}"),
    "nested instead of dotted": ("schedule.learning_rate: {low:", "schedule: {learning_rate: {low:", "not valid YAML"),
    "unknown key of a range": ("step: 0.25", "stepp: 0.25", ":17", "did you mean 'step'"),
    "steps that miss the end": ("step: 0.25", "step: 0.2", ":17", "do not lead to"),
    "no number": ("low: 0, high: 1", "low: none, high: 1", ":16", "'none'"),
    "not measured": ("  trials: 4", "  objectives: [dev_wer, latency]\n  trials: 4", ":18", "'latency'", "dev_wer, dev_loss, latency_p50"),
    "nothing that recognises": ("  trials: 4", "  objectives: [parameters]\n  trials: 4", ":18", "dev_wer"),
    "a pruner with two objectives": ("  trials: 4", "  objectives: [dev_wer, parameters]\n  pruner: median\n  trials: 4", ":19", "'median'", "'none'"),
    "the study's own seed": ("  trials: 4", "  seeds: [1, 100]\n  trials: 4", ":18", "[1]"),
    "a seed twice": ("  trials: 4", "  seeds: [100, 100]\n  trials: 4", ":18", "twice"),
    "no trials": ("trials: 4", "trials: 0", ":18", "greater than or equal to 1"),
    "unknown way with components": ("  trials: 4", "  components: all\n  trials: 4", ":18", "'fixed' or 'search'"),
    "enqueued key that is not searched": ("  trials: 4", "  enqueue:\n    - {schedule.epochs: 3}\n  trials: 4", ":19", "not in the space"),
    "enqueued value out of range": ("  trials: 4", "  enqueue:\n    - {model.encoder.width: 65}\n  trials: 4", ":19", "64 or 128"),
    "a variant of that name": ("wider", "search", "no variant may be named 'search'"),
    "a variant of the found one's name": ("search:\n  space:", "variants: {searched: [wider]}\nsearch:\n  components: search\n  space:", ":12", "no variant may be named 'searched'"),
    "range in a component": ("heads: {choices: [2, 4]}", "heads: {choices: [2, two]}", ":11", "mixed kinds"),
    "key in a component": ("model.encoder.heads", "model.encoder.haeds", ":11", "did you mean 'heads'"),
    "empty": (STUDY[STUDY.index("  space:") : STUDY.index("  trials:")], "", "nothing to search"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "parts"), [(w[0], w[1], w[2:]) for w in WRONG.values()], ids=WRONG
)
def test_bad_input_is_one_sentence_with_place_value_and_remedy(write, old, new, parts):
    pairs = [(old, new)]
    if old.startswith("  space:"):
        pairs.append(("      search:\n        model.encoder.heads: {choices: [2, 4]}\n", ""))
    with pytest.raises(BadStudy) as caught:
        spaces_of(write(*pairs))
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
