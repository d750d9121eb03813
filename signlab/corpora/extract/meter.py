"""What a user sees while films are tracked: videos done, frames a second, time left."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from signlab.corpora.extract.films import Films
from signlab.corpora.extract.workers import Told

PLAIN_SECONDS = 30.0


class Meter:
    """A bar on a terminal, a line every half minute elsewhere.

    Args:
        films: All films, tracked before or not.
        console: Where to write.
    """

    def __init__(self, films: Films, *, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("tracking"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("videos, {task.fields[rate]:.0f} frames/s,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            disable=not console.is_terminal,
        )
        self._videos = len(films.recordings)
        self._task = self._bar.add_task("tracking", total=self._videos, rate=0.0)
        self._started = self._shown = time.monotonic()
        self._frames = self._done = 0

    def __enter__(self) -> "Meter":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, todo: int) -> None:
        """Tell how many films are still to be tracked."""
        self._done = self._videos - todo
        self._bar.update(self._task, completed=self._done)

    def add(self, told: Told) -> None:
        """Count what a worker reports."""
        self._frames += told.frames
        self._done += told.ended
        now = time.monotonic()
        rate = self._frames / max(now - self._started, 1e-3)
        self._bar.update(self._task, completed=self._done, rate=rate)
        if told.failure is not None:
            self._console.print(f"left out: {told.failure}", highlight=False, soft_wrap=True)
        if not self._console.is_terminal and now - self._shown > PLAIN_SECONDS:
            self._shown = now
            self._console.print(
                f"tracking: {self._done} of {self._videos} videos, {rate:.0f} frames/s",
                highlight=False,
            )
