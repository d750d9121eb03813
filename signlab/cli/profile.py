"""``signlab profile``: what recipes cost, before anyone trains them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from signlab.execution.profile import Target
    from signlab.study.profile import Format, Profile

SOME_FAILED = 3
WIDEST = 150
"""Columns that the tables may take."""


def profile(
    recipes: Annotated[list[Path], typer.Argument(help="Files of recipes.", metavar="RECIPE...")],
    *,
    parameters_only: Annotated[
        bool, typer.Option("--parameters-only", help="Count, measure nothing: a second's work.")
    ] = False,
    glosses: Annotated[
        int | None, typer.Option(min=2, help="A vocabulary of this size, not the corpus's.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of torch, for all measuring.")] = 1,
    file_format: Annotated[
        Literal["onnx", "pt2"] | None,
        typer.Option("--export", help="Size and speed as one file of this format as well."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder of profile.md and profile.json.",
            show_default="reports/profile; none with --parameters-only",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON: a list of objects.")
    ] = False,
) -> None:
    """Tell what recipes cost: parameters and multiply-adds by slot, speed and memory.

    Each recipe is timed in a process of its own with fresh weights on invented landmarks, so its
    corpus need not be there: where it is not, a stand-in of 100 glosses is told of and used.
    About a minute for a large recipe, and as much with --export; let nothing else run meanwhile.
    Exit code: 0 done, 2 bad input, 3 some recipes could not be measured.

    Examples:

        signlab profile experiments/*.yaml

        signlab profile experiments/baseline.yaml --parameters-only --json

        signlab profile experiments/legacy-teacher.yaml --glosses 1294 --threads 2

        signlab profile experiments/efficient-transformer-small.yaml --export onnx
    """
    from rich.console import Console

    from signlab.execution.profile import profile_size, read_target
    from signlab.study.plugins import load_plugins

    if file_format is not None:
        _check_format(file_format, parameters_only=parameters_only)
    load_plugins()
    targets = [read_target(path, glosses) for path in recipes]
    profiles = [profile_size(target, operations=not parameters_only) for target in targets]
    console = Console(stderr=True, highlight=False)
    for target in targets:
        if target.absent is not None:
            sized = f"{len(target.vocabulary)} glosses and layout {target.layout.name!r}"
            told = f"{target.source.path}: {target.absent}; profiled for {sized}"
            console.print(told, soft_wrap=True)
    failures: list[str] = []
    if parameters_only:
        page = _write(profiles, out) if out is not None else None
    else:
        out = out or Path("reports/profile")
        page, failures = _measure(targets, profiles, file_format, threads, out, console)
    if as_json:
        typer.echo(json.dumps([found.as_json() for found in profiles]))
    else:
        _print(profiles)
    if page is not None:
        console.print(f"profile: {page}", soft_wrap=True)
    for failure in failures:
        console.print(failure, soft_wrap=True)
    if failures:
        raise typer.Exit(SOME_FAILED)


def _check_format(file_format: "Format", *, parameters_only: bool) -> None:
    from signlab.errors import BadInput
    from signlab.training.export import check_installed

    if parameters_only:
        raise BadInput("--export measures and --parameters-only does not; leave one of them out")
    check_installed(file_format)


def _measure(
    targets: "Sequence[Target]",
    profiles: "list[Profile]",
    file_format: "Format | None",
    threads: int,
    out: Path,
    console: "Console",
) -> tuple[Path, list[str]]:
    """Add times to the profiles, as far as each recipe can be measured.

    The page is written after each, so that nothing is lost when someone breaks off.

    Returns:
        The page, and why some recipes could not be measured.
    """
    from rich.progress import Progress

    from signlab.errors import SignlabError
    from signlab.execution.profile import profile_export, profile_speed

    page, failures = _write(profiles, out), []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=len(targets))
        for number, target in enumerate(targets):
            progress.update(task, description=f"measuring {target.source.path.stem}")
            try:
                profiles[number] = profile_speed(target, profiles[number], threads=threads)
                if file_format is not None:
                    profiles[number] = profile_export(
                        target, profiles[number], file_format, threads=threads
                    )
            except SignlabError as error:
                failures.append(f"{target.source.path}: could not be measured: {error}")
            page = _write(profiles, out)
            progress.advance(task)
    return page, failures


def _print(profiles: "Sequence[Profile]") -> None:
    from rich.console import Console
    from rich.table import Table

    from signlab.reporting.profile import tables

    console = Console()
    console.width = max(console.width, WIDEST)  # a figure cut short would be a wrong figure
    for found in tables(profiles):
        table = Table(
            title=found.title, title_justify="left", title_style="bold", box=None, pad_edge=False
        )
        for number, name in enumerate(found.header):
            table.add_column(name, justify="right" if number else "left", no_wrap=number == 0)
        for row in found.rows:
            table.add_row(*row)
        console.print(table, "")


def _write(profiles: "Sequence[Profile]", out: Path) -> Path:
    from signlab.errors import BadInput
    from signlab.reporting.profile import write_profiles

    try:
        return write_profiles(profiles, out)
    except OSError as error:
        raise BadInput(f"{out}: cannot be written ({error.strerror}); use --out") from None
