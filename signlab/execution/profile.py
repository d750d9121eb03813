"""Profiles recipes: their size at once, their speed in a process of its own for each."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from signlab.corpora.base import CORPORA
from signlab.corpora.importers.boston104 import BOSTON104
from signlab.errors import BadCorpus, BadInput, BadStudy
from signlab.execution.apart import call_apart
from signlab.execution.catalogue import CATALOGUE
from signlab.landmarks.layout import HOLISTIC, Layout
from signlab.landmarks.selection import RECIPE_PARTS
from signlab.models.promises import check_promises
from signlab.registry import BadSetting
from signlab.study.document import Document, load
from signlab.study.plugins import load_plugins
from signlab.study.profile import AsFile, Format, Profile, Timings
from signlab.study.recipe import Values, misfit, resolve_file
from signlab.training.assembly import assemble
from signlab.training.profile import count_operations, time_recipe

STAND_IN_GLOSSES = 100
"""The vocabulary of a recipe whose corpus is not there."""


@dataclass(frozen=True)
class Target:
    """A recipe, with what its corpus decides.

    Attributes:
        absent: Why the corpus could not be asked, so that the layout is any that has the
            recipe's parts and the glosses are invented; or None.
    """

    source: Document
    recipe: Values
    layout: Layout
    vocabulary: tuple[str, ...]
    absent: str | None = None


def read_target(path: Path, glosses: int | None) -> Target:
    """Read a recipe; its corpus is asked for its description alone.

    Args:
        path: The recipe's file.
        glosses: A vocabulary of this size, in place of the corpus's.

    Raises:
        BadStudy: Names file, line, key, value and what instead.
    """
    source = load(path)
    recipe = resolve_file(source, CATALOGUE)
    invented = tuple(f"GLOSS-{number}" for number in range(glosses or STAND_IN_GLOSSES))
    try:
        corpus = CORPORA.build_choice(recipe["corpus"])
        return Target(source, recipe, corpus.layout, invented if glosses else corpus.vocabulary)
    except BadCorpus as error:
        layout = _layout_with(recipe["features"]["parts"])
        return Target(source, recipe, layout, invented, absent=str(error))
    except BadInput as error:
        raise BadStudy(f"{source.where(('corpus',))}: {error}") from None


def profile_size(target: Target, *, operations: bool) -> Profile:
    """Parameters and, where asked for, multiply-adds: nothing is computed.

    Raises:
        BadStudy: A setting does not fit its neighbours; names file, line, key and value.
    """
    path = target.source.path
    try:
        with torch.device("meta"):
            assembly = assemble(target.recipe, target.layout, target.vocabulary)
        check_promises(assembly.recognizer, assembly.features.widths)
        counted = count_operations(assembly) if operations else None
    except BadSetting as error:
        where = target.source.where(tuple(error.key.split(".")))
        raise misfit(error, target.recipe, where) from None
    except BadInput as error:
        raise BadStudy(f"{path}: {error}") from None
    return Profile(
        recipe=str(path),
        glosses=len(target.vocabulary),
        parameters=assembly.recognizer.parameters_by_slot(),
        multiply_adds=counted,
    )


def profile_speed(target: Target, profile: Profile, *, threads: int) -> Profile:
    """The profile with what was measured in a fresh process.

    Raises:
        RunFailed: The process ended without an answer.
    """
    arguments = target.recipe, target.layout, target.vocabulary, threads
    return replace(profile, timings=call_apart(_time, *arguments))


def profile_export(
    target: Target, profile: Profile, file_format: Format, *, threads: int
) -> Profile:
    """The profile with size and latency of the recipe as one file, made in a fresh process.

    Raises:
        SignlabError: It cannot be exported, or the process ended without an answer.
    """
    arguments = target.recipe, target.layout, target.vocabulary, file_format, threads
    return replace(profile, exported=call_apart(_export, *arguments))


def _export(
    recipe: Values,
    layout: Layout,
    vocabulary: tuple[str, ...],
    file_format: Format,
    threads: int,
) -> AsFile:
    from signlab.training.export import export_recipe  # loads the compiler, which takes seconds

    load_plugins()
    return export_recipe(recipe, layout, vocabulary, file_format, threads=threads)


def _time(recipe: Values, layout: Layout, vocabulary: tuple[str, ...], threads: int) -> Timings:
    load_plugins()
    return time_recipe(recipe, layout, vocabulary, threads=threads)


def _layout_with(parts: list[str]) -> Layout:
    """The first of the known layouts that has what a recipe calls parts."""
    needed = {name for part in parts for name in RECIPE_PARTS.get(part, ())}
    return next(
        (layout for layout in (HOLISTIC, BOSTON104) if needed <= layout.slices.keys()), HOLISTIC
    )
