"""``signlab run-study`` as a user runs it to the end, and again."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from signlab.study.folder import RunFolder
from signlab.training.checkpoint import load_model
from tests.integration.projects import RECIPE, STUDY, Project


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict]:
    """A study run to its end, and the object on the last line of its output."""
    project = Project(tmp_path_factory.mktemp("finished"))
    done = project.run("run-study", "study.yaml", "--json")
    assert done.returncode == 0, done.stderr
    return project, json.loads(done.stdout.splitlines()[-1])


def test_a_planted_effect_is_found_and_a_planted_null_is_not(finished):
    _, outcome = finished
    verdicts = {row["component"]: row for row in outcome["verdicts"]}
    assert verdicts["no-hands"]["verdict"] == "hurts"
    assert verdicts["no-hands"]["interval"][0] > 5
    assert verdicts["no-hands"]["p"] < 0.05
    assert verdicts["same"]["verdict"] == "no difference shown"
    low, high = verdicts["same"]["interval"]
    assert low <= 0 <= high


def test_json_has_what_is_promised(finished):
    project, outcome = finished
    assert outcome["study"] == "toy"
    assert (project.folder / outcome["report"]).is_file()
    assert len(outcome["runs"]) == 9
    for run in outcome["runs"]:
        assert set(run) == {
            "variant", "fold", "seed", "status", "collapsed", "dev_wer", "test_wer", "parameters",
            "latency_p50_ms", "frames_per_second", "peak_memory_mib", "seconds",
        }  # fmt: skip
        assert run["status"] == "finished"
        assert run["latency_p50_ms"] > 0
    learned = [run["test_wer"] for run in outcome["runs"] if run["variant"] == "baseline"]
    assert max(learned) < 30
    assert not any(run["collapsed"] for run in outcome["runs"] if run["variant"] == "baseline")


def test_again_is_quick_and_changes_nothing(finished):
    project, outcome = finished

    def content() -> dict[str, bytes]:
        kept = [p for folder in ("runs", "reports") for p in (project.folder / folder).rglob("*")]
        return {str(p): p.read_bytes() for p in kept if p.is_file() and p.name != "study.json"}

    before = content()
    started = os.times()
    again = project.run("run-study", "study.yaml", "--json")
    ended = os.times()
    # of the processor, not of the clock: tests run side by side
    used = ended.children_user + ended.children_system
    assert used - started.children_user - started.children_system < 15
    assert json.loads(again.stdout.splitlines()[-1]) == outcome
    assert content() == before


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "mlflow"):
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, Without())
sys.argv = ["signlab", "report", "runs/toy", "--reports", "again"]
from signlab.cli.main import main
main()
"""


def test_the_report_needs_neither_torch_nor_mlflow(finished):
    project, _ = finished
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=project.folder, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    first, again = (project.folder / name / "toy" for name in ("reports", "again"))
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {
        p.name: p.read_bytes() for p in first.iterdir()
    }


def test_a_run_ends_with_the_epoch_that_is_best_on_dev(finished):
    for folder in finished[0].folders():
        rows = folder.epochs()
        best = min(rows.index, key=lambda i: (rows.dev_wer[i], rows.dev_loss_per_label[i]))
        result = folder.result()
        assert result.best_epoch == rows.epoch[best]
        assert result.dev.wer == rows.dev_wer[best]
        assert result.blank_share == rows.blank_share[best]
        assert result.distinct_glosses == rows.distinct_glosses[best]
        escaped = [row["epoch"] for row in rows.to_dict("records") if row["dev_wer"] < 90]
        assert result.epochs_to_escape == min(escaped)


def test_a_run_leaves_the_tables_of_its_errors(finished):
    for folder in finished[0].folders():
        test = folder.hypotheses().query("split == 'test'")
        for row in test.to_dict("records"):
            glosses = row["hypothesis"].split()
            assert len(row["confidences"]) == len(row["begin_ms"]) == len(glosses)
            assert all(0 <= a < b <= 40.0 * row["frames"] + 1 for a, b in spans(row))
        tables, errors = folder.analysis(), folder.result().test
        compared = set() if folder.path.parent.name == "baseline" else {"changes"}
        assert set(tables) == compared | {
            "signs", "confusions", "lengths", "frequencies", "signers", "presence", "reliability",
            "calibration", "robustness",
        }  # fmt: skip
        for name in ("lengths", "signers"):
            assert tables[name]["substitutions"].sum() == errors.substitutions
            assert tables[name]["glosses"].sum() == errors.glosses
        assert tables["confusions"]["count"].sum() == errors.substitutions
        assert tables["signs"]["training"].gt(0).all()
        assert set(tables["presence"]["part"]) == {"pose", "left_hand", "right_hand"}
        assert tables["calibration"]["count"].sum() == sum(map(len, test["confidences"]))


def without(folder: RunFolder) -> dict[str, float]:
    table = folder.analysis()["robustness"].set_index("withheld")
    assert table["wer"].between(0, 150).all()  # finite: no row is NaN
    return table["wer"].to_dict()


@pytest.mark.nightly  # two trainings more
def test_every_run_is_scored_with_each_part_withheld_and_part_dropout_softens_the_loss(
    finished, tmp_path
):
    for folder in finished[0].folders():
        wer, name = without(folder), folder.path.parent.name
        hands = ["left_hand", "right_hand", "both_hands"] if name != "no-hands" else []
        assert list(wer) == ["nothing", *hands]
        assert wer["nothing"] == folder.result().test.wer
    report = (finished[0].folder / "reports" / "toy" / "report.md").read_text()
    assert "| both_hands |" in report.partition("## Robustness")[2].partition("##")[0]
    project = Project(tmp_path)
    project.write(
        study=STUDY.replace("- no-hands", "- part-dropout\n  - no-hands")
        .replace("variants: {", "variants: {dropped: [part-dropout], ")
        .replace("seeds: [0, 1, 2]", "seeds: [0]")
    )
    assert project.run("run-study", "study.yaml", "--only", "dropped").returncode == 0
    (dropped,) = (without(f) for f in project.folders("dropped/*"))
    (plain,) = (without(f) for f in finished[0].folders("baseline/default-0-*"))
    for wer in (plain, dropped):
        assert wer["both_hands"] > wer["nothing"] + 5  # only hands tell the first two glosses apart
    assert dropped["both_hands"] < plain["both_hands"] - 5


def spans(row):
    return zip(row["begin_ms"], row["end_ms"], strict=True)


def test_a_run_begins_with_the_weights_of_another(finished, tmp_path):
    source = finished[0].folder / "runs" / "toy" / "baseline"
    project = Project(tmp_path)
    study = STUDY.replace("seeds: [0, 1, 2]", "seeds: [2]")
    wider = RECIPE.replace("{name: toy}", "{name: toy, glosses: 8}")
    # hardly any training of its own, so that what it knows is what it was given
    short = wider.replace("epochs: 10", "epochs: 2").replace("1.0e-2", "1.0e-5")
    recipe = short + f"init_from: {source}\n"
    project.write(study=study, recipe=recipe)
    assert project.run("run-study", "study.yaml", "--only", "baseline").returncode == 0
    (run,) = (folder for folder in project.folders() if folder.path.parent.name == "baseline")
    fates = pd.read_parquet(run.path / "init.parquet").set_index("name")
    assert fates["fate"].value_counts().to_dict() == {"loaded": len(fates) - 2, "resized": 2}
    assert fates.loc["head.scores.weight", "rows"] == 7  # six glosses and the blank
    known = run.hypotheses().query("not reference.str.contains('G6|G7')")
    errors = known[["substitutions", "deletions", "insertions"]].to_numpy().sum()
    assert errors < 0.7 * known["glosses"].sum()  # fresh weights would still be at 1
    project.write(study=study, recipe=recipe.replace("runs/toy/baseline", "runs/toy/nowhere"))
    done = project.run("run-study", "study.yaml")
    assert done.returncode == 2
    assert "nowhere has no finished run" in done.stderr
    project.write(study=study, recipe=recipe.replace(str(source), "[1]"))
    assert "init_from = [1]: should be a path" in project.run("run-study", "study.yaml").stderr


def test_what_another_study_has_trained_with_the_same_code_is_not_trained_again(finished, tmp_path):
    project = Project(tmp_path)
    first = tmp_path / "runs" / "first"
    shutil.copytree(finished[0].folder / "runs" / "toy", first)
    (stale,) = (RunFolder(path) for path in first.glob("same/default-0-*"))
    old = stale.result()
    stale.write_result(replace(old, environment={**old.environment, "revision": "another"}))
    project.write(study=STUDY.replace("name: toy", "name: second").replace("[0, 1, 2]", "[0]"))
    done = project.run("run-study", "study.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert "2 of the runs taken from first" in done.stderr
    second = {path.parent.name: RunFolder(path) for path in (first.parent / "second").glob("*/*-*")}
    assert second["same"].result().seconds != old.seconds
    for name in ("baseline", "no-hands"):
        (source,) = (RunFolder(path) for path in first.glob(f"{name}/default-0-*"))
        assert second[name].result() == source.result()
        assert second[name].model_path.read_bytes() == source.model_path.read_bytes()
        assert second[name].recipe()["study"] == "second"
        assert second[name].speed() not in (None, source.speed())
        sent = [json.loads((f.path / "mlflow.json").read_text()) for f in (second[name], source)]
        assert sent[0]["run_id"] != sent[1]["run_id"]


def test_a_decoder_is_tuned_on_dev_and_scored_by_the_profile_of_the_recipe(tmp_path):
    project = Project(tmp_path)
    project.write(
        study=STUDY.replace("seeds: [0, 1, 2]", "seeds: [0]"),
        recipe=RECIPE.replace("epochs: 10", "epochs: 2")
        + "decode: {name: beam, width: 3, tune: true}\nscoring: {clean: phoenix2014t}\n",
    )
    assert project.run("run-study", "study.yaml", "--only", "same").returncode == 0
    for folder in project.folders():
        assert "|clean:phoenix2014t|decode:beam3+2gram|" in folder.result().signature
        tried = pd.read_parquet(folder.path / "tuning.parquet")
        best = tried.loc[tried["wer"].idxmin()]
        decode = load_model(folder.model_path).recipe["decode"]
        assert (decode["weight"], decode["bonus"]) == (best["weight"], best["bonus"])
        assert len(tried) == 24
    assert "raw WER %" in (tmp_path / "reports" / "toy" / "report.md").read_text()
