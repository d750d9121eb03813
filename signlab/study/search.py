"""The key ``search:`` of a study: what is searched, how long, and by what it is judged."""

from collections.abc import Callable, Collection
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, model_validator

from signlab.errors import BadStudy
from signlab.registry import BadSetting
from signlab.study.dimension import Dimension, read_dimension
from signlab.study.document import Key

OBJECTIVES = {
    "dev_wer": "WER of dev, %",
    "dev_loss": "CTC loss of dev, nats a label",
    "latency_p50": "median latency of one utterance, ms",
    "latency_p95": "95th percentile of the latency of one utterance, ms",
    "multiply_adds": "multiply-adds for a second of landmarks",
    "parameters": "parameters",
    "peak_memory": "largest memory of the training process, MiB",
    "training_seconds": "seconds of training",
}
"""What is measured of a trial; less is better in all of them."""

ERRORS = ("dev_wer", "dev_loss")
"""The objectives that tell how well a recogniser recognises."""

FOLDER = "search"
"""Where the searches of a study lie in its folder; no variant can have this name."""


class Search(BaseModel):
    """What may stand below ``search:``.

    Attributes:
        space: A range or choices, by the dotted key of the recipe; see ``dimension``.
        trials: For each variant, a total.
        sampler, pruner: A name and settings; the execution knows which there are.
        seeds: Of the trials; each trains with all of them.
        folds: Whether a trial trains and is judged on every fold, or on the first alone.
        components: "search" makes the components switches of one search, instead of one search
            for each variant.
        enqueue: Settings to try first, after the recipe's own.
        storage: An Optuna storage URL; by default a journal in the study's folder.
        untuned: Whether every variant is trained with the recipe's own settings as well, so that
            the report can tell what tuning changed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    space: dict[str, Any] = {}
    trials: Annotated[int, Field(ge=1)] = 30
    objectives: Annotated[list[str], Field(min_length=1)] = ["dev_wer"]
    sampler: dict[str, Any] = {"name": "tpe"}
    pruner: dict[str, Any] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [100]
    folds: Literal["all", "first"] = "all"
    components: Literal["fixed", "search"] = "fixed"
    enqueue: list[dict[str, Any]] = []
    storage: str | None = None
    untuned: bool = True

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        named = {
            key: {"name": values[key]}
            for key in ("sampler", "pruner")
            if isinstance(values.get(key), str)
        }
        return {**values, **named}

    @property
    def pruning(self) -> dict[str, Any]:
        """The pruner; where none is named, hyperband for one objective."""
        several = len(self.objectives) > 1
        return self.pruner or {"name": "none" if several else "hyperband"}

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The space, checked before by ``check_search``."""
        return {key: read_dimension(key, written) for key, written in self.space.items()}


def check_search(
    search: Search, seeds: Collection[int], names: Collection[str], where: Callable[[Key], str]
) -> None:
    """See that a search can be what it says, as far as no recipe is needed for that.

    Args:
        seeds: The study's own.
        names: Its variants and components.
        where: ``file:line`` of a key of the study.

    Raises:
        BadStudy: Names file, line, key, value and what instead.
    """
    refuse = _Refuse(where)
    for key, written in search.space.items():
        check_dimension(key, written, where(("search", "space", key)))
    _check_objectives(search, refuse)
    if len(set(search.seeds)) < len(search.seeds):
        refuse(f" = {search.seeds}: a seed is listed twice", "seeds")
    if own := sorted(set(search.seeds) & set(seeds)):
        refuse(
            f" = {search.seeds}: the study trains with {own} itself, and would test what was "
            "tuned to them; take others, as in [100]",
            "seeds",
        )
    if not search.space and search.components == "fixed":
        refuse(
            ": there is nothing to search; give ranges or choices, by key of the recipe", "space"
        )
    if FOLDER in names:
        refuse(f": no variant may be named {FOLDER!r}, since the searches' folder is", "space")


def _check_objectives(search: Search, refuse: "_Refuse") -> None:
    objectives = search.objectives
    for index, objective in enumerate(objectives):
        if objective not in OBJECTIVES:
            measured = ", ".join(OBJECTIVES)
            refuse(f" = {objective!r} is not measured; {measured} are", "objectives", str(index))
    if len(set(objectives)) < len(objectives):
        refuse(f" = {objectives}: an objective is listed twice", "objectives")
    if "dev_wer" not in objectives and objectives != ["dev_loss"]:
        refuse(
            f" = {objectives}: list 'dev_wer' too; what is small or quick alone need not recognise "
            "anything",
            "objectives",
        )
    if len(objectives) > 1 and search.pruning.get("name") != "none":
        refuse(
            f" = {search.pruning.get('name')!r}: trials are stopped early by dev WER alone, so "
            f"with several objectives ({', '.join(objectives)}) it must be 'none'",
            "pruner",
        )


class _Refuse:
    """Raises with the place and the dotted key of what is refused."""

    def __init__(self, where: Callable[[Key], str]) -> None:
        self._where = where

    def __call__(self, message: str, *key: str) -> NoReturn:
        dotted = ".".join(("search", *(part for part in key if not part.isdigit())))
        raise BadStudy(f"{self._where(('search', *key))}: {dotted}{message}")


def check_dimension(key: str, written: Any, where: str) -> Dimension:
    """A range or choices as written, or a sentence.

    Raises:
        BadStudy: It cannot be one.
    """
    try:
        return read_dimension(key, written)
    except BadSetting as error:
        raise BadStudy(f"{where}: {key}: {error}") from None
