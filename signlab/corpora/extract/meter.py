"""What a user sees while films are tracked: videos done, frames a second, time left."""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from signlab.corpora.extract.films import Films
from signlab.corpora.extract.workers import Task, Told
from signlab.landmarks.video import expected_frames

PLAIN_SECONDS = 30.0


class Meter:
    """A bar on a terminal, a line every half minute elsewhere; it grows with every frame.

    Args:
        films: All films, tracked before or not.
        console: Where to write.
    """

    def __init__(self, films: Films, *, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("tracking"),
            BarColumn(),
            TextColumn("{task.fields[done]} of {task.fields[videos]} videos,"),
            TextColumn("{task.fields[rate]:.0f} frames/s,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            disable=not console.is_terminal,
        )
        self._videos = len(films.recordings)
        self._task = self._bar.add_task("", total=None, done=0, videos=self._videos, rate=0.0)
        self._left: dict[Path, int] = {}
        self._started = self._shown = time.monotonic()
        self._frames = self._done = 0

    def __enter__(self) -> "Meter":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, todo: Sequence[Task]) -> None:
        """Tell what is still to be tracked."""
        self._done = self._videos - len(todo)
        self._left = {task.target: expected_frames(task.media) for task in todo}
        self._bar.update(self._task, total=sum(self._left.values()), done=self._done)
        self._started = self._shown = time.monotonic()

    def add(self, told: Told) -> None:
        """Count what a worker reports."""
        left = self._left[told.task.target]
        # films say only about how many frames they have
        counted = left if told.ended else min(told.frames, left)
        self._left[told.task.target] = left - counted
        self._frames += told.frames
        self._done += told.ended
        now = time.monotonic()
        rate = self._frames / max(now - self._started, 1e-3)
        self._bar.update(self._task, advance=counted, done=self._done, rate=rate)
        if told.failure is not None:
            self._console.print(f"left out: {told.failure}", highlight=False, soft_wrap=True)
        if not self._console.is_terminal and now - self._shown > PLAIN_SECONDS:
            self._shown = now
            seconds = round(sum(self._left.values()) / max(rate, 1e-3))
            self._console.print(
                f"tracking: {self._done} of {self._videos} videos, {rate:.0f} frames/s, about "
                f"{timedelta(seconds=seconds)} left",
                highlight=False,
            )
