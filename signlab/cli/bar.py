"""A bar on a terminal for commands that read a corpus from its beginning to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def reading() -> Iterator[Callable[[int], None]]:
    """Gives what is to be called after each utterance, with the number of all of them."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda total: progress.update(task, total=total, advance=1)
