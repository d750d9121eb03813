"""Landmarks to glosses with the model of a finished run."""

from dataclasses import dataclass
from pathlib import Path

import torch

from signlab.corpora.base import Sample
from signlab.corpora.batches import collate
from signlab.errors import BadInput
from signlab.landmarks.layout import LAYOUTS, Layout, converted
from signlab.scoring.decoder import Hypothesis
from signlab.training.assembly import restore
from signlab.training.checkpoint import load_model


@dataclass(frozen=True)
class Sign:
    """A recognised gloss.

    Attributes:
        start: In seconds from the first frame.
        end: Likewise.
        confidence: From 0 to 1.
    """

    gloss: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Reading:
    """What may have been signed in an utterance.

    Attributes:
        score: What the decoder ranks by, in nats; the higher, the better.
    """

    score: float
    signs: tuple[Sign, ...]


@torch.inference_mode()
def recognise(
    model_path: Path, sample: Sample, layout: Layout, *, number: int = 1
) -> list[Reading]:
    """What is signed in one utterance, the best reading first.

    CTC says where it is surest of a gloss, which is shorter than where the gloss is signed.

    Args:
        model_path: ``model.pt`` of a finished run.
        sample: Its landmarks; all else but the aspect and the frames a second is ignored.
        layout: Of the landmarks.
        number: Readings at most; a greedy decoder has one.

    Raises:
        BadInput: There is no such model, or it needs points that the landmarks do not have.
    """
    model = load_model(model_path)
    if model.layout not in LAYOUTS and model.layout != layout.name:
        raise BadInput(
            f"{model_path}: trained on landmarks of layout {model.layout!r}, which are not those "
            f"of {layout.name!r}"
        )
    wanted = LAYOUTS.get(model.layout, layout)
    assembly = restore(model, wanted)
    vocabulary = assembly.vocabulary
    frames = converted(sample.landmarks, layout, wanted)
    bare = Sample(sample.id, sample.signer, (), frames, aspect=sample.aspect, fps=sample.fps)
    batch = collate([bare], vocabulary, assembly.features.selection)
    output = assembly.forward(batch)
    timesteps = int(output.lengths[0])
    log_probs = output.log_probs[0, :timesteps].numpy()
    seconds = len(frames) / sample.fps / timesteps
    return [
        Reading(found.score, _signs(found, seconds))
        for found in assembly.decoder.n_best(log_probs, vocabulary, number)
    ]


def _signs(found: Hypothesis, seconds: float) -> tuple[Sign, ...]:
    """The glosses with the times of their timesteps, each of which takes so many seconds."""
    columns = zip(found.glosses, found.timesteps, found.confidences, strict=True)
    return tuple(
        Sign(gloss, round(start * seconds, 3), round(end * seconds, 3), confidence)
        for gloss, (start, end), confidence in columns
    )
