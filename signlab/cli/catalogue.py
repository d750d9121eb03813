"""``signlab components`` and ``signlab blocks``: what a study and a recipe can name."""

from pathlib import Path
from typing import Annotated

import typer

WIDE = 1000
"""Columns where no one looks: a line each, for grep."""

Recipe = Annotated[Path, typer.Option(help="The recipe at whose size parameters are counted.")]


def components(*, recipe: Recipe = Path("experiments/baseline.yaml")) -> None:
    """List the components that a study can name, with what each adds to a recipe's parameters.

    Example:

        signlab components --recipe experiments/signs3.yaml
    """
    from signlab.execution.inventory import component_table

    _print(component_table(recipe))


def blocks(*, recipe: Recipe = Path("experiments/baseline.yaml")) -> None:
    """List the blocks that a recipe can name, a slot after the other, with their parameters.

    Example:

        signlab blocks
    """
    from signlab.execution.inventory import block_table

    _print(block_table(recipe))


def _print(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    header, *body = rows
    table = Table(*header, box=None, pad_edge=False)
    for row in body:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
