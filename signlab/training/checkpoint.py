"""Checkpoints: everything a killed run needs to go on, bit for bit."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from signlab.errors import BadInput


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        epoch: Epochs done.
        best: The weights to keep: those with the best dev WER so far, among equal ones the least
            dev loss, or simply the last.
        history: One row an epoch.
        seconds: Training time so far, over all continuations.
        random_state: Of torch's global generator, which dropout draws from.
    """

    epoch: int
    model: dict[str, Any]
    best: dict[str, Any]
    best_epoch: int
    best_wer: float
    best_loss: float
    optimizer: dict[str, Any]
    random_state: torch.Tensor
    history: list[dict[str, Any]]
    seconds: float

    @classmethod
    def start(cls) -> "Checkpoint":
        """The state before the first epoch."""
        return cls(
            epoch=0,
            model={},
            best={},
            best_epoch=0,
            best_wer=math.inf,
            best_loss=math.inf,
            optimizer={},
            random_state=torch.get_rng_state(),
            history=[],
            seconds=0.0,
        )


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write so that a kill at any moment leaves the one before or this one."""
    _save(path, vars(checkpoint))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; only tensors and plain values are accepted."""
    return Checkpoint(**_load(path))


@dataclass(frozen=True)
class TrainedModel:
    """The selected weights with all that is needed to recognise.

    Attributes:
        references: Of the training utterances, for decoders with a language model.
    """

    weights: dict[str, Any]
    recipe: dict[str, Any]
    vocabulary: list[str]
    layout: str
    references: list[list[str]]


def save_model(path: Path, model: TrainedModel) -> None:
    """Replace the checkpoint of a finished run by what others will want of it."""
    _save(path, vars(model))


def load_model(path: Path) -> TrainedModel:
    """The selected weights of a finished run.

    Raises:
        BadInput: The file is missing or holds no finished run's model.
    """
    try:
        return TrainedModel(**_load(path))
    except (OSError, TypeError) as error:
        raise BadInput(f"{path}: holds no trained model ({error})") from None


def _save(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        torch.save(content, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _load(path: Path) -> dict[str, Any]:
    return torch.load(path, map_location="cpu", weights_only=True)
