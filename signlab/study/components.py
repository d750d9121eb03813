"""Components: named changes to a recipe, the unit of an ablation, and how they are applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signlab.errors import BadStudy
from signlab.study.recipe import Catalogue, Values, flatten, lookup, put


@dataclass(frozen=True)
class Component:
    """A named difference.

    Attributes:
        change: Nested as in a recipe. One that names a block replaces the block and keeps the
            settings the two share; null takes an entry of a collection away.
        space: What a search of a variant with it searches besides; see ``study.dimension``.
    """

    name: str
    summary: str
    change: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)


COMPONENTS: dict[str, Component] = {}
"""The components that every study may name; plug-ins add theirs with ``add_component``."""


def add_component(
    name: str, summary: str, change: Mapping[str, Any], space: Mapping[str, Any] | None = None
) -> None:
    """Make a component known to every study.

    Raises:
        BadStudy: There is one of this name.
    """
    if name in COMPONENTS:
        raise BadStudy(f"component {name!r} is defined twice")
    COMPONENTS[name] = Component(name, summary, change, space or {})


_ATTENTION = {"width": 128, "layers": 2}
"""Attention layers with about the parameters of the laptop recipes' BiLSTM."""

BUILT_IN: dict[str, tuple[str, dict[str, Any]]] = {
    # the four of the proposal
    "residual": (
        "a skip connection and a norm around every BiLSTM layer",
        {"model.encoder": {"name": "residual-bilstm"}},
    ),
    "multiscale": (
        "parallel temporal kernels of 5, 9 and 15 frames instead of one",
        {"model.temporal": {"name": "multiscale", "kernels": [5, 9, 15]}},
    ),
    "crossmodal": (
        "attention between body, hands and face instead of concatenation",
        {"model.fusion": {"name": "crossmodal"}},
    ),
    "depthwise": (
        "depthwise-separable instead of full convolutions",
        {"model.stem": {"separable": True}, "model.temporal": {"separable": True}},
    ),
    # other blocks in a slot
    "inverted-stem": (
        "inverted residuals instead of one convolution a part",
        {"model.stem": {"name": "inverted-residual"}},
    ),
    "dilated": (
        "pairs of dilated convolutions with skips instead of one kernel",
        {"model.temporal": {"name": "dilated", "widths": [64, 64, 64, 64]}},
    ),
    "gru": ("GRU instead of LSTM layers", {"model.encoder": {"name": "gru"}}),
    "bilstm-attention": (
        "self-attention over the utterance after the BiLSTM",
        {"model.encoder": {"name": "bilstm-attention"}},
    ),
    "transformer": (
        "transformer layers with rotary positions instead of the BiLSTM",
        {"model.encoder": {"name": "transformer", **_ATTENTION}},
    ),
    "relative-bias": (
        "transformer layers with a learned bias for each distance instead of the BiLSTM",
        {"model.encoder": {"name": "transformer", **_ATTENTION, "positions": "t5"}},
    ),
    "absolute-positions": (
        "transformer layers with sinusoidal codes instead of the BiLSTM",
        {"model.encoder": {"name": "transformer", **_ATTENTION, "positions": "sinusoidal"}},
    ),
    "conformer": (
        "conformer layers instead of the BiLSTM",
        {"model.encoder": {"name": "conformer", **_ATTENTION, "expansion": 2}},
    ),
    "squeezeformer": (
        "squeezeformer layers instead of the BiLSTM",
        {"model.encoder": {"name": "squeezeformer", **_ATTENTION, "expansion": 2}},
    ),
    "linformer": (
        "transformer layers whose attention reads 32 sums over the timesteps",
        {"model.encoder": {"name": "linformer", **_ATTENTION}},
    ),
    "performer": (
        "transformer layers whose attention is a product of random features",
        {"model.encoder": {"name": "performer", **_ATTENTION}},
    ),
    "two-level-head": (
        "first a cluster of glosses, then the gloss in it",
        {"model.head": {"name": "cluster"}},
    ),
    "learned-clusters": (
        "a two-level head whose clusters are glosses with the same neighbours in training",
        {"model.head": {"name": "cluster", "by": "co-occurrence"}},
    ),
    "cosine-head": (
        "scores are angles to one direction a gloss",
        {"model.head": {"name": "cosine"}},
    ),
    "mlp-head": ("two layers instead of one in the head", {"model.head": {"name": "mlp"}}),
    "interctc": (
        "CTC in the middle of the encoder as well",
        {"model.auxiliary": {"name": "interctc"}},
    ),
    "no-auxiliary": ("no CTC but the last", {"model.auxiliary": {"name": "none"}}),
    # training
    "part-dropout": (
        "in a third of the utterances a hand, both or the face missing",
        {"augment.part_drop": {"rate": 0.33, "shortest": 1.0, "longest": 1.0}},
    ),
    "focal": ("0.7 CTC + 0.3 focal CTC: hard utterances weigh more", {"loss": {"name": "focal"}}),
    "label-smoothing": (
        "every timestep is drawn a little to how frequent each gloss is",
        {"regularise.smoothing": {}},
    ),
    "consistency": (
        "two augmented views of each utterance have to agree; twice the work",
        {"regularise.consistency": {}},
    ),
    "entropy": ("alignments are kept undecided", {"regularise.entropy": {}}),
    "ema": ("ends with a running average of the weights", {"schedule": {"ema": 0.99}}),
    "averaged": ("ends with the mean of its five best epochs", {"schedule": {"average": 5}}),
    "averaged-last": (
        "ends with the mean of its last five epochs",
        {"schedule": {"keep": "last", "average": 5}},
    ),
    "distillation": (
        "learns from a running average of its weights as well",
        {"schedule": {"ema": 0.99, "distil": {"teacher": "ema"}}},
    ),
}
"""Summary and change (by dotted place) of what `signlab components` lists."""

AUGMENTATIONS: dict[str, str] = {
    "affine": "turned, sheared, scaled and shifted utterances",
    "concatenate": "sentences of one signer joined",
    "cutmix": "signs exchanged with another sentence of the signer, where it is known when",
    "finger_drop": "fingers hidden",
    "frame_drop": "frames lost",
    "mirror": "left and right exchanged",
    "mixup": "sentences of one signer blended",
    "noise": "points a little astray",
    "part_drop": "a hand or the face lost for a while",
    "temporal_mask": "moments hidden",
    "time_warp": "utterances slower or faster",
}
"""What each augmentation gives: a component puts it, at its defaults, into a recipe without it, and
another one takes it out of a recipe with it."""

for _name, (_summary, _places) in BUILT_IN.items():
    _change: Values = {}
    for _place, _value in _places.items():
        put(_change, _place, _value)
    add_component(_name, _summary, _change)

for _name, _summary in AUGMENTATIONS.items():
    _dashed = _name.replace("_", "-")
    add_component(_dashed, f"training with {_summary}", {"augment": {_name: {}}})
    add_component(f"no-{_dashed}", f"training without {_summary}", {"augment": {_name: None}})


def merge(components: Iterable[Component]) -> Values:
    """The changes of several components as one.

    Raises:
        BadStudy: Two components set one key differently.
    """
    merged: Values = {}
    owners: dict[str, tuple[str, Any]] = {}
    for component in components:
        for key, value in flatten(component.change).items():
            owner, other = owners.setdefault(key, (component.name, value))
            if other != value:
                raise BadStudy(
                    f"components {owner!r} and {component.name!r} conflict: one sets "
                    f"{key} = {other!r}, the other {value!r}"
                )
        merged = _overlay(merged, component.change)
    return merged


def apply(recipe: Values, change: Mapping[str, Any], catalogue: Catalogue) -> Values:
    """The recipe with a change made; neither argument is altered.

    Raises:
        BadSetting: The change names a block that is not registered.
    """
    changed = _overlay(recipe, change)
    for place, registry in catalogue.choices.items():
        before, asked = lookup(recipe, place), lookup(change, place)
        if not (isinstance(before, Mapping) and isinstance(asked, Mapping)):
            continue
        name = asked.get("name", before.get("name"))
        if name == before.get("name") or name not in registry.names():
            continue  # an unknown name is reported by `resolve`, which knows its place
        shared = {"name", *registry.parameters(name), *asked}
        choice = lookup(changed, place)
        for key in [key for key in choice if key not in shared]:
            del choice[key]
    for place in catalogue.collections:
        for name, value in (lookup(change, place) or {}).items():
            if value is None:
                lookup(changed, place).pop(name)
    return changed


def _overlay(base: Mapping[str, Any], change: Mapping[str, Any]) -> Values:
    merged = {
        key: _overlay(value, {}) if isinstance(value, Mapping) else value
        for key, value in base.items()
    }
    for key, value in change.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = _overlay(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
