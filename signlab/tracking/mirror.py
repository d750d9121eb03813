"""Keeps MLflow in step with a study's run folders, beside the work and never in its way."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from signlab.errors import SignlabError
from signlab.study.folder import RunFolder
from signlab.tracking.records import in_step, pending, public, report_stamp, tracking_uri
from signlab.tracking.settings import apply_settings

INTERVAL_SECONDS = 5.0
RETRY_SECONDS = 30.0
PATIENCE_SECONDS = 60.0
HURRIED_SECONDS = 5.0


class Mirror:
    """A context in which a thread sends what is new in the run folders.

    MLflow is imported by the thread, and only if something is to be sent. What a store that is
    down does not take is sent when it is up again, or by the next command on the same study.

    Args:
        study: ``runs/<study>`` with its ``study.json``.
        uri: By default MLFLOW_TRACKING_URI, or ``mlflow.db`` in the current folder.
        warn: Gets a sentence, once, when something could not be sent; called by the main thread.
    """

    def __init__(self, study: Path, *, uri: str | None = None, warn: Callable[[str], None]) -> None:
        self._study = study
        self._uri = tracking_uri(uri)
        self._warn = warn
        self._running: frozenset[Path] = frozenset()
        self._report: Path | None = None
        self._interrupted = False
        self._closing = threading.Event()
        self._quiet = threading.Lock()
        self._thread: threading.Thread | None = None
        self._problem: str | None = None
        self._sent = 0
        self._told = False

    def __enter__(self) -> "Mirror":
        """Send first what an earlier command left behind."""
        if pending(self._study, self._uri):
            self._start()
        return self

    def update(self, running: Iterable[RunFolder]) -> None:
        """Tell in which folders a process is at work; returns at once."""
        self._running = frozenset(folder.path for folder in running)
        if self._running:
            self._start()
        self._tell()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """A time in which nothing is sent, so that speed can be measured."""
        with self._quiet:
            yield

    def finish(self, report: Path) -> None:
        """Tell where the report's page is; the parent run gets the folder that it is in."""
        self._report = report.parent

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until all is sent, though not for ever."""
        self._running = frozenset()
        self._interrupted = kind is not None
        if self._thread is None and not self._interrupted and self._behind():
            self._start()
        self._closing.set()
        if self._thread is not None:
            self._wait_for(self._thread)
        self._tell()

    def _wait_for(self, thread: threading.Thread) -> None:
        """Wait as long as runs keep being sent, but not on someone who wants to leave."""
        if self._interrupted or self._problem is not None:
            thread.join(HURRIED_SECONDS)
            return
        seen = -1
        while thread.is_alive() and seen != self._sent:
            seen = self._sent
            thread.join(PATIENCE_SECONDS)
        if thread.is_alive():
            self._problem = self._problem or f"MLflow at {public(self._uri)} is slow"

    def _behind(self) -> bool:
        if self._report is None:
            return False
        reported = in_step(self._study, self._uri, report_stamp(self._study, self._report))
        return not reported or bool(pending(self._study, self._uri))

    def _tell(self) -> None:
        if self._problem is not None and not self._told:
            self._told = True
            self._warn(
                f"{self._problem}; nothing is lost: the same command sends to MLflow later what "
                "it lacks"
            )

    def _start(self) -> None:
        if self._thread is None:
            # a daemon: a store that hangs must not keep the command from ending
            self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        apply_settings()
        from signlab.tracking.mlflow import Tracker  # takes seconds

        tracker = None
        while True:
            closing = self._closing.is_set()
            wait = INTERVAL_SECONDS
            try:
                with self._quiet:
                    tracker = tracker or Tracker.connect(self._study, self._uri)
                    for folder, status in pending(self._study, self._uri, self._running):
                        tracker.sync(folder, status=status)
                        self._sent += 1
                    if closing and self._interrupted:
                        tracker.interrupt()
                    elif closing and self._report is not None:
                        tracker.log_report(self._report)
                self._problem = None
            except SignlabError as error:
                self._problem, wait = str(error), RETRY_SECONDS
            if closing:
                return
            self._closing.wait(wait)
