"""Contrasts against plain arithmetic over the WERs of the variants."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from fabricate import Planted, fabricate

from signlab.reporting.contrasts import Contrast, questions
from signlab.reporting.reading import read_study
from signlab.study.designs import DESIGNS

COMPONENTS = ("residual", "multiscale", "depthwise")


def asked(tmp_path: Path, design: str):
    combinations = DESIGNS[design](COMPONENTS)
    variants = {name: Planted(components=chosen) for name, chosen in combinations.items()}
    nothing = [(name, "default", 0) for name in variants]
    folder = fabricate(tmp_path / design, variants, design=design, seeds=[0], waiting=nothing)
    rng = np.random.default_rng(3)
    wers = {frozenset(chosen): rng.uniform(5, 40) for chosen in combinations.values()}
    by_name = {name: wers[frozenset(chosen)] for name, chosen in combinations.items()}
    return questions(read_study(folder)), wers, by_name


def value(contrast: Contrast, wers: dict[str, float]) -> float:
    plus, minus = (
        sum(weight * wers[name] for name, weight in side.items()) / sum(side.values())
        for side in (contrast.plus, contrast.minus)
    )
    assert sum(contrast.plus.values()) == sum(contrast.minus.values())
    return contrast.scale * (plus - minus)


def test_one_at_a_time(tmp_path: Path) -> None:
    found, wers, by_name = asked(tmp_path, "one-at-a-time")
    baseline, everything = wers[frozenset()], wers[frozenset(COMPONENTS)]
    singles = [wers[frozenset([c])] - baseline for c in COMPONENTS]
    effects = {contrast.name: value(contrast, by_name) for contrast in found.effects}
    expected = dict(zip(COMPONENTS, singles, strict=True)) | {"all": everything - baseline}
    assert effects == pytest.approx(expected)
    assert found.together is not None
    assert value(found.together, by_name) == pytest.approx(everything - baseline - sum(singles))


def test_leave_one_out_says_what_having_a_component_does(tmp_path: Path) -> None:
    found, wers, by_name = asked(tmp_path, "leave-one-out")
    full = frozenset(COMPONENTS)
    effects = {contrast.name: value(contrast, by_name) for contrast in found.effects}
    expected = {c: wers[full] - wers[full - {c}] for c in COMPONENTS}
    assert effects == pytest.approx(expected | {"all": wers[full] - wers[frozenset()]})


def test_factorial(tmp_path: Path) -> None:
    found, wers, by_name = asked(tmp_path, "factorial")
    shapley = dict.fromkeys(COMPONENTS, 0.0)
    for order in permutations(COMPONENTS):
        for position, component in enumerate(order):
            before = frozenset(order[:position])
            shapley[component] += (wers[before | {component}] - wers[before]) / 6
    assert {c.name: value(c, by_name) for c in found.shapley} == pytest.approx(shapley)

    main = found.effects[0]
    others = [subset for subset in wers if "residual" not in subset]
    steps = [wers[subset | {"residual"}] - wers[subset] for subset in others]
    assert value(main, by_name) == pytest.approx(np.mean(steps))

    pair = found.interactions[0]
    assert pair.name == "residual × multiscale"
    a, b = frozenset(["residual"]), frozenset(["multiscale"])
    rest = [frozenset(), frozenset(["depthwise"])]
    expected = [wers[r | a | b] - wers[r | b] - wers[r | a] + wers[r] for r in rest]
    assert value(pair, by_name) == pytest.approx(np.mean(expected))
