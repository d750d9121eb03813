"""Reads what a study left on disk: its plan and the state of each planned run."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from signlab.errors import BadStudy
from signlab.study.files import read_json
from signlab.study.folder import RunFolder, RunResult, Speed
from signlab.study.projections import Projections
from signlab.study.searched import Searched, read_searched

Status = Literal["finished", "failed", "unfinished", "waiting"]
Cell = tuple[str, int]
"""A fold and a seed: what a run of every variant exists for."""


@dataclass(frozen=True)
class Variant:
    """One variant as the study planned it.

    Attributes:
        changes: Before and after, by the dotted key of the recipe.
        tuned: The same of what a search changed besides.
    """

    name: str
    components: tuple[str, ...]
    summary: str
    changes: Mapping[str, tuple[Any, Any]]
    tuned: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Run:
    """One planned run and what became of it.

    Attributes:
        status: "unfinished" has begun but has neither a result nor a failure.
        reason: Why it failed.
        epochs: One row an epoch; empty before the first.
        beginning: A row a weight of a run that began with those of another; else empty.
        test: One row a test utterance, indexed by its id; empty unless finished.
        analysis: The tables of its error analysis, by name; none unless finished.
    """

    variant: str
    fold: str
    seed: int
    folder: str
    status: Status
    reason: str | None
    result: RunResult | None
    speed: Speed | None
    epochs: pd.DataFrame
    beginning: pd.DataFrame
    test: pd.DataFrame
    analysis: Mapping[str, pd.DataFrame]

    @property
    def cell(self) -> Cell:
        """The fold and the seed."""
        return self.fold, self.seed


@dataclass(frozen=True, eq=False)
class StudyRuns:
    """A study and all its runs, as planned in ``study.json``.

    Attributes:
        folds: The held-out signers or utterances, by the fold's name; empty where the corpus's
            own splits hold.
        variants: In the study's order; the baseline comes first.
        untuned: Runs at the recipe's own settings, where ``runs`` have those that were found.
        searches: Of each variant that was searched.
        projections: What someone expected of the variants.
    """

    name: str
    question: str
    source: str
    recipe: str
    design: str
    command: str
    smoke: bool
    seeds: tuple[int, ...]
    folds: Mapping[str, tuple[str, ...]]
    variants: tuple[Variant, ...]
    runs: tuple[Run, ...]
    untuned: tuple[Run, ...] = ()
    searches: tuple[Searched, ...] = ()
    projections: Projections | None = None

    def of(self, variant: str) -> list[Run]:
        """The runs of a variant, whatever their status."""
        return [run for run in self.runs if run.variant == variant]

    def finished(self, variant: str) -> list[Run]:
        """The runs of a variant that have a result."""
        return [run for run in self.of(variant) if run.status == "finished"]


def read_study(folder: Path) -> StudyRuns:
    """Read a study's folder.

    Raises:
        BadStudy: There is no readable ``study.json``.
    """
    path = folder / "study.json"
    try:
        plan = read_json(path)
        return StudyRuns(
            name=plan["name"],
            question=plan["question"],
            source=plan["source"],
            recipe=plan["recipe"],
            design=plan["design"],
            command=plan["command"],
            smoke=plan["smoke"],
            seeds=tuple(plan["seeds"]),
            folds={fold["name"]: tuple(fold["test"]) for fold in plan["folds"]},
            variants=tuple(_variant(variant) for variant in plan["variants"]),
            runs=tuple(_run(folder, run) for run in plan["runs"]),
            untuned=tuple(_run(folder, run) for run in plan.get("untuned", ())),
            searches=tuple(
                found
                for place in plan.get("searches", {}).values()
                if (found := read_searched(folder / place)) is not None
            ),
            projections=Projections(**told) if (told := plan.get("projections")) else None,
        )
    except FileNotFoundError:
        raise BadStudy(
            f"{path}: no such file; give a study's folder that `signlab run-study` has begun"
        ) from None
    except JSONDecodeError as error:
        raise BadStudy(f"{path}: not JSON ({error}); `signlab run-study` writes it anew") from None
    except KeyError as error:
        raise BadStudy(f"{path}: lacks {error}; `signlab run-study` writes it anew") from None


def _variant(plan: dict[str, Any]) -> Variant:
    changes = {key: (before, after) for key, (before, after) in plan["changes"].items()}
    tuned = {key: (before, after) for key, (before, after) in plan.get("tuned", {}).items()}
    return Variant(plan["name"], tuple(plan["components"]), plan["summary"], changes, tuned)


def _run(study: Path, plan: dict[str, Any]) -> Run:
    folder = RunFolder(study / plan["folder"])
    status = _status(folder)
    finished = status == "finished"
    return Run(
        variant=plan["variant"],
        fold=plan["fold"],
        seed=plan["seed"],
        folder=plan["folder"],
        status=status,
        reason=folder.failure() if status == "failed" else None,
        result=folder.result() if finished else None,
        speed=folder.speed() if finished else None,
        epochs=folder.epochs(),
        beginning=folder.beginning(),
        test=_test(folder) if finished else pd.DataFrame(),
        analysis=folder.analysis() if finished else {},
    )


def _status(folder: RunFolder) -> Status:
    if folder.finished:
        return "finished"
    if folder.failure() is not None:
        return "failed"
    return "unfinished" if folder.recipe_path.exists() else "waiting"


def _test(folder: RunFolder) -> pd.DataFrame:
    table = folder.hypotheses()
    table = table[table["split"] == "test"].drop(columns="split").set_index("id").sort_index()
    if table.empty or not table.index.is_unique:
        raise BadStudy(
            f"{folder.path / 'hypotheses.parquet'}: needs one row for each test utterance, has "
            f"{len(table)} rows for {table.index.nunique()} ids; delete the run's folder and run "
            "the study again"
        )
    return table
