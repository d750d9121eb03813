"""The folder of one run: who writes what, and how it is read again.

``recipe.json`` is written first, ``result.json`` last and atomically: it is the done marker.
What lies there of checkpoints is the business of ``training.resume``.
A run that ended badly leaves ``failure.json`` instead.
"""

from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from signlab.study.files import read_json, write_json
from signlab.study.fold import Fold


@dataclass(frozen=True)
class Errors:
    """Edits over a split: substitutions, deletions and insertions over reference glosses."""

    substitutions: int
    deletions: int
    insertions: int
    glosses: int

    @property
    def wer(self) -> float:
        """Word error rate in percent."""
        return 100.0 * (self.substitutions + self.deletions + self.insertions) / self.glosses


@dataclass(frozen=True)
class Speed:
    """Inference at batch 1, measured after training in a process of its own on a quiet machine."""

    latency_p50_ms: float
    latency_p95_ms: float
    latency_p99_ms: float
    frames_per_second: float
    frames: int
    threads: int


@dataclass(frozen=True)
class RunResult:
    """What one finished run measured; the content of ``result.json``.

    Attributes:
        dev: Errors of the selected checkpoint.
        test: Errors of the same checkpoint, scored once.
        seconds: Wall-clock time of training and scoring, over all continuations.
        train_frames_per_second: Frames of training utterances over the time of the updates.
        multiply_adds: For one second of landmarks at 25 frames/s.
        peak_memory_mib: Resident set of the training process at its largest.
        blank_share: Share of dev timesteps whose best output is the blank, 0 to 1.
        distinct_glosses: How many glosses the dev hypotheses use.
        collapsed: Whether the run never left the blank plateau.
        epochs_to_escape: First epoch whose dev WER is below 90 %, or None.
        best_epoch: The epoch whose weights the run ends with, or the foremost of those averaged.
        signature: How the WERs were made.
        environment: Versions, machine, git revision and command.
        vocabulary: How many glosses there are to choose from; None in results older than that.
    """

    dev: Errors
    test: Errors
    seconds: float
    train_frames_per_second: float
    parameters: int
    multiply_adds: int
    peak_memory_mib: float
    blank_share: float
    distinct_glosses: int
    collapsed: bool
    epochs_to_escape: int | None
    best_epoch: int
    epochs: int
    signature: str
    corpus_digest: str
    environment: dict[str, str] = field(default_factory=dict)
    vocabulary: int | None = None


class RunFolder:
    """Paths and readers of ``runs/<study>/<variant>/<fold>-<seed>-<digest>/``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def recipe_path(self) -> Path:
        """The resolved recipe with its digest, variant, fold and seed."""
        return self.path / "recipe.json"

    @property
    def model_path(self) -> Path:
        """The selected weights of a finished run, with recipe, vocabulary and layout."""
        return self.path / "model.pt"

    @property
    def finished(self) -> bool:
        """Whether the run has a result."""
        return (self.path / "result.json").exists()

    def recipe(self) -> dict[str, Any]:
        """The content of ``recipe.json``."""
        return read_json(self.recipe_path)

    def fold(self) -> Fold:
        """What the run holds out."""
        values = self.recipe()["fold"]
        return Fold(values["name"], values["by"], tuple(values["test"]))

    def result(self) -> RunResult:
        """The result of a finished run."""
        values = read_json(self.path / "result.json")
        values["dev"], values["test"] = Errors(**values["dev"]), Errors(**values["test"])
        return RunResult(**values)

    def write_result(self, result: RunResult) -> None:
        """Mark the run as done."""
        write_json(self.path / "result.json", asdict(result))

    def speed(self) -> Speed | None:
        """Inference speed, once it was measured."""
        path = self.path / "speed.json"
        return Speed(**read_json(path)) if path.exists() else None

    def write_speed(self, speed: Speed) -> None:
        """Add the inference speed, measured apart."""
        write_json(self.path / "speed.json", asdict(speed))

    def failure(self) -> str | None:
        """Why the run failed, or None."""
        path = self.path / "failure.json"
        return read_json(path)["reason"] if path.exists() else None

    def write_failure(self, reason: str, *, interrupted: bool = False) -> None:
        """Record in one sentence why there is no result.

        Args:
            interrupted: The run was stopped from outside, so that another try may go on.
        """
        write_json(self.path / "failure.json", {"reason": reason, "interrupted": interrupted})

    @property
    def failed(self) -> bool:
        """Whether another try would fail again; a run stopped from outside has not failed."""
        path = self.path / "failure.json"
        return path.exists() and not read_json(path)["interrupted"]

    def clear_failure(self) -> None:
        """Forget a failure, before another try."""
        (self.path / "failure.json").unlink(missing_ok=True)

    def notes(self) -> list[str]:
        """What a reader of the result should know of how it came about, a sentence each."""
        path = self.path / "notes.txt"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def note(self, sentence: str) -> None:
        """Add a note, unless it is there already."""
        if sentence not in self.notes():
            with (self.path / "notes.txt").open("a", encoding="utf-8") as stream:
                stream.write(sentence + "\n")

    def epochs(self) -> pd.DataFrame:
        """One row an epoch: epoch, phase, loss_per_label, learning_rate, dev_wer, ... ."""
        path = self.path / "epochs.parquet"
        if not path.exists():
            return pd.DataFrame()
        # in one piece: pandas opens a path twice, and a run replaces its table after every epoch
        return pd.read_parquet(BytesIO(path.read_bytes()))

    def beginning(self) -> pd.DataFrame:
        """What became of each weight of a run that began with those of another; else empty.

        Columns: name, shape (lengths joined by x), fate ("loaded", "resized", "left: ..."), rows
        (of a resized one, how many were filled), source.
        """
        path = self.path / "init.parquet"
        return pd.read_parquet(path) if path.exists() else pd.DataFrame()

    def hypotheses(self) -> pd.DataFrame:
        """One row a dev or test utterance.

        Columns: split, id, signer, frames, reference, hypothesis (glosses joined by blanks, as
        they are before any clean-up), substitutions, deletions, insertions, glosses (as they
        count), confidence; for each gloss of the hypothesis confidences, begin_ms and end_ms; for
        each of the reference signed_begin_ms and signed_end_ms, where the corpus tells them;
        present_<part>: the share of frames in which a part was tracked.
        """
        return pd.read_parquet(self.path / "hypotheses.parquet")

    def analysis(self) -> dict[str, pd.DataFrame]:
        """The tables of the error analysis of test, by name (``scoring.tables``)."""
        files = sorted((self.path / "analysis").glob("*.parquet"))
        return {file.stem: pd.read_parquet(file) for file in files}

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write ``<name>.parquet`` atomically; a name may begin with a folder."""
        part = self.path / f"{name}.parquet.part"
        part.parent.mkdir(exist_ok=True)
        table.to_parquet(part, index=False)
        part.replace(self.path / f"{name}.parquet")
