"""A study's figures against effects that were planted in fabricated runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest
from fabricate import Planted, fabricate

from signlab.errors import BadStudy
from signlab.reporting.answer import answer, notices
from signlab.reporting.summary import StudySummary, as_json, summarise
from signlab.study.folder import RunFolder

PLANTED = {
    "baseline": Planted(0.20),
    "residual": Planted(0.12, ("residual",)),
    "crossmodal": Planted(0.20, ("crossmodal",), damaged=("RAIN",)),
    "depthwise": Planted(0.27, ("depthwise",)),
}


def verdicts(summary: StudySummary) -> dict[str, str]:
    return {effect.name: effect.verdict for effect in summary.answers.effects}


def test_planted_effects_are_found_and_a_planted_null_is_not(tmp_path: Path) -> None:
    null = {"null": Planted(0.20, ("null",))}
    # with three signers, four comparisons leave no verdict on 6 points
    folder = fabricate(
        tmp_path / "s", PLANTED | null, utterances=75, folds=("s1", "s2", "s3", "s4"), epochs=2
    )
    summary = summarise(folder)
    assert verdicts(summary) | {"crossmodal": ""} == {
        "residual": "helps",
        "crossmodal": "",
        "depthwise": "hurts",
        "null": "no difference shown",
    }
    assert summary.best is not None
    assert summary.best[0].name == "residual"
    assert summary.signs is not None
    assert summary.signs.changed("crossmodal", "baseline")[-1][0] == "RAIN"


def test_nulls_are_rarely_called_real(tmp_path: Path) -> None:
    called = 0
    for study in range(3):
        names = [f"null{study}{letter}" for letter in "abc"]
        variants = {"baseline": Planted()} | {n: Planted(components=(n,)) for n in names}
        folder = fabricate(tmp_path / f"{study}", variants, utterances=40, epochs=2)
        called += any(
            word != "no difference shown" for word in verdicts(summarise(folder)).values()
        )
    assert called <= 1  # 5 % a study are promised: two or more have a chance of 0.7 %


def test_figures_show_those_that_differ_most_where_there_is_no_room_for_all(tmp_path: Path) -> None:
    single = {f"part-{n}": Planted(0.14 + 0.02 * n, (f"part-{n}",)) for n in range(14)}
    folder = fabricate(
        tmp_path / "s", {"baseline": Planted(0.20)} | single, seeds=(0,), utterances=20, epochs=2
    )
    summary = summarise(folder)
    reference = summary.measured[0][1].wer.value
    change = {variant.name: abs(m.wer.value - reference) for variant, m in summary.measured}
    baseline, *shown = [variant.name for variant, _ in summary.principal]
    assert baseline == "baseline"
    assert len(shown) == 11
    assert min(change[name] for name in shown) >= max(change[n] for n in single if n not in shown)


def test_wer_pools_the_utterances_of_all_folds(tmp_path: Path) -> None:
    folder = fabricate(tmp_path / "s", PLANTED, folds=("s1", "s2"), utterances=20, epochs=2)
    for variant, measured in summarise(folder).measured:
        of_seeds = []
        for seed in (0, 1, 2):
            errors = [r.result.test for r in variant.runs if r.result and r.seed == seed]
            edits = sum(e.substitutions + e.deletions + e.insertions for e in errors)
            of_seeds.append(100 * edits / sum(e.glosses for e in errors))
        assert measured.wer.value == pytest.approx(np.mean(of_seeds))


def test_two_seeds_give_no_verdict(tmp_path: Path) -> None:
    folder = fabricate(tmp_path / "s", PLANTED, seeds=(0, 1), epochs=2)
    summary = summarise(folder)
    assert set(verdicts(summary).values()) == {"withheld"}
    assert "fewer than 3 seeds" in answer(summary)


def test_a_collapsed_baseline_credits_no_component(tmp_path: Path) -> None:
    variants = PLANTED | {"baseline": Planted(collapsed=True)}
    summary = summarise(fabricate(tmp_path / "s", variants, epochs=3))
    assert {effect.verdict for effect in summary.answers.effects} == {"withheld"}
    assert "3 of 12 finished runs collapsed" in notices(summary)[0]
    assert "3 of the 6 runs compared collapsed" in answer(summary)


def test_an_unfinished_study_compares_what_both_variants_have(tmp_path: Path) -> None:
    folds = ("s1", "s2")
    failed = {("residual", "s2", 2): "the loss became infinite at update 113"}
    waiting = [("depthwise", fold, seed) for fold in folds for seed in (0, 1, 2)]
    folder = fabricate(
        tmp_path / "s", PLANTED, folds=folds, failed=failed, waiting=waiting, epochs=2
    )
    summary = summarise(folder)
    effects = {effect.name: effect for effect in summary.answers.effects}
    grid = effects["residual"].grid
    assert grid is not None
    assert (grid.folds, grid.seeds) == (folds, (0, 1))
    assert effects["depthwise"].paired is None
    assert effects["depthwise"].verdict == "withheld"
    told = " ".join(notices(summary))
    assert "17 of 24 runs are finished, 6 not yet" in told
    assert "1 run of 24 failed" in told


def test_json_has_the_promised_keys_and_no_nan(tmp_path: Path) -> None:
    waiting = [("residual", "default", seed) for seed in (0, 1, 2)]
    failed = {("depthwise", "default", 1): "out of memory"}
    folder = fabricate(
        tmp_path / "s", PLANTED, waiting=waiting, failed=failed, epochs=2, utterances=10
    )
    found = json.loads(json.dumps(as_json(summarise(folder), Path("report.md")), allow_nan=False))
    assert list(found) == ["study", "report", "runs", "verdicts"]
    assert [run["status"] for run in found["runs"]].count("waiting") == 3
    assert [run["status"] for run in found["runs"]].count("failed") == 1
    keys = "variant fold seed status collapsed dev_wer test_wer parameters latency_p50_ms "
    keys += "frames_per_second peak_memory_mib seconds"
    for run in found["runs"]:
        assert list(run) == keys.split()
        assert (run["test_wer"] is None) == (run["status"] != "finished")
    for verdict in found["verdicts"]:
        assert list(verdict) == ["component", "difference", "interval", "p", "verdict"]
        assert len(verdict["interval"]) == 2


def test_runs_on_other_utterances_are_refused(tmp_path: Path) -> None:
    folder = fabricate(tmp_path / "s", PLANTED, epochs=2, utterances=10)
    run = RunFolder(next((folder / "residual").iterdir()))
    table = run.hypotheses()
    run.write_table("hypotheses", table.assign(reference=table["reference"].str.lower()))
    with pytest.raises(BadStudy, match="not tested on the same utterances"):
        summarise(folder)


def test_a_folder_without_a_study_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadStudy, match=r"study\.json: no such file"):
        summarise(tmp_path)
    (tmp_path / "study.json").write_text('{"name": "x"}')
    with pytest.raises(BadStudy, match="lacks 'question'"):
        summarise(tmp_path)


def test_change_of_a_sign_needs_more_than_chance(tmp_path: Path) -> None:
    folder = fabricate(tmp_path / "s", PLANTED, epochs=2, utterances=10)
    signs = summarise(folder).signs
    assert signs is not None
    few = replace(
        signs,
        support=pd.Series({"SUN": 3, "RAIN": 300}),
        recall=pd.DataFrame({"a": {"SUN": 100.0, "RAIN": 80.0}, "b": {"SUN": 66.7, "RAIN": 60.0}}),
    )
    assert few.changed("b", "a") == [("RAIN", pytest.approx(-20.0))]


def test_the_epochs_of_a_run_can_be_read_while_it_replaces_them(tmp_path):
    run, over = RunFolder(tmp_path), Event()

    def write():
        for count in cycle(range(1, 50)):
            run.write_table("epochs", pd.DataFrame({"epoch": range(1, count + 1)}))
            if over.is_set():
                return

    with ThreadPoolExecutor() as pool:
        written = pool.submit(write)
        for _ in range(300):  # read by path, one in ten fails
            epochs = run.epochs()
            assert epochs.empty or list(epochs["epoch"]) == list(range(1, len(epochs) + 1))
        over.set()
        written.result()
