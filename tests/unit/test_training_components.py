"""Components of training: each changes what it says, and they combine."""

from pathlib import Path

import pytest

from signlab.corpora.augment.base import AUGMENTATIONS
from signlab.execution.catalogue import CATALOGUE
from signlab.study.components import AUGMENTATIONS as SUMMARIES
from signlab.study.components import COMPONENTS, apply, merge
from signlab.study.plan import make_variants
from signlab.study.study import load_study

STUDIES = Path(__file__).parents[2] / "studies"


def test_every_augmentation_can_be_put_in_and_taken_out():
    assert sorted(SUMMARIES) == AUGMENTATIONS.names()
    for name in SUMMARIES:
        dashed = name.replace("_", "-")
        with_it = apply({"augment": {}}, COMPONENTS[dashed].change, CATALOGUE)
        assert with_it == {"augment": {name: {}}}
        without = apply(with_it, COMPONENTS[f"no-{dashed}"].change, CATALOGUE)
        assert without == {"augment": {}}


def test_regularisers_and_losses_combine():
    names = ["focal", "label-smoothing", "consistency", "entropy", "cutmix", "interctc"]
    change = merge(COMPONENTS[name] for name in names)
    assert change["loss"] == {"name": "focal"}
    assert set(change["regularise"]) == {"smoothing", "consistency", "entropy"}


@pytest.mark.parametrize("study", ["training", "training-signs3", "augmentation-signs3"])
def test_each_variant_changes_what_its_name_says(study):
    baseline, *variants = make_variants(load_study(STUDIES / f"{study}.yaml"), CATALOGUE)
    assert not baseline.changes
    for variant in variants:
        assert variant.components == (variant.name,)
        sections = {".".join(key.split(".")[:2]) for key in variant.changes}
        whole = {section.partition(".")[0] for section in sections}
        assert len(sections) == 1 or whole in ({"loss"}, {"schedule"})
