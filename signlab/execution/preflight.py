"""Everything that can be known before training: found here in seconds, not after hours.

All variants are resolved and built on torch's meta device, all corpora opened, every utterance
compared with the timesteps that a variant leaves it, and a variant that cannot differ from the
baseline is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch

from signlab.corpora.base import Corpus, Sample, Splits, open_corpus
from signlab.corpora.batches import collate
from signlab.corpora.folds import make_folds
from signlab.errors import BadCorpus, BadStudy, SignlabError
from signlab.execution.catalogue import CATALOGUE, load_plugins
from signlab.models.recognizer import Recognizer
from signlab.registry import BadSetting
from signlab.study.fold import Fold
from signlab.study.plan import Run, Variant, make_runs, make_variants
from signlab.study.study import Study
from signlab.training.assembly import Assembly, assemble
from signlab.training.feasible import check_lengths
from signlab.training.warm_start import find_source


@dataclass(frozen=True)
class Plan:
    """A study that can be trained.

    Attributes:
        parameters: Of each variant, by its name.
        training_frames: Of one epoch of the first fold, by the variant's name.
    """

    study: Study
    variants: Sequence[Variant]
    runs: Sequence[Run]
    parameters: Mapping[str, int]
    training_frames: Mapping[str, int]


def make_plan(study: Study) -> Plan:
    """Check a whole study.

    Raises:
        BadStudy: Names file, line, variant, key, value and what instead.
        BadCorpus: The data is missing, wrong, or does not fit a variant.
    """
    load_plugins(study.plugins)
    variants = make_variants(study, CATALOGUE)
    corpora = _Corpora(study)
    folds = corpora.folds(variants[0])
    parameters, frames = dict[str, int](), dict[str, int]()
    for variant in variants:
        corpus = corpora.of(variant)
        for fold in folds:
            splits = corpora.splits(variant, fold)
            assembly = _on_meta(study, variant, corpus, splits)
            recognizer = assembly.recognizer
            parameters[variant.name] = sum(p.numel() for p in recognizer.parameters())
            first = splits.train(0)
            frames.setdefault(variant.name, sum(len(s.landmarks) for s in first))
            _check_times(study, variant, assembly, first)
            for samples in (first, splits.dev, splits.test):
                _check_lengths(variant, recognizer, samples)
        _check_source(study, variant)
    _refuse_no_ops(study, variants, corpora, folds[0])
    digests = {variant.name: corpora.of(variant).digest for variant in variants}
    runs = make_runs(study, variants, folds, digests)
    return Plan(study, variants, runs, parameters, frames)


class _Corpora:
    """The corpora of a study's variants, each prepared and each fold opened once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._corpora: dict[str, Corpus] = {}
        self._splits: dict[tuple[str, Fold], Splits] = {}

    def of(self, variant: Variant) -> Corpus:
        choice = variant.recipe["corpus"]
        if repr(choice) not in self._corpora:
            try:
                corpus = open_corpus(choice)
            except SignlabError as error:
                where = self._study.where("corpus", variant.components)
                raise BadCorpus(f"{where}: {error}") from None
            self._corpora[repr(choice)] = corpus
        return self._corpora[repr(choice)]

    def folds(self, variant: Variant) -> Sequence[Fold]:
        try:
            return make_folds(self._study.folds, self.of(variant))
        except SignlabError as error:
            where = self._study.source.where(("folds",))
            raise BadStudy(f"{where}: {error}") from None

    def splits(self, variant: Variant, fold: Fold) -> Splits:
        key = repr(variant.recipe["corpus"]), fold
        if key not in self._splits:
            try:
                splits = self.of(variant).open(fold)
                # sentences of an epoch may be made when asked for; here once for all variants
                self._splits[key] = replace(splits, train=cache(splits.train))
            except SignlabError as error:
                where = self._study.where("corpus", variant.components)
                raise BadCorpus(f"{where}: fold {fold.name!r}: {error}") from None
        return self._splits[key]


def _on_meta(study: Study, variant: Variant, corpus: Corpus, splits: Splits) -> Assembly:
    try:
        with torch.device("meta"):
            return assemble(variant.recipe, corpus.layout, splits.vocabulary)
    except SignlabError as error:
        key = error.key if isinstance(error, BadSetting) else ""
        where = study.where(key, variant.components)
        raise BadStudy(f"{where}: variant {variant.name!r}: {error}") from None


def _check_lengths(variant: Variant, recognizer: Recognizer, samples: Sequence[Sample]) -> None:
    try:
        check_lengths(samples, recognizer.out_lengths)
    except BadCorpus as error:
        raise BadCorpus(f"variant {variant.name!r}: {error}") from None


def _check_times(
    study: Study, variant: Variant, assembly: Assembly, samples: Sequence[Sample]
) -> None:
    """See that signs are only cut apart where it is known when they are signed."""
    for name in {name for stage in assembly.stages for name in stage.augment.timed}:
        untold = next((sample.id for sample in samples if sample.spans is None), None)
        if untold is not None:
            where = study.where(f"augment.{name}", variant.components)
            raise BadStudy(
                f"{where}: variant {variant.name!r}: augment.{name} needs to know when each gloss "
                f"is signed, and the corpus does not tell it of {untold!r}; leave it out, or take "
                "augment.concatenate, which joins whole sentences"
            )


def _check_source(study: Study, variant: Variant) -> None:
    """See that there is a model for each run that begins with another's weights."""
    source = variant.recipe["init_from"]
    for seed in study.seeds if source else ():
        try:
            find_source(Path(source), seed)
        except SignlabError as error:
            where = study.where("init_from", variant.components)
            raise BadStudy(f"{where}: variant {variant.name!r}: {error}") from None


def _refuse_no_ops(
    study: Study, variants: Sequence[Variant], corpora: _Corpora, fold: Fold
) -> None:
    """Refuse a variant whose changed model is the baseline's: the dead flag behind many tables."""
    fingerprints: dict[str, list[torch.Tensor]] = {}
    for variant in variants:
        if variant.components and not all(_is_of_model(key) for key in variant.changes):
            continue  # what it changes shows in training, which recipes alone cannot tell
        splits = corpora.splits(variant, fold)
        fingerprints[variant.name] = _fingerprint(variant, corpora.of(variant), splits)
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
        assembly = assemble(variant.recipe, corpus.layout, splits.vocabulary)
        torch.manual_seed(1)  # dropout too is a part of what a variant may change
        batch = collate([splits.dev[0]], splits.vocabulary, assembly.features.selection)
        with torch.no_grad():
            output = assembly.forward(batch)
    return [*assembly.recognizer.parameters(), output.log_probs]
