"""What makes a search that search: its space, its trials' seeds and folds, what judges them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from signlab.errors import BadInput, BadStudy
from signlab.execution.preflight import Plan
from signlab.execution.search.pruners import PRUNERS, Pruning
from signlab.execution.search.samplers import SAMPLERS, Sampling
from signlab.registry import BadSetting, Registry
from signlab.study.fold import Fold
from signlab.study.plan import Variant, sha256
from signlab.study.recipe import Values
from signlab.study.search import FOLDER, Search
from signlab.study.space import Point, Space
from signlab.study.study import Study
from signlab.study.trial import TrialFolder
from signlab.training.schedule import SCHEDULES


@dataclass(frozen=True)
class Definition:
    """One search, as a study defines it.

    Attributes:
        study: The study's name.
        folds: On which a trial is trained.
        corpus_digest: Of the variant's corpus.
        root: ``runs/<study>``.
        epochs: Of a whole trial, all its trainings together.
        inputs: Digests of what the variant's recipe reads besides the corpus.
    """

    study: str
    space: Space
    search: Search
    folds: tuple[Fold, ...]
    corpus_digest: str
    plugins: tuple[str, ...]
    root: Path
    sampling: Sampling
    pruning: Pruning
    epochs: int
    inputs: tuple[str, ...] = ()

    @property
    def parts(self) -> int:
        """Trainings of a trial."""
        return len(self.folds) * len(self.search.seeds)

    @property
    def timed(self) -> bool:
        """Whether latency is an objective, which only a machine that is quiet tells."""
        return any(name.startswith("latency") for name in self.search.objectives)

    @property
    def decides(self) -> dict[str, Any]:
        """All that a trial's figures depend on: with anything else they cannot be compared."""
        return {
            **self.space.record(),
            "objectives": self.search.objectives,
            "seeds": self.search.seeds,
            "folds": [{**asdict(fold), "test": list(fold.test)} for fold in self.folds],
            "corpus": self.corpus_digest,
            **({"inputs": list(self.inputs)} if self.inputs else {}),
        }

    @property
    def digest(self) -> str:
        """Of what decides."""
        return sha256(self.decides)[:8]

    @property
    def name(self) -> str:
        """Of the Optuna study."""
        return f"{self.study}/{self.space.variant}/{self.digest}"

    @property
    def folder(self) -> Path:
        """Of the search, with a folder a trial."""
        return self.root / FOLDER / f"{self.space.variant}-{self.digest}"

    def trial_folder(self, number: int) -> TrialFolder:
        """Of a trial."""
        return TrialFolder(self.folder / f"{number:04}")

    def trial_record(
        self, number: int, point: Point, recipe: Values, corpus_digest: str
    ) -> dict[str, Any]:
        """The content of a trial's ``recipe.json``."""
        folds = [asdict(fold) for fold in self.folds]
        return {
            "study": self.study,
            "variant": self.space.variant,
            "trial": number,
            "settings": point,
            "folds": folds,
            "seeds": self.search.seeds,
            "digest": sha256([recipe, folds, self.search.seeds, corpus_digest, *self.inputs]),
            "corpus_digest": corpus_digest,
            "plugins": list(self.plugins),
            "timed": self.timed,
            "recipe": recipe,
        }


def make_definitions(plan: Plan, runs: Path) -> list[Definition]:
    """The searches of a study, their sampler and pruner checked.

    Args:
        runs: Folder of all studies' runs.

    Raises:
        BadStudy: Names file, line, key, value and what instead.
    """
    study, search = plan.study, plan.study.search
    if search is None:
        return []
    folds = tuple(plan.folds) if search.folds == "all" else (plan.folds[0],)
    sampling = _built(study, "sampler", search.sampler, SAMPLERS)
    pruning = _built(study, "pruner", search.pruning, PRUNERS)
    if len(search.objectives) > 1 and not sampling.several_objectives:
        raise BadStudy(
            f"{study.source.where(('search', 'sampler'))}: search.sampler = "
            f"{search.sampler['name']!r} looks at one objective; take tpe, nsga2, gp or random"
        )
    variants = {variant.name: variant for variant in plan.variants}
    found = []
    for space in plan.spaces:
        variant = variants.get(space.variant, plan.variants[0])
        plan.fitting.check(variant, folds, search.seeds)
        definition = Definition(
            study=study.name,
            space=space,
            search=search,
            folds=folds,
            corpus_digest=plan.fitting.corpus(variant).digest,
            inputs=_inputs(plan, variant, folds, search),
            plugins=study.plugins,
            root=runs / study.name,
            sampling=sampling,
            pruning=pruning,
            epochs=len(folds) * len(search.seeds) * _epochs(space),
        )
        _check_ways(study, definition)
        found.append(definition)
    return found


def _inputs(plan: Plan, variant: Variant, folds: Sequence[Fold], search: Search) -> tuple[str, ...]:
    return tuple(
        digest
        for seed in search.seeds
        for fold in folds
        for digest in plan.fitting.inputs(variant, fold, seed)
    )


def _epochs(space: Space) -> int:
    return SCHEDULES.build_choice(space.own["schedule"]).total_epochs


def _check_ways(study: Study, definition: Definition) -> None:
    """See that the sampler and the pruner can do their work on such trials."""
    key = "pruner"
    try:
        definition.pruning.pruner(definition.epochs, definition.parts)
        key = "sampler"
        if definition.search.sampler["name"] == "grid":
            definition.space.grid()
    except BadInput as error:
        raise BadStudy(f"{study.source.where(('search', key))}: search.{key}: {error}") from None


def _built(study: Study, key: str, choice: Mapping[str, Any], registry: Registry[Any]) -> Any:
    try:
        if not isinstance(choice.get("name"), str):
            raise BadSetting("name", f"needs a `name:` (one of {', '.join(registry.names())})")
        return registry.build_choice(choice)
    except BadSetting as error:
        where = study.source.where(("search", key, *error.key.split(".")))
        raise BadStudy(f"{where}: search.{key}: {error}") from None
