"""Distillation: a recogniser that learns from the outputs of another beside the labels."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from signlab.corpora.batches import Batch
from signlab.errors import BadInput
from signlab.models.recognizer import Output
from signlab.training.assembly import Assembly, assemble
from signlab.training.phases import Distil
from signlab.training.regularisers import frame_divergence
from signlab.training.source import Identity

KEY = "distil.teacher"

FRAMES = 2000
"""Up to this length a teacher and its student are compared in how many timesteps they make."""


class Teacher:
    """Draws every valid timestep of a student to its own output.

    weight t^2 KL(teacher || student) in nats, both softened by the temperature t, summed over the
    timesteps of an utterance. The teacher does not learn; it is given each utterance as the
    student is, augmented, and drops nothing out.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network"; the
        examples are the timesteps.
    """

    def __init__(self, assembly: Assembly, distil: Distil) -> None:
        self._assembly = assembly
        self._weight = distil.weight
        self._temperature = distil.temperature
        assembly.recognizer.requires_grad_(requires_grad=False).eval()

    def __call__(self, output: Output, batch: Batch) -> Float[Tensor, ""]:
        """Nats over the whole batch.

        Args:
            output: The student's, for the same batch.
        """
        with torch.no_grad():
            taught = self._assembly.forward(batch).log_probs
        soft, own = (
            (log_probs / self._temperature).log_softmax(-1)
            for log_probs in (taught, output.log_probs)
        )
        divergence = frame_divergence(soft, own, output.lengths).sum()
        return self._weight * self._temperature**2 * divergence


def trained_teacher(written: str, identity: Identity, student: Assembly) -> Assembly:
    """The recogniser of another run, if it can teach the student.

    Args:
        written: As the recipe names it.
        identity: Of the student's run.

    Raises:
        BadInput: There is none, or it knows other glosses, sees other points or makes another
            number of timesteps.
    """
    found, selection = identity.source(written, key=KEY), student.features.selection
    path = found.path
    if found.vocabulary != student.vocabulary:
        raise BadInput(
            f"{KEY}: {path} {_other_glosses(found.vocabulary, student.vocabulary)}; give a run of "
            "the same corpus and fold"
        )
    teacher = assemble(found.recipe, selection.layout, student.vocabulary)
    if not np.array_equal(teacher.features.selection.values, selection.values):
        raise BadInput(
            f"{KEY}: {path} sees other points than the recipe's features select; give a run with "
            "the same parts, points and coordinates"
        )
    frames = torch.arange(1, FRAMES)
    if not torch.equal(
        teacher.recognizer.out_lengths(frames), student.recognizer.out_lengths(frames)
    ):
        raise BadInput(
            f"{KEY}: {path} makes another number of timesteps than the recipe's model; give a run "
            "whose strides and downsample shorten alike"
        )
    teacher.recognizer.load_state_dict(found.weights)
    teacher.recognizer.to(next(student.recognizer.parameters()).device)
    return teacher


def _other_glosses(its: Sequence[str], own: Sequence[str]) -> str:
    new, lost = sorted({*own} - {*its}), sorted({*its} - {*own})
    named = [f"lacks {gloss!r}" for gloss in new[:1]] + [f"has {gloss!r}" for gloss in lost[:1]]
    return f"knows {len(its)} glosses, which are not the {len(own)} of the training data: it " + (
        " and ".join(named) or "has them in another order"
    )
