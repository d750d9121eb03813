"""From a study to its runs: every variant resolved, every run with a digest of its own."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from signlab.errors import BadStudy
from signlab.registry import BadSetting
from signlab.study.components import apply, merge
from signlab.study.fold import Fold
from signlab.study.recipe import Catalogue, Values, flatten, misfit, resolve
from signlab.study.study import Study


@dataclass(frozen=True)
class Variant:
    """The recipe with some components applied, resolved.

    Attributes:
        changes: What differs from the baseline: before and after, by dotted key.
        tuned: What a search changed in it besides.
    """

    name: str
    components: tuple[str, ...]
    summary: str
    recipe: Values
    changes: Mapping[str, tuple[Any, Any]]
    tuned: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One training: variant x fold x seed.

    Attributes:
        inputs: Digests of what the recipe reads besides the corpus.
    """

    study: str
    variant: Variant
    fold: Fold
    seed: int
    corpus_digest: str
    plugins: tuple[str, ...]
    inputs: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides the outcome: another recipe is another run."""
        data = [self.corpus_digest, *self.inputs]
        return sha256([self.variant.recipe, asdict(self.fold), self.seed, *data])

    @property
    def folder(self) -> Path:
        """Where the run lives, below the study's folder."""
        return Path(self.variant.name) / f"{self.fold.name}-{self.seed}-{self.digest[:8]}"

    def record(self) -> dict[str, Any]:
        """The content of ``recipe.json``."""
        return {
            "study": self.study,
            "variant": self.variant.name,
            "fold": asdict(self.fold),
            "seed": self.seed,
            "digest": self.digest,
            "corpus_digest": self.corpus_digest,
            "plugins": list(self.plugins),
            "recipe": self.variant.recipe,
        }


def make_variants(study: Study, catalogue: Catalogue) -> list[Variant]:
    """Every variant of a study, the baseline first.

    Raises:
        BadStudy: A key, a name or a value that cannot be, a conflict of components, or a variant
            that is the baseline under another name.
    """
    baseline = _resolve(study, "baseline", (), catalogue)
    variants = []
    for name, components in study.combinations.items():
        recipe = _resolve(study, name, components, catalogue) if components else baseline
        changes = differences(baseline, recipe)
        if components and not changes:
            raise BadStudy(
                f"{study.source.path}: variant {name!r} resolves to the baseline's own recipe, so "
                "it would measure nothing; check what its components change"
            )
        if any(key.startswith("scoring.") for key in changes):
            raise BadStudy(
                f"{study.where('scoring', components)}: variant {name!r} would be scored in "
                "another way than the baseline, so that their WERs would not compare; write "
                "`scoring` into the recipe, for all variants alike"
            )
        summary = "; ".join(study.components[c].summary for c in components)
        variants.append(
            Variant(name, components, summary or "the recipe as it is", recipe, changes)
        )
    return variants


def make_runs(
    study: Study,
    variants: Sequence[Variant],
    folds: Sequence[Fold],
    corpora: Mapping[str, str],
    inputs: Callable[[Variant, Fold, int], tuple[str, ...]],
) -> list[Run]:
    """All runs, ordered so that every seed and fold of all variants is trained before the next.

    Args:
        corpora: The digest of each variant's corpus, by the variant's name.
        inputs: Digests of what a run of a variant, a fold and a seed reads besides.
    """
    return [
        Run(
            study.name,
            variant,
            fold,
            seed,
            corpora[variant.name],
            study.plugins,
            inputs(variant, fold, seed),
        )
        for seed in study.seeds
        for fold in folds
        for variant in variants
    ]


def study_record(
    study: Study,
    variants: Sequence[Variant],
    runs: Sequence[Run],
    *,
    untuned: Sequence[Run] = (),
    searches: Mapping[str, Path] | None = None,
    smoke: bool,
    command: str,
) -> dict[str, Any]:
    """The content of ``study.json``: all that the report needs to know of the study.

    Args:
        untuned: Runs with the recipe's own settings, where ``runs`` have those that were found.
        searches: The folder of each variant's search, below the study's.
    """
    return {
        "name": study.name,
        "question": study.question,
        "source": str(study.source.path),
        "recipe": str(study.recipe.path),
        "design": study.design,
        "seeds": list(study.seeds),
        "smoke": smoke,
        "command": command,
        "variants": [
            {
                "name": variant.name,
                "components": list(variant.components),
                "summary": variant.summary,
                "changes": {key: list(pair) for key, pair in variant.changes.items()},
                "tuned": {key: list(pair) for key, pair in variant.tuned.items()},
            }
            for variant in variants
        ],
        "folds": [asdict(fold) for fold in dict.fromkeys(run.fold for run in runs)],
        "runs": [_place(run) for run in runs],
        "untuned": [_place(run) for run in untuned],
        "projections": study.projections and study.projections.model_dump(),
        "searches": {name: str(folder) for name, folder in (searches or {}).items()},
    }


def _place(run: Run) -> dict[str, Any]:
    return {
        "variant": run.variant.name,
        "fold": run.fold.name,
        "seed": run.seed,
        "folder": str(run.folder),
    }


def _resolve(
    study: Study, variant: str, components: tuple[str, ...], catalogue: Catalogue
) -> Values:
    try:
        change = merge(study.components[name] for name in components)
    except BadStudy as error:
        raise BadStudy(f"{study.source.path}: variant {variant!r}: {error}") from None
    recipe = apply(study.recipe.values, change, catalogue)
    try:
        return resolve(recipe, catalogue)
    except BadSetting as error:
        where = study.where(error.key, components)
        variants = f": variant {variant!r}" if components else ""
        raise misfit(error, recipe, where + variants) from None


def differences(baseline: Values, recipe: Values) -> dict[str, tuple[Any, Any]]:
    """What differs in two recipes: before and after, by dotted key."""
    before, after = flatten(baseline), flatten(recipe)
    keys = dict.fromkeys([*before, *after])
    return {
        key: (before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
        # a section that is empty on one side is told by what stands in it on the other
        and not any(other.startswith(f"{key}.") for other in keys)
    }


def sha256(value: Any) -> str:
    """Hexadecimal, of plain values."""
    # in the order of the recipe: augmentations and phases follow one another as they are written
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
