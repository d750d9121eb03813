"""``signlab search`` and searched studies as a user runs them: to the end, killed, helped, wrong.

What needs many trainings is left for the night.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from signlab.study.searched import Searched, read_searched
from signlab.study.trial import TrialFolder
from tests.integration.projects import TESTS, Project, wait_for, workers_of

RECIPE = """
corpus: {name: toy, held_frames: 4}
features: {parts: [pose, hands]}
model:
  stem: {name: conv, width: 16, kernel: 3}
  fusion: {name: concat, width: 16}
  temporal: {name: single-scale, kernel: 3, downsample: 2}
  encoder: {name: residual-bilstm, width: 16, layers: 1}
  head: {name: linear}
schedule: {epochs: 4, warmup_epochs: 1, learning_rate: 1.0e-4, batch_size: 8}
"""

EPOCHS = 8

ONE_SEED = ("--set", "seeds=[0]")

STUDY = """
name: toy
question: What does tuning change?
recipe: recipe.yaml
plugins: [toy]
components:
  - no-hands: {features: {parts: [pose]}}
search:
  space:
    schedule.learning_rate: {low: 1.0e-4, high: 1.0e-1, log: true}
    model.temporal.downsample: {choices: [2, 8]}
  enqueue:
    - {model.temporal.downsample: 8}      # too much for such short signs
    - {schedule.learning_rate: 2.0e-2}
  trials: 3
seeds: [0, 1, 2]
"""


class SearchProject(Project):
    """A folder with a study that searches, in which commands are run."""

    def write(self, *, study: str = STUDY, recipe: str = RECIPE) -> None:
        super().write(study=study, recipe=recipe)

    def searched(self, variant: str = "baseline") -> Searched:
        [found] = self.root.glob(f"{variant}-*")
        return read_searched(found)

    def trials(self, variant: str = "baseline") -> list[TrialFolder]:
        return [TrialFolder(path) for path in sorted(self.root.glob(f"{variant}-*/[0-9]*"))]

    @property
    def root(self) -> Path:
        return self.folder / "runs" / "toy" / "search"


@pytest.fixture
def project(tmp_path: Path) -> SearchProject:
    return SearchProject(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchProject, dict]:
    """A study searched and trained to its end, and the object on the last line of its output.

    The process of its first trial is killed on the way.
    """
    project = SearchProject(tmp_path_factory.mktemp("searched"))
    project.write(study=STUDY.replace("search:\n", "variants: {baseline: []}\nsearch:\n"))
    command = ("run-study", "study.yaml", "--json", "--workers", "2", *ONE_SEED)
    # unpruned: which trial is stopped depends on which process is quicker
    changes = ("--set", f"schedule.epochs={EPOCHS}", "--set", "search.pruner=none")
    process = project.start(*command, *changes)
    wait_for(lambda: any(len(folder.epochs()) for folder in project.trials()[:1]), seconds=600)
    [worker] = [
        number
        for number in workers_of(project.folder)
        if Path("/proc", number, "fd/1").readlink().parent.name == "0000"  # its log
    ]
    os.kill(int(worker), signal.SIGKILL)  # for memory, say
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return project, json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchProject, dict]:
    """The same with two variants, each trained at its own settings too."""
    project = SearchProject(tmp_path_factory.mktemp("compared"))
    done = project.run("run-study", "study.yaml", "--json", *ONE_SEED)
    assert done.returncode == 0, done.stderr
    return project, json.loads(done.stdout.splitlines()[-1])


def recipe_of(project: SearchProject, run: dict) -> dict:
    return json.loads((project.folder / "runs/toy" / run["folder"] / "recipe.json").read_text())


def test_the_best_settings_are_frozen_into_the_variants_run(finished):
    project, outcome = finished
    study = json.loads((project.folder / "runs/toy/study.json").read_text())
    found = project.searched()
    own = found.trials[0].point
    assert own == {"schedule.learning_rate": 1e-4, "model.temporal.downsample": 2}
    assert found.best.values["dev_wer"] < found.trials[0].values["dev_wer"]
    rates = [1e-4, found.best.point["schedule.learning_rate"]]
    [variant] = study["variants"]
    assert variant["tuned"]["schedule.learning_rate"] == rates
    runs = [*study["untuned"], *study["runs"]]
    recipes = [recipe_of(project, run)["recipe"] for run in runs]
    assert [recipe["schedule"]["learning_rate"] for recipe in recipes] == rates
    assert {run["status"] for run in outcome["runs"]} == {"finished"}
    report = (project.folder / "reports/toy/report.md").read_text()
    assert "The searched recipe **beats** the shipped one" in report


@pytest.mark.nightly
def test_every_variant_has_a_search_and_settings_of_its_own(compared):
    project, _ = compared
    study = json.loads((project.folder / "runs/toy/study.json").read_text())
    for variant in study["variants"]:
        found = project.searched(variant["name"])
        assert len(found.trials) == 3
        [run] = [r for r in study["runs"] if r["variant"] == variant["name"]]
        [untuned] = [r for r in study["untuned"] if r["variant"] == variant["name"]]
        recipes = [recipe_of(project, one) for one in (untuned, run)]
        assert recipes[0]["digest"] != recipes[1]["digest"]
        rates = [recipe["recipe"]["schedule"]["learning_rate"] for recipe in recipes]
        assert rates == variant["tuned"]["schedule.learning_rate"]
        assert rates == [1e-4, found.best.point["schedule.learning_rate"]]


def test_a_killed_trial_is_gone_on_with(finished):
    project, _ = finished
    first = project.trials()[0]
    assert first.epochs()["epoch"].tolist() == list(range(1, EPOCHS + 1))
    assert len(project.searched().trials[0].curve) == EPOCHS


def test_trials_are_told_apart_and_never_see_the_test(finished):
    project, _ = finished
    states = {trial.number: trial.state for trial in project.searched().trials}
    assert (states[0], states[1], states[2]) == ("complete", "infeasible", "complete")
    assert "too short" in project.searched().trials[1].reason
    for folder in project.trials():
        assert not (folder.path / "hypotheses.parquet").exists()
        assert not list(folder.path.glob("*.pt"))
        if folder.finished:
            assert "test" not in json.dumps(json.loads((folder.path / "result.json").read_text()))


def test_trials_stand_in_mlflow_one_level_below_the_study(finished):
    from signlab.tracking.settings import apply_settings

    apply_settings()
    from mlflow import MlflowClient

    project, _ = finished
    client = MlflowClient(f"sqlite:///{project.folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("toy").experiment_id
    runs = client.search_runs([experiment], "tags.search != '' and tags.variant = 'baseline'")
    found = {int(run.data.tags["trial"]): run for run in runs}
    assert set(found) == {0, 1, 2}
    for trial in project.searched().trials:
        run = found[trial.number]
        parent = client.get_run(run.data.tags["mlflow.parentRunId"])
        assert "mlflow.parentRunId" not in parent.data.tags
        wanted = {"complete": "finished"}.get(trial.state, trial.state)
        assert run.data.tags["status"] == wanted
        assert float(run.data.params["schedule.learning_rate"]) == pytest.approx(
            trial.point["schedule.learning_rate"]
        )
        if trial.state == "complete":
            assert run.data.metrics["dev_wer"] == pytest.approx(trial.values["dev_wer"])
            curve = client.get_metric_history(run.info.run_id, "epoch/dev_wer")
            assert len(curve) == EPOCHS
    trained = client.search_runs([experiment], "tags.settings != ''")
    assert {run.data.tags["settings"] for run in trained} == {"searched", "the recipe's own"}


SECONDS = 30
"""For the dashboard to start on a busy machine."""


def test_the_dashboard_opens_the_journal(finished):
    command = shutil.which("optuna-dashboard", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("optuna-dashboard is not installed")
    project, _ = finished
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    journal = project.root / "journal.log"
    dashboard = subprocess.Popen(
        [command, journal, "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        studies = answer_of(f"http://127.0.0.1:{port}/api/studies")["study_summaries"]
        assert [study["study_name"] for study in studies] == [project.searched().name]
        number = studies[0]["study_id"]
        told = answer_of(f"http://127.0.0.1:{port}/api/studies/{number}?after=0")
        assert [trial["state"] for trial in told["trials"]] == ["Complete", "Pruned", "Complete"]
        assert told["objective_names"] == ["dev_wer"]
    finally:
        dashboard.terminate()
        dashboard.wait(10)


def answer_of(url: str) -> dict:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as response:
                return json.load(response)
        except urllib.error.URLError:  # it is not up yet
            assert time.monotonic() < deadline, "the dashboard does not answer"
            time.sleep(0.2)


@pytest.mark.nightly
def test_again_tries_and_trains_nothing_and_more_trials_go_on(compared):
    project, outcome = compared
    before = {path: path.stat().st_mtime_ns for path in project.root.rglob("result.json")}
    again = project.run("run-study", "study.yaml", "--json", *ONE_SEED)
    assert json.loads(again.stdout.splitlines()[-1]) == outcome
    assert {path: path.stat().st_mtime_ns for path in project.root.rglob("result.json")} == before
    more = project.run("search", "study.yaml", "--only", "baseline", "--set", "search.trials=4")
    assert more.returncode == 0, more.stderr
    assert [trial.number for trial in project.searched().trials] == list(range(4))
    assert len(project.searched("no-hands").trials) == 3


@pytest.mark.nightly
def test_a_killed_search_goes_on_with_the_trials_it_had(project):
    one = ("search", "study.yaml", "--only", "baseline", "--workers", "1")
    one = (*one, "--set", "schedule.epochs=30", "--set", "search.pruner=none")
    project.write(study=STUDY.replace("trials: 3", "trials: 2").replace("- {model", "# - {model"))
    process = project.start(*one)
    wait_for(lambda: any(len(f.epochs()) >= 3 for f in project.trials()))
    [worker] = workers_of(project.folder)
    os.kill(int(worker), signal.SIGKILL)  # for memory, say: the trial is tried again at once
    wait_for(lambda: workers_of(project.folder) not in ([], [worker]))
    wait_for(lambda: any(len(f.epochs()) >= 8 for f in project.trials()))
    process.kill()
    process.communicate()
    [first] = project.trials()
    done = len(first.epochs())
    assert 8 <= done < 30
    wait_for(lambda: not workers_of(project.folder))
    process = project.start(*one)
    wait_for(lambda: len(project.trials()) == 2 and len(project.trials()[1].epochs()) > 2, 180)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert not workers_of(project.folder)
    assert len(first.epochs()) == 30
    assert first.epochs()["epoch"].tolist() == list(range(1, 31))
    ended = project.run(*one)
    assert ended.returncode == 0, ended.stderr
    found = project.searched()
    assert [(t.number, t.state, len(t.curve)) for t in found.trials] == [
        (0, "complete", 30), (1, "complete", 30),
    ]  # fmt: skip


@pytest.mark.nightly
def test_components_are_switches_beside_the_studys_variants(project):
    study = STUDY.replace("  trials: 3", "  components: search\n  trials: 3")
    project.write(
        study=study.replace(
            "    - {model.temporal.downsample: 8}", "    - {components.no-hands: true}"
        )
    )
    done = project.run("run-study", "study.yaml", "--json", *ONE_SEED)
    assert done.returncode == 0, done.stderr
    found = project.searched("searched")
    assert [t.point["components.no-hands"] for t in found.trials[:2]] == [False, True]
    runs = {run["variant"]: run for run in json.loads(done.stdout.splitlines()[-1])["runs"]}
    assert set(runs) == {"baseline", "no-hands", "searched"}
    assert {run["status"] for run in runs.values()} == {"finished"}


WRONG = {
    "unknown key": ("schedule.learning_rate: {low", "schedule.learning_rat: {low", "study.yaml:10", "did you mean"),
    "low above high": ("low: 1.0e-4, high: 1.0e-1", "low: 1.0e-1, high: 1.0e-4", "study.yaml:10", "below high"),
    "log with 0": ("low: 1.0e-4", "low: 0.0", "study.yaml:10", "above 0"),
    "choices of mixed kinds": ("[2, 8]", "[2, eight]", "study.yaml:11", "mixed kinds"),
    "an objective that is not measured": ("  trials: 3", "  objectives: [test_wer]\n  trials: 3", "study.yaml:15", "not measured"),
    "unknown sampler": ("  trials: 3", "  sampler: tpee\n  trials: 3", "study.yaml:15", "did you mean 'tpe'"),
    "unknown setting of a pruner": ("  trials: 3", "  pruner: {name: hyperband, reductions: 2}\n  trials: 3", "study.yaml:15", "did you mean 'reduction'"),
    "a sampler for one objective": ("  trials: 3", "  sampler: cmaes\n  objectives: [dev_wer, parameters]\n  trials: 3", "study.yaml:15", "one objective"),
    "a grid over a range": ("  trials: 3", "  sampler: grid\n  trials: 3", "study.yaml:15", "needs `step:`"),
    "a pruner that cannot decide": ("  trials: 3", "  pruner: wilcoxon\n  trials: 3", "study.yaml:15", "more seeds"),
    "a storage that is not reachable": ("  trials: 3", "  storage: sqlite:////no/such/folder/search.db\n  trials: 3", "study.yaml:15", "search.storage", "cannot be used"),
    "a pruner with two objectives": ("  trials: 3", "  objectives: [dev_wer, parameters]\n  pruner: median\n  trials: 3", "study.yaml:16", "'none'"),
    "nothing to search": (STUDY[STUDY.index("search:") : STUDY.index("seeds:")], "", "no `search:`"),
}  # fmt: skip


EVERY = """
import json, sys
from pathlib import Path
from signlab.cli.main import app
from signlab.errors import SignlabError

told = {}
for name, text in json.load(sys.stdin).items():
    Path("study.yaml").write_text(text)
    try:
        app(["search", "study.yaml"], standalone_mode=False)
    except SignlabError as error:
        told[name] = [type(error).__name__, str(error)]
print(json.dumps(told))
"""


def test_bad_input_is_one_sentence_before_any_trial(project):
    studies = {name: STUDY.replace(old, new) for name, (old, new, *_) in WRONG.items()}
    assert STUDY not in studies.values()
    done = subprocess.run(
        [sys.executable, "-c", EVERY], input=json.dumps(studies), cwd=project.folder, text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for name, (_, _, *parts) in WRONG.items():
        kind, message = told[name]
        assert kind in ("BadStudy", "BadInput")  # exit code 2
        assert "\n" not in message
        for part in parts:
            assert part in message, name
    assert not project.trials()


@pytest.mark.nightly
def test_a_search_that_finds_nothing_ends_with_3(project):
    space = "search.space={model.temporal.downsample: {choices: [2, 8]}}"
    enqueue = "search.enqueue=[{model.temporal.downsample: 8}]"
    crash = "corpus.crash_at=train"
    done = project.run(
        "search",
        "study.yaml",
        "--only",
        "baseline",
        "--set",
        space,
        "--set",
        enqueue,
        "--set",
        crash,
    )
    assert done.returncode == 3, done.stderr
    assert "found nothing" in done.stderr
    assert "the disk is on fire" in done.stderr
