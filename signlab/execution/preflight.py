"""Everything that can be known before training: found here in seconds, not after hours.

All variants are resolved and built on torch's meta device, all corpora opened, every utterance
compared with the timesteps that a variant leaves it, and a variant that cannot differ from the
baseline is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from signlab.corpora.base import Corpus, Splits
from signlab.corpora.batches import collate
from signlab.errors import BadStudy
from signlab.execution.catalogue import CATALOGUE
from signlab.execution.fitting import Fitting
from signlab.study.fold import Fold
from signlab.study.plan import Run, Variant, make_runs, make_variants
from signlab.study.space import Space
from signlab.study.spaces import make_spaces
from signlab.study.study import Study
from signlab.training.assembly import assemble


@dataclass(frozen=True)
class Plan:
    """A study that can be trained.

    Attributes:
        parameters: Of each variant, by its name.
        training_frames: Of one epoch of the first fold, by the variant's name.
        spaces: What is to be searched before.
        searches: Where the search of each variant lies in the study's folder.
        untuned: Runs at the recipe's own settings, where ``runs`` have those that were found.
    """

    study: Study
    variants: Sequence[Variant]
    runs: Sequence[Run]
    parameters: Mapping[str, int]
    training_frames: Mapping[str, int]
    fitting: Fitting
    folds: Sequence[Fold]
    spaces: Sequence[Space] = ()
    searches: Mapping[str, Path] = field(default_factory=dict)
    untuned: Sequence[Run] = ()


def make_plan(study: Study) -> Plan:
    """Check a whole study.

    Raises:
        BadStudy: Names file, line, variant, key, value and what instead.
        BadCorpus: The data is missing, wrong, or does not fit a variant.
    """
    variants = make_variants(study, CATALOGUE)
    spaces = make_spaces(study, variants, CATALOGUE)
    fitting = Fitting(study)
    folds = fitting.folds(variants[0])
    checked = {variant.name: fitting.check(variant, folds, study.seeds) for variant in variants}
    _refuse_no_ops(study, variants, fitting, folds[0])
    digests = {variant.name: fitting.corpus(variant).digest for variant in variants}
    return Plan(
        study=study,
        variants=variants,
        runs=make_runs(study, variants, folds, digests, fitting.inputs),
        parameters={name: parameters for name, (parameters, _) in checked.items()},
        training_frames={name: frames for name, (_, frames) in checked.items()},
        fitting=fitting,
        folds=folds,
        spaces=spaces,
    )


def _refuse_no_ops(study: Study, variants: Sequence[Variant], fitting: Fitting, fold: Fold) -> None:
    """Refuse a variant whose changed model is the baseline's: the dead flag behind many tables."""
    fingerprints: dict[str, list[torch.Tensor]] = {}
    for variant in variants:
        if variant.components and not all(_is_of_model(key) for key in variant.changes):
            continue  # what it changes shows in training, which recipes alone cannot tell
        splits = fitting.splits(variant, fold)
        fingerprints[variant.name] = _fingerprint(variant, fitting.corpus(variant), splits)
    baseline = fingerprints.pop(variants[0].name)
    for name, fingerprint in fingerprints.items():
        same = [
            a.shape == b.shape and torch.equal(a, b)
            for a, b in zip(baseline, fingerprint, strict=False)
        ]
        if len(baseline) == len(fingerprint) and all(same):
            changed = next(v for v in variants if v.name == name).changes
            raise BadStudy(
                f"{study.source.path}: variant {name!r} changes {', '.join(changed)}, yet its "
                "parameters and its output on a fixed input are the baseline's, so it would "
                "measure nothing"
            )


def _is_of_model(key: str) -> bool:
    return key.startswith(("model.", "features."))


def _fingerprint(variant: Variant, corpus: Corpus, splits: Splits) -> list[torch.Tensor]:
    """First weights and training output on one utterance, from one seed for every variant."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assembly = assemble(variant.recipe, corpus.layout, splits.vocabulary, splits.references)
        torch.manual_seed(1)  # dropout too is a part of what a variant may change
        batch = collate([splits.dev[0]], splits.vocabulary, assembly.features.selection)
        with torch.no_grad():
            output = assembly.forward(batch)
    return [*assembly.recognizer.parameters(), output.log_probs]
