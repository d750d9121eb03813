"""``signlab train``: one recipe, by one process or by several under a launcher."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from signlab.study.folder import RunFolder
from signlab.training.checkpoint import load_model

ROOT = Path(__file__).parents[2]

RECIPE = """
corpus: {name: synthetic, glosses: 4, signers: 3, utterances: [16, 4, 4], lengths: [1, 3]}
features: {parts: [pose, hands], points: compact}
model:
  stem: {name: conv, width: 8, dropout: 0.0}
  fusion: {name: concat, width: 16}
  temporal: {name: single-scale, kernel: 3, downsample: 2, dropout: 0.0}
  encoder: {name: bilstm, width: 8, layers: 1, dropout: 0.0}
  head: {name: linear}
augment: {time_warp: {}, affine: {}}
schedule: {epochs: 2, warmup_epochs: 1, learning_rate: 1.0e-3, batch_size: 8}
"""

LAUNCH = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
LAUNCH += ["--main_process_port", "0", "-m", "signlab"]
"""On CPUs as well: with --cpu, accelerate would leave it to MPI to start the other one."""


def train(folder: Path, *command: str) -> RunFolder:
    """The run that a command trains; its last word is one line of JSON, from one process alone."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "train", "recipe.yaml", "--runs", command[0], "--json"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    return RunFolder(folder / json.loads(line)["folder"])


def test_two_launched_processes_train_as_one_and_one_writes(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    one, two = train(tmp_path, "signlab"), train(tmp_path, *LAUNCH)
    assert one.path.name == two.path.name
    assert {path.name for path in one.path.iterdir()} == {path.name for path in two.path.iterdir()}
    assert [run.result().environment["processes"] for run in (one, two)] == ["1", "2"]
    first, second = one.epochs(), two.epochs()
    assert list(first["updates"]) == list(second["updates"]) == [2, 2]
    # sums in another order, in single precision
    torch.testing.assert_close(
        torch.tensor(second["loss_per_label"]), torch.tensor(first["loss_per_label"]), rtol=1e-4, atol=0,
    )  # fmt: skip
    weights = load_model(one.model_path).weights
    for name, found in load_model(two.model_path).weights.items():
        torch.testing.assert_close(found, weights[name], rtol=0, atol=2e-4, msg=name)
