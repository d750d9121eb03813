"""Updates read nothing back from an accelerator, which would have to finish all its work first.

On torch's meta device tensors have no values at all: whoever reads one there fails. What waits only
on a real accelerator is looked for among the operations: a copy to it that does not say otherwise,
and tensors of the CPU among its own.
"""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from signlab.corpora.augment.base import AUGMENTATIONS
from signlab.corpora.base import open_corpus
from signlab.execution.catalogue import CATALOGUE
from signlab.study.document import load
from signlab.study.fold import Fold
from signlab.study.recipe import resolve
from signlab.training.assembly import assemble
from signlab.training.epoch import Epoch
from signlab.training.health import Sums
from signlab.training.phases import Distil
from signlab.training.regularisers import REGULARISERS
from signlab.training.teacher import Teacher

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
META = torch.device("meta")
CORPUS = {
    "name": "synthetic", "glosses": 12, "signers": 3, "utterances": [12, 2, 2], "lengths": [1, 1],
}  # fmt: skip


def ctc_loss(log_probs, labels, lengths, label_lengths, *, reduction):
    """Stands in for torch's, which has no form without values; reads what that would read."""
    assert labels.device == log_probs.device
    assert max(lengths.tolist()) <= len(log_probs)
    assert max(label_lengths.tolist()) <= labels.shape[1]
    assert reduction == "none"
    return log_probs.sum((0, 2))


class NoWaits(TorchDispatchMode):
    """Fails where an operation would wait for an accelerator, or be refused there."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
        if func is torch.ops.aten._to_copy.default:
            (tensor,) = tensors
            sent = tensor.device != META and kwargs.get("device") == META
            assert kwargs.get("non_blocking") or not sent
        else:
            assert len({each.device for each in tensors if each.ndim}) <= 1, func
        return func(*args, **kwargs)


@pytest.mark.parametrize("name", ["baseline", "efficient-transformer-small"])
def test_a_step_reads_nothing_from_the_device(name, monkeypatch):
    """With all augmentations and regularisers at once, and distillation."""
    monkeypatch.setattr(functional, "ctc_loss", ctc_loss)
    values = load(EXPERIMENTS / f"{name}.yaml").values
    values["corpus"], values["loss"] = CORPUS, {"name": "focal"}  # which is CTC as well
    values["augment"] = {augmentation: {"rate": 0.5} for augmentation in AUGMENTATIONS.names()}
    values["regularise"] = {regulariser: {} for regulariser in REGULARISERS.names()}
    values["schedule"] = {"name": "cosine", "batch_size": 12}
    recipe = resolve(values, CATALOGUE)
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(Fold())
    assembly = assemble(recipe, corpus.layout, splits.vocabulary, splits.references)
    stage = assembly.stages[0]
    stage.objective.fit(splits.references, splits.vocabulary, blank=0.5)
    assembly.recognizer.to(META)
    teacher = Teacher(replace(assembly, recognizer=deepcopy(assembly.recognizer)), Distil())
    assembly.recognizer.train()
    sums = Sums()
    epoch = Epoch(assembly, stage.augment, splits.train(0), seed=3, number=0, device=META)
    with NoWaits():
        for batch in epoch:
            for piece in (batch, batch.take(torch.tensor([0, 2]))):
                output = assembly.forward(piece)
                nats = stage.objective(output, piece) + teacher(output, piece)
                (nats / piece.label_lengths.sum()).backward()
            norm = clip_grad_norm_(assembly.recognizer.parameters(), 1.0)
            sums.add(
                nats, batch.label_lengths.sum(), norm, torch.zeros_like(norm, dtype=torch.bool)
            )
            assert norm.device == META
