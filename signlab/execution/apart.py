"""Processes of their own, whose memory and threads are their own, and which begin at once."""

import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, TypeVar

from signlab.errors import RunFailed, SignlabError

T = TypeVar("T")


def processes() -> ForkServerContext | SpawnContext:
    """Where processes come from: on Linux from a server that has imported all they need.

    It imports once, in about seven seconds, and every process is a fork of it, so that none sees
    what its neighbours or the caller did. Elsewhere every process imports anew, since other
    systems' libraries may not survive a fork.
    """
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    # the optimiser would import the second in every process
    context.set_forkserver_preload(["signlab.execution.worker", "torch._dynamo"])
    return context


def call_apart(task: Callable[..., T], *arguments: Any) -> T:
    """``task(*arguments)`` in a process of its own, which ends with this call.

    Args:
        task: A function of a module; it, its arguments and its result are pickled.

    Raises:
        SignlabError: What the task raised of that kind.
        RunFailed: The process ended without an answer.
    """
    context = processes()
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, task, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        answer, error = ours.recv()
        process.join()  # it gives back what it shared with others
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
