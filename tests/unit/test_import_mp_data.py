"""The MP_Data tree: orders of the parts, and missing parts."""

from pathlib import Path

import numpy as np
import pytest
from miniatures import parts, pose_hands, tree, vector
from typer.testing import CliRunner

from signlab.cli.corpus import app
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.errors import BadCorpus, BadInput
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, dequantise


def run(path: Path, **settings) -> Store:
    out = path.parent / "corpus"
    return import_corpus("mp-data", path, out, name="x", licence="none", settings=settings)


def test_a_tree_without_signers(tmp_path: Path) -> None:
    store = run(tree(tmp_path / "tree"), signer="ann", fps=30.0)
    assert store.layout == POSE_HANDS
    assert store.vocabulary == ("hello", "tea")
    assert {sample.id: sample.glosses for sample in store.samples()} == {
        "ann.-.0": (),
        "ann.-.1": (),
        "ann.hello.0": ("hello",),
        "ann.hello.1": ("hello",),
        "ann.tea.0": ("tea",),
        "ann.tea.1": ("tea",),
    }
    assert {(sample.signer, sample.fps) for sample in store.samples()} == {("ann", 30.0)}


def test_a_tree_with_signers_and_frames_in_order_of_number(tmp_path: Path) -> None:
    for signer in ("ann", "bob"):
        tree(tmp_path / "tree" / signer, ("hello",))
    folder = tmp_path / "tree" / "bob" / "hello" / "10"
    folder.mkdir()
    for number in range(12):
        np.save(folder / f"{number}.npy", pose_hands(number))
    (tmp_path / "tree" / ".DS_Store").touch()
    store = run(tmp_path / "tree")
    assert store.signers == ("ann", "bob")
    assert store.ids[-1] == "bob.hello.10"
    landmarks = dequantise(store.samples()[-1].landmarks)
    expected = np.stack([parts(number)["pose"][:, :3] for number in range(12)])
    assert np.allclose(landmarks[:, :33], expected, atol=1 / 16384)


ORDERS = {
    "holistic": ("pose", "face", "left_hand", "right_hand"),
    "face:3,pose:4,left_hand:3,right_hand:3": ("face", "pose", "left_hand", "right_hand"),
    "right_hand,left_hand,face,pose": ("right_hand", "left_hand", "face", "pose"),
}


@pytest.mark.parametrize("layout", ORDERS)
def test_every_order_arrives_in_the_same_one(tmp_path: Path, layout: str) -> None:
    def make(number: int) -> np.ndarray:
        return vector(*(parts(number)[name] for name in ORDERS[layout]))

    store = run(tree(tmp_path / "tree", make=make), layout=layout)
    assert store.layout == HOLISTIC
    landmarks = dequantise(store.samples()[0].landmarks)
    for name, rows in store.layout.slices.items():
        expected = np.stack([parts(number)[name][:, :3] for number in range(3)])
        assert np.allclose(landmarks[:, rows], expected, atol=1 / 16384), name


@pytest.mark.parametrize("absent", [0.0, np.nan])
def test_absent_parts_are_missing_not_zero(tmp_path: Path, absent: float) -> None:
    def make(number: int) -> np.ndarray:
        found = parts(number)
        if number == 1:
            found["left_hand"][:] = absent
        found["right_hand"][0, 2] = 0.0  # the wrist's depth always is
        return vector(found["pose"], found["left_hand"], found["right_hand"])

    sample = run(tree(tmp_path / "tree", make=make)).samples()[0]
    missing = np.isnan(dequantise(sample.landmarks)).all(axis=-1)
    assert missing[1, 33:54].all()
    assert missing.sum() == 21


def test_pixels_are_not_shares_of_the_image(tmp_path: Path) -> None:
    path = tree(tmp_path / "tree", make=lambda number: pose_hands(number) * 480)
    with pytest.raises(BadCorpus, match="divide x by the width"):
        run(path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layout": "pose,hands"}, "'hands' is neither a part"),
        ({"layout": "pose,pose"}, "names a part twice"),
        ({"layout": "holistic"}, "instead of 1662 numbers; is --layout right"),
        ({"layuot": "holistic"}, "has no setting 'layuot'; did you mean 'layout'"),
        ({"fps": 0}, "greater than 0"),
    ],
)
def test_bad_settings_are_told(tmp_path: Path, settings: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        run(tree(tmp_path / "tree"), **settings)


def test_an_unknown_length_asks_for_the_order(tmp_path: Path) -> None:
    path = tree(tmp_path / "tree", make=lambda _: np.ones(126))
    with pytest.raises(BadCorpus, match="126 values, which is neither"):
        run(path)
    assert run(path, layout="left_hand,right_hand").layout.name == "left_hand+right_hand"


def test_the_commands(tmp_path: Path) -> None:
    runner = CliRunner()
    path, out = tree(tmp_path / "tree"), tmp_path / "corpora" / "mine"
    command = ["import", "mp-data", str(path), "--out", str(out), "--set", "fps=30"]
    assert runner.invoke(app, command, catch_exceptions=False).exit_code == 0
    told = runner.invoke(app, ["info", str(out), "--json"], catch_exceptions=False)
    assert '"utterances": 6, "frames": 18, "signers": 1, "glosses": 2' in told.stdout
    assert "mp-data" in runner.invoke(app, ["kinds"], catch_exceptions=False).stdout
    assert Store.open(out).samples()[0].fps == 30.0
