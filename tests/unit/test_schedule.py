"""Schedules: the learning rate against its formula, phases, scaling, what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import signlab.execution.catalogue  # noqa: F401  # registers
from signlab.registry import BadSetting
from signlab.training.schedule import SCHEDULES

RATES = st.floats(1e-5, 1e-1)
LENGTHS = st.integers(1, 60)


def built(name: str, **settings):
    return SCHEDULES.build(name, SCHEDULES.resolve(name, settings))


@given(RATES, LENGTHS, st.integers(0, 59), st.floats(0, 1))
def test_cosine_is_a_ramp_and_half_a_cosine(rate, epochs, warmup, at):
    warmup = min(warmup, epochs - 1)
    plan = built("cosine", epochs=epochs, warmup_epochs=warmup, learning_rate=rate).plan
    assert sum(phase.epochs for phase in plan) == epochs
    main = plan[-1]
    assert main.epochs == epochs - warmup
    expected = rate * (0.01 + 0.99 * (1 + math.cos(math.pi * at)) / 2)
    assert main.rate(at * main.epochs) == pytest.approx(expected, rel=1e-9)
    assert len(plan) == 1 + (warmup > 0)
    if warmup:
        assert plan[0].rate(1.0 * warmup) == pytest.approx(rate)
        assert plan[0].rate(0.5 * warmup) == pytest.approx(0.5 * rate)
        assert 0 < plan[0].rate(0.0) < rate / 100


FOUR = {
    "warm-up": {"epochs": 5, "curve": "rise"},
    "main": {"epochs": 50, "curve": "cosine"},
    "fine-tuning": {"epochs": 20, "learning_rate": 1e-4, "augment": {"mirror": {"rate": 0.1}}},
    "last": {"epochs": 10, "learning_rate": 1e-5, "loss": {"name": "focal"}},
}


def test_a_phase_is_as_it_says_and_as_the_recipe_says_in_all_else():
    schedule = built("phased", phases=FOUR, learning_rate=3e-3, scale=0.2)
    assert [phase.epochs for phase in schedule.plan] == [1, 10, 4, 2]
    assert schedule.total_epochs == 17
    assert [phase.learning_rate for phase in schedule.plan] == [3e-3, 3e-3, 1e-4, 1e-5]
    _, main, tuning, last = schedule.plan
    assert main.sections == {}
    assert tuning.rate(0.0) == tuning.rate(3.9) == 1e-4
    assert tuning.sections == {"augment": {"mirror": {"rate": 0.1}}}
    # completed with the defaults, so that recipe.json tells them
    assert last.sections["loss"] == {"name": "focal", "share": 0.3, "gamma": 2.0, "by": "label"}


@given(st.floats(1e-6, 3.0))
def test_scaling_rounds_and_leaves_every_phase_an_epoch(scale):
    for phase, scaled in zip(
        built("phased", phases=FOUR).plan,
        built("phased", phases=FOUR, scale=scale).plan,
        strict=True,
    ):
        assert scaled.epochs >= 1
        assert scaled.epochs == 1 or abs(scaled.epochs - scale * phase.epochs) <= 0.5
        assert scaled.learning_rate == phase.learning_rate
    assert built("cosine", epochs=40, scale=scale).total_epochs == max(
        1, math.floor(40 * scale + 0.5)
    )


def test_a_phase_can_be_left_out():
    plan = built("phased", phases={**FOUR, "fine-tuning": None}).plan
    assert [phase.name for phase in plan] == ["warm-up", "main", "last"]


WRONG = {
    "learning rate 0": ("cosine", {"learning_rate": 0.0}, "learning_rate", "greater than 0"),
    "a warm-up as long as all": ("cosine", {"epochs": 3, "warmup_epochs": 3}, "warmup_epochs", "below"),
    "no epochs": ("phased", {"phases": {"a": {"epochs": 0}}}, "phases.a.epochs", "greater than 0"),
    "a negative rate": (
        "phased", {"phases": {"a": {"epochs": 1, "learning_rate": -1.0}}}, "phases.a.learning_rate", "greater than 0",
    ),
    "no phases": ("phased", {"phases": {}}, "phases", "at least 1"),
    "none left": ("phased", {"phases": {"a": None}}, "phases", "no phase is left"),
    "unknown augmentation": (
        "phased", {"phases": {"a": {"epochs": 1, "augment": {"miror": {}}}}}, "phases.a.augment.miror", "'mirror'",
    ),
    "wrong augmentation": (
        "phased", {"phases": {"a": {"epochs": 1, "augment": {"mirror": {"rate": 2}}}}}, "phases.a.augment.mirror.rate", "1",
    ),
    "unknown loss": (
        "phased", {"phases": {"a": {"epochs": 1, "loss": {"name": "focl"}}}}, "phases.a.loss.name", "'focal'",
    ),
    "unknown setting": ("phased", {"phases": {"a": {"epoch": 1}}}, "phases.a.epoch", "'epochs'"),
    "unknown curve": ("phased", {"phases": {"a": {"epochs": 1, "curve": "cos"}}}, "phases.a.curve", "'cosine'"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "key", "part"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_by_its_place(name, settings, key, part):
    with pytest.raises(BadSetting) as caught:
        built(name, **settings)
    assert caught.value.key == key
    assert part in str(caught.value)
