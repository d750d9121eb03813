"""The embedded corpus: generated once from its settings, then read like any other."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from signlab.corpora.base import CORPORA, Corpus, Sample, Splits
from signlab.corpora.folds import split_by_fold
from signlab.corpora.store import Store, StoredSamples, write_corpus
from signlab.corpora.synthetic.lexicon import make_lexicon
from signlab.corpora.synthetic.phonetics import Phonetics, make_phonetics
from signlab.corpora.synthetic.scene import perform
from signlab.corpora.synthetic.sentence import write_script
from signlab.corpora.synthetic.signer import Signer, make_signers
from signlab.corpora.synthetic.stream import Stream
from signlab.corpora.synthetic.tracker import track
from signlab.corpora.validate import check_splits
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, Layout
from signlab.study.fold import Fold

GENERATOR_VERSION = 2
"""To be raised with every change that alters a single landmark, or when a gloss is signed."""

_GLOSSES, _PERFORMANCE = 3, 4
_DEV_SHARE = 0.1
_SPLITS = ("train", "dev", "test")

_Count = Annotated[int, Field(gt=0)]


@CORPORA.register("synthetic")
class Synthetic(Corpus):
    """Invented signs by a parametric signer: no download, the same bytes on every machine.

    Args:
        glosses: Signs of the lexicon; a larger one contains the smaller ones.
        signers: People; about half of them train, a sixth dev, a quarter test.
        utterances: To train on, to select by, and to test; each split has signers of its own.
        lengths: Fewest and most glosses in an utterance.
        signer_variation: Factor of all differences between signers; 0 makes them one person.
        tracking_errors: Factor of jitter, wrong frames and losses; 0 is a perfect tracker.
        seed: Another seed is another set of signers and sentences; the lexicon stays.
    """

    def __init__(
        self,
        *,
        glosses: Annotated[int, Field(ge=2, le=200)] = 40,
        signers: Annotated[int, Field(ge=3, le=99)] = 12,
        utterances: tuple[_Count, _Count, _Count] = (700, 100, 250),
        lengths: tuple[_Count, _Count] = (2, 7),
        signer_variation: Annotated[float, Field(ge=0, le=2)] = 1.0,
        tracking_errors: Annotated[float, Field(ge=0, le=5)] = 1.0,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        self._settings: dict[str, Any] = {
            "glosses": glosses,
            "signers": signers,
            "utterances": utterances,
            "lengths": lengths,
            "signer_variation": signer_variation,
            "tracking_errors": tracking_errors,
            "seed": seed,
        }
        if lengths[0] > lengths[1]:
            raise BadCorpus(f"synthetic corpus: lengths: {list(lengths)} must be [fewest, most]")
        for count, (_, people) in zip(utterances, _signer_shares(signers), strict=True):
            if count < people:
                raise BadCorpus(
                    f"synthetic corpus: utterances: {count} are too few for a split of {people} "
                    f"signers (signers: {signers}); each needs one"
                )
        self._plan = _plan(self._settings)
        trained = {gloss for _, split, said in self._plan if split == "train" for gloss in said}
        if len(trained) < glosses:
            raise BadCorpus(
                f"synthetic corpus: {utterances[0]} training utterances say only {len(trained)} of "
                f"{glosses} glosses; raise the first of utterances, or lower glosses"
            )
        self._store: Store | None = None

    def prepare(self, cache: Path) -> None:
        """Generate the corpus below ``cache``; some seconds the first time."""
        path = cache / f"synthetic-{self.digest[:16]}"
        if not (path / "corpus.json").exists():
            write_corpus(
                path,
                name="synthetic",
                layout=HOLISTIC,
                licence="Apache-2.0",
                vocabulary=self.vocabulary,
                samples=self.generate(),
            )
        self._store = Store.open(path)

    def generate(self) -> Iterator[tuple[Sample, str]]:
        """The utterances one by one, each with its split; nothing is kept."""
        people, phonetics = self.people, make_phonetics(make_lexicon(self._settings["glosses"]))
        for number, (person, split, said) in enumerate(self._plan):
            signer = people[person]
            stream = Stream(_PERFORMANCE, self._settings["seed"], person, number)
            landmarks, spans = make_landmarks(
                said, phonetics, signer, stream, errors=self._settings["tracking_errors"]
            )
            yield (
                Sample(
                    id=f"{signer.name}-{number:05d}",
                    signer=signer.name,
                    glosses=tuple(self.vocabulary[gloss] for gloss in said),
                    landmarks=landmarks,
                    aspect=signer.camera.aspect,
                    fps=signer.camera.fps,
                    spans=spans,
                ),
                split,
            )

    @property
    def layout(self) -> Layout:
        """All 543 points of MediaPipe Holistic."""
        return HOLISTIC

    @property
    def digest(self) -> str:
        """Of the settings and the generator's version, which decide every byte."""
        text = json.dumps({"generator": GENERATOR_VERSION, **self._settings}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The glosses in the order of their labels."""
        return tuple(sign.gloss for sign in make_lexicon(self._settings["glosses"]))

    @property
    def signers(self) -> tuple[str, ...]:
        """All signers, sorted."""
        return tuple(signer.name for signer in self.people)

    @property
    def utterance_ids(self) -> tuple[str, ...]:
        """All but those of the test split, which no fold may train on."""
        return tuple(
            f"{self.people[person].name}-{number:05d}"
            for number, (person, split, _) in enumerate(self._plan)
            if split != "test"
        )

    def open(self, fold: Fold) -> Splits:
        """The splits of a fold, mapped into memory."""
        if self._store is None:
            raise BadCorpus("synthetic corpus: it is not generated yet; call prepare first")
        store = self._store
        rows = split_by_fold(store.index, fold, dev_share=_DEV_SHARE)
        check_splits(store.index, rows.by_name(), unseen_glosses="error", where="synthetic corpus")
        train, dev, test = (
            StoredSamples(store, split) for split in (rows.train, rows.dev, rows.test)
        )
        return Splits(store.vocabulary, lambda _epoch: train, dev, test)

    @cached_property
    def people(self) -> list[Signer]:
        """The signers with all their traits, in the order of their names."""
        settings = self._settings
        shares = _signer_shares(settings["signers"])
        # every third one, from the second: each split of two or more has a left-handed signer
        left = {
            first + position
            for first, count in shares
            for position in range(count)
            if position % 3 == 1
        }
        return make_signers(
            settings["signers"],
            left_handed=frozenset(left),
            variation=settings["signer_variation"],
            seed=settings["seed"],
        )


def make_landmarks(
    said: np.ndarray, phonetics: Phonetics, signer: Signer, stream: Stream, *, errors: float
) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
    """One utterance from its glosses (positions in the lexicon) to landmarks as stored.

    Returns:
        The landmarks, and the frames of each sign, from its stroke to the end of its hold.
    """
    script = write_script(said, phonetics, signer, stream)
    landmarks = track(perform(script, signer, stream), signer, stream, errors=errors)
    at = script.times[2:-2].reshape(-1, 3) * signer.camera.fps  # start, end and leave of each sign
    spans = np.stack([np.ceil(at[:, 0]), np.floor(at[:, 2]) + 1], axis=1).astype(int)
    return landmarks, tuple((int(begin), int(end)) for begin, end in spans)


def _signer_shares(signers: int) -> list[tuple[int, int]]:
    """First signer and number of signers of train, dev and test."""
    test, dev = max(1, round(signers / 4)), max(1, round(signers / 6))
    train = signers - test - dev
    return [(0, train), (train, dev), (train + dev, test)]


def _plan(settings: dict[str, Any]) -> list[tuple[int, str, np.ndarray]]:
    """Who says what: signer, split and glosses of every utterance."""
    plan = []
    shares = _signer_shares(settings["signers"])
    for number, (split, (first, people)) in enumerate(zip(_SPLITS, shares, strict=True)):
        stream = Stream(_GLOSSES, settings["seed"], number)
        fewest, most = settings["lengths"]
        lengths = fewest + stream.integers(most - fewest + 1, settings["utterances"][number])
        # shuffled decks, so that each gloss is as frequent as any other
        decks = -(-int(lengths.sum()) // settings["glosses"])
        cards = np.concatenate([stream.order(settings["glosses"]) for _ in range(decks)])
        for position, said in enumerate(np.split(cards, np.cumsum(lengths))[:-1]):
            plan.append((first + position % people, split, said))
    return plan
