"""Inference speed of a finished run: one utterance at a time, threads fixed, warmed up."""

import numpy as np
import torch

from signlab.corpora.base import Sample, open_corpus
from signlab.corpora.batches import collate
from signlab.scoring.speed import measure_latency
from signlab.study.folder import RunFolder, Speed
from signlab.training.assembly import Assembly, assemble
from signlab.training.checkpoint import load_model

THREADS = 1
"""One core, so that figures of machines with other numbers of cores can be compared."""


def measure(folder: RunFolder) -> None:
    """Time landmarks-to-glosses on the test utterance of median length and write ``speed.json``.

    Features and decoding are included, tracking of the video is not. Call it in a fresh process
    on a quiet machine.
    """
    torch.set_num_threads(THREADS)
    recipe = folder.recipe()["recipe"]
    corpus = open_corpus(recipe["corpus"])
    splits = corpus.open(folder.fold())
    model = load_model(folder.model_path)
    assembly = assemble(recipe, corpus.layout, splits.vocabulary)
    assembly.recognizer.load_state_dict(model.weights)
    assembly.recognizer.eval()
    assembly.decoder.fit([sample.glosses for sample in splits.train(0)])
    by_length = sorted(splits.test, key=lambda sample: len(sample.landmarks))
    sample = by_length[len(by_length) // 2]
    milliseconds = measure_latency(lambda: _recognise(assembly, sample))
    p50, p95, p99 = np.percentile(milliseconds, (50, 95, 99))
    frames = len(sample.landmarks)
    folder.write_speed(
        Speed(
            latency_p50_ms=float(p50),
            latency_p95_ms=float(p95),
            latency_p99_ms=float(p99),
            frames_per_second=float(frames / p50 * 1000),
            frames=frames,
            threads=THREADS,
        )
    )


@torch.inference_mode()
def _recognise(assembly: Assembly, sample: Sample) -> None:
    batch = collate([sample], assembly.vocabulary, assembly.features.selection)
    parts, presence = assembly.features(batch.landmarks)
    output = assembly.recognizer(parts, presence, batch.landmarks.lengths)
    assembly.decoder.decode(output.log_probs[0].numpy(), assembly.vocabulary)
