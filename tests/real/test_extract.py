"""From real videos to a corpus, with MediaPipe; faults are made for real."""

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from signlab.corpora.store import Store
from signlab.errors import BadInput
from signlab.landmarks.bundle import download_model, find_model
from signlab.landmarks.layout import MISSING
from signlab.landmarks.video import read_frames


@pytest.fixture(scope="module")
def model(shared):
    return shared / "models" / "holistic_landmarker.task"


@pytest.fixture(scope="module")
def clip(shared):
    return shared / "data" / "video" / "lsat_100.mp4"


@pytest.fixture(scope="module")
def short(clip, tmp_path_factory):
    """The first frames of the clip as pictures: quick to track."""
    folder = tmp_path_factory.mktemp("short")
    for number, frame in zip(range(8), read_frames(clip, fps=10.0), strict=False):
        picture = av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")
        with av.open(str(folder / f"{number:03d}.png"), "w", format="image2") as out:
            stream = out.add_stream("png", rate=1, width=picture.width, height=picture.height)
            stream.pix_fmt = "rgb24"
            out.mux(stream.encode(picture))
            out.mux(stream.encode())
    return folder


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "signlab", "corpus", *map(str, words)]


def extract(*words: object, model: Path, **more) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        command("extract", *words, "--model", model), capture_output=True, text=True, **more
    )
    assert "Traceback" not in found.stderr
    return found


def test_real_clips_become_a_corpus(shared, model, tmp_path):
    films = shared / "data" / "video"
    done = extract(films, "--out", tmp_path / "c", "--workers", 2, model=model)
    assert done.returncode == 0, done.stderr
    store = Store.open(tmp_path / "c")
    assert {sample.id: len(sample.landmarks) for sample in store.samples()} == {
        file.stem: sum(1 for _ in read_frames(file, fps=25.0)) for file in films.glob("*.mp4")
    }
    for sample in store.samples():
        present = sample.landmarks[:, :, 0] != MISSING
        assert present[:, :33].all()  # a whole signer is in view throughout
        assert present[:, 75:].mean() > 0.9
        assert 0.2 < present[:, 33:75].mean() < 1
        assert sample.visibility.shape == (len(sample.landmarks), 33)
        assert np.median(sample.visibility[:, [11, 12]]) > 240  # the shoulders
        # the nose of the pose and that of the face mesh are tracked apart, and are one place
        nose = sample.landmarks[:, [0, 75 + 1], :2][present[:, 75]] / 8192
        assert np.median(np.abs(nose[:, 0] - nose[:, 1])) < 0.03

    again = extract(films, "--out", tmp_path / "c", model=model)
    assert "2 videos were done before" in again.stdout
    assert Store.open(tmp_path / "c").digest == store.digest


def test_films_that_cannot_be_used_are_told_and_left_out(clip, short, model, tmp_path):
    films = tmp_path / "films"
    (films / "sub" / "pictures").mkdir(parents=True)
    for file in short.iterdir():
        (films / "sub" / "pictures" / file.name).write_bytes(file.read_bytes())
    (films / "half.mp4").write_bytes(clip.read_bytes()[:20_000])
    (films / "empty.webm").write_bytes(b"")
    (films / "text.avi").write_text("no film")
    (films / "torn").mkdir()
    (films / "torn" / "1.png").write_bytes((short / "000.png").read_bytes()[:200])
    done = extract(films, "--out", tmp_path / "c", "--fps", 10, model=model)
    assert done.returncode == 3
    for name in ("half", "empty", "text", "torn"):
        assert sum(line.strip().startswith(f"{name}:") for line in done.stderr.splitlines()) == 1
    store = Store.open(tmp_path / "c")
    assert store.ids == ("sub-pictures",)
    assert (store.sample(0).fps, len(store.sample(0).landmarks)) == (10.0, 8)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_killed_extraction_goes_on(clip, short, model, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    (films / "a").symlink_to(short)
    (films / "b.mp4").symlink_to(clip)
    words = ("extract", films, "--out", tmp_path / "c", "--workers", 1, "--model", model)
    process = subprocess.Popen(command(*words), stderr=subprocess.DEVNULL)
    work = tmp_path / ".c.extracting"
    deadline = time.monotonic() + 60
    while not list(work.glob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "c").exists()
    (kept,) = work.glob("*.npz")
    stamp = kept.stat().st_mtime_ns
    process = subprocess.Popen(command(*words), stdout=subprocess.PIPE, text=True)
    while process.poll() is None and kept.exists():
        assert kept.stat().st_mtime_ns == stamp
        time.sleep(0.2)
    told, _ = process.communicate()
    assert process.returncode == 0
    assert "1 videos were done before" in told
    assert Store.open(tmp_path / "c").ids == ("a", "b")


def test_a_table_labels_the_films(short, model, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    (films / "a").symlink_to(short)
    (films / "glosses.csv").write_text("id,glosses,signer,split\na,MY NAME,eva,test\n")
    assert extract(films, "--out", tmp_path / "c", model=model).returncode == 0
    sample = Store.open(tmp_path / "c").samples("test")[0]
    assert (sample.glosses, sample.signer) == (("MY", "NAME"), "eva")
    (films / "glosses.csv").write_text("id,glosses\na,MY NAME\nb,YOUR NAME\n")
    done = extract(films, "--out", tmp_path / "d", model=model)
    assert done.returncode == 2
    assert "glosses.csv:3" in done.stderr
    assert "'b'" in done.stderr


def test_a_waiting_corpus_is_filled(short, model, tmp_path):
    manual = tmp_path / "annotations" / "manual"
    manual.mkdir(parents=True)
    rows = "id|folder|signer|annotation\n"
    for split in ("train", "dev", "test"):
        pictures = tmp_path / "features" / "fullFrame-210x260px" / split / f"{split}1" / "1"
        pictures.parent.mkdir(parents=True)
        pictures.symlink_to(short)
        (manual / f"{split}.corpus.csv").write_text(
            rows + f"{split}1|{split}1/1/*.png|Signer01|MORGEN REGEN\n"
        )
    waiting, full = tmp_path / "waiting", tmp_path / "full"
    subprocess.run(
        command("import", "phoenix2014", tmp_path, "--out", waiting), check=True, stdout=-3
    )
    assert Store.open(waiting).waiting
    done = extract(waiting, "--out", full, model=model)
    assert done.returncode == 0, done.stderr
    store = Store.open(full)
    assert store.splits == {"train": 1, "dev": 1, "test": 1}
    assert store.vocabulary == ("MORGEN", "REGEN")
    assert all(len(sample.landmarks) == 8 for sample in store.samples())


@pytest.mark.parametrize("suffix", ["gif", "webm", "avi"])
def test_other_containers_are_read(clip, tmp_path, suffix):
    codec, pixels = {"gif": ("gif", "rgb8"), "webm": ("vp9", "yuv420p")}.get(
        suffix, ("mpeg4", "yuv420p")
    )
    file = tmp_path / f"film.{suffix}"
    source = [frame for _, frame in zip(range(6), read_frames(clip, fps=10.0), strict=False)]
    with av.open(str(file), "w") as out:
        stream = out.add_stream(codec, rate=10, width=426, height=240)
        stream.pix_fmt = pixels
        for frame in source:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")))
        out.mux(stream.encode())
    found = list(read_frames(file, fps=25.0))
    assert len(found) == len(source)
    assert found[-1].seconds == pytest.approx(0.5, abs=0.02)
    assert np.abs(found[3].pixels.astype(int) - source[3].pixels).mean() < 20
    assert found[0].aspect == pytest.approx(240 / 426)


def test_without_a_model_the_message_says_what_to_do(tmp_path, monkeypatch, short):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SIGNLAB_HOLISTIC_MODEL", raising=False)
    with pytest.raises(BadInput, match="signlab corpus model"):
        find_model(None)
    with pytest.raises(BadInput, match=r"names nowhere"):
        find_model(Path("nowhere"))
    (tmp_path / "wrong.task").write_text("no model")
    done = extract(short, "--out", tmp_path / "c", model=tmp_path / "wrong.task")
    assert done.returncode == 2
    assert "wrong.task is no holistic landmarker" in done.stderr


def test_a_download_is_checked_and_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "bundle"
    source.write_bytes(b"first")
    first = hashlib.sha256(b"first").hexdigest()
    with pytest.raises(BadInput, match="put it at"):
        download_model((tmp_path / "none").as_uri(), sha256=None)
    with pytest.raises(BadInput, match=first):
        download_model(source.as_uri(), sha256="0" * 64)
    with pytest.raises(BadInput, match="signlab corpus model"):
        find_model(None)
    file, found = download_model(source.as_uri(), sha256=None)
    assert (file, found) == (find_model(None), first)
    source.write_bytes(b"renewed")
    with pytest.raises(BadInput, match=first):
        download_model(source.as_uri(), sha256=None)
    assert file.read_bytes() == b"first"
    renewed = hashlib.sha256(b"renewed").hexdigest()
    assert download_model(source.as_uri(), sha256=renewed)[1] == renewed
