"""Gives each variant the settings that its search found."""

from collections.abc import Sequence
from dataclasses import replace

from signlab.errors import SearchFailed
from signlab.execution.preflight import Plan
from signlab.execution.search.definition import Definition
from signlab.study.plan import Variant, differences, make_runs
from signlab.study.searched import Searched, read_searched
from signlab.study.space import SWITCH, Point, Space
from signlab.study.spaces import SEARCHED


def freeze(plan: Plan, definitions: Sequence[Definition]) -> Plan:
    """The plan with the found settings in the recipes; a variant not searched yet stays as it is.

    Raises:
        SearchFailed: No trial of a variant can be used.
    """
    points: dict[str, Point] = {}
    for definition in definitions:
        found = read_searched(definition.folder)
        if found is None or len(found.of("running")) == len(found.trials):
            continue
        if found.best is None:
            raise SearchFailed(_nothing(found))
        points[definition.space.variant] = found.best.point
    spaces = {space.variant: space for space in plan.spaces}
    variants = [
        _tuned(variant, spaces[variant.name], points[variant.name])
        if variant.name in points
        else variant
        for variant in plan.variants
    ]
    untuned = plan.runs if plan.study.search and plan.study.search.untuned and points else ()
    if SEARCHED in points:
        untuned = ()  # the variants are the recipe's own
        variants += _chosen(variants, spaces[SEARCHED], points[SEARCHED])
    checked = {v.name: plan.fitting.check(v, plan.folds, plan.study.seeds) for v in variants}
    digests = {variant.name: plan.fitting.corpus(variant).digest for variant in variants}
    return replace(
        plan,
        variants=variants,
        runs=make_runs(plan.study, variants, plan.folds, digests, plan.fitting.inputs),
        parameters={name: parameters for name, (parameters, _) in checked.items()},
        training_frames={name: frames for name, (_, frames) in checked.items()},
        untuned=untuned,
    )


def _tuned(variant: Variant, space: Space, point: Point) -> Variant:
    recipe = space.recipe(point)
    return replace(variant, recipe=recipe, tuned=differences(variant.recipe, recipe))


def _chosen(variants: Sequence[Variant], space: Space, point: Point) -> list[Variant]:
    """The subset of the components that was found, unless the study has just that already."""
    recipe = space.recipe(point)
    if any(variant.recipe == recipe for variant in variants):
        return []
    on = tuple(name for name in space.switches if point[SWITCH + name])
    plain = space.recipe({SWITCH + name: name in on for name in space.switches})
    return [
        Variant(
            SEARCHED,
            on,
            "what the search over components found",
            recipe,
            differences(variants[0].recipe, recipe),
            differences(plain, recipe),
        )
    ]


def _nothing(found: Searched) -> str:
    trials = found.of("failed", "infeasible", "pruned")
    reasons = dict.fromkeys(f"{trial.state}: {trial.reason}" for trial in trials)
    return (
        f"the search of {found.variant!r} found nothing: none of its {len(found.trials)} trials is "
        f"complete ({next(iter(reasons), 'none ended')})"
    )
