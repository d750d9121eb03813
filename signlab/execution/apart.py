"""One call in a process of its own, so that its memory and its threads are its own."""

import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from signlab.errors import RunFailed, SignlabError

T = TypeVar("T")


def call_apart(task: Callable[..., T], *arguments: Any) -> T:
    """``task(*arguments)`` in a fresh process, which ends with this call.

    Args:
        task: A function of a module; it, its arguments and its result are pickled.

    Raises:
        SignlabError: What the task raised of that kind.
        RunFailed: The process ended without an answer.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, task, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        answer, error = ours.recv()
    except EOFError:
        process.join()
        raise RunFailed(_how_it_ended(process.exitcode)) from None
    finally:
        process.kill()
        process.join()
    if error is not None:
        raise error
    return answer


def _answer(pipe: Connection, task: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    try:
        pipe.send((task(*arguments), None))
    except SignlabError as error:
        pipe.send((None, error))


def _how_it_ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed (signal 9), most likely since the machine lacked memory"
    return f"its process ended with exit code {code}"
