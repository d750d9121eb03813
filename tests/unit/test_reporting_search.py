"""A report's section on a search: what was tried, what was kept, what that changed."""

import json
from pathlib import Path

import numpy as np
import pytest
from fabricate import Planted, fabricate

from signlab.reporting.answer import answer
from signlab.reporting.report import write_report
from signlab.reporting.scales import scale_of
from signlab.reporting.search import search_text
from signlab.reporting.summary import summarise
from signlab.study.choice import choose
from signlab.study.designs import factorial
from signlab.study.dimension import Dimension
from signlab.study.searched import Searched, write_searched
from signlab.study.trial import Trial

DIMENSIONS = (
    Dimension("schedule.learning_rate", 1e-4, 1e-2, log=True),
    Dimension("model.encoder.name", choices=("bilstm", "transformer")),
    Dimension("model.encoder.heads", choices=(2, 4)),  # of the transformer only
)


SMALL = {"utterances": 8, "epochs": 4, "unmeasured": True}


def trials(components: tuple[str, ...]) -> list[Trial]:
    """Twelve: a lower rate is better, the transformer too, though large; two are stopped, one cannot be."""
    rng, found = np.random.default_rng(0), []
    for number in range(12):
        rate = float(10 ** rng.uniform(-4, -2))
        large = bool(rng.integers(2))
        point = {f"components.{one}": bool(rng.integers(2)) for one in components}
        point |= {"schedule.learning_rate": rate, "model.encoder.name": "bilstm"}
        if large:
            point |= {"model.encoder.name": "transformer", "model.encoder.heads": 4}
        wer = 20.0 + 10 * np.log10(rate / 1e-4) - 14 * large
        curve = [wer + 60.0 / epoch for epoch in range(1, 10)]
        if number in (5, 7):
            found.append(Trial(number, "pruned", point, {}, "stopped", 0, 5.0, curve[:3]))
        elif number == 9:
            found.append(Trial(number, "infeasible", point, {}, "too short"))
        else:
            values = {"dev_wer": wer, "dev_loss": wer / 40, "parameters": 2e5 + 6e5 * large}
            found.append(Trial(number, "complete", point, values, "", 900, 15.0, curve))
    return found


def add_search(
    study: Path,
    *,
    variant: str = "baseline",
    objectives: tuple[str, ...] = ("dev_wer",),
    components: tuple[str, ...] = (),
    lacking: dict[str, object] | None = None,
) -> Searched:
    """Put a search beside a study's runs, and name it in ``study.json``."""
    tried = trials(components)
    best = choose(tried, objectives)
    keys = [*(f"components.{one}" for one in components), *(d.key for d in DIMENSIONS)]
    searched = Searched(
        name="x", variant=variant, total=12, components=components,
        decides={"space": {d.key: d.record() for d in DIMENSIONS}}, lacking=lacking or {},
        objectives=objectives, sampler={"name": "tpe"},
        pruner={"name": "hyperband" if len(objectives) == 1 else "none"}, seeds=(100,),
        folds=("s1", "s2"), epochs=9, trials=tuple(tried),
        importances={name: dict.fromkeys(keys, 1 / len(keys)) for name in ("fanova", "ped_anova")},
        chosen=best.number,
    )  # fmt: skip
    folder = study / "search" / f"{variant}-12345678"
    folder.mkdir(parents=True)
    write_searched(folder, searched)
    change(study, searches={variant: f"search/{variant}-12345678"})
    return searched


def change(study: Path, **values: object) -> dict:
    path = study / "study.json"
    record = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps(record))
    return record


def make_untuned(study: Path, variants: tuple[str, ...], tuned: dict[str, object]) -> None:
    """Let the runs of each variant ``x-own`` be those of ``x`` at the recipe's own settings."""
    record = change(study)
    own = {f"{name}-own": name for name in variants}
    runs = [run for run in record["runs"] if run["variant"] not in own]
    untuned = [
        {**run, "variant": own[run["variant"]]} for run in record["runs"] if run["variant"] in own
    ]
    planned = [
        {**variant, "tuned": tuned} for variant in record["variants"] if variant["name"] not in own
    ]
    change(study, runs=runs, untuned=untuned, variants=planned)


def section(study: Path) -> str:
    return search_text(summarise(study), lambda name, _: f"![]({name})")


def test_tuning_that_helps_is_told_with_its_interval_and_by_fold(tmp_path):
    study = fabricate(
        tmp_path / "study",
        {
            "baseline": Planted(0.1), "residual": Planted(0.1, ("residual",)),
            "baseline-own": Planted(0.4), "residual-own": Planted(0.1, ("residual",)),
        },
        folds=("s1", "s2", "s3", "s4"), utterances=30, epochs=4, unmeasured=True,
    )  # fmt: skip
    add_search(study, lacking={"model.encoder.heads": 8})
    rates = {"schedule.learning_rate": [0.003, 0.00012345]}
    make_untuned(study, ("baseline", "residual"), rates)
    text = section(study)
    assert "12 trials, by `tpe` with the pruner `hyperband`, judged by `dev_wer`" in text
    assert "9 complete, 2 pruned and 1 infeasible" in text
    assert "does not have the recipe's own `model.encoder.heads: 8`" in text
    assert "`schedule.learning_rate`: `0.003` → `0.000123`" in text
    assert "The searched recipe **beats** the shipped one on the mean of the 4 folds" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `baseline`")]
    [gain] = [row for row in rows if len(row) == 6]
    assert gain[-1].startswith("**helps**")
    low, high = (
        float(one) for one in gain[3].replace("−", "-").split("[")[1].strip("]").split(",")
    )
    assert low < high < 0
    assert "| `s1` |" in text
    assert "| `s2` |" in text
    # at its own settings the baseline is poorer than residual; once tuned it is not
    assert "Tuning changed the verdict on `residual`." in text

    # where there are no components, the search is what the study asks of
    alone = {
        kind: [run for run in change(study)[kind] if run["variant"] == "baseline"]
        for kind in ("runs", "untuned")
    }
    change(study, variants=change(study)["variants"][:1], **alone)
    assert answer(summarise(study)).startswith("Tuning helps: ")


def test_several_objectives_have_a_front_and_the_rule_that_keeps_one(tmp_path):
    study = fabricate(tmp_path / "study", {"baseline": Planted(0.2)}, **SMALL)
    searched = add_search(study, objectives=("dev_wer", "parameters"))
    report = write_report(summarise(study), tmp_path / "report")
    assert {"search.png", "search-front.png"} < {path.name for path in report.parent.iterdir()}
    text = report.read_text().partition("## Search")[2].partition("\n## ")[0]
    assert "within one standard error" in text
    rows = [line for line in text.splitlines() if "(kept)" in line]
    assert [row.split()[1] for row in rows] == [str(searched.chosen)]
    assert "800,000" in text
    assert "e+" not in text


def test_importances_of_components_stand_beside_the_factorials_shapley_values(tmp_path):
    components = ("residual", "crossmodal")
    planted = {
        name: Planted(0.2 * 0.7 ** len(on), on) for name, on in factorial(components).items()
    }
    study = fabricate(tmp_path / "study", planted, design="factorial", **SMALL)
    without = summarise(study).answers
    # what the search found has both components and other settings, which make it poor
    fabricate(tmp_path / "found", {"searched": Planted(0.5, components)}, **SMALL)
    (tmp_path / "found" / "searched").rename(study / "searched")
    record, more = change(study), json.loads((tmp_path / "found" / "study.json").read_text())
    change(
        study,
        variants=[*record["variants"], *more["variants"]],
        runs=[*record["runs"], *more["runs"]],
    )
    add_search(study, variant="searched", components=components)
    answers = summarise(study).answers
    for one, other in zip(answers.shapley, without.shapley, strict=True):
        assert one.paired == other.paired
    assert [effect.name for effect in answers.effects] == list(components)
    text = section(study)
    line = next(row for row in text.splitlines() if row.startswith("| `residual` |"))
    assert line.count("|") == 5
    assert "−" in line
    assert "The searched recipe **does not beat** the shipped one" in text


def test_without_a_factorial_the_report_says_what_would_stand_there(tmp_path):
    study = fabricate(tmp_path / "study", {"baseline": Planted(0.2)}, **SMALL)
    add_search(study, variant="searched", components=("residual",))
    text = section(study)
    assert "with `design: factorial` their Shapley values would stand here" in text


def test_a_log_range_is_drawn_by_its_factors_and_choices_by_their_names():
    rate = scale_of("rate", {"low": 1e-4, "high": 1e-2, "log": True, "step": None})
    assert [rate.place(x) for x in (1e-4, 1e-3, 1e-2)] == pytest.approx([0.0, 0.5, 1.0])
    kept = scale_of("mirror", {"choices": [None, {"rate": 0.5}]})
    assert [kept.place(None), kept.place({"rate": 0.5})] == [0.0, 1.0]
    assert [text for _, text in kept.ticks] == ["None", "{'rate': 0.5}"]
