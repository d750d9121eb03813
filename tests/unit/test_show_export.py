"""Pictures of landmarks show them where they are; exported files are read by others and by us."""

import io

import av
import numpy as np
import pytest
from PIL import Image
from pose_format import Pose
from pose_format.pose_visualizer import PoseVisualizer

from signlab.corpora.base import Sample
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.pose_export import export_pose, pose_bytes
from signlab.corpora.synthetic.corpus import Synthetic
from signlab.errors import BadInput
from signlab.landmarks.layout import HOLISTIC, MISSING, POSE_HANDS, dequantise
from signlab.reporting.clip import write_clip
from signlab.reporting.skeleton import COLOURS, Drawing
from signlab.study.fold import Fold


@pytest.fixture(scope="module")
def signing(tmp_path_factory) -> Sample:
    corpus = Synthetic(glosses=5, signers=3, utterances=(3, 1, 1))
    corpus.prepare(tmp_path_factory.mktemp("cache"))
    sample = corpus.open(Fold()).train(0)[0]
    landmarks = sample.landmarks[:40].copy()
    landmarks[10:20, 54:75] = MISSING
    return Sample(sample.id, sample.signer, sample.glosses, landmarks, sample.aspect, 20.0)


def pixels(picture: Image.Image, colour: str) -> int:
    wanted = tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return int((np.asarray(picture) == wanted).all(axis=-1).sum())


def test_a_missing_part_is_not_drawn_but_named(signing):
    drawing = Drawing(signing, HOLISTIC)
    seen = [pixels(drawing.frame(number), COLOURS["right_hand"]) for number in range(len(drawing))]
    there = [number for number in range(40) if (signing.landmarks[number, 54:75] != MISSING).any()]
    assert [number for number, count in enumerate(seen) if count] == there
    corner = (0, drawing.size[1] // 2, drawing.size[0] // 2, drawing.size[1])
    told, untold = (
        np.asarray(drawing.frame(number).crop(corner)).astype(int) for number in (15, there[0])
    )
    orange = (told[..., 0] - told[..., 2] > 60).sum()
    assert orange > (untold[..., 0] - untold[..., 2] > 60).sum()


@pytest.mark.parametrize("ending", ["gif", "mp4"])
def test_films_are_as_long_as_the_utterance(signing, tmp_path, ending):
    write_clip(Drawing(signing, HOLISTIC, height=120), tmp_path / f"a.{ending}", fps=20.0)
    with av.open(str(tmp_path / f"a.{ending}")) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 40
    assert frames[-1].time == pytest.approx(39 / 20, abs=0.06)
    assert len({hash(frame.to_ndarray(format="rgb24").tobytes()) for frame in frames}) > 30


def test_a_sheet_shows_twelve_frames(signing, tmp_path):
    drawing = Drawing(signing, HOLISTIC, height=100)
    write_clip(drawing, tmp_path / "sub" / "a.png", fps=20.0)
    with Image.open(tmp_path / "sub" / "a.png") as sheet:
        assert sheet.size == (4 * drawing.size[0], 3 * 100)
    with pytest.raises(BadInput, match=r"a\.bmp: the ending should be \.gif, \.mp4 or \.png"):
        write_clip(drawing, tmp_path / "a.bmp", fps=20.0)


def test_exported_poses_come_back_the_same(shared, tmp_path):
    folder = shared / "data" / "boston104"
    first = import_corpus("boston104", folder, tmp_path / "a", name="a", licence="MIT", settings={})
    assert export_pose(first, tmp_path / "poses") == 161
    second = import_corpus(
        "pose", tmp_path / "poses", tmp_path / "b", name="b", licence="MIT", settings={}
    )
    assert second.splits == first.splits
    for before, after in zip(first.samples(), second.samples(), strict=True):
        assert (before.id, before.signer, before.glosses) == (after.id, after.signer, after.glosses)
        assert (before.fps, before.spans) == (after.fps, after.spans)
        assert before.aspect == pytest.approx(after.aspect, rel=1e-3)
        assert np.abs(before.landmarks.astype(int) - after.landmarks).max() <= 1
    with pytest.raises(BadInput, match="choose an empty folder"):
        export_pose(first, tmp_path / "poses")


@pytest.mark.parametrize("layout", [HOLISTIC, POSE_HANDS])
def test_another_reader_understands_the_files(signing, layout):
    visibility = np.full((40, 33), 51, dtype=np.uint8)
    landmarks = np.ascontiguousarray(signing.landmarks[:, : layout.points])
    sample = Sample("a", "s", (), landmarks, signing.aspect, 20.0, visibility=visibility)
    pose = Pose.read(io.BytesIO(pose_bytes(sample, layout)))
    assert pose.body.fps == 20
    values = dequantise(landmarks)
    known = ~np.isnan(values[..., 0])
    assert ((pose.body.confidence[:, 0] > 0) == known).all()
    assert pose.body.confidence[:, 0, :33][known[:, :33]] == pytest.approx(0.2)
    size = pose.header.dimensions
    assert size.height / size.width == pytest.approx(signing.aspect, rel=1e-3)
    found = np.asarray(pose.body.data[:, 0, :, :2].filled(np.nan)) / [size.width, size.height]
    assert np.abs(found[known] - values[known][:, :2]).max() < 1e-5
    first, second = (component.name for component in pose.header.components[:2])
    assert (first, second) == ("POSE_LANDMARKS", "LEFT_HAND_LANDMARKS")


def test_its_viewer_draws_the_files(signing):
    layout = HOLISTIC
    pose = Pose.read(io.BytesIO(pose_bytes(signing, layout)))
    drawn = list(PoseVisualizer(pose).draw(max_frames=3))
    inked = [np.argwhere((frame != 255).any(axis=-1)) for frame in drawn]
    assert len(drawn) == 3
    for number, places in enumerate(inked):
        # what it draws lies where the landmarks are: x to the right, y down, from the same corner
        points = dequantise(signing.landmarks)[number]
        body = points[[11, 12, 13, 14], :2] * [
            pose.header.dimensions.width,
            pose.header.dimensions.height,
        ]
        assert len(places) > 500
        for x, y in body:
            assert np.abs(places - [y, x]).max(axis=1).min() < 8
