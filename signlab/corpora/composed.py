"""A corpus of sentences made of isolated clips: fresh ones each epoch, fixed ones for dev and test.

The splits share no clip, and with folds by signer no signer either.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from signlab.corpora.base import CORPORA, Corpus, Sample, Splits
from signlab.corpora.compose import Clips, Style, plan, stream
from signlab.corpora.folds import Rows, by_hash, split_by_fold
from signlab.corpora.store import Store, write_corpus
from signlab.corpora.validate import check_splits
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout
from signlab.registry import BadSetting, Settings
from signlab.study.fold import Fold

VERSION = 1
"""Of the way sentences are made; a part of the digest."""

Counts = tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]]
Frames = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
Speeds = tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
Share = Annotated[float, Field(ge=0, lt=1)]


@CORPORA.register("composed")
class Composed(Corpus):
    """Sentences of isolated clips of one signer, fresh ones each epoch for training.

    Args:
        clips: The corpus folder of the clips.
        train: Sentences an epoch.
        dev: Sentences of dev, made of clips of the training signers that are kept apart.
        test: Sentences of the test, made of the held-out signers' clips.
        glosses: Signs a sentence, fewest and most.
        speed: How much faster (or slower, below 1) than recorded a sign is, from and to.
        transition: Frames from one sign to the next, fewest and most.
        rest: Probability of a pause before, between and after signs, if there are clips of rest.
        dev_share: Share of the clips of every sign of every training signer kept for dev.
        test_signers: Held out where the study asks for no folds.
        seed: Of all sentences.
    """

    def __init__(  # noqa: PLR0913  # each is a setting
        self,
        *,
        clips: str,
        train: Annotated[int, Field(gt=0)] = 200,
        dev: Annotated[int, Field(gt=0)] = 80,
        test: Annotated[int, Field(gt=0)] = 200,
        glosses: Counts = (2, 6),
        speed: Speeds = (0.75, 1.35),
        transition: Frames = (3, 10),
        rest: Share = 0.1,
        dev_share: Annotated[float, Field(gt=0, lt=1)] = 0.2,
        test_signers: tuple[str, ...] = (),
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        for key, (low, high) in {
            "glosses": glosses,
            "speed": speed,
            "transition": transition,
        }.items():
            if low > high:
                raise BadSetting(
                    key, f"{key}: [{low}, {high}] must go from the lower to the higher"
                )
        self._path = Path(clips)
        self._sentences = {"train": train, "dev": dev, "test": test}
        self.style = Style(glosses, speed, transition, rest)
        self._dev_share = dev_share
        self._test_signers = test_signers
        self._seed = seed
        self._spans: dict[int, tuple[int, int]] = {}

    def prepare(self, cache: Path) -> None:  # noqa: ARG002  # sentences are made when asked for
        """See that the clips are there and can be made into sentences."""
        self._store.sample(0)  # tells what is wrong with the files, or that landmarks are to come
        index = self._store.index
        long = np.flatnonzero(index.gloss_counts() > 1)
        if len(long):
            raise BadCorpus(
                f"{self._path} holds sentences ({index.id(int(long[0]))!r}), not clips of one sign "
                "each; use it with `name: folder`"
            )

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
        """Of the clips, the settings and the way sentences are made."""
        settings = [VERSION, self._store.digest, self._sentences, vars(self.style)]
        settings += [self._dev_share, self._test_signers, self._seed]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

    @property
    def licence(self) -> str:
        """Of the clips."""
        return self._store.licence

    @property
    def signers(self) -> tuple[str, ...]:
        """All signers, sorted."""
        return self._store.signers

    @property
    def utterance_ids(self) -> tuple[str, ...]:
        """The ids of the clips; sentences are made after some of them were held out."""
        return self._store.ids

    def open(self, fold: Fold) -> Splits:
        """The sentences of a fold; those of dev and test are made at once."""
        pools = self.pools(fold)
        dev = self._compose(pools["dev"], "dev", fold.name, 0)
        test = self._compose(pools["test"], "test", fold.name, 0)
        return Splits(
            self.vocabulary,
            lambda epoch: self._compose(pools["train"], "train", fold.name, epoch),
            dev,
            test,
        )

    def pools(self, fold: Fold) -> dict[str, Clips]:
        """The clips that the sentences of each split are made of.

        Raises:
            BadCorpus: No signer is held out, or clips are lacking for a split.
        """
        index = self._store.index
        rows = self._split(fold)
        signs = {
            split: members[index.gloss_counts()[members] > 0]
            for split, members in rows.by_name().items()
        }
        check_splits(index, signs, unseen_glosses="error", where=str(self._path))
        pools = {
            split: Clips(self._store, members, self._spans)
            for split, members in rows.by_name().items()
        }
        for split, clips in pools.items():
            poor = [signer for signer, signs in clips.signs.items() if len(signs) < 2]
            if poor:
                raise BadCorpus(
                    f"{self._path}: signer {poor[0]!r} has clips of one sign only in {split}; a "
                    "sentence needs two or more"
                )
        return pools

    def _split(self, fold: Fold) -> Rows:
        index = self._store.index
        if fold.by == "split" and self._test_signers:
            fold = Fold(fold.name, "signer", self._test_signers)
        elif fold.by == "split" and "test" not in self._store.splits:
            raise BadCorpus(
                f"{self._path} has no test split: write `folds: leave-one-signer-out` in the "
                f"study, or `test_signers: [{self.signers[-1]}]` in the corpus"
            )
        if fold.by == "split" and "dev" in self._store.splits:
            return split_by_fold(index, fold, dev_share=self._dev_share)
        # dev needs clips of every sign of every signer, which a draw by utterance does not give
        rows = split_by_fold(index, fold, dev_share=0.0)
        apart = self._kept_apart(rows.train)
        return Rows(rows.train[~apart], rows.train[apart], rows.test)

    def _kept_apart(self, rows: np.ndarray) -> np.ndarray:
        """Which of ``rows`` are for dev: a share of each sign of each signer, one at least."""
        index = self._store.index
        groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
        for position, row in enumerate(rows.tolist()):
            key = int(index.signers.codes[row]), index.glosses_of(row)
            groups.setdefault(key, []).append(position)
        apart = np.zeros(len(rows), dtype=bool)
        for positions in groups.values():
            order = by_hash([index.id(int(rows[position])) for position in positions])
            wanted = min(max(1, round(self._dev_share * len(positions))), len(positions) - 1)
            apart[[positions[chosen] for chosen in order[:wanted]]] = True
        return apart

    def _compose(self, clips: Clips, split: str, fold: str, epoch: int) -> Sequence[Sample]:
        """The sentences of an epoch; they depend on the settings, the fold and the epoch alone."""
        rng = np.random.default_rng([self._seed, stream(f"{split}\0{fold}"), epoch])
        prefix = f"train-{epoch}" if split == "train" else f"{split}-{fold}"
        return [
            clips.render(plan(clips, self.style, f"{prefix}-{number}", rng))
            for number in range(self._sentences[split])
        ]


def write_composed(out: Path, settings: Mapping[str, Any]) -> Store:
    """Write the sentences of the first epoch, of dev and of the test as a corpus folder.

    Args:
        out: The folder to make.
        settings: Those of the corpus.

    Raises:
        BadInput: A setting, or the clips, cannot be used.
    """
    corpus = Settings(Composed, "corpus 'composed'").build(settings)
    corpus.prepare(out)
    splits = corpus.open(Fold())
    samples = {"train": splits.train(0), "dev": splits.dev, "test": splits.test}
    write_corpus(
        out,
        name=out.name,
        layout=corpus.layout,
        licence=corpus.licence,
        vocabulary=splits.vocabulary,
        samples=((sample, split) for split, members in samples.items() for sample in members),
    )
    return Store.open(out)
