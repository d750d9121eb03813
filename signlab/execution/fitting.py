"""Sees that a variant can be trained: built on torch's meta device, compared with its corpus."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import torch

from signlab.corpora.base import Corpus, Sample, Splits, open_corpus
from signlab.corpora.folds import make_folds
from signlab.errors import BadCorpus, BadStudy, SignlabError
from signlab.models.promises import check_promises
from signlab.models.reach import check_reach
from signlab.models.recognizer import Recognizer
from signlab.registry import BadSetting, below
from signlab.study.fold import Fold
from signlab.study.plan import Variant
from signlab.study.recipe import misfit
from signlab.study.study import Study
from signlab.training.assembly import Assembly, assemble, best_device
from signlab.training.feasible import check_lengths
from signlab.training.inputs import digests_of_inputs
from signlab.training.source import Identity
from signlab.training.teacher import trained_teacher
from signlab.training.warm_start import warm_start


class Fitting:
    """Checks a study's variants; each corpus is prepared and each fold opened once."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._corpora: dict[str, Corpus] = {}
        self._splits: dict[tuple[str, Fold], Splits] = {}

    def corpus(self, variant: Variant) -> Corpus:
        """The variant's corpus, prepared."""
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
        """Those that the study asks for."""
        try:
            return make_folds(self._study.folds, self.corpus(variant))
        except SignlabError as error:
            where = self._study.source.where(("folds",))
            raise BadStudy(f"{where}: {error}") from None

    def splits(self, variant: Variant, fold: Fold) -> Splits:
        """The data of a fold."""
        key = repr(variant.recipe["corpus"]), fold
        if key not in self._splits:
            try:
                splits = self.corpus(variant).open(fold)
                # sentences of an epoch may be made when asked for; here once for all variants
                self._splits[key] = replace(splits, train=cache(splits.train))
            except SignlabError as error:
                where = self._study.where("corpus", variant.components)
                raise BadCorpus(f"{where}: fold {fold.name!r}: {error}") from None
        return self._splits[key]

    def check(
        self, variant: Variant, folds: Sequence[Fold], seeds: Sequence[int]
    ) -> tuple[int, int]:
        """See that a variant can be trained on every fold.

        Returns:
            Its parameters, and the training frames of an epoch of the first fold.

        Raises:
            BadStudy: A setting does not fit, or there is nothing to begin from.
            BadCorpus: The data is missing, wrong, or too short for the variant.
        """
        corpus, parameters, frames = self.corpus(variant), 0, 0
        for fold in folds:
            splits = self.splits(variant, fold)
            assembly = _on_meta(self._study, variant, corpus, splits)
            recognizer = assembly.recognizer
            parameters = sum(p.numel() for p in recognizer.parameters())
            first = splits.train(0)
            frames = frames or sum(len(s.landmarks) for s in first)
            _check_computation(self._study, variant, assembly, len(first))
            _check_times(self._study, variant, assembly, first)
            for samples in (first, splits.dev, splits.test):
                _check_lengths(variant, recognizer, samples)
            for seed in seeds:
                identity = Identity(seed, fold, corpus.digest)
                _check_sources(self._study, variant, assembly, identity)
        return parameters, frames

    def inputs(self, variant: Variant, fold: Fold, seed: int) -> tuple[str, ...]:
        """Digests of what a run of a checked variant reads besides its corpus."""
        identity = Identity(seed, fold, self.corpus(variant).digest)
        return digests_of_inputs(variant.recipe, identity)


def _on_meta(study: Study, variant: Variant, corpus: Corpus, splits: Splits) -> Assembly:
    """The variant's parts, if they fit the glosses and the longest utterance."""
    longest = max(len(s.landmarks) for s in (*splits.train(0), *splits.dev, *splits.test))
    try:
        with torch.device("meta"):
            assembly = assemble(variant.recipe, corpus.layout, splits.vocabulary, splits.references)
        check_reach(assembly.recognizer, variant.recipe["model"], longest)
        check_promises(assembly.recognizer, assembly.features.widths)
    except BadSetting as error:
        where = f"{study.where(error.key, variant.components)}: variant {variant.name!r}"
        raise misfit(error, variant.recipe, where) from None
    except SignlabError as error:
        where = study.where("", variant.components)
        raise BadStudy(f"{where}: variant {variant.name!r}: {error}") from None
    return assembly


def _check_lengths(variant: Variant, recognizer: Recognizer, samples: Sequence[Sample]) -> None:
    try:
        check_lengths(samples, recognizer.out_lengths)
    except BadCorpus as error:
        raise BadCorpus(f"variant {variant.name!r}: {error}") from None


def _check_computation(study: Study, variant: Variant, assembly: Assembly, utterances: int) -> None:
    """See that the device has the precision, an epoch an update's batches, a process a share."""
    computation, batch_size = assembly.computation, assembly.schedule.batch_size
    processes = int(os.environ.get("WORLD_SIZE", "1"))  # as launchers tell it
    try:
        with below("train"):
            computation.check(best_device(), batches=-(-utterances // batch_size))
        smallest = utterances // -(-utterances // (batch_size * computation.accumulate))
        if smallest < processes:
            raise BadSetting(
                "schedule.batch_size",
                f"an update has {smallest} utterances, fewer than the {processes} processes",
            )
    except BadSetting as error:
        where = f"{study.where(error.key, variant.components)}: variant {variant.name!r}"
        raise misfit(error, variant.recipe, where) from None


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


def _check_sources(study: Study, variant: Variant, assembly: Assembly, identity: Identity) -> None:
    """See that there is what a run begins with and learns from, and that it fits."""
    key = "init_from"
    try:
        if written := variant.recipe["init_from"]:
            source = identity.source(written, key=key)
            warm_start(assembly.recognizer, assembly.vocabulary, source)
        for phase in assembly.schedule.plan:
            phased = variant.recipe["schedule"]["name"] == "phased"
            key = f"schedule.phases.{phase.name}.distil" if phased else "schedule.distil"
            if phase.distil is not None and phase.distil.of_a_run:
                trained_teacher(phase.distil.teacher, identity, assembly)
    except SignlabError as error:
        where = study.where(key, variant.components)
        raise BadStudy(f"{where}: variant {variant.name!r}: {error}") from None
