"""``.pose`` files: points go where their names say."""

import json
from pathlib import Path

import numpy as np
import pytest
from miniatures import PARTIAL, pose_bytes, pose_points

from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, dequantise

OPENPOSE = {"pose_keypoints_2d": ["Nose", "Neck"], "hand_left_keypoints_2d": ["BASE"]}


def run(path: Path, files: dict[str, bytes], table: str | None = None, **settings) -> Store:
    folder = path / "in"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.pose").write_bytes(content)
    if table is None:
        table = "id,glosses,signer,split\n" + "".join(f"{n},A B,ann,dev\n" for n in files)
    (folder / "glosses.csv").write_text(table)
    return import_corpus("pose", folder, path / "corpus", name="p", licence="", settings=settings)


@pytest.mark.parametrize("version", [0.1, 0.2])
def test_points_go_where_their_names_say(tmp_path: Path, version: float) -> None:
    confidence = np.ones((4, 1, 9))
    confidence[2, 0, 1] = 0  # the nose
    file = pose_bytes(PARTIAL, pose_points(PARTIAL), confidence, version)
    store = run(tmp_path, {"a": file})
    assert store.layout == HOLISTIC
    sample = store.samples()[0]
    assert (sample.signer, sample.glosses, sample.aspect, sample.fps) == (
        "ann",
        ("A", "B"),
        0.5,
        50,
    )
    assert store.splits == {"dev": 1}
    found = dequantise(sample.landmarks)
    rows = [16, 0, 11, 75 + 467, 75, 54 + 20, 54]
    x = [1, 2, 3, 4, 5, 7, 8]
    assert found[0, rows, 0].tolist() == pytest.approx([value / 200 for value in x], abs=1e-4)
    assert found[0, rows, 1].tolist() == pytest.approx([0.25] * 7)
    assert found[0, rows, 2].tolist() == pytest.approx([-0.5] * 7)
    assert np.isnan(found[2, 0]).all()
    others = np.setdiff1d(np.arange(543), rows)
    assert np.isnan(found[:, others]).all()


def test_a_depth_in_pixels_becomes_a_share_of_the_width(tmp_path: Path) -> None:
    data = pose_points(PARTIAL)
    data[..., 2] = 100
    found = dequantise(run(tmp_path, {"a": pose_bytes(PARTIAL, data)}).samples()[0].landmarks)
    assert found[0, 0, 2] == pytest.approx(0.5)


def test_other_trackers_keep_their_components(tmp_path: Path) -> None:
    store = run(tmp_path, {"a": pose_bytes(OPENPOSE, pose_points(OPENPOSE)[..., :2])})
    assert list(store.layout.slices) == ["pose_keypoints_2d", "hand_left_keypoints_2d"]
    assert (store.layout.points, store.layout.coordinates) == (3, 2)
    assert dequantise(store.samples()[0].landmarks)[0, 2].tolist() == [
        pytest.approx(0.015, abs=1e-4),
        0.25,
    ]


def test_timed_glosses_are_taken_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "s_1_original.pose").write_bytes(pose_bytes(PARTIAL, pose_points(PARTIAL)))
    timed = {"gloss": ["B", "A"], "start": [20, 10], "end": [30, 20]}
    metadata = {"document_id": "77", "sentence": {"start": 0, "glosses": timed}}
    (folder / "s_1_metadata.json").write_text(json.dumps(metadata))
    out = tmp_path / "corpus"
    store = import_corpus("pose", folder, out, name="p", licence="", settings={})
    sample = store.samples()[0]
    assert (sample.id, sample.signer, sample.glosses) == ("s_1", "77", ("A", "B"))


def test_hands_without_a_face(tmp_path: Path) -> None:
    components = {"POSE_LANDMARKS": ["NOSE"], "LEFT_HAND_LANDMARKS": ["WRIST"]}
    assert (
        run(tmp_path, {"a": pose_bytes(components, pose_points(components))}).layout == POSE_HANDS
    )


def test_a_face_in_any_file_is_kept_whatever_comes_first(tmp_path: Path) -> None:
    bare = {"POSE_LANDMARKS": ["NOSE"], "LEFT_HAND_LANDMARKS": ["WRIST"]}
    files = {
        "a": pose_bytes(bare, pose_points(bare)),
        "b": pose_bytes(PARTIAL, pose_points(PARTIAL)),
    }
    store = run(tmp_path, files)
    assert store.layout == HOLISTIC
    assert [sample.id for sample in store.samples()] == ["a", "b"]
