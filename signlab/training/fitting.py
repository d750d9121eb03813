"""What a recogniser takes from the training utterances before the first update."""

from collections.abc import Sequence

import torch

from signlab.corpora.base import Sample
from signlab.corpora.batches import collate, ordered_batches
from signlab.models.base import FittedStem
from signlab.training.assembly import Assembly

TOGETHER = 16
"""Utterances whose features are computed at once."""


@torch.no_grad()
def fit_stem(assembly: Assembly, samples: Sequence[Sample]) -> None:
    """Show evenly spaced frames of ``samples`` to a stem that asks for them.

    Raises:
        BadInput: They are too few.
    """
    stem, features = assembly.recognizer.stem, assembly.features
    if not isinstance(stem, FittedStem):
        return
    total = sum(len(sample.landmarks) for sample in samples)
    every = -(-total // stem.frames)
    parts = {part: list[torch.Tensor]() for part in features.parts}
    presence = list[torch.Tensor]()
    seen = 0
    for group in ordered_batches(samples, batch_size=TOGETHER):
        batch = collate([samples[i] for i in group], assembly.vocabulary, features.selection)
        found, present = features(batch.landmarks)
        valid = batch.landmarks.valid
        frames = int(valid.sum())
        chosen = torch.arange(-seen % every, frames, every)
        for part, values in found.items():
            parts[part].append(values[valid][chosen])
        presence.append(present[valid][chosen])
        seen += frames
    stem.fit({part: torch.cat(chunks) for part, chunks in parts.items()}, torch.cat(presence))
