"""Annotated recordings: what is annotated is recorded, and waits for its landmarks."""

import os
from pathlib import Path

import pytest
from miniatures import FRAMES, SPLITS, csl_daily, phoenix2014, phoenix2014t, stm

from signlab.corpora.folder import FolderCorpus
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.recordings import Recording, read_recordings
from signlab.corpora.store import Store
from signlab.errors import BadCorpus


def run(kind: str, path: Path, **settings) -> tuple[Store, list[Recording]]:
    out = path.parent / "corpus"
    store = import_corpus(kind, path, out, name="c", licence="", settings=settings)
    return store, list(read_recordings(store))


@pytest.mark.parametrize(("suffix", "frames"), [("", True), (".SI5", True), ("", False)])
def test_phoenix2014(tmp_path: Path, suffix: str, frames: bool) -> None:
    path = phoenix2014(tmp_path, suffix, frames)
    store, recordings = run("phoenix2014", path)
    assert store.splits == {"train": 3, "dev": 3, "test": 3}
    assert store.signers == ("Signer01", "Signer04")
    assert store.frames == 0
    assert recordings[0] == Recording(
        id="train-0",
        signer="Signer04",
        glosses=("ABEND", "__ON__", "loc-REGEN"),
        split="train",
        media=path / FRAMES / "train" / "train-0" / "1",
        fps=25.0,
    )
    assert recordings[1].glosses == ("WIND", '"MORGEN')


def test_phoenix2014t(tmp_path: Path) -> None:
    path = phoenix2014t(tmp_path)
    _, recordings = run("phoenix2014t", path)
    assert [recording.split for recording in recordings[::3]] == list(SPLITS)
    assert recordings[3].glosses == ("REGEN", "KOMMEN")
    assert recordings[3].media == path / FRAMES / "dev" / "dev-0"


def test_csl_daily(tmp_path: Path) -> None:
    store, recordings = run("csl-daily", csl_daily(tmp_path))
    assert store.vocabulary == ("去", "我")
    assert [(r.id, r.signer, r.glosses, r.split) for r in recordings] == [
        ("S0_P0", "0", ("我", "去"), "train"),
        ("S1_P1", "1", ("去",), "test"),
        ("S2_P1", "1", ("去",), "dev"),
    ]


def test_stm(tmp_path: Path) -> None:
    store, recordings = run("stm", stm(tmp_path), ending=".mp4")
    assert store.splits == {"dev": 2, "test": 1}
    assert recordings[0].glosses == ("REGEN", "WIND")
    assert recordings[0].media == tmp_path / "in" / "a.mp4"


def test_a_corpus_that_waits_for_landmarks_says_so(tmp_path: Path) -> None:
    store, _ = run("phoenix2014", phoenix2014(tmp_path))
    corpus = FolderCorpus(path=str(store.path))
    with pytest.raises(
        BadCorpus, match=r"landmarks yet; run `signlab corpus extract .*corpus --out"
    ):
        corpus.prepare(tmp_path)
    with pytest.raises(BadCorpus, match="no landmarks yet"):
        list(store.samples())


class Attack:
    """Unpickled the usual way, it runs a command."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    path = csl_daily(tmp_path, [Attack(tmp_path / "harm")])
    with pytest.raises(BadCorpus, match=r"names posix\.mkdir, which is not run"):
        run("csl-daily", path)
    assert not (tmp_path / "harm").exists()
