"""Importers on the real files of two corpora of continuous signing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from signlab.corpora.folder import FolderCorpus
from signlab.corpora.folds import make_folds
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.recordings import read_recordings
from signlab.landmarks.layout import HOLISTIC, MISSING, dequantise
from signlab.study.study import Folds


def test_boston104(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "boston104"
    out = tmp_path / "boston104"
    store = import_corpus("boston104", source, out, name="b", licence="MIT", settings={})
    words = pd.read_csv(source / "train_words.csv")
    hands = pd.read_csv(source / "hands_condensed.csv")
    assert (store.utterances, store.frames) == (161, len(hands))
    assert store.signers == ("man-1", "woman-1", "woman-2")
    assert len(store.vocabulary) == words.word.nunique() == 112
    assert sum(len(sample.glosses) for sample in store.samples()) == len(words)
    pixels = np.concatenate([dequantise(sample.landmarks) for sample in store.samples()])
    ordered = hands.sort_values(["video", "frame"])
    expected = ordered.drop(columns=["video", "frame"]).to_numpy().reshape(-1, 3, 2)
    assert np.abs(pixels * [312, 242] - expected).max() < 0.02

    corpus = FolderCorpus(path=str(out), unseen_glosses="keep")
    folds = make_folds(Folds(name="k-fold", k=5, by="utterance"), corpus)
    tested = [sample.id for fold in folds for sample in corpus.open(fold).test]
    assert sorted(tested) == sorted(store.ids)


def test_dgs(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "dgs"
    store = import_corpus("pose", source, tmp_path / "dgs", name="d", licence="", settings={})
    assert store.utterances == 16
    assert store.layout == HOLISTIC
    documents = [json.loads(file.read_text()) for file in source.glob("*_metadata.json")]
    glosses = {gloss for d in documents for gloss in d["sentence"]["glosses"]["gloss"]}
    assert set(store.vocabulary) == glosses
    assert set(store.signers) == {d["document_id"] for d in documents}
    first = next(sample for sample in store.samples() if sample.id == "train_1")
    present = first.landmarks[0, :, 0] != MISSING
    parts = {name: int(present[rows].sum()) for name, rows in store.layout.slices.items()}
    assert parts == {"pose": 8, "left_hand": 21, "right_hand": 21, "face": 128}
    frames = dequantise(first.landmarks)
    left, right = frames[:, 11], frames[:, 12]
    assert (left[:, 0] > right[:, 0]).all()  # the signer's left is on the image's right
    assert (frames[:, 75:, 1][:, present[75:]].mean(axis=1) < left[:, 1]).all()  # face above


def test_the_references_of_phoenix2014(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "annotations" / "phoenix2014-dev.stm"
    store = import_corpus("stm", source, tmp_path / "dev", name="d", licence="", settings={})
    recordings = list(read_recordings(store))
    assert store.splits == {"dev": 540}
    assert len(store.signers) == 9
    assert recordings[0].id == "29July_2010_Thursday_heute_default-7"
    assert recordings[0].glosses[:3] == ("__ON__", "TEMPERATUR", "WIE-AUSSEHEN")


def test_the_annotations_of_phoenix2014t(shared: Path, tmp_path: Path) -> None:
    table = pd.read_csv(shared / "data" / "annotations" / "phoenix2014T-dev.csv", sep="|")
    folder = tmp_path / "in" / "annotations" / "manual"
    folder.mkdir(parents=True)
    official = pd.DataFrame(
        {
            "name": table.id,
            "video": table.id + "/1/*.png",
            "start": -1,
            "end": -1,
            "speaker": table.signer,
            "orth": table.annotation,
            "translation": table.translation,
        }
    )
    for number, split in enumerate(("train", "dev", "test")):
        file = folder / f"PHOENIX-2014-T.{split}.corpus.csv"
        official[number::3].to_csv(file, sep="|", index=False)
    store = import_corpus(
        "phoenix2014t", tmp_path / "in", tmp_path / "out", name="t", licence="", settings={}
    )
    assert store.utterances == len(table)
    assert {r.id: " ".join(r.glosses) for r in read_recordings(store)} == dict(
        zip(table.id, table.annotation, strict=True)
    )
