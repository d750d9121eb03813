"""``.pose`` files: points go where their names say, and faults are told by file."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, dequantise

PARTIAL = {
    "POSE_LANDMARKS": ["RIGHT_WRIST", "NOSE", "LEFT_SHOULDER"],
    "FACE_LANDMARKS": ["467", "0", "470"],
    "RIGHT_HAND_LANDMARKS": ["PINKY_TIP", "WRIST"],
    "POSE_WORLD_LANDMARKS": ["NOSE"],
}
OPENPOSE = {"pose_keypoints_2d": ["Nose", "Neck"], "hand_left_keypoints_2d": ["BASE"]}


def pose(
    components: dict[str, list[str]],
    data: np.ndarray,
    confidence: np.ndarray | None = None,
    version: float = 0.2,
) -> bytes:
    """A file as the specification describes it; 200 x 100 pixels, 50 frames/s."""

    def text(word: str) -> bytes:
        return struct.pack(f"<H{len(word)}s", len(word), word.encode())

    frames, people, points, dimensions = data.shape
    confidence = np.ones((frames, people, points)) if confidence is None else confidence
    parts = [struct.pack("<f4H", version, 200, 100, 0, len(components))]
    for name, names in components.items():
        parts += [text(name), text("XYZC" if dimensions == 3 else "XYC")]
        parts += [struct.pack("<3H", len(names), 1, 1), *map(text, names)]
        parts.append(struct.pack("<5H", 0, 0, 255, 0, 0))
    shape = ("<3H", 50, frames % 65536, people) if version < 0.2 else ("<fIH", 50, frames, people)
    parts.append(struct.pack(*shape))
    return b"".join([*parts, data.astype("<f4").tobytes(), confidence.astype("<f4").tobytes()])


def points(components: dict[str, list[str]], frames: int = 4, people: int = 1) -> np.ndarray:
    """x counts the points from 1, in pixels; y is 25, z -0.5."""
    count = sum(map(len, components.values()))
    data = np.zeros((frames, people, count, 3))
    data[..., 0] = np.arange(1, count + 1)
    data[..., 1], data[..., 2] = 25, -0.5
    return data


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
    file = pose(PARTIAL, points(PARTIAL), confidence, version)
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
    data = points(PARTIAL)
    data[..., 2] = 100
    found = dequantise(run(tmp_path, {"a": pose(PARTIAL, data)}).samples()[0].landmarks)
    assert found[0, 0, 2] == pytest.approx(0.5)


def test_other_trackers_keep_their_components(tmp_path: Path) -> None:
    store = run(tmp_path, {"a": pose(OPENPOSE, points(OPENPOSE)[..., :2])})
    assert list(store.layout.slices) == ["pose_keypoints_2d", "hand_left_keypoints_2d"]
    assert (store.layout.points, store.layout.coordinates) == (3, 2)
    assert dequantise(store.samples()[0].landmarks)[0, 2].tolist() == [
        pytest.approx(0.015, abs=1e-4),
        0.25,
    ]


def test_timed_glosses_are_taken_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "s_1_original.pose").write_bytes(pose(PARTIAL, points(PARTIAL)))
    timed = {"gloss": ["B", "A"], "start": [20, 10], "end": [30, 20]}
    metadata = {"document_id": "77", "sentence": {"start": 0, "glosses": timed}}
    (folder / "s_1_metadata.json").write_text(json.dumps(metadata))
    out = tmp_path / "corpus"
    store = import_corpus("pose", folder, out, name="p", licence="", settings={})
    sample = store.samples()[0]
    assert (sample.id, sample.signer, sample.glosses) == ("s_1", "77", ("A", "B"))


def test_hands_without_a_face(tmp_path: Path) -> None:
    components = {"POSE_LANDMARKS": ["NOSE"], "LEFT_HAND_LANDMARKS": ["WRIST"]}
    assert run(tmp_path, {"a": pose(components, points(components))}).layout == POSE_HANDS


GOOD = pose(PARTIAL, points(PARTIAL))
NAN = points(PARTIAL)
NAN[1, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"b\.pose is cut off, or no \.pose file"),
        (b"PK\x03\x04" * 50, r"b\.pose is cut off, or no \.pose file"),
        (GOOD[:-3], r"b\.pose is cut off"),
        (GOOD[:60], r"b\.pose is cut off"),
        (GOOD + b"12", "2 bytes are left over"),
        (pose(PARTIAL, points(PARTIAL), version=0.3), "version 0.3"),
        (pose(PARTIAL, points(PARTIAL, frames=0)), "'b' has no frames"),
        (pose(PARTIAL, points(PARTIAL, people=2)), "shows 2 people; tell which"),
        (pose(PARTIAL, NAN), r"b\.pose has NaN or infinite landmarks \(frame 1\)"),
        (pose({"POSE_LANDMARKS": ["TAIL"]}, points({"": ["TAIL"]})), "'TAIL', which is none"),
        (pose(OPENPOSE, points(OPENPOSE)), "has component 'pose_keypoints_2d', layout 'holistic'"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        run(tmp_path, {"a": GOOD, "b": content})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("id;glosses\na;A\n", "seems to be separated by a semicolon"),
        ("id,words\na,A\n", r"glosses\.csv:1: column 'glosses' is missing"),
        ("id,glosses\na,\n", r"glosses\.csv:2: utterance 'a' has no glosses"),
        ("id,glosses\na,A\na,B\n", r"csv:3: utterance 'a' is in .*csv:2 as well"),
        ("id,glosses\na,A\nb,A\n", r"csv:3: there is no file b\.pose"),
        ("id,glosses\nb,A\n", r"csv:2: there is no file b\.pose"),
        ("id,glosses\n../a,A\n", r"there is no file \.\./a\.pose"),
    ],
)
def test_bad_tables_are_told(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        run(tmp_path, {"a": GOOD}, table)


def test_a_file_without_glosses_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadCorpus, match=r"c\.pose has no glosses.*affected: 1"):
        run(tmp_path, {"a": GOOD, "c": GOOD}, "id,glosses\na,A\n")
    with pytest.raises(BadCorpus, match="has no glosses; put a table"):
        import_corpus("pose", tmp_path, tmp_path / "x", name="p", licence="", settings={})
