"""What the process of one run does: train, measure or search."""

import fcntl
import os
import signal
import sys
import threading
import time
import traceback
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path

import signlab.execution.catalogue  # noqa: F401  # registers
from signlab.errors import Interrupted, SignlabError
from signlab.execution.pool import GRACE_SECONDS
from signlab.study.folder import RunFolder
from signlab.study.plugins import load_plugins
from signlab.training.measure import measure
from signlab.training.run import train
from signlab.training.trial import train_trial

TASKS = {"train": train, "measure": measure, "search": train_trial}


def main(task: str, path: Path) -> int:
    """Do the task; a failure is written to the folder and told by the exit code."""
    if runner := parent_process():
        threading.Thread(target=_end_with, args=(runner,), daemon=True).start()
    folder = RunFolder(path)
    try:
        load_plugins(folder.recipe()["plugins"])
        with (path / ".worker.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # an orphan may still be at its last update
            TASKS[task](folder)
    except Interrupted as error:
        print(error, file=sys.stderr)  # noqa: T201
        signal.signal(error.number, signal.SIG_DFL)
        os.kill(os.getpid(), error.number)  # so that the runner sees what ended it
    except SignlabError as error:
        folder.write_failure(str(error))
        return 1
    except Exception as error:  # noqa: BLE001  # the last stop: nothing may look like a result
        traceback.print_exc()
        folder.write_failure(f"{type(error).__name__}: {error} (see {folder.path / 'log.txt'})")
        return 1
    return 0


def _end_with(runner: BaseProcess) -> None:
    """Leave when the runner was killed, so that no orphan writes beside its successor."""
    runner.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
