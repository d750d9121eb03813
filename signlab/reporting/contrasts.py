"""What a design lets one ask: which variants' WER is set against which others'.

Every question is a contrast, a weighted sum of the variants' WERs with weights that add up to
zero: a component's effect, a main effect, an interaction, a Shapley value. So one paired
comparison, of summed errors with summed errors, answers all of them, with its interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

from signlab.reporting.reading import StudyRuns

Weights = Mapping[str, int]
"""How often each variant counts, by its name."""


@dataclass(frozen=True)
class Contrast:
    """The WER of some variants minus that of others, times ``scale``.

    Attributes:
        name: The component, or the components joined by " x ".
        plus: Variants that have the component.
        minus: Variants that lack it; the weights add up to those of ``plus``.
        scale: Brings the difference of the two weighted means to the effect's own unit.
        interplay: Whether it asks what components do together beyond what they do apart.
    """

    name: str
    plus: Weights
    minus: Weights
    scale: float = 1.0
    interplay: bool = False

    @property
    def variants(self) -> tuple[str, ...]:
        """All that must have been trained."""
        return tuple(dict.fromkeys([*self.plus, *self.minus]))


@dataclass(frozen=True)
class Questions:
    """What a study can answer.

    Attributes:
        effects: One a component (listed variants: one a variant); the verdicts are about these.
            WER with it minus WER without it, so that below zero is good, whatever the design.
        to_baseline: Every variant against the baseline.
        interactions: Below zero where two components gain more together than apart.
        shapley: A component's mean share in the step from the baseline to all.
        together: What all components do beyond the sum of their single effects.
    """

    effects: tuple[Contrast, ...]
    to_baseline: tuple[Contrast, ...]
    interactions: tuple[Contrast, ...] = ()
    shapley: tuple[Contrast, ...] = ()
    together: Contrast | None = None


def questions(study: StudyRuns) -> Questions:
    """The contrasts of a study's design."""
    first = study.variants[0].name
    to_baseline = tuple(
        Contrast(v.name, {v.name: 1}, {first: 1}) for v in study.variants if v.name != first
    )
    # what a search over components found has other settings, and no place in the design
    found = {search.variant for search in study.searches if search.components}
    designed = [variant for variant in study.variants if variant.name not in found]
    by_components = {frozenset(v.components): v.name for v in designed}
    components = list(dict.fromkeys(c for v in designed for c in v.components))
    if study.design == "leave-one-out":
        return _leave_one_out(components, by_components, to_baseline)
    if study.design == "factorial":
        return _factorial(components, by_components, to_baseline)
    together = None
    if study.design == "one-at-a-time" and len(components) > 1:
        together = _beyond_singles(components, by_components)
    return Questions(to_baseline, to_baseline, together=together)


def _beyond_singles(
    components: Sequence[str], by_components: Mapping[frozenset[str], str]
) -> Contrast:
    """(all - baseline) - sum of (single - baseline)."""
    baseline, everything = by_components[frozenset()], by_components[frozenset(components)]
    singles = {by_components[frozenset([c])]: 1 for c in components}
    plus = {everything: 1, baseline: len(components) - 1}
    name, scale = "all components together", float(len(components))
    return Contrast(name, plus, singles, scale=scale, interplay=True)


def _leave_one_out(
    components: Sequence[str],
    by_components: Mapping[frozenset[str], str],
    to_baseline: tuple[Contrast, ...],
) -> Questions:
    full = frozenset(components)
    everything = by_components[full]
    effects = tuple(
        Contrast(c, {everything: 1}, {by_components[full - {c}]: 1}) for c in components
    )
    if len(components) == 1:
        return Questions(effects, to_baseline)
    of_all = tuple(contrast for contrast in to_baseline if contrast.name == everything)
    return Questions((*effects, *of_all), to_baseline)


def _factorial(
    components: Sequence[str],
    by_components: Mapping[frozenset[str], str],
    to_baseline: tuple[Contrast, ...],
) -> Questions:
    return Questions(
        effects=tuple(_main_effect(c, by_components) for c in components),
        to_baseline=to_baseline,
        interactions=tuple(
            _interaction(a, b, by_components) for a, b in combinations(components, 2)
        ),
        shapley=tuple(_shapley(c, len(components), by_components) for c in components),
    )


def _main_effect(component: str, by_components: Mapping[frozenset[str], str]) -> Contrast:
    """The component's effect, averaged over all settings of the others."""
    plus = {name: 1 for subset, name in by_components.items() if component in subset}
    minus = {name: 1 for subset, name in by_components.items() if component not in subset}
    return Contrast(component, plus, minus)


def _interaction(a: str, b: str, by_components: Mapping[frozenset[str], str]) -> Contrast:
    """The effect of ``a`` with ``b`` minus that without, averaged over the others."""
    plus, minus = {}, {}
    for subset, name in by_components.items():
        both_or_neither = (a in subset) == (b in subset)
        (plus if both_or_neither else minus)[name] = 1
    return Contrast(f"{a} × {b}", plus, minus, scale=2.0, interplay=True)


def _shapley(component: str, count: int, by_components: Mapping[frozenset[str], str]) -> Contrast:
    """Shapley (1953): the component's effect, averaged over all orders of adding components."""
    plus, minus = {}, {}
    for subset, name in by_components.items():
        others = len(subset - {component})
        weight = factorial(others) * factorial(count - others - 1)
        (plus if component in subset else minus)[name] = weight
    return Contrast(component, plus, minus)
