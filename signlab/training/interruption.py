"""Being stopped from outside at a moment that loses nothing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from signlab.errors import Interrupted

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """Within it, SIGTERM and SIGINT wait until the training can be left.

    Outside the main thread, where Python takes no signals, it does nothing.

    Attributes:
        requested: The signal that came, or None.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._at_once = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._before = {each: signal.signal(each, self._take) for each in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Where nothing changes that a checkpoint holds: leave by ``Interrupted`` right away."""
        self._at_once = True
        try:
            if self.requested is not None:
                raise Interrupted(self.requested)
            yield
        finally:
            self._at_once = False

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.requested = signal.Signals(number)
        if self._at_once:
            raise Interrupted(self.requested)
