"""What distinguishes the MLflow runs of a study: runs, and trials of its searches."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from shutil import copyfile
from typing import Any

from signlab.study.folder import RunFolder
from signlab.study.trial import TrialFolder
from signlab.tracking.content import Point, final_points, parameters, write_files

SAME = ("recipe_digest", "variant", "fold", "seed", "search", "trial")
"""The tags, as far as there are, that tell a run from every other of its study."""


def name_of(folder: RunFolder) -> str:
    """As MLflow lists it."""
    known = folder.recipe()
    if isinstance(folder, TrialFolder):
        return f"search/{known['variant']}/{known['trial']:04}"
    return f"{known['variant']}/{known['fold']['name']}-{known['seed']}"


def tags_of(folder: RunFolder, plan: Mapping[str, Any], study: Path) -> dict[str, str]:
    """What its MLflow run is found by.

    Args:
        plan: The content of ``study.json``.
        study: ``runs/<study>``.
    """
    known = folder.recipe()
    tags = {
        "study": known["study"],
        "variant": known["variant"],
        "recipe_digest": known["digest"],
    }
    if isinstance(folder, TrialFolder):
        return tags | {
            "search": folder.path.parent.name,
            "trial": str(known["trial"]),
            "fold": ", ".join(fold["name"] for fold in known["folds"]),
            "seed": ", ".join(map(str, known["seeds"])),
        }
    place = folder.path.relative_to(study).as_posix()
    if plan.get("untuned"):
        searched = any(run["folder"] == place for run in plan["runs"])
        tags["settings"] = "searched" if searched else "the recipe's own"
    return tags | {"fold": known["fold"]["name"], "seed": str(known["seed"])}


def parameters_of(folder: RunFolder) -> dict[str, str]:
    """The recipe, and of a trial what is searched besides, such as components."""
    known = folder.recipe()
    return {**parameters(known.get("settings", {})), **parameters(known["recipe"])}


def ending_of(folder: RunFolder) -> tuple[list[Point], dict[str, str]]:
    """What a finished run measured: points and tags."""
    if isinstance(folder, TrialFolder):
        return _measured(folder), {}
    result = folder.result()
    tags = {"collapsed": str(result.collapsed).lower(), "signature": result.signature}
    return final_points(result, folder.speed()), tags


def write_files_of(folder: RunFolder, out: Path) -> None:
    """What a reader of a finished run wants to see."""
    if not isinstance(folder, TrialFolder):
        write_files(folder, out)
        return
    for name in ("recipe.json", "result.json"):
        copyfile(folder.path / name, out / name)
    folder.epochs().to_csv(out / "epochs.csv", index=False)


def reason_of(folder: RunFolder) -> str:
    """Why there is no result."""
    outcome = folder.outcome() if isinstance(folder, TrialFolder) else None
    return outcome[1] if outcome else folder.failure() or ""


def _measured(folder: TrialFolder) -> list[Point]:
    measured, epochs = folder.measured(), len(folder.epochs())
    errors = measured.values()
    values = {
        **{
            name: value
            for name, value in asdict(measured).items()
            if isinstance(value, int | float)
        },
        "dev_wer": errors["dev_wer"],
        "dev_loss": errors["dev_loss"],
        "seconds": errors["training_seconds"],
    }
    time = int(1000 * errors["training_seconds"])
    return [Point(name, float(value), time, epochs) for name, value in values.items()]
