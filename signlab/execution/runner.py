"""Runs a study: what is finished stays, what is interrupted goes on, what fails is reported."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from signlab.errors import BadInput, nearest
from signlab.execution.changes import write_changes
from signlab.execution.locks import alone
from signlab.execution.pool import Job, Running, run_jobs, usable_cores
from signlab.execution.preflight import Plan
from signlab.execution.progress import Progress
from signlab.execution.reuse import take_over
from signlab.reporting.report import write_report
from signlab.reporting.summary import StudySummary, summarise
from signlab.study.files import write_json
from signlab.study.folder import RunFolder
from signlab.study.plan import Run, study_record
from signlab.tracking.mirror import Mirror

PATIENCE_SECONDS = 60.0
"""For those who helped with a search to see that it is over."""


@dataclass(frozen=True)
class Options:
    """What the command line may ask of a study's execution."""

    runs: Path
    reports: Path
    workers: int | None
    only: tuple[str, ...]
    fresh: bool
    rerun_failed: bool
    smoke: bool
    command: str


@dataclass(frozen=True)
class Outcome:
    """What a study measured, where that can be read, and how many of its runs have no result."""

    summary: StudySummary
    report: Path
    failed: int


def run_study(plan: Plan, options: Options, console: Console) -> Outcome:
    """Search what is to be searched, train what has no result yet, measure, track and report.

    Raises:
        BadInput: A folder that cannot be written, or another process at the same study.
        SearchFailed: A search found no settings to train with.
    """
    _check_names(plan, options.only)
    study = options.runs / plan.study.name
    _make_writable(study)
    _make_writable(options.reports)
    if plan.spaces:
        plan = _searched(plan, options, console)
    with alone(study, PATIENCE_SECONDS if plan.spaces else 0.0):
        _write_plan(plan, options)
        folders = [prepare(study, run, fresh=options.fresh) for run in _chosen(plan, options.only)]
        if not options.fresh:
            for other, count in take_over(folders, options.runs).items():
                console.print(f"{count} of the runs taken from {other}, which has trained the same")
        todo = [
            folder
            for folder in folders
            if not folder.finished and (options.rerun_failed or not folder.failed)
        ]
        with Mirror(study, warn=console.print) as mirror:
            workers = options.workers or usable_cores()
            _work("train", "training", todo, workers, console, mirror)
            present = [(run, RunFolder(study / run.folder)) for run in plan.runs]
            write_changes(present, baseline=plan.variants[0].name)
            # one at a time, when the machine is quiet: a neighbour would be measured with it
            unmeasured = [f for f in folders if f.finished and f.speed() is None]
            with mirror.silence():
                _work("measure", "measuring speed", unmeasured, 1, console, mirror)
            summary = summarise(study)
            report = write_report(summary, options.reports / plan.study.name)
            mirror.finish(report)
    failed = sum(not folder.finished for folder in folders)
    return Outcome(summary, report, failed)


def search_study(plan: Plan, options: Options, console: Console) -> Outcome:
    """Search what is to be searched, track and report, and train no variant.

    Raises:
        BadInput: As for ``run_study``, or there is nothing to search.
        SearchFailed: A search found no settings to train with.
    """
    if not plan.spaces:
        raise BadInput(f"{plan.study.source.path}: the study has no `search:`; see docs/search.md")
    _check_names(plan, options.only)
    study = options.runs / plan.study.name
    _make_writable(study)
    _make_writable(options.reports)
    plan = _searched(plan, options, console)
    with alone(study, PATIENCE_SECONDS), Mirror(study, warn=console.print) as mirror:
        _write_plan(plan, options)
        summary = summarise(study)
        report = write_report(summary, options.reports / plan.study.name)
        mirror.finish(report)
    return Outcome(summary, report, 0)


def _searched(plan: Plan, options: Options, console: Console) -> Plan:
    from signlab.execution.search.run import search  # optuna takes a while, and most need it not

    return search(
        plan,
        options.runs,
        only=options.only,
        workers=options.workers,
        smoke=options.smoke,
        command=options.command,
        console=console,
    )


def _write_plan(plan: Plan, options: Options) -> None:
    record = study_record(
        plan.study,
        plan.variants,
        plan.runs,
        untuned=plan.untuned,
        searches=plan.searches,
        smoke=options.smoke,
        command=options.command,
    )
    write_json(options.runs / plan.study.name / "study.json", record)


def _work(
    task: str,
    title: str,
    folders: Sequence[RunFolder],
    workers: int,
    console: Console,
    mirror: Mirror,
) -> None:
    if not folders:
        return
    with Progress(folders, task=title, console=console) as progress:

        def tick(running: Sequence[Running]) -> None:
            progress.update(running)
            mirror.update(r.job.folder for r in running)

        jobs = [Job(task, folder) for folder in folders]
        run_jobs(jobs, workers=min(workers, len(jobs)), tick=tick)


def _check_names(plan: Plan, only: tuple[str, ...]) -> None:
    names = [variant.name for variant in plan.variants]
    for name in only:
        if name not in names:
            raise BadInput(f"--only {name}: no such variant; {nearest(name, names)}")


def _chosen(plan: Plan, only: tuple[str, ...]) -> list[Run]:
    """The runs of the variants that were asked for; settings that stayed are trained once."""
    runs = {run.folder: run for run in (*plan.runs, *plan.untuned)}
    return [run for run in runs.values() if not only or run.variant.name in only]


def prepare(study: Path, run: Run, *, fresh: bool = False) -> RunFolder:
    """The folder of a run below ``study``, with the recipe that is to be trained.

    Args:
        fresh: Forget what lies there.
    """
    folder = RunFolder(study / run.folder)
    if fresh and folder.path.exists():
        shutil.rmtree(folder.path)
    if not folder.recipe_path.exists():
        folder.path.mkdir(parents=True, exist_ok=True)
        write_json(folder.recipe_path, run.record())
    return folder


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput(
            f"{folder}: cannot be written ({error.strerror}); "
            "choose other places with --runs and --reports"
        ) from None
