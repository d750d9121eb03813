"""Promises about the code itself: modules stay small, the command line starts quickly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "signlab").rglob("*.py"))
LINES = 300
HELP_SECONDS = 0.9
HEAVY = {"torch", "mlflow", "optuna", "pandas", "matplotlib", "scipy"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_holds_one_idea(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("folder", sorted({m.parent for m in MODULES}), ids=lambda p: p.name)
def test_every_folder_says_what_it_offers_and_imports_nothing(folder):
    lines = (folder / "__init__.py").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""')
    assert not [line for line in lines if line.startswith(("import ", "from "))]


def test_help_comes_at_once():
    code = (
        "import sys, signlab.cli.main as cli; sys.argv = ['signlab', '--help']\n"
        "try: cli.main()\n"
        "finally: print('\\n' + ' '.join(sys.modules), file=sys.stderr)"
    )
    before = os.times()
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    after = os.times()
    assert ended.returncode == 0, ended.stderr
    assert "run-study" in ended.stdout
    assert not HEAVY & set(ended.stderr.split())
    # of the processor, not of the clock: a busy neighbour is not our slowness
    used = after.children_user + after.children_system
    assert used - before.children_user - before.children_system < HELP_SECONDS
