"""Runs that another study has trained: where all that decides the outcome is the same, so is it."""

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from signlab.study.folder import RunFolder
from signlab.training.environment import describe_environment

RECIPE, RESULT = "recipe.json", "result.json"

KEPT_APART = (
    RECIPE,  # names study and variant
    "mlflow.json",
    "speed.json",  # measured together with the study's other runs
    "changes.parquet",  # against the study's baseline
    ".*",  # locks
    RESULT,  # the done marker, which comes last
)


def take_over(folders: Iterable[RunFolder], runs: Path) -> Counter[str]:
    """Fill folders of runs that were not begun from other studies that have trained the same.

    The same is the same digest, trained by the same revision with the same versions: code that
    changed since would be measured as a component's effect. Changes that are not committed, and
    the code of plug-ins, are not seen.

    Args:
        runs: The folder of all studies.

    Returns:
        How many runs were taken over from each study.
    """
    taken: Counter[str] = Counter()
    fresh = [each for each in folders if [path.name for path in each.path.iterdir()] == [RECIPE]]
    if not fresh:
        return taken
    here = _versions(describe_environment())
    for folder in fresh:
        for path in sorted(runs.glob(f"*/*/{folder.path.name}/{RESULT}")):
            other = RunFolder(path.parent)
            result = other.result()
            same = other.recipe()["digest"] == folder.recipe()["digest"]
            if same and _versions(result.environment) == here:
                ignore = shutil.ignore_patterns(*KEPT_APART)
                shutil.copytree(other.path, folder.path, ignore=ignore, dirs_exist_ok=True)
                folder.write_result(result)
                taken[path.relative_to(runs).parts[0]] += 1
                break
    return taken


def _versions(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "threads"}
