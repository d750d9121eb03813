"""What a newcomer meets first: pinned dependencies, and a README that tells the truth."""

import re
import tomllib
from pathlib import Path

import pytest

from signlab.study.study import load_study

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def normal(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["dev"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {normal(line) for line in lines if "==" in line}
    assert "torch==2.13.0" in lines
    assert {normal(requirement) for requirement in needed} <= pins


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_the_readmes_study_can_be_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    [text] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "my-study.yaml"
    file.write_text(text, encoding="utf-8")
    study = load_study(file)
    assert study.design == "factorial"
    assert len(study.combinations) == 8
