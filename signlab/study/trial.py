"""The folder of one trial of a search, and what is kept of it once the folder is gone.

A trial trains each of its seeds on each of its folds, one after another, in one process and one
folder. It is judged on dev: test is never scored. ``result.json`` is written last, as for a run; a
trial that was stopped by a pruner or cannot be trained leaves ``outcome.json``.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from signlab.study.files import read_json, write_json
from signlab.study.folder import Errors, RunFolder

COLUMNS = {"dev_wer": "dev_wer", "dev_loss": "dev_loss_per_label"}
"""Where the epochs of a training have what a pruner looks at, by the objective."""

State = Literal["complete", "pruned", "infeasible", "failed", "running"]


@dataclass(frozen=True)
class Part:
    """One training of a trial, on one fold with one seed; ``seconds`` of wall clock."""

    fold: str
    seed: int
    dev: Errors
    dev_loss: float
    seconds: float
    epochs: int

    def values(self) -> dict[str, float]:
        """The errors, by the name of the objective."""
        return {"dev_wer": self.dev.wer, "dev_loss": self.dev_loss}


@dataclass(frozen=True)
class Measured:
    """What a finished trial measured; the content of its ``result.json``.

    Attributes:
        latency_p50_ms, latency_p95_ms: Measured where an objective asks for them.
    """

    parts: tuple[Part, ...]
    parameters: int
    multiply_adds: int
    peak_memory_mib: float
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None

    def values(self) -> dict[str, float]:
        """By the name of the objective; errors are means over the trainings."""
        found = {
            "dev_wer": fmean(part.dev.wer for part in self.parts),
            "dev_loss": fmean(part.dev_loss for part in self.parts),
            "latency_p50": self.latency_p50_ms,
            "latency_p95": self.latency_p95_ms,
            "multiply_adds": self.multiply_adds,
            "parameters": self.parameters,
            "peak_memory": self.peak_memory_mib,
            "training_seconds": sum(part.seconds for part in self.parts),
        }
        return {name: float(value) for name, value in found.items() if value is not None}

    @property
    def glosses(self) -> int:
        """Reference glosses that the errors were counted over, each once whatever the seeds."""
        return sum({part.fold: part.dev.glosses for part in self.parts}.values())


class TrialFolder(RunFolder):
    """Paths and readers of ``runs/<study>/search/<search>/<number>/``."""

    @property
    def lock_path(self) -> Path:
        """Locked by the process that works on the trial."""
        return self.path / ".lock"

    def checkpoint_of(self, index: int) -> Path:
        """Where an unfinished training of the trial goes on."""
        return self.path / f"checkpoint-{index}.pt"

    def discard(self) -> None:
        """Take away what only an unfinished trial needs."""
        for path in self.path.glob("checkpoint-*.pt"):
            path.unlink(missing_ok=True)

    def parts(self) -> list[Part]:
        """The trainings that are finished, in order."""
        path = self.path / "parts.json"
        found = read_json(path)["parts"] if path.exists() else []
        return [Part(**{**part, "dev": Errors(**part["dev"])}) for part in found]

    def write_parts(self, parts: list[Part]) -> None:
        """Keep the finished trainings, so that a killed trial goes on with the next."""
        write_json(self.path / "parts.json", {"parts": [asdict(part) for part in parts]})

    def measured(self) -> Measured:
        """The result of a finished trial."""
        values = read_json(self.path / "result.json")
        parts = [Part(**{**part, "dev": Errors(**part["dev"])}) for part in values.pop("parts")]
        return Measured(parts=tuple(parts), **values)

    def write_measured(self, measured: Measured) -> None:
        """Mark the trial as done."""
        write_json(self.path / "result.json", asdict(measured))

    def outcome(self) -> tuple[State, str] | None:
        """How the trial ended, and why if not well; None while it can go on."""
        if self.finished:
            return "complete", ""
        path = self.path / "outcome.json"
        if path.exists():
            values = read_json(path)
            return values["state"], values["reason"]
        return ("failed", self.failure() or "") if self.failed else None

    def write_outcome(self, state: State, reason: str) -> None:
        """Record that the trial was pruned or cannot be trained."""
        write_json(self.path / "outcome.json", {"state": state, "reason": reason})

    def curve(self, objective: str = "dev_wer") -> list[float]:
        """What a pruner is told after each epoch: the error that the trial stands at.

        Of the epoch's training the best so far (or the last, where a recipe keeps the last), in
        the mean with the trainings before it.
        """
        rows = self.epochs()
        if rows.empty:
            return []
        keep_last = self.recipe()["recipe"]["schedule"]["keep"] == "last"
        before: list[float] = []
        found: list[float] = []
        for _, part in rows.groupby("part"):
            errors = part[COLUMNS[objective]]
            stands = [float(error) for error in (errors if keep_last else errors.cummin())]
            found += [fmean([*before, error]) for error in stands]
            before.append(stands[-1])
        return found

    def seconds(self) -> float:
        """Of training so far."""
        rows = self.epochs()
        return 0.0 if rows.empty else float(rows["seconds"].tolist()[-1])


@dataclass(frozen=True)
class Trial:
    """What is known of a trial, wherever it was trained.

    Attributes:
        point: The searched keys that applied, and their values.
        values: What was measured, by the name of the objective; empty unless complete.
        reason: Why it was stopped, cannot be trained, or failed.
        glosses: Reference glosses of dev behind ``dev_wer``.
        seconds: Of training.
        curve: As ``TrialFolder.curve``.
    """

    number: int
    state: State
    point: dict[str, Any]
    values: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    glosses: int = 0
    seconds: float = 0.0
    curve: list[float] = field(default_factory=list)
