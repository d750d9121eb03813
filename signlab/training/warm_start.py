"""Beginning with the weights of another run: what fits is taken, heads by the names of glosses."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from signlab.errors import BadInput
from signlab.models.recognizer import Recognizer
from signlab.training.source import Learnt

Fate = Literal[
    "loaded", "resized", "left: not in the source", "left: another shape", "left: no place here"
]


def warm_start(recognizer: Recognizer, vocabulary: tuple[str, ...], source: Learnt) -> pd.DataFrame:
    """Load what fits of another run's weights; the rest keeps its fresh ones.

    A tensor of a head or an auxiliary head that has a row an output, or a row a gloss, is filled
    gloss by gloss, by name; glosses that the source does not know keep their fresh rows.

    Args:
        recognizer: Fresh; changed in place.
        vocabulary: Of the run that begins.

    Returns:
        One row a tensor, those of the source alone last: name, shape, fate ("loaded", "resized",
        "left: ..."), rows (of a resized one, how many were filled), source (the file).

    Raises:
        BadInput: Nothing of the source fits but single rows of numbers.
    """
    fresh = recognizer.state_dict()
    rows = [
        (name, _shape(tensor), *_fill(name, tensor, source, vocabulary))
        for name, tensor in fresh.items()
    ]
    # a bias as long as there are glosses fits anything
    fates = [fate for _, shape, fate, *_ in rows if "x" in shape]
    if not {"loaded", "resized"} & set(fates):
        raise BadInput(f"init_from: nothing in {source.path} fits this recipe's model")
    recognizer.load_state_dict(fresh)
    more = {name: tensor for name, tensor in source.weights.items() if name not in fresh}
    rows += [(name, _shape(tensor), "left: no place here", 0) for name, tensor in more.items()]
    table = pd.DataFrame(rows, columns=["name", "shape", "fate", "rows"])
    return table.assign(source=str(source.path))


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _fill(
    name: str, tensor: Tensor, source: Learnt, vocabulary: tuple[str, ...]
) -> tuple[Fate, int]:
    """Copy the source's tensor into ``tensor``, as far as it fits."""
    given = source.weights.get(name)
    if given is None:
        return "left: not in the source", 0
    pairs = _same_glosses(name, tensor, given, source, vocabulary)
    if pairs is not None:
        with torch.no_grad():
            for row, known in pairs.items():
                tensor[row] = given[known]
        return "resized", len(pairs)
    if given.shape != tensor.shape:
        return "left: another shape", 0
    with torch.no_grad():
        tensor.copy_(given)
    return "loaded", 0


def _same_glosses(
    name: str, tensor: Tensor, given: Tensor, source: Learnt, vocabulary: tuple[str, ...]
) -> Mapping[int, int] | None:
    """Rows of both that stand for one gloss (or the blank); None where rows are no glosses."""
    if not name.startswith(("head.", "auxiliary.")) or not tensor.is_floating_point():
        return None
    if source.vocabulary == vocabulary or tensor.shape[1:] != given.shape[1:]:
        return None
    sizes = len(tensor), len(given)
    offsets = {
        (len(vocabulary) + 1, len(source.vocabulary) + 1): 1,
        (len(vocabulary), len(source.vocabulary)): 0,
    }
    if sizes not in offsets:
        return None
    offset = offsets[sizes]
    known = {gloss: row for row, gloss in enumerate(source.vocabulary, start=offset)}
    pairs = {
        row: known[gloss] for row, gloss in enumerate(vocabulary, start=offset) if gloss in known
    }
    return {0: 0, **pairs} if offset else pairs
