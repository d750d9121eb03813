"""One trial of a search from its folder: trained on its folds and seeds, judged on dev alone."""

from typing import Any

import pandas as pd

from signlab.scoring.speed import measure_speed, peak_memory_mib
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.trial import Measured, Part, TrialFolder
from signlab.training.evaluate import evaluate
from signlab.training.fit import Fitted, fit
from signlab.training.measure import recognise_one
from signlab.training.run import operations_a_second
from signlab.training.source import Identity


def train_trial(run: RunFolder) -> None:
    """Train the trial that the folder describes, from where it stopped.

    Raises:
        RunFailed: Training diverged.
        BadInput: The recipe or the corpus cannot be used.
    """
    folder = TrialFolder(run.path)
    record, done = folder.recipe(), folder.parts()
    trainings = [(seed, Fold(**fold)) for seed in record["seeds"] for fold in record["folds"]]
    for index, (seed, fold) in enumerate(trainings):
        if index < len(done):
            continue
        checkpoint = folder.checkpoint_of(index)
        keep = _Keep(folder, index)
        identity = Identity(seed, fold, record["corpus_digest"])
        fitted = fit(folder, record["recipe"], identity, checkpoint=checkpoint, keep=keep)
        state, device = fitted.state, fitted.engine.device
        dev = evaluate(fitted.assembly, fitted.splits.dev, device)
        loss = dev.loss_per_label
        done.append(Part(fold.name, seed, dev.errors, loss, state.seconds, state.epoch))
        if len(done) == len(trainings):  # before the checkpoint goes, which the model is in
            folder.write_measured(_measured(done, fitted, timed=record["timed"]))
        folder.write_parts(done)
        fitted.checkpoints.remove()


class _Keep:
    """Writes the epochs of one training behind those of the trainings before it."""

    def __init__(self, folder: TrialFolder, index: int) -> None:
        self._folder = folder
        self._index = index
        rows = folder.epochs()
        self._before = rows if rows.empty else rows[rows["part"] < index]

    def __call__(self, history: list[dict[str, Any]]) -> None:
        new = pd.DataFrame(history).assign(part=self._index)
        if len(self._before):
            new["epoch"] += len(self._before)
            new["seconds"] += self._before["seconds"].tolist()[-1]
        tables = [self._before, new] if len(self._before) else [new]
        self._folder.write_table("epochs", pd.concat(tables, ignore_index=True))


def _measured(parts: list[Part], fitted: Fitted, *, timed: bool) -> Measured:
    assembly = fitted.assembly
    memory = peak_memory_mib()
    speed = None
    if timed:
        by_length = sorted(fitted.splits.dev, key=lambda sample: len(sample.landmarks))
        sample = by_length[len(by_length) // 2]
        assembly.recognizer.cpu().eval()
        speed = measure_speed(lambda: recognise_one(assembly, sample), frames=len(sample.landmarks))
    return Measured(
        parts=tuple(parts),
        parameters=sum(p.numel() for p in assembly.recognizer.parameters()),
        multiply_adds=operations_a_second(assembly),
        peak_memory_mib=memory,
        latency_p50_ms=speed and speed.latency_p50_ms,
        latency_p95_ms=speed and speed.latency_p95_ms,
    )
