"""One run from its folder: train, select on dev, score on test once, write the result."""

from collections import Counter
from collections.abc import Callable

import pandas as pd

from signlab.models.operations import multiply_adds
from signlab.scoring.speed import peak_memory_mib
from signlab.scoring.tables import analyse
from signlab.study.folder import RunFolder, RunResult
from signlab.training.assembly import Assembly
from signlab.training.checkpoint import Checkpoint, State, TrainedModel, save_model
from signlab.training.environment import describe_environment
from signlab.training.evaluate import Evaluation, evaluate
from signlab.training.fit import fit
from signlab.training.outcome import hypotheses_table
from signlab.training.robustness import robustness
from signlab.training.source import Identity

ESCAPE_WER = 90.0
"""A dev WER below this, in percent, means that a run has left the blank plateau."""

CLIP_FRAMES = 100
"""The length for which operations are counted: 4 s at 25 frames/s."""


def train(folder: RunFolder, tell: Callable[[State], None] = lambda _: None) -> None:
    """Train the run that ``folder`` describes, from its last checkpoint where it has one.

    Args:
        folder: Gets all that is measured.
        tell: Given the row of every epoch.

    Raises:
        RunFailed: Training diverged.
        Interrupted: A signal came; the next call goes on from there.
        BadInput: The recipe or the corpus cannot be used.
    """
    record = folder.recipe()

    def keep(history: list[State]) -> None:
        folder.write_table("epochs", pd.DataFrame(history))
        tell(history[-1])

    fitted = fit(
        folder,
        record["recipe"],
        Identity(record["seed"], folder.fold(), record["corpus_digest"]),
        checkpoint=folder.path / "checkpoint.pt",
        keep=keep,
    )
    if not fitted.engine.main:
        return
    assembly, splits, layout, state = fitted.assembly, fitted.splits, fitted.layout, fitted.state
    device = fitted.engine.device
    dev, test = (evaluate(assembly, part, device) for part in (splits.dev, splits.test))
    tables = [
        hypotheses_table(dev, splits.dev, layout).assign(split="dev"),
        hypotheses_table(test, splits.test, layout).assign(split="test"),
    ]
    folder.write_table("hypotheses", pd.concat(tables))
    training = Counter(gloss for glosses in splits.references for gloss in glosses)
    for name, table in analyse(tables[1], training, assembly.scoring).items():
        folder.write_table(f"analysis/{name}", table)
    table = robustness(assembly, splits.test, device, intact=test)
    folder.write_table("analysis/robustness", table)
    model = TrainedModel(
        weights=fitted.weights,
        recipe=dict(assembly.recipe),
        vocabulary=list(splits.vocabulary),
        layout=layout.name,
        references=[list(glosses) for glosses in splits.references],
    )
    save_model(folder.model_path, model)
    folder.write_result(_result(assembly, state, dev, test, record["corpus_digest"]))
    fitted.checkpoints.remove()  # the optimiser's state is three times the model


def operations_a_second(assembly: Assembly) -> int:
    """Multiply-adds for one second of landmarks at 25 frames/s."""
    operations = multiply_adds(assembly.recognizer, assembly.features.widths, CLIP_FRAMES)
    return round(sum(operations.values()) * 25 / CLIP_FRAMES)


def _result(
    assembly: Assembly, state: Checkpoint, dev: Evaluation, test: Evaluation, corpus_digest: str
) -> RunResult:
    history = state.history
    escapes = (row["epoch"] for row in history if row["dev_wer"] < ESCAPE_WER)
    frames = sum(row["frames"] for row in history)
    return RunResult(
        dev=dev.errors,
        test=test.errors,
        seconds=state.seconds,
        train_frames_per_second=frames / sum(row["training_seconds"] for row in history),
        parameters=sum(p.numel() for p in assembly.recognizer.parameters()),
        multiply_adds=operations_a_second(assembly),
        peak_memory_mib=peak_memory_mib(),
        blank_share=dev.blank_share,
        distinct_glosses=dev.distinct_glosses,
        collapsed=dev.collapsed(len(assembly.vocabulary)),
        epochs_to_escape=next(escapes, None),
        best_epoch=state.kept[0]["epoch"],
        epochs=state.epoch,
        signature=assembly.scoring.signature(assembly.decoder.signature),
        corpus_digest=corpus_digest,
        environment=describe_environment(),
        vocabulary=len(assembly.vocabulary),
    )
