"""Folds: which utterances are held out, and the three splits that follow from it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from signlab.corpora.base import Corpus
from signlab.corpora.index import Index
from signlab.errors import BadCorpus, BadStudy, nearest
from signlab.study.fold import Fold
from signlab.study.study import Folds


@dataclass(frozen=True)
class Rows:
    """The rows of a corpus's index that make up each split."""

    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray

    def by_name(self) -> dict[str, np.ndarray]:
        """The same, by the name of the split."""
        return {"train": self.train, "dev": self.dev, "test": self.test}


def make_folds(folds: Folds, corpus: Corpus) -> list[Fold]:
    """The folds that a study asks for; the same at every call.

    Raises:
        BadStudy: The corpus has too few signers or utterances for them.
    """
    return _MAKERS[folds.name](folds, corpus)


def split_by_fold(index: Index, fold: Fold, *, dev_share: float, unseen: bool = False) -> Rows:
    """The splits of a fold.

    By split, the corpus's own hold; where it has no dev, that is taken from train. By signer, all
    utterances of the named signers are the test. By utterance, the named ones are, and the
    corpus's own test split stays out altogether: cross-validation must not have seen it.

    Args:
        index: The utterances.
        fold: What is held out.
        dev_share: Share of the utterances not tested that go to dev, drawn by their ids such that
            every gloss stays in training as well.
        unseen: Whether dev may have glosses that training lacks, where it would be too small else.

    Raises:
        BadCorpus: The fold names a signer or an utterance that is not there.
    """
    if fold.by == "split":
        own = index.splits.rows(["dev"])
        train, test = index.splits.rows(["train"]), index.splits.rows(["test"])
        if own.any():
            return Rows(*map(np.flatnonzero, (train, own, test)))
    elif fold.by == "signer":
        _check_known(fold.test, index.signers.names, "signer")
        test = index.signers.rows(fold.test)
        train = ~test
    else:
        rows = index.rows_of(fold.test)
        if (rows < 0).any():
            unknown = fold.test[int(np.argmax(rows < 0))]
            raise BadCorpus(f"there is no utterance {unknown!r} to hold out")
        test = np.zeros(len(index), dtype=bool)
        test[rows] = True
        train = ~test & ~index.splits.rows(["test"])
    kept, dev = _take_dev(index, np.flatnonzero(train), dev_share, unseen=unseen)
    return Rows(kept, dev, np.flatnonzero(test))


def by_hash(words: list[str], salt: str = "") -> list[int]:
    """Positions of ``words`` in an order that depends on nothing but the words and the salt."""
    keys = [hashlib.sha256(f"{salt}\0{word}".encode()).digest() for word in words]
    return sorted(range(len(words)), key=keys.__getitem__)


def _take_dev(
    index: Index, rows: np.ndarray, share: float, *, unseen: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Part ``rows`` into training and dev; see ``split_by_fold``."""
    wanted = max(1, round(share * len(rows))) if share else 0
    left = _utterances_with(index, rows)
    order = by_hash(index.ids.take(rows).to_pylist())
    chosen: list[int] = []
    for position in order:
        glosses = _distinct(index, int(rows[position]))
        if len(chosen) < wanted and (left[glosses] > 1).all():
            left[glosses] -= 1
            chosen.append(position)
    if unseen:
        rest = [position for position in order if position not in set(chosen)]
        chosen += rest[: wanted - len(chosen)]
    dev = np.zeros(len(rows), dtype=bool)
    dev[chosen] = True
    return rows[~dev], rows[dev]


def _utterances_with(index: Index, rows: np.ndarray) -> np.ndarray:
    """In how many of ``rows`` each gloss occurs."""
    glosses = len(index.glosses.names)
    chosen = np.isin(np.arange(len(index)), rows)
    owners = np.repeat(np.arange(len(index)), index.gloss_counts())
    kept = chosen[owners]
    pairs = np.unique(owners[kept] * glosses + index.glosses.codes[kept])
    return np.bincount(pairs % glosses, minlength=glosses)


def _distinct(index: Index, row: int) -> np.ndarray:
    return np.unique(index.glosses.codes[index.starts[row] : index.starts[row + 1]])


def _check_known(names: tuple[str, ...], known: tuple[str, ...], kind: str) -> None:
    for name in names:
        if name not in known:
            raise BadCorpus(f"there is no {kind} {name!r} to hold out; {nearest(name, known)}")


def _one(folds: Folds, corpus: Corpus) -> list[Fold]:  # noqa: ARG001  # one signature for all
    return [Fold()]


def _each_signer(folds: Folds, corpus: Corpus) -> list[Fold]:
    if len(corpus.signers) < 2:
        raise BadStudy(
            f"folds {folds.name!r} needs two signers or more, the corpus has {len(corpus.signers)}"
        )
    return [Fold(signer, "signer", (signer,)) for signer in corpus.signers]


def _groups(folds: Folds, corpus: Corpus) -> list[Fold]:
    names = corpus.utterance_ids if folds.by == "utterance" else corpus.signers
    if len(names) < folds.k:
        raise BadStudy(
            f"folds {folds.name!r} with k: {folds.k} needs as many {folds.by}s, the corpus has "
            f"{len(names)}"
        )
    order = by_hash(list(names), salt="k-fold")
    groups = (sorted(order[group :: folds.k]) for group in range(folds.k))
    return [
        Fold(f"{number}of{folds.k}", folds.by, tuple(names[position] for position in group))
        for number, group in enumerate(groups, start=1)
    ]


_MAKERS: dict[str, Callable[[Folds, Corpus], list[Fold]]] = {
    "split": _one,
    "leave-one-signer-out": _each_signer,
    "k-fold": _groups,
}
