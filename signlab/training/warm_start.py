"""Beginning with the weights of another run: what fits is taken, heads by the names of glosses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from signlab.errors import BadInput
from signlab.models.recognizer import Recognizer
from signlab.training.checkpoint import TrainedModel, load_model

Fate = Literal["loaded", "resized", "left: not in the source", "left: another shape"]


def warm_start(recognizer: Recognizer, vocabulary: tuple[str, ...], source: Path) -> pd.DataFrame:
    """Load what fits of another run's weights; the rest keeps its fresh ones.

    A tensor of a head or an auxiliary head that has a row an output, or a row a gloss, is filled
    gloss by gloss, by name; glosses that the source does not know keep their fresh rows.

    Args:
        recognizer: Fresh; changed in place.
        vocabulary: Of the run that begins.
        source: ``model.pt`` of the other.

    Returns:
        One row a tensor: name, shape, fate ("loaded", "resized", "left: ..."), rows (of a resized
        one, how many were filled).

    Raises:
        BadInput: The file holds no model, or nothing of it fits.
    """
    model = load_model(source)
    fresh = recognizer.state_dict()
    rows = []
    for name, tensor in fresh.items():
        fate, filled = _fill(name, tensor, model, vocabulary)
        rows.append((name, "x".join(map(str, tensor.shape)), fate, filled))
    table = pd.DataFrame(rows, columns=["name", "shape", "fate", "rows"])
    if not {"loaded", "resized"} & set(table["fate"]):
        raise BadInput(f"init_from: nothing in {source} fits this recipe's model")
    recognizer.load_state_dict(fresh)
    return table


def _fill(
    name: str, tensor: Tensor, model: TrainedModel, vocabulary: tuple[str, ...]
) -> tuple[Fate, int]:
    """Copy the source's tensor into ``tensor``, as far as it fits."""
    given = model.weights.get(name)
    if given is None:
        return "left: not in the source", 0
    pairs = _same_glosses(name, tensor, given, model, vocabulary)
    if pairs is not None:
        with torch.no_grad():
            for row, source in pairs.items():
                tensor[row] = given[source]
        return "resized", len(pairs)
    if given.shape != tensor.shape:
        return "left: another shape", 0
    with torch.no_grad():
        tensor.copy_(given)
    return "loaded", 0


def _same_glosses(
    name: str, tensor: Tensor, given: Tensor, model: TrainedModel, vocabulary: tuple[str, ...]
) -> Mapping[int, int] | None:
    """Rows of both that stand for one gloss (or the blank); None where rows are no glosses."""
    if not name.startswith(("head.", "auxiliary.")) or not tensor.is_floating_point():
        return None
    if tuple(model.vocabulary) == vocabulary or tensor.shape[1:] != given.shape[1:]:
        return None
    sizes = len(tensor), len(given)
    offsets = {
        (len(vocabulary) + 1, len(model.vocabulary) + 1): 1,
        (len(vocabulary), len(model.vocabulary)): 0,
    }
    if sizes not in offsets:
        return None
    offset = offsets[sizes]
    known = {gloss: row for row, gloss in enumerate(model.vocabulary, start=offset)}
    pairs = {
        row: known[gloss] for row, gloss in enumerate(vocabulary, start=offset) if gloss in known
    }
    return {0: 0, **pairs} if offset else pairs
