"""The figures of health that an evaluation gives, on outputs that are known."""

import math

import pytest
import torch
import updates as scenario
from torch.nn import functional

from signlab.corpora.base import open_corpus
from signlab.execution.catalogue import CATALOGUE
from signlab.models.recognizer import Output
from signlab.study.fold import Fold
from signlab.study.folder import Errors
from signlab.study.recipe import resolve
from signlab.training.assembly import Assembly, assemble
from signlab.training.evaluate import Evaluation, evaluate

TIMESTEPS = 10
OTHERS = 0.01
"""What each output has that is not the best of its timestep."""


def test_an_evaluation_counts_what_the_outputs_say(monkeypatch):
    recipe = resolve(scenario.RECIPE, CATALOGUE)
    corpus = open_corpus(recipe["corpus"])
    samples = corpus.open(Fold()).dev[:3]
    labels = [[corpus.vocabulary.index(gloss) + 1 for gloss in s.glosses] for s in samples]
    absent = next(label for label in range(1, 7) if label not in labels[2])
    # every label twice and blanks, blanks alone, and one sign that is not there
    paths = [[label for label in labels[0] for _ in range(2)], [], [0, 0, absent]]
    outputs = {}
    for sample, path in zip(samples, paths, strict=True):
        probabilities = torch.full((TIMESTEPS, 7), OTHERS)
        best = torch.tensor(path + [0] * (TIMESTEPS - len(path)))
        probabilities[torch.arange(TIMESTEPS), best] = 1 - 6 * OTHERS
        outputs[sample.id] = probabilities.log()

    def forward(_self, batch):
        log_probs = torch.stack([outputs[name] for name in batch.ids])
        return Output(log_probs, torch.full((len(batch.ids),), TIMESTEPS))

    monkeypatch.setattr(Assembly, "forward", forward)
    assembly = assemble(recipe, corpus.layout, corpus.vocabulary)
    found = evaluate(assembly, samples, torch.device("cpu"))

    counts = [len(each) for each in labels]
    assert [hypothesis.glosses for hypothesis in found.hypotheses] == [
        samples[0].glosses, (), (corpus.vocabulary[absent - 1],),
    ]  # fmt: skip
    assert found.timesteps == [TIMESTEPS] * 3
    assert found.errors == Errors(1, counts[1] + counts[2] - 1, 0, sum(counts))
    assert found.distinct_glosses == len({*labels[0], absent})
    assert found.blank_share == pytest.approx(1 - (2 * counts[0] + 1) / (3 * TIMESTEPS))
    nats = [
        functional.ctc_loss(
            outputs[sample.id].double()[:, None], torch.tensor([each]),
            torch.tensor([TIMESTEPS]), torch.tensor([len(each)]), reduction="sum",
        )
        for sample, each in zip(samples, labels, strict=True)
    ]  # fmt: skip
    assert found.loss_per_label == pytest.approx(float(sum(nats)) / sum(counts), rel=1e-5)


@pytest.mark.parametrize(
    ("blank_share", "loss", "distinct", "glosses", "collapsed"),
    [
        (0.96, 0.81 * math.log(40), 20, 40, True),
        (0.96, 0.79 * math.log(40), 20, 40, False),  # blanks alone: short signs among pauses
        (0.95, 2 * math.log(40), 20, 40, False),  # a high loss alone: over-fitting
        (0.5, 0.1, 3, 40, False),
        (0.5, 0.1, 2, 40, True),  # a twentieth of the vocabulary
        (0.5, 0.1, 2, 6, False),
        (0.5, 0.1, 1, 6, True),  # one thing always
        (0.9, 0.1, 0, 6, True),
    ],
)
def test_the_blank_plateau_and_a_few_words_are_a_collapse(
    blank_share, loss, distinct, glosses, collapsed
):
    found = Evaluation(Errors(1, 0, 0, 2), loss, blank_share, distinct, [], [], [])
    assert found.collapsed(glosses) == collapsed
