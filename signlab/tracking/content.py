"""What MLflow is told of a run: parameters, metrics and files, as plain values."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

import pandas as pd

from signlab.study.folder import RunFolder, RunResult, Speed
from signlab.study.recipe import flatten

PARAMETER_CHARACTERS = 6000
"""The most that MLflow keeps of a parameter."""


@dataclass(frozen=True)
class Point:
    """One value of a metric; ``time`` in milliseconds after the run's start."""

    name: str
    value: float
    time: int = 0
    epoch: int = 0


def parameters(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The resolved recipe with dotted keys, in the spelling of YAML."""
    return {
        key: (value if isinstance(value, str) else json.dumps(value))[:PARAMETER_CHARACTERS]
        for key, value in flatten(recipe).items()
    }


def epoch_points(epochs: pd.DataFrame) -> list[Point]:
    """The figures of every epoch in order, named ``epoch/<column>``; words are left out."""
    return [
        Point(f"epoch/{column}", float(value), int(1000 * row["seconds"]), int(row["epoch"]))
        for row in epochs.to_dict("records")
        for column, value in row.items()
        if column != "epoch" and not isinstance(value, str)
    ]


def final_points(result: RunResult, speed: Speed | None) -> list[Point]:
    """What a finished run measured, and its speed where that is known; WER in percent."""
    values: dict[str, float | None] = {}
    for split, errors in (("dev", result.dev), ("test", result.test)):
        values[f"{split}_wer"] = errors.wer
        values |= {f"{split}_{kind}": count for kind, count in asdict(errors).items()}
    values |= {
        name: value
        for name, value in asdict(result).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    values |= asdict(speed) if speed else {}
    time = int(1000 * result.seconds)
    return [
        Point(name, float(v), time, result.epochs) for name, v in values.items() if v is not None
    ]


def split_finite(points: Iterable[Point]) -> tuple[list[Point], dict[str, str]]:
    """The points that MLflow can store, and tags for the others.

    It keeps NaN as 0 and infinity as 1.8e308, as if they were measured.
    """
    good: list[Point] = []
    tags: dict[str, str] = {}
    for point in points:
        if math.isfinite(point.value):
            good.append(point)
        else:
            tags.setdefault(f"non_finite.{point.name}", f"{point.value} in epoch {point.epoch}")
    return good, tags


def write_files(folder: RunFolder, out: Path) -> None:
    """What a reader of a finished run wants to see, in forms that MLflow's pages display."""
    for name in ("recipe.json", "result.json", "speed.json", "model.pt"):
        if (folder.path / name).exists():
            copyfile(folder.path / name, out / name)
    folder.epochs().to_csv(out / "epochs.csv", index=False)
    for name in ("init", "tuning"):
        if (folder.path / f"{name}.parquet").exists():
            table = pd.read_parquet(folder.path / f"{name}.parquet")
            table.to_csv(out / f"{name}.csv", index=False)
    folder.hypotheses().to_csv(out / "hypotheses.csv", index=False)
    (out / "analysis").mkdir()
    for name, table in folder.analysis().items():
        table.to_csv(out / "analysis" / f"{name}.csv", index=False)
        table.to_parquet(out / "analysis" / f"{name}.parquet", index=False)
