"""Annotated recordings: what is annotated is recorded, and waits for its landmarks."""

import os
import pickle
from pathlib import Path

import pytest

from signlab.corpora.folder import FolderCorpus
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.recordings import Recording, read_recordings
from signlab.corpora.store import Store
from signlab.errors import BadCorpus

FRAMES = "features/fullFrame-210x260px"
SPLITS = ("train", "dev", "test")


def run(kind: str, path: Path, **settings) -> tuple[Store, list[Recording]]:
    out = path.parent / "corpus"
    store = import_corpus(kind, path, out, name="c", licence="", settings=settings)
    return store, list(read_recordings(store))


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def picture(path: Path) -> None:
    write(path / "images0001.png", b"")


def phoenix2014(root: Path, suffix: str = "", frames: bool = True) -> Path:
    path = root / "phoenix"
    for split in SPLITS:
        text = (
            "id|folder|signer|annotation\n"
            f"{split}-0|{split}-0/1/*.png|Signer04|ABEND __ON__ loc-REGEN\n"
            f'{split}-1|{split}-1/1/*.png|Signer01|WIND "MORGEN\n'
        )
        write(path / f"annotations/manual/{split}{suffix}.corpus.csv", text)
        for number in range(2 if frames else 0):
            picture(path / FRAMES / split / f"{split}-{number}" / "1")
    return path


def phoenix2014t(root: Path) -> Path:
    path = root / "phoenix"
    for split in SPLITS:
        text = (
            "name|video|start|end|speaker|orth|translation\n"
            f"{split}-0|{split}-0/1/*.png|-1|-1|Signer04|REGEN KOMMEN|es regnet, später\n"
        )
        write(path / f"annotations/manual/PHOENIX-2014-T.{split}.corpus.csv", text)
        picture(path / FRAMES / split / f"{split}-0")
    return path


INFO = [
    {"name": "S0_P0", "label_gloss": ["我", "去"], "signer": 0, "length": 9},
    {"name": "S1_P1", "label_gloss": ["去"], "signer": 1, "length": 9},
]


def csl_daily(root: Path, info: object = INFO) -> Path:
    path = root / "csl"
    write(path / "sentence_label/split_1.txt", "name|split\nS0_P0|train\nS1_P1|test\n")
    write(path / "sentence_label/csl2020ct_v2.pkl", pickle.dumps({"info": info, "gloss_map": []}))
    for name in ("S0_P0", "S1_P1"):
        write(path / "sentence/frames_512x512" / name / "000000.jpg", b"")
    return path


@pytest.mark.parametrize(("suffix", "frames"), [("", True), (".SI5", True), ("", False)])
def test_phoenix2014(tmp_path: Path, suffix: str, frames: bool) -> None:
    path = phoenix2014(tmp_path, suffix, frames)
    store, recordings = run("phoenix2014", path)
    assert store.splits == {"train": 2, "dev": 2, "test": 2}
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
    assert [recording.split for recording in recordings] == list(SPLITS)
    assert recordings[1].glosses == ("REGEN", "KOMMEN")
    assert recordings[1].media == path / FRAMES / "dev" / "dev-0"


def test_csl_daily(tmp_path: Path) -> None:
    store, recordings = run("csl-daily", csl_daily(tmp_path))
    assert store.vocabulary == ("去", "我")
    assert [(r.id, r.signer, r.glosses, r.split) for r in recordings] == [
        ("S0_P0", "0", ("我", "去"), "train"),
        ("S1_P1", "1", ("去",), "test"),
    ]


def test_stm(tmp_path: Path) -> None:
    text = ";; a comment\na 1 s05 0.0 1.5e3 <o,f0> REGEN WIND\nb 1 s04 0 1 WIND\n"
    write(tmp_path / "in" / "x-dev.stm", text)
    write(tmp_path / "in" / "x-test.stm", "c 1 s04 0 1 REGEN\n")
    store, recordings = run("stm", tmp_path / "in", ending=".mp4")
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


def edit(file: str, old: str, new: str):
    def do(path: Path) -> None:
        target = path / file
        target.write_text(target.read_text().replace(old, new))

    return do


TRAIN = "annotations/manual/train.corpus.csv"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (edit(TRAIN, "|", ","), r"train\.corpus\.csv:1: column 'id' is missing.*by a comma"),
        (edit(TRAIN, "signer", "person"), "column 'signer' is missing"),
        (edit(TRAIN, "train-1|", "train-0|"), r"'train-0' is there twice \(train and train\)"),
        (edit(TRAIN, "train-1|", "dev-1|"), r"'dev-1' is there twice \(train and dev\)"),
        (edit(TRAIN, "train-1|", "a/b|"), "id 'a/b' cannot be used"),
        (edit(TRAIN, "train-1/1", "../x/1"), r"csv:3: folder is '\.\./x/1/\*\.png'"),
        (edit(TRAIN, "ABEND __ON__ loc-REGEN", ""), "'train-0' has no glosses .*affected: 1"),
        (edit(TRAIN, "Signer01|", ""), r"csv:3: 3 values instead of 4"),
        (lambda path: (path / TRAIN).unlink(), "has no file 'train.*give the folder"),
        (
            lambda path: (path / FRAMES / "dev/dev-0/1/images0001.png").unlink(),
            "'dev-0' has no pictures in .*affected: 1",
        ),
        (
            lambda path: picture(path / FRAMES / "dev" / "dev-7"),
            "dev-7 has no annotation; .*affected: 1",
        ),
    ],
)
def test_faults_of_phoenix_are_told(tmp_path: Path, spoil, message: str) -> None:
    path = phoenix2014(tmp_path)
    spoil(path)
    with pytest.raises(BadCorpus, match=message):
        run("phoenix2014", path)


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


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ([{"name": "S0_P0", "signer": 0}], "label_gloss"),
        ([{**INFO[0], "label_gloss": "ab"}, INFO[1]], "no label_gloss or signer"),
        ([*INFO, {**INFO[0], "name": "S9"}], "lacks 'S9'"),
        (INFO[:1], "'S1_P1' has no annotation"),
        ([{**INFO[0], "label_gloss": []}, INFO[1]], "'S0_P0' has no glosses"),
    ],
)
def test_faults_of_csl_daily_are_told(tmp_path: Path, info: object, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        run("csl-daily", csl_daily(tmp_path, info))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 s05 0.0 1.0\n", r"dev\.stm:1: expected FILE"),
        ("a 1 s05 zero 1.0 REGEN\nb 1\n", r"dev\.stm:1: .*affected: 2"),
        ("a 1 s 0 1 A\na 1 s 2 3 B\n", "'a' is there twice"),
        (b"a 1 s 0 1 W\xc4RME\n", r"dev\.stm:1: byte 0xc4 is not UTF-8"),
    ],
)
def test_faults_of_stm_are_told(tmp_path: Path, text: str | bytes, message: str) -> None:
    write(tmp_path / "in" / "dev.stm", text)
    with pytest.raises(BadCorpus, match=message):
        run("stm", tmp_path / "in")
