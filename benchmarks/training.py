"""The trainer beside a loop written by hand, the same model with PackedSequence, padding, memory.

    OMP_NUM_THREADS=1 python benchmarks/training.py [STUDY ...]

All but the padding is of experiments/baseline.yaml on the synthetic corpus; the padding also of the
baselines of the STUDIES, on their first fold. Pairs are measured in turns, in CPU time, on one
thread. How long training waits for data is what benchmarks/reading.py tells, and the LSTM alone at
more shapes benchmarks/lstm.py.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import (
    pack_padded_sequence,  # noqa: TID251  (what is measured against)
    pad_packed_sequence,
)

from signlab.corpora.base import Splits, open_corpus
from signlab.corpora.batches import Batch
from signlab.corpora.folds import make_folds
from signlab.execution.catalogue import CATALOGUE
from signlab.models.recurrent import BiRecurrent
from signlab.study.document import load
from signlab.study.fold import Fold
from signlab.study.plan import make_variants
from signlab.study.recipe import Values, resolve
from signlab.study.study import load_study
from signlab.training import trainer
from signlab.training.assembly import Assembly, assemble
from signlab.training.checkpoint import State
from signlab.training.engine import Engine
from signlab.training.epoch import Epoch
from signlab.training.interruption import Interruption
from signlab.training.resume import Checkpoints
from signlab.training.source import Identity
from signlab.training.update import adamw

BASELINE = Path("experiments/baseline.yaml")

PAIRS = 300
"""Updates of the trainer, each followed by one by hand on the same batch; an epoch has 30."""

WARM_UP = 30
"""Of these the first, which are not counted."""

WIDTHS = {64: 12, 128: 12, 256: 8, 512: 5}
"""LSTM units a direction, and how many pairs of updates are timed."""

EPOCHS, UPDATES, LOOKED_AT = 30, 40, (3, 10, 20, 30)
"""Of the training whose memory is watched: how many of how many, and after which it is told."""

DEV = 8
"""Utterances of dev: scoring is not what is measured."""

Build = Callable[[], Assembly]


def baseline(**schedule: object) -> tuple[Splits, Build]:
    """The data of the recipe with changes of its schedule, and what builds it from one seed."""
    values = load(BASELINE).values
    values["schedule"] |= schedule
    recipe = resolve(values, CATALOGUE)
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(Fold())
    return replace(splits, dev=[splits.dev[i] for i in range(DEV)]), lambda: built(recipe, splits)


def built(recipe: Values, splits: Splits) -> Assembly:
    """The parts of a recipe, the same at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # noqa: TID251  (pairs begin with the same weights)
        layout = open_corpus(recipe["corpus"]).layout
        return assemble(recipe, layout, splits.vocabulary, splits.references)


def epoch_of(assembly: Assembly, splits: Splits, number: int = 0) -> Epoch:
    """The batches of an epoch."""
    augment, cpu = assembly.stages[0].augment, torch.device("cpu")
    return Epoch(assembly, augment, splits.train(number), seed=0, number=number, device=cpu)


def frames_in(batches: Sequence[Batch]) -> int:
    """Valid frames."""
    return sum(int(batch.landmarks.lengths.sum()) for batch in batches)


class Recorded:
    """Stands for an epoch with batches that were made before.

    Attributes:
        pairs: CPU seconds from handing out each batch until the next one is asked for, and of
            ``other`` with the same batch, which comes first and second in turns.
    """

    def __init__(self, batches: Sequence[Batch], other: Callable[[Batch], None]) -> None:
        self._batches, self._other = batches, other
        self.frames, self.done = frames_in(batches), 0
        self.pairs: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        for number, batch in enumerate(self._batches):
            before = self._seconds(batch) if number % 2 else 0.0
            start = time.process_time()
            yield batch
            own = time.process_time() - start
            self.pairs.append((own, before or self._seconds(batch)))

    def _seconds(self, batch: Batch) -> float:
        start = time.process_time()
        self._other(batch)
        return time.process_time() - start


def train(assembly: Assembly, splits: Splits, after_epoch: Callable[[list[State]], None]) -> None:
    """Train as any run is trained, in a folder of its own."""
    with TemporaryDirectory() as folder, Interruption() as stop:
        trainer.Trainer(
            assembly,
            splits,
            Checkpoints(Path(folder) / "checkpoint.pt", {}, print),
            identity=Identity(0, Fold(), "benchmark"),
            engine=Engine(assembly.computation, cpu=True),
            listeners=trainer.Listeners(after_epoch, print),
            stop=stop,
        ).train(None)


def loss_by_hand(assembly: Assembly, batch: Batch) -> Tensor:
    """What the baseline minimises: CTC a label, and that of the convolutions."""
    output = assembly.forward(batch)
    labels, counts = batch.labels, batch.label_lengths
    ctc = partial(functional.ctc_loss, reduction="sum")
    loss = ctc(output.log_probs.transpose(0, 1), labels, output.lengths, counts)
    for one in output.auxiliary:
        other = ctc(one.log_probs.transpose(0, 1), labels, output.lengths, counts)
        loss = loss + one.weight * other
    return loss / counts.sum()


def update_by_hand(assembly: Assembly, optimizer: torch.optim.Optimizer) -> Callable[[Batch], None]:
    """The update that one would write."""
    parameters = list(assembly.recognizer.train().parameters())

    def update(batch: Batch) -> None:
        loss_by_hand(assembly, batch).backward()
        nn.utils.clip_grad_norm_(parameters, assembly.schedule.clip)
        optimizer.step()
        optimizer.zero_grad()

    return update


def trainer_beside_hand() -> None:
    """Frames a second of both, over the same tensors, an update of each in turns."""
    splits, build = baseline(epochs=PAIRS // 30, warmup_epochs=0, updates_per_epoch=30)
    ours, other = build(), build()
    batches = list(epoch_of(ours, splits))
    recorded = Recorded(batches, update_by_hand(other, adamw(other)))
    with patch.object(trainer, "Epoch", lambda *_, **__: recorded):
        train(ours, splits, lambda _: None)
    pairs = recorded.pairs[WARM_UP:]
    own, hand = map(sum, zip(*pairs, strict=True))
    frames = recorded.frames / len(batches) * len(pairs)
    low, middle, high = statistics.quantiles([hand / own for own, hand in pairs], n=4)
    print(
        f"trainer {frames / own:,.0f} frames/s, by hand {frames / hand:,.0f}: {middle:.3f} x "
        f"(median of {len(pairs)} pairs, half of them {low:.3f} to {high:.3f})"
    )


class Packed(nn.Module):
    """The same layer by PackedSequence, with the same weights."""

    def __init__(self, layer: BiRecurrent) -> None:
        super().__init__()
        onward, reverse = layer.onward, layer.reverse
        self.lstm = nn.LSTM(
            onward.input_size, onward.hidden_size, batch_first=True, bidirectional=True
        )
        weights = dict(onward.state_dict())
        weights |= {f"{name}_reverse": value for name, value in reverse.state_dict().items()}
        self.lstm.load_state_dict(weights)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """As the layer does."""
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )
        return output, lengths


def with_packing(assembly: Assembly) -> Assembly:
    """The same model with the same weights, its LSTM layers by PackedSequence."""
    recognizer = deepcopy(assembly.recognizer)
    for module in list(recognizer.modules()):
        for name, child in module.named_children():
            if isinstance(child, BiRecurrent):
                setattr(module, name, Packed(child))
    return replace(assembly, recognizer=recognizer)


def beside_packing(width: int, pairs: int) -> None:
    """Updates of the same model with either LSTM, in turns."""
    values = load(BASELINE).values
    values["model"]["encoder"]["width"] = width
    recipe = resolve(values, CATALOGUE)
    splits = open_corpus(recipe["corpus"]).open(Fold())
    ours = built(recipe, splits)
    packed = with_packing(ours)
    batch = max(list(epoch_of(ours, splits)), key=lambda batch: int(batch.landmarks.lengths.sum()))
    outputs = []
    for each in (ours, packed):
        each.recognizer.eval()
        with torch.no_grad():
            outputs.append(each.forward(batch).log_probs)
        each.recognizer.train()
    valid = torch.arange(outputs[0].shape[1]) < ours.recognizer.out_lengths(
        batch.landmarks.lengths
    ).unsqueeze(1)
    torch.testing.assert_close(outputs[0][valid], outputs[1][valid], rtol=1e-4, atol=1e-4)
    updates = [update_by_hand(each, adamw(each)) for each in (ours, packed)]
    seconds: list[list[float]] = [[], []]
    for _ in range(pairs + 1):
        for update, spent in zip(updates, seconds, strict=True):
            start = time.process_time()
            update(batch)
            spent.append(time.process_time() - start)
    own, other = (spent[1:] for spent in seconds)
    ratio = statistics.median(b / a for a, b in zip(own, other, strict=True))
    print(
        f"LSTM {width:3}: update {1e3 * statistics.median(own):5.0f} ms, with PackedSequence "
        f"{1e3 * statistics.median(other):5.0f} ms: {ratio:.2f} x"
    )


def padding(study: Path) -> None:
    """Share of the frames of batches that are padding, as the baseline of a study is trained."""
    found = load_study(study)
    recipe = make_variants(found, CATALOGUE)[0].recipe
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(make_folds(found.folds, corpus)[0])
    assembly, padded, valid = built(recipe, splits), 0, 0
    for number in range(3):
        for batch in epoch_of(assembly, splits, number):
            valid += int(batch.landmarks.lengths.sum())
            padded += batch.landmarks.present.shape[:2].numel()
    print(f"padding of {study.stem}: {100 * (1 - valid / padded):.1f} % of the frames")


def memory() -> None:
    """Resident memory of a training by epoch, without the mapped files of the corpus."""
    splits, build = baseline(epochs=EPOCHS, updates_per_epoch=UPDATES)
    found: list[int] = []

    def look(_: list[State]) -> None:
        status = Path("/proc/self/status").read_text()
        found.append(int(status.partition("RssAnon:")[2].split()[0]) // 1024)

    train(build(), splits, look)
    told = ", ".join(f"{found[epoch - 1]} after {epoch}" for epoch in LOOKED_AT)
    print(f"memory, MiB by epochs: {told}; {max(found)} at most")


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread")
    memory()
    trainer_beside_hand()
    for width, pairs in WIDTHS.items():
        beside_packing(width, pairs)
    for study in [Path("studies/training.yaml"), *map(Path, sys.argv[1:])]:
        padding(study)


if __name__ == "__main__":
    main()
