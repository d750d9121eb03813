"""What a user sees of a study while it runs: a live table, or plain lines without a terminal."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from signlab.execution.pool import Running
from signlab.study.folder import RunFolder
from signlab.training.schedule import SCHEDULES

PLAIN_SECONDS = 30.0
REFRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Glimpse:
    """Where a running run stands."""

    name: str
    epoch: int
    epochs: int
    loss: float | None
    dev_wer: float | None


class Progress:
    """Runs done, running and waiting, and the time left; everything goes to standard error.

    Args:
        folders: The runs of this task that were not done before.
        task: What is being done ("training"), as the first word of every line.
    """

    def __init__(self, folders: Sequence[RunFolder], *, task: str, console: Console) -> None:
        self._folders = list(folders)
        self._task = task
        self._console = console
        self._started = time.monotonic()
        self._shown = 0.0
        self._told: set[str] = set()
        self._noted = {str(f.path): len(f.notes()) for f in folders}
        self._epochs = {str(f.path): _epochs(f) for f in folders}
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, running: Sequence[Running]) -> None:
        """Show the state again, if it is time."""
        active = {str(r.job.folder.path) for r in running}
        self._tell_ended(active)
        now = time.monotonic()
        interval = REFRESH_SECONDS if self._console.is_terminal else PLAIN_SECONDS
        if now - self._shown < interval:
            return
        self._shown = now
        glimpses = [_glimpse(r.job.folder, self._epochs[str(r.job.folder.path)]) for r in running]
        if self._console.is_terminal:
            self._live.update(self._table(glimpses), refresh=True)
        else:
            self._line(glimpses)

    def _tell_ended(self, active: set[str]) -> None:
        for folder in self._folders:
            key = str(folder.path)
            if key in self._told:
                continue
            self._tell_notes(folder)
            if key in active:
                continue
            failure = folder.failure()
            if failure is not None:
                self._told.add(key)
                self._console.print(
                    Text.assemble((f"failed  {_name(folder)}: ", "red"), failure), soft_wrap=True
                )
            elif self._task == "training" and folder.finished:
                self._told.add(key)
                result = folder.result()
                self._console.print(
                    f"done    {_name(folder)}  dev {result.dev.wer:.1f} %  "
                    f"test {result.test.wer:.1f} %  {result.seconds:.0f} s",
                    highlight=False,
                )
            elif self._task != "training" and folder.speed() is not None:
                self._told.add(key)

    def _tell_notes(self, folder: RunFolder) -> None:
        key, notes = str(folder.path), folder.notes()
        for sentence in notes[self._noted[key] :]:
            self._console.print(f"note    {_name(folder)}: {sentence}", soft_wrap=True)
        self._noted[key] = len(notes)

    def _left(self, glimpses: Sequence[Glimpse]) -> str:
        """Time left, from the share of all epochs that this call has seen."""
        parts = sum(g.epoch / g.epochs for g in glimpses) + len(self._told)
        if parts <= 0:
            return "time left unknown"
        seconds = (time.monotonic() - self._started) * (len(self._folders) - parts) / parts
        return f"about {timedelta(seconds=round(seconds))} left"

    def _counts(self, glimpses: Sequence[Glimpse]) -> str:
        done, running = len(self._told), len(glimpses)
        waiting = len(self._folders) - done - running
        return f"{self._task}: {done} done, {running} running, {waiting} waiting"

    def _line(self, glimpses: Sequence[Glimpse]) -> None:
        states = "; ".join(
            f"{g.name} epoch {g.epoch}/{g.epochs}"
            + (f" dev {g.dev_wer:.1f} %" if g.dev_wer is not None else "")
            for g in glimpses
        )
        line = f"{self._counts(glimpses)}, {self._left(glimpses)}" + (f" ({states})" * bool(states))
        self._console.print(line, highlight=False, soft_wrap=True)

    def _table(self, glimpses: Sequence[Glimpse]) -> Group:
        table = Table(box=None, pad_edge=False)
        for title in ("run", "epoch", "", "loss a label", "dev WER"):
            table.add_column(title, justify="left" if title in ("run", "") else "right")
        for g in glimpses:
            table.add_row(
                g.name,
                f"{g.epoch}/{g.epochs}",
                ProgressBar(total=g.epochs, completed=g.epoch, width=24),
                "" if g.loss is None else f"{g.loss:.2f}",
                "" if g.dev_wer is None else f"{g.dev_wer:.1f} %",
            )
        return Group(Text(f"{self._counts(glimpses)}, {self._left(glimpses)}"), table)


def _glimpse(folder: RunFolder, epochs: int) -> Glimpse:
    table = folder.epochs()
    last: dict[str, Any] = {} if table.empty else table.iloc[-1].to_dict()
    return Glimpse(
        _name(folder),
        int(last.get("epoch", 0)),
        epochs,
        last.get("loss_per_label"),
        last.get("dev_wer"),
    )


def _name(folder: RunFolder) -> str:
    return f"{folder.path.parent.name}/{folder.path.name}"


def _epochs(folder: RunFolder) -> int:
    return SCHEDULES.build_choice(folder.recipe()["recipe"]["schedule"]).total_epochs
