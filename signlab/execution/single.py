"""One run of a recipe, outside any study: checked as a study's runs are."""

from pathlib import Path

from signlab.execution.catalogue import CATALOGUE
from signlab.execution.fitting import Fitting
from signlab.study.document import load
from signlab.study.fold import Fold
from signlab.study.plan import Run, make_variants
from signlab.study.plugins import load_plugins
from signlab.study.recipe import put
from signlab.study.study import Folds, Study, parse_change

NAME = "train"
"""What stands for the study of such runs."""


def single_run(path: Path, changes: tuple[str, ...], *, signers: tuple[str, ...], seed: int) -> Run:
    """Check a recipe and plan its training.

    Args:
        path: The recipe's file.
        changes: ``key=value`` pairs from the command line.
        signers: Who is held out for the test; without any, the corpus's own splits hold.
        seed: Of the first weights, the order of the data and their augmentation.

    Raises:
        BadStudy: Names file, line, key, value and what instead.
        BadCorpus: The data is missing, wrong, or does not fit the recipe.
    """
    load_plugins()
    source = load(path)
    for key, value in map(parse_change, changes):
        put(source.values, key, value)
    study = Study(
        name=NAME,
        question="",
        source=source,
        recipe=source,
        components={},
        combinations={path.stem: ()},
        design="listed",
        seeds=(seed,),
        folds=Folds(),
        plugins=(),
    )
    [variant] = make_variants(study, CATALOGUE)
    fitting = Fitting(study)
    fold = Fold("+".join(signers), "signer", signers) if signers else Fold()
    fitting.check(variant, [fold], [seed])
    inputs = fitting.inputs(variant, fold, seed)
    return Run(NAME, variant, fold, seed, fitting.corpus(variant).digest, (), inputs)
