"""Inference speed of a finished run: one utterance at a time, threads fixed, warmed up."""

import torch

from signlab.corpora.base import Sample, open_corpus
from signlab.corpora.batches import collate
from signlab.scoring.speed import measure_speed
from signlab.study.folder import RunFolder
from signlab.training.assembly import Assembly, restore
from signlab.training.checkpoint import load_model


def measure(folder: RunFolder) -> None:
    """Time landmarks-to-glosses on the test utterance of median length and write ``speed.json``.

    Features and decoding are included, tracking of the video is not. Call it in a fresh process
    on a quiet machine.
    """
    model = load_model(folder.model_path)
    corpus = open_corpus(model.recipe["corpus"])
    splits = corpus.open(folder.fold())
    assembly = restore(model, corpus.layout)
    by_length = sorted(splits.test, key=lambda sample: len(sample.landmarks))
    sample = by_length[len(by_length) // 2]
    frames = len(sample.landmarks)
    folder.write_speed(measure_speed(lambda: recognise_one(assembly, sample), frames=frames))


@torch.inference_mode()
def recognise_one(assembly: Assembly, sample: Sample) -> None:
    """From the landmarks of one utterance to its glosses."""
    batch = collate([sample], assembly.vocabulary, assembly.features.selection)
    output = assembly.forward(batch)
    assembly.decoder.decode(output.log_probs[0].numpy(), assembly.vocabulary)
