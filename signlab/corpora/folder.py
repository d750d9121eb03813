"""A corpus folder, trained on as it is."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from signlab.corpora.base import CORPORA, Corpus, Sample, Splits
from signlab.corpora.compose import stream
from signlab.corpora.folds import split_by_fold
from signlab.corpora.recombine import Signs
from signlab.corpora.store import Store, StoredSamples
from signlab.corpora.validate import check_splits
from signlab.landmarks.layout import Layout
from signlab.study.fold import Fold


@CORPORA.register("folder")
class FolderCorpus(Corpus):
    """Utterances of a corpus folder, with its own splits or any folds.

    Args:
        path: The folder.
        dev_share: Share of the utterances not tested that become dev where the folder does not
            say which.
        unseen_glosses: Whether a gloss of dev or test that never occurs in training is an error,
            or is kept and can only be recognised wrongly (as is usual in cross-validation).
        recombined: For each training utterance so many sentences an epoch that are made of the
            signs of all of them, see ``recombine``; the corpus must tell when glosses are signed.
    """

    def __init__(
        self,
        *,
        path: str,
        dev_share: Annotated[float, Field(gt=0, lt=1)] = 0.1,
        unseen_glosses: Literal["error", "keep"] = "error",
        recombined: Annotated[float, Field(ge=0)] = 0.0,
    ) -> None:
        self._path = Path(path)
        self._dev_share = dev_share
        self._unseen_glosses: Literal["error", "keep"] = unseen_glosses
        self._recombined = recombined

    def prepare(self, cache: Path) -> None:  # noqa: ARG002  # nothing is generated
        """See that the folder can be opened and has landmarks."""
        self._store.sample(0)

    @cached_property
    def _store(self) -> Store:
        return Store.open(self._path)

    @property
    def layout(self) -> Layout:
        """The points of a frame."""
        return self._store.layout

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The glosses in the order of their labels."""
        return self._store.vocabulary

    @property
    def digest(self) -> str:
        """That of the folder's content."""
        return self._store.digest

    @property
    def signers(self) -> tuple[str, ...]:
        """All signers, sorted."""
        return self._store.signers

    @property
    def utterance_ids(self) -> tuple[str, ...]:
        """All ids but those of the folder's own test split, which no fold may train on."""
        index = self._store.index
        kept = np.flatnonzero(~index.splits.rows(["test"]))
        return tuple(index.ids.take(kept).to_pylist())

    def open(self, fold: Fold) -> Splits:
        """The splits of a fold; nothing is read before it is asked for."""
        index = self._store.index
        unseen = self._unseen_glosses == "keep"
        rows = split_by_fold(index, fold, dev_share=self._dev_share, unseen=unseen)
        check_splits(
            index, rows.by_name(), unseen_glosses=self._unseen_glosses, where=str(self._path)
        )
        train, dev, test = (
            StoredSamples(self._store, split) for split in (rows.train, rows.dev, rows.test)
        )
        count = round(self._recombined * len(train))
        if count == 0:
            return Splits(self.vocabulary, lambda _epoch: train, dev, test)
        signs = Signs(self._store, rows.train)

        def both(epoch: int) -> Sequence[Sample]:
            rng = np.random.default_rng([stream(fold.name), epoch])
            made = (signs.sentence(f"recombined-{epoch}-{n}", rng) for n in range(count))
            return [*train, *made]

        return Splits(self.vocabulary, both, dev, test, signed=train)
