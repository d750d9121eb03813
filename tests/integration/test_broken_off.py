"""``signlab run-study`` killed, interrupted, failing, and with everything wrong."""

import json
import os
import signal
import time
from shutil import copyfile

import pytest
import torch

import signlab.execution.catalogue  # noqa: F401  # registers
from signlab.execution.pool import usable_cores
from signlab.scoring.speed import fixed_threads
from signlab.study.folder import RunFolder
from signlab.study.plugins import load_plugins
from signlab.training.run import train
from tests.integration.projects import RECIPE, STUDY, Project, wait_for, workers_of


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path)


ONE = ("run-study", "study.yaml", "--only", "baseline", "--set", "seeds=[7]", "--workers", "1")


def test_killed_and_continued_is_bit_for_bit_uninterrupted(project, tmp_path, monkeypatch):
    killed = project.start(*ONE)
    wait_for(lambda: any(len(f.epochs()) >= 3 for f in project.folders()))
    killed.kill()
    killed.communicate()
    (folder,) = project.folders()
    done = len(folder.epochs())
    assert 3 <= done < 10
    assert not folder.finished
    wait_for(lambda: not workers_of(project.folder))
    assert project.run(*ONE).returncode == 0

    whole = RunFolder(tmp_path / "whole")
    whole.path.mkdir()
    copyfile(folder.recipe_path, whole.recipe_path)
    monkeypatch.chdir(project.folder)
    load_plugins(["toy"])
    with fixed_threads(usable_cores()):  # as many as the worker had
        train(whole)
    first, second = (torch.load(f.model_path)["weights"] for f in (folder, whole))
    assert first.keys() == second.keys()
    for name, weights in first.items():
        assert torch.equal(weights, second[name]), name
    columns = ["epoch", "loss_per_label", "dev_wer", "gradient_norm"]
    assert folder.epochs()[columns].equals(whole.epochs()[columns])


def test_interrupt_ends_the_workers_at_their_place_and_says_so(project):
    process = project.start(*ONE)
    wait_for(lambda: any(len(f.epochs()) >= 1 for f in project.folders()))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert not workers_of(project.folder)
    (folder,) = project.folders()
    assert (folder.path / "checkpoint-within.pt").exists()  # else it was killed after its grace


def test_a_failed_run_is_no_wer_and_the_others_go_on(project):
    crash = "  - crash: {corpus: {crash_at: train}}\n"
    diverge = "  - diverge: {schedule: {learning_rate: 1.0e+30, clip: 1.0e+30}}\n"
    study = STUDY.replace("  - same", crash + diverge + "  - same").replace("[0, 1, 2]", "[0]")
    study = study.replace("no-hands: [no-hands]", "crash: [crash], diverge: [diverge]")
    project.write(study=study)
    done = project.run("run-study", "study.yaml", "--json")
    assert done.returncode == 3, done.stderr
    runs = {run["variant"]: run for run in json.loads(done.stdout.splitlines()[-1])["runs"]}
    assert runs["crash"]["status"] == runs["diverge"]["status"] == "failed"
    assert runs["crash"]["test_wer"] is None
    assert runs["same"]["status"] == runs["baseline"]["status"] == "finished"
    assert "the disk is on fire" in done.stderr
    assert "infinite or not a number" in done.stderr
    report = (project.folder / "reports" / "toy" / "report.md").read_text()
    assert "the disk is on fire" in report


def test_a_worker_killed_for_memory_goes_on_next_time(project):
    process = project.start(*ONE)
    wait_for(lambda: any(len(f.epochs()) >= 2 for f in project.folders()))
    for worker in workers_of(project.folder):
        os.kill(int(worker), signal.SIGKILL)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "killed (signal 9)" in err
    assert project.run(*ONE).returncode == 0


WRONG = {
    "too short after down-sampling": (
        "recipe", "held_frames: 8", "held_frames: 1", "too short", "timesteps",
    ),
    "plug-in that is not there": ("study", "[toy]", "[tyo]", "plugins: 'tyo' cannot be imported"),
    "part that the layout lacks": ("recipe", "[pose, hands]", "[pose, face]", "face"),
    "heads that do not divide": (
        "recipe", "name: concat,", "name: crossmodal, heads: 5,", "recipe.yaml:6", "heads",
    ),
    "no such variant": ("option", "--only", "wider", "wider"),
    "no number": ("option", "--set", "schedule.epochs=many", "schedule.epochs", "many"),
    "a folder that cannot be written": ("option", "--runs", "/proc/runs", "/proc/runs", "--runs"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("where", "old", "new", "parts"), [(*w[:3], w[3:]) for w in WRONG.values()], ids=WRONG
)
def test_bad_input_ends_with_2_and_one_sentence_before_any_training(
    project, where, old, new, parts
):
    recipe = RECIPE.replace("{name: toy}", "{name: toy, held_frames: 8}")
    options: tuple[str, ...] = ()
    if where == "option":
        options = (old, new)
        project.write(recipe=recipe)
    elif where == "study":
        project.write(study=STUDY.replace(old, new), recipe=recipe)
    else:
        assert old in recipe
        project.write(recipe=recipe.replace(old, new))
    done = project.run("run-study", "study.yaml", *options)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr
    assert not project.folders()


def test_a_bad_study_is_told_within_two_seconds(project):
    project.write(study=STUDY.replace("seeds:", "sedes:"))
    started = time.monotonic()
    done = project.run("run-study", "study.yaml")
    assert time.monotonic() - started < 2
    assert done.returncode == 2
    assert "'sedes'" in done.stderr


def test_dry_run_lists_the_runs_and_trains_nothing(project):
    done = project.run("run-study", "study.yaml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "9 runs" in done.stdout
    assert not project.folders()


def test_smoke_goes_through_everything_under_another_name(project):
    done = project.run(
        "run-study", "study.yaml", "--smoke", "--set", "seeds=[0]", "--only", "baseline"
    )
    assert done.returncode == 0, done.stderr
    assert (project.folder / "reports" / "toy-smoke" / "report.md").is_file()
    assert not (project.folder / "reports" / "toy").exists()
