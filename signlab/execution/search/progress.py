"""What a user sees of a search while it runs: how each trial ended, and the time left."""

import time
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from signlab.execution.progress import PLAIN_SECONDS, REFRESH_SECONDS
from signlab.execution.search.session import Attempt, Session
from signlab.study.trial import State

_WORDS: dict[State, tuple[str, str]] = {
    "complete": ("trial", ""),
    "pruned": ("pruned", ""),
    "infeasible": ("cannot", "yellow"),
    "failed": ("failed", "red"),
}
"""The first word of the line about a trial that ended, and its colour."""


class SearchProgress:
    """Trials done, running and to come; everything goes to standard error."""

    def __init__(self, sessions: Sequence[Session], console: Console) -> None:
        self._sessions = sessions
        self._console = console
        self._started = time.monotonic()
        self._shown = 0.0
        self._done = 0
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> "SearchProgress":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def ended(self, attempt: Attempt, state: State, reason: str) -> None:
        """Tell how a trial ended."""
        self._done += state != "infeasible"
        word, colour = _WORDS[state]
        if state == "complete":
            values = attempt.folder.measured().values()
            shown = [_value(name, values[name]) for name in attempt.session.objectives]
            reason = f"{', '.join(shown)}  {attempt.folder.seconds():.0f} s"
        line = Text.assemble((f"{word:7} {attempt.name}  ", colour), reason)
        self._console.print(line, soft_wrap=True, highlight=False)

    def lost(self, attempt: Attempt) -> None:
        """Tell that another machine took over."""
        self._console.print(f"lost    {attempt.name}  given up by another machine", soft_wrap=True)

    def update(self, attempts: Sequence[Attempt]) -> None:
        """Show the state again, if it is time."""
        now = time.monotonic()
        if now - self._shown < (REFRESH_SECONDS if self._console.is_terminal else PLAIN_SECONDS):
            return
        self._shown = now
        if self._console.is_terminal:
            self._live.update(self._table(attempts), refresh=True)
        else:
            self._console.print(self._line(attempts), highlight=False, soft_wrap=True)

    def _line(self, attempts: Sequence[Attempt]) -> str:
        total = sum(session.definition.search.trials for session in self._sessions)
        left = total - sum(session.taken for session in self._sessions) + len(attempts)
        running = sum(min(a.told / a.session.definition.epochs, 1.0) for a in attempts)
        done = self._done + running
        seconds = (
            (time.monotonic() - self._started) * max(left - running, 0.0) / done if done else 0
        )
        when = f"about {timedelta(seconds=round(seconds))} left" if done else "time left unknown"
        return f"searching: {total - left} of {total} trials done, {len(attempts)} running, {when}"

    def _table(self, attempts: Sequence[Attempt]) -> Group:
        table = Table(box=None, pad_edge=False)
        for title in ("trial", "epoch", "", "dev WER"):
            table.add_column(title, justify="left" if title in ("trial", "") else "right")
        for attempt in attempts:
            epochs, rows = attempt.session.definition.epochs, attempt.folder.epochs()
            table.add_row(
                attempt.name,
                f"{len(rows)}/{epochs}",
                ProgressBar(total=epochs, completed=len(rows), width=24),
                "" if rows.empty else f"{rows['dev_wer'].iloc[-1]:.1f} %",
            )
        return Group(Text(self._line(attempts)), table)


def _value(name: str, value: float) -> str:
    return {
        "dev_wer": f"dev {value:.1f} %",
        "dev_loss": f"dev loss {value:.3f}",
        "latency_p50": f"p50 {value:.1f} ms",
        "latency_p95": f"p95 {value:.1f} ms",
        "peak_memory": f"{value:,.0f} MiB",
        "training_seconds": f"training {value:.0f} s",
    }.get(name, f"{value:,.0f} {name.replace('_', '-')}")
