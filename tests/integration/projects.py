"""Folders with a small study, in which signlab's commands are run as a user does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from signlab.study.folder import RunFolder

TESTS = Path(__file__).parents[1]

RECIPE = """
corpus: {name: toy}
features: {parts: [pose, hands]}
model:
  stem: {name: conv, width: 16, kernel: 3}
  fusion: {name: concat, width: 32}
  temporal: {name: single-scale, kernel: 3, downsample: 2}
  encoder: {name: residual-bilstm, width: 24, layers: 1}
  head: {name: linear}
augment:
  time_warp: {rate: 0.5}
schedule: {epochs: 10, warmup_epochs: 1, learning_rate: 1.0e-2, batch_size: 8}
"""

STUDY = """
name: toy
question: Of what use are hands?
recipe: recipe.yaml
plugins: [toy]
components:
  - no-hands: {features: {parts: [pose]}}
  - same: {model: {encoder: {dropout: 0.2000001}}}
variants: {no-hands: [no-hands], same: [same]}
seeds: [0, 1, 2]
"""


class Project:
    """A folder with a study, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write()

    def write(self, *, study: str = STUDY, recipe: str = RECIPE) -> None:
        (self.folder / "study.yaml").write_text(study)
        (self.folder / "recipe.yaml").write_text(recipe)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{TESTS}:{TESTS.parent}",
            "OMP_NUM_THREADS": "1",
        }
        environment.pop("MLFLOW_TRACKING_URI", None)
        return subprocess.Popen(
            [sys.executable, "-m", "signlab", *arguments],
            cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def folders(self, pattern: str = "*/*") -> list[RunFolder]:
        paths = sorted((self.folder / "runs" / "toy").glob(pattern))
        return [RunFolder(path) for path in paths if path.is_dir()]


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def workers_of(folder: Path) -> list[str]:
    """Processes that still work below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            forked = "forkserver" in (process / "cmdline").read_text()
            begun = os.getsid(int(process.name)) == int(process.name)
            if forked and begun and (process / "cwd").samefile(folder):
                found.append(process.name)
        except OSError:
            continue  # it ended while we looked
    return found
