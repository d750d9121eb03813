"""``signlab run-study`` and ``signlab report``."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from signlab.execution.preflight import Plan
    from signlab.reporting.summary import StudySummary

SOME_FAILED = 3

StudyFile = Annotated[Path, typer.Argument(help="The study's YAML file.", metavar="STUDY")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Runs side by side.", show_default="one a core")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe; may be repeated."),
]
Runs = Annotated[Path, typer.Option(help="Folder of the runs.")]
Reports = Annotated[Path, typer.Option(help="Folder of the reports.")]


def run_study(
    study: StudyFile,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all and list the runs; train nothing.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A few updates a run, to see that all holds together.")
    ] = False,
    workers: Workers = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Train this variant only; may be repeated.")
    ] = None,
    changes: Changes = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the results of these runs and train again.")
    ] = False,
    rerun_failed: Annotated[
        bool, typer.Option("--rerun-failed", help="Try again what failed before.")
    ] = False,
    runs: Runs = Path("runs"),
    reports: Reports = Path("reports"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line of standard output: all results as JSON.")
    ] = False,
) -> None:
    """Train every variant of a study, measure it, and write the report.

    Where the study says what to search, that comes first: every variant is trained with the
    settings that were found for it.

    What has a result is kept and what was interrupted goes on, so the same command can be given
    again at any time. A run that another study in the same folder of runs has trained, with the
    same code, is taken from there. Exit code: 0 done, 2 bad input, 3 some runs failed, 130
    interrupted.

    Examples:

        signlab run-study studies/ablations.yaml

        signlab run-study studies/ablations.yaml --dry-run

        signlab run-study studies/ablations.yaml --set schedule.epochs=10 --only residual
    """
    from rich.console import Console

    plan = planned(study, changes, smoke=smoke)
    if dry_run:
        show_plan(plan, runs, workers, Console())
        return
    from signlab.execution.runner import Options
    from signlab.execution.runner import run_study as run

    options = Options(
        runs=runs,
        reports=reports,
        workers=workers,
        only=tuple(only or ()),
        fresh=fresh,
        rerun_failed=rerun_failed,
        smoke=smoke,
        command=command_of("run-study", study, changes or [], smoke=smoke),
    )
    outcome = run(plan, options, Console(stderr=True))
    tell(outcome.summary, outcome.report, as_json=as_json)
    if outcome.failed:
        raise typer.Exit(SOME_FAILED)


def report(
    folder: Annotated[Path, typer.Argument(help="A study's folder, as in runs/ablations.")],
    *,
    reports: Reports = Path("reports"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line of standard output: all results as JSON.")
    ] = False,
) -> None:
    """Write a study's report again from its runs; needs neither torch nor MLflow.

    Example:

        signlab report runs/ablations
    """
    from signlab.reporting.report import write_report
    from signlab.reporting.summary import summarise

    summary = summarise(folder)
    tell(summary, write_report(summary, reports / folder.name), as_json=as_json)


def planned(study: Path, changes: list[str] | None, *, smoke: bool) -> "Plan":
    """The study read and checked as a whole."""
    from signlab.study.study import load_study, smoke_of

    loaded = load_study(study, tuple(changes or ()))
    if smoke:
        loaded = smoke_of(loaded)
    # a file that cannot be read is told before the wait for torch
    from signlab.execution.preflight import make_plan

    return make_plan(loaded)


def command_of(command: str, study: Path, changes: list[str], *, smoke: bool) -> str:
    """What makes these results again, without what only concerns how they are shown."""
    settings = [word for change in changes for word in ("--set", change)]
    smoking = ["--smoke"] * smoke
    return shlex.join(["signlab", command, str(study), *settings, *smoking])


def show_plan(plan: "Plan", runs: Path, workers: int | None, console: "Console") -> None:
    """Say what would be searched and trained, and how long that would take."""
    from signlab.execution.estimate import print_plan, print_searches

    if plan.spaces:
        from signlab.execution.search.run import check_search

        print_searches(plan, check_search(plan, runs), workers, console)
    print_plan(plan, workers, console)


def tell(summary: "StudySummary", report: Path, *, as_json: bool) -> None:
    """Where the report is, or all results as one line of JSON."""
    from signlab.reporting.summary import as_json as to_json

    if as_json:
        typer.echo(json.dumps(to_json(summary, report)))
    else:
        typer.echo(f"report: {report}")
