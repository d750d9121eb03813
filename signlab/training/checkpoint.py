"""Checkpoints and models as files: everything a killed run needs to go on, bit for bit."""

import os
import pickle
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from signlab.errors import BadInput

State = dict[str, Any]

MARK = b"sha256:"
"""Before the check sum at the end of a file; torch ignores what follows its own."""

CHUNK = 1 << 20


class Damaged(BadInput):
    """A file that was cut off or changed since it was written."""


@dataclass(frozen=True)
class Within:
    """Where an epoch was left.

    Attributes:
        batches: How many were done.
        generator: State of the one that augmentation draws from.
        sums: What the updates had added up to (``health.Sums``).
    """

    batches: int
    generator: torch.Tensor
    sums: State


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after an epoch, or within the next one.

    Attributes:
        epoch: Epochs done.
        phase: Phases done.
        phase_epochs: Epochs done of the phase after these.
        learner: Weights, optimiser, average and teacher (``learner.Learner``).
        random: States of torch's global generators, which dropout draws from.
        kept: Weights that the run may end with (``averaging.Kept``), the foremost first.
        history: One row an epoch.
        seconds: Training time so far, over all continuations.
        rate: Factor of every learning rate: 0.5 after a training that diverged.
        within: Where the epoch after these was left; None at its begin.
    """

    epoch: int = 0
    phase: int = 0
    phase_epochs: int = 0
    learner: State = field(default_factory=dict)
    random: list[torch.Tensor] = field(default_factory=list)
    kept: list[State] = field(default_factory=list)
    history: list[State] = field(default_factory=list)
    seconds: float = 0.0
    rate: float = 1.0
    within: Within | None = None

    @property
    def begins_phase(self) -> bool:
        """Whether nothing of the phase is done yet."""
        return self.phase_epochs == 0 and self.within is None


def save_checkpoint(path: Path, checkpoint: Checkpoint, origin: State) -> None:
    """Write so that a kill at any moment leaves the one before or this one.

    Args:
        origin: What decides the training, to be known again.
    """
    within = checkpoint.within and vars(checkpoint.within)
    _save(path, {"origin": origin, **vars(checkpoint), "within": within})


def load_checkpoint(path: Path) -> tuple[Checkpoint, State]:
    """Read a checkpoint and its origin; only tensors and plain values are accepted.

    Raises:
        Damaged: The file was cut off or changed.
        BadInput: It holds no checkpoint of this version.
    """
    return checkpoint_of(read_file(path), path)


def checkpoint_of(content: State, path: Path) -> tuple[Checkpoint, State]:
    """A checkpoint and its origin, from the content of its file.

    Raises:
        BadInput: It is no checkpoint of this version.
    """
    if set(content) != {"origin", *(field.name for field in fields(Checkpoint))}:
        raise BadInput(f"{path}: is no checkpoint of this version of signlab")
    origin, within = content["origin"], content["within"]
    state = {key: value for key, value in content.items() if key not in ("origin", "within")}
    return Checkpoint(**state, within=within and Within(**within)), origin


@dataclass(frozen=True)
class TrainedModel:
    """The selected weights with all that is needed to recognise.

    Attributes:
        references: Of the training utterances, for decoders with a language model.
    """

    weights: State
    recipe: State
    vocabulary: list[str]
    layout: str
    references: list[list[str]]


def save_model(path: Path, model: TrainedModel) -> None:
    """Replace the checkpoint of a finished run by what others will want of it."""
    _save(path, vars(model))


def load_model(path: Path) -> TrainedModel:
    """The selected weights of a finished run.

    Raises:
        BadInput: The file is missing, damaged, or holds no finished run's model.
    """
    try:
        return model_of(read_file(path), path)
    except OSError as error:
        raise BadInput(f"{path}: holds no trained model ({error})") from None


def model_of(content: State, path: Path) -> TrainedModel:
    """The model of a finished run, from the content of its file.

    Raises:
        BadInput: It is none.
    """
    if set(content) != {field.name for field in fields(TrainedModel)}:
        raise BadInput(f"{path}: holds no trained model of this version of signlab")
    return TrainedModel(**content)


class _Summed:
    """A stream that sums up what passes through."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sum = sha256()

    def write(self, content: bytes | memoryview) -> int:
        self.sum.update(content)
        return self._stream.write(content)

    def flush(self) -> None:
        self._stream.flush()


def _save(path: Path, content: State) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        summed = _Summed(stream)
        torch.save(content, cast("BinaryIO", summed))  # of a stream, all that it needs
        stream.write(MARK + summed.sum.digest())
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def read_file(path: Path) -> State:
    """What a file holds, whichever of the two it is; only tensors and plain values are accepted.

    Raises:
        Damaged: It was cut off or changed, or was never written here.
    """
    _check_sum(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (EOFError, OSError, RuntimeError, pickle.UnpicklingError):
        content = None  # torch would have the file loaded without any care
    if not isinstance(content, dict):
        raise Damaged(f"{path} is damaged, or no file that signlab wrote")
    return content


def _check_sum(path: Path) -> None:
    """Compare a file with the sum at its end: torch reads a changed tensor without a word."""
    tail = len(MARK) + sha256().digest_size
    left = path.stat().st_size - tail
    with path.open("rb") as stream:
        stream.seek(max(left, 0))
        end = stream.read()
        if not end.startswith(MARK):
            return  # cut off, which torch will find, or written by other hands
        stream.seek(0)
        found = sha256()
        while left > 0 and (content := stream.read(min(left, CHUNK))):
            found.update(content)
            left -= len(content)
    if end != MARK + found.digest():
        raise Damaged(f"{path} is damaged: its content is not what was written")
