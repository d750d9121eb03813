"""What is registered, with the parameters that it has at a recipe's size."""

from collections.abc import Sequence
from pathlib import Path

import torch

from signlab.corpora.base import CORPORA
from signlab.errors import SignlabError
from signlab.execution.catalogue import CATALOGUE
from signlab.models.recognizer import Recognizer
from signlab.study.components import COMPONENTS, apply
from signlab.study.document import load
from signlab.study.plugins import load_plugins
from signlab.study.recipe import Values, resolve, resolve_file
from signlab.training.assembly import assemble

Rows = list[tuple[str, ...]]


def component_table(recipe: Path) -> Rows:
    """Name, parameters of the recipe with the component, and what it does; a header first."""
    base = _Base(recipe)
    rows: Rows = [("component", "parameters", "what it does")]
    rows.append(("(none)", base.parameters({}), f"{recipe} as it is"))
    for component in COMPONENTS.values():
        change = dict(component.change)
        rows.append((component.name, base.parameters(change), component.summary))
    return rows


def block_table(recipe: Path) -> Rows:
    """Slot, name, parameters of the slot with the block in it, and what it is."""
    base = _Base(recipe)
    rows: Rows = [("slot", "block", "parameters", "what it is")]
    for place, registry in CATALOGUE.choices.items():
        if not place.startswith("model."):
            continue
        slot = place.removeprefix("model.")
        for name in registry.names():
            change = {"model": {slot: {"name": name}}}
            rows.append((slot, name, base.parameters(change, slot), registry.summary(name)))
    return rows


class _Base:
    """A recipe whose changes can be built and counted."""

    def __init__(self, recipe: Path) -> None:
        load_plugins()
        document = load(recipe)
        self._values, resolved = document.values, resolve_file(document, CATALOGUE)
        corpus = CORPORA.build_choice(resolved["corpus"])  # its sizes are known before its data
        self._layout, self._vocabulary = corpus.layout, corpus.vocabulary

    def parameters(self, change: Values, slot: str | None = None) -> str:
        """Parameters of the whole or of a slot; the reason where the change cannot be built."""
        try:
            with torch.device("meta"):
                resolved = resolve(apply(self._values, change, CATALOGUE), CATALOGUE)
                model = assemble(resolved, self._layout, self._vocabulary).recognizer
        except SignlabError as error:
            return f"does not fit: {error}"
        return f"{_count(model, slot):,}"


def _count(model: Recognizer, slot: str | None) -> int:
    module: torch.nn.Module = model if slot is None else getattr(model, slot)
    parameters: Sequence[torch.nn.Parameter] = list(module.parameters())
    return sum(p.numel() for p in parameters)
