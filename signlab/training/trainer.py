"""The loop that every variant goes through: same data order, same draws, same updates.

Batches and augmentation draw from generators that depend on the seed and the epoch alone, never
on the model, so that two variants see the same utterances, bent in the same way. The global
generator, seeded here and nowhere else, serves the first weights and dropout.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from signlab.corpora.base import Splits
from signlab.errors import TrainingDiverged
from signlab.training.assembly import Assembly, Stage
from signlab.training.checkpoint import Checkpoint
from signlab.training.epoch import Epoch
from signlab.training.evaluate import evaluate
from signlab.training.update import Updates


@dataclass(frozen=True)
class EpochSums:
    """What the updates of one epoch add up to."""

    loss: float
    labels: int
    frames: int
    updates: int
    gradient_norm: float
    seconds: float


def train_epochs(
    assembly: Assembly,
    splits: Splits,
    *,
    seed: int,
    device: torch.device,
    resumed: Checkpoint | None,
    save: Callable[[Checkpoint], None],
) -> Checkpoint:
    """Train until the schedule ends, or go on from where a killed run stopped.

    Args:
        save: Called with the state after every epoch.

    Returns:
        The last state; its ``best`` weights are those that the schedule keeps.

    Raises:
        TrainingDiverged: The loss became infinite or not a number.
    """
    recognizer, schedule = assembly.recognizer, assembly.schedule
    optimizer = torch.optim.AdamW(
        recognizer.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    state = resumed or Checkpoint.start()
    if resumed is not None:
        recognizer.load_state_dict(resumed.model)
        optimizer.load_state_dict(resumed.optimizer)
        torch.set_rng_state(resumed.random_state)
    while state.epoch < schedule.total_epochs:
        started = time.perf_counter()
        stage, done = assembly.at(state.epoch)
        sums = _train_epoch(assembly, stage, done, optimizer, splits, seed, state.epoch, device)
        evaluation = evaluate(assembly, splits.dev, device)
        wer = evaluation.errors.wer
        # dev WER saturates where the signers of dev are known; among equals the loss decides
        better = schedule.keep == "last" or (
            (wer, evaluation.loss_per_label) < (state.best_wer, state.best_loss)
        )
        seconds = state.seconds + time.perf_counter() - started
        row = {
            "epoch": state.epoch + 1,
            "updates": sums.updates,
            "seconds": seconds,
            "training_seconds": sums.seconds,
            "frames": sums.frames,
            "loss_per_label": sums.loss / sums.labels,
            "dev_loss_per_label": evaluation.loss_per_label,
            "phase": stage.phase.name,
            "learning_rate": stage.phase.rate(done + 1.0),
            "gradient_norm": sums.gradient_norm,
            "dev_wer": wer,
            "blank_share": evaluation.blank_share,
            "distinct_glosses": evaluation.distinct_glosses,
        }
        weights = _copy(recognizer.state_dict())
        state = replace(
            state,
            epoch=state.epoch + 1,
            model=weights,
            best=weights if better else state.best,
            best_epoch=state.epoch + 1 if better else state.best_epoch,
            best_wer=wer if better else state.best_wer,
            best_loss=evaluation.loss_per_label if better else state.best_loss,
            optimizer=optimizer.state_dict(),
            random_state=torch.get_rng_state(),
            history=[*state.history, row],
            seconds=seconds,
        )
        save(state)
    return state


def _train_epoch(
    assembly: Assembly,
    stage: Stage,
    done: int,
    optimizer: torch.optim.Optimizer,
    splits: Splits,
    seed: int,
    epoch: int,
    device: torch.device,
) -> EpochSums:
    schedule, recognizer = assembly.schedule, assembly.recognizer
    recognizer.train()
    batches = Epoch(
        assembly, stage.augment, splits.train(epoch), seed=seed, number=epoch, device=device
    )
    updates = Updates(recognizer, optimizer, clip=schedule.clip, device=device)
    started = time.perf_counter()
    for update, batch in enumerate(batches):
        loss = stage.objective(assembly.forward(batch), batch)
        rate = stage.phase.rate(done + update / len(batches))
        updates(loss, batch.label_lengths.sum(), rate=rate)
    sums = updates.sums()
    if not sums.finite:
        raise TrainingDiverged(
            f"the loss or its gradient became infinite or not a number in epoch {epoch + 1}; "
            "a lower schedule.learning_rate or schedule.clip may help"
        )
    return EpochSums(
        loss=sums.loss,
        labels=sums.labels,
        frames=batches.frames,
        updates=sums.updates,
        gradient_norm=sums.gradient_norm / sums.updates,
        seconds=time.perf_counter() - started,
    )


def _copy(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.detach().cpu().clone() for name, value in weights.items()}
