"""``signlab search``."""

from pathlib import Path
from typing import Annotated

import typer

from signlab.cli.study import (
    Changes,
    Reports,
    Runs,
    StudyFile,
    Workers,
    command_of,
    planned,
    show_plan,
    tell,
)


def search(
    study: StudyFile,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all and list the searches; try nothing.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Few trials of a few updates, to see that all works.")
    ] = False,
    workers: Workers = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Search this variant only; may be repeated.")
    ] = None,
    changes: Changes = None,
    runs: Runs = Path("runs"),
    reports: Reports = Path("reports"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Last line of standard output: what was found, as JSON.")
    ] = False,
) -> None:
    """Search the settings of every variant, as the study's `search:` says.

    `run-study` does so by itself before it trains; this command does it alone, or helps: any
    number of processes, on machines that share the storage, may search the same study. What was
    tried counts, so the same command can be given again, with more trials too.

    Exit code: 0 done, 2 bad input, 3 a search found nothing, 130 interrupted.

    Examples:

        signlab search studies/search-signs3.yaml

        signlab search studies/search-signs3.yaml --only baseline --set search.trials=40
    """
    from rich.console import Console

    plan = planned(study, changes, smoke=smoke)
    if dry_run:
        show_plan(plan, runs, workers, Console())
        return
    from signlab.execution.runner import Options, search_study

    options = Options(
        runs=runs,
        reports=reports,
        workers=workers,
        only=tuple(only or ()),
        fresh=False,
        rerun_failed=False,
        smoke=smoke,
        command=command_of("search", study, changes or [], smoke=smoke),
    )
    outcome = search_study(plan, options, Console(stderr=True))
    tell(outcome.summary, outcome.report, as_json=as_json)
