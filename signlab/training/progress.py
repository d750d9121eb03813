"""What an epoch adds to the state of a training: a row, weights to keep, perhaps the next phase."""

from dataclasses import replace

from signlab.training.averaging import Kept, Weights, keep
from signlab.training.checkpoint import Checkpoint, State
from signlab.training.evaluate import Evaluation
from signlab.training.health import Sums
from signlab.training.schedule import Schedule


def after_epoch(
    state: Checkpoint,
    schedule: Schedule,
    *,
    sums: Sums,
    frames: int,
    evaluation: Evaluation,
    weights: Weights,
    seconds: float,
) -> Checkpoint:
    """The state at the end of an epoch.

    Args:
        state: At its begin.
        sums: Of its updates.
        frames: It was trained on.
        evaluation: Of ``weights`` on dev.
        seconds: Of the training so far.
    """
    phase = schedule.plan[state.phase]
    number, phase_epochs = state.epoch + 1, state.phase_epochs + 1
    row = {
        "epoch": number,
        "phase": phase.name,
        "updates": sums.updates,
        "skipped_updates": sums.skipped,
        "seconds": seconds,
        "training_seconds": sums.seconds,
        "frames": frames,
        "loss_per_label": sums.loss / sums.labels,
        "dev_loss_per_label": evaluation.loss_per_label,
        "learning_rate": state.rate * phase.rate(float(phase_epochs)),
        "gradient_norm": sums.mean_norm,
        "largest_gradient_norm": sums.largest_norm,
        "dev_wer": evaluation.errors.wer,
        "blank_share": evaluation.blank_share,
        "distinct_glosses": evaluation.distinct_glosses,
    }
    history = [*state.history, row]
    kept = keep(
        [Kept(**one) for one in state.kept],
        Kept(number, row["dev_wer"], row["dev_loss_per_label"], weights),
        best=schedule.keep == "best",
        count=schedule.average,
    )
    over = phase_epochs == phase.epochs or _stalled(history, phase_epochs, schedule.patience)
    return replace(
        state,
        epoch=number,
        phase=state.phase + over,
        phase_epochs=0 if over else phase_epochs,
        kept=[vars(one) for one in kept],
        history=history,
        seconds=seconds,
        within=None,
    )


def _stalled(history: list[State], phase_epochs: int, patience: int | None) -> bool:
    """Whether dev has not got better for long enough, in this phase."""
    if patience is None:
        return False
    best = min(history, key=lambda row: (row["dev_wer"], row["dev_loss_per_label"]))
    return min(history[-1]["epoch"] - best["epoch"], phase_epochs) >= patience
