"""The corpus folder: what goes in comes out, and nothing half-written ever opens."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from signlab.corpora import shards
from signlab.corpora.base import Sample
from signlab.corpora.store import Store, write_corpus
from signlab.errors import BadCorpus
from signlab.landmarks.layout import Layout, Part

LAYOUT = Layout("tiny", (Part("pose", 2), Part("left_hand", 1)), coordinates=2)
SPLITS = ("train", "dev", "test")


def utterances(count: int, seed: int = 0) -> Iterator[tuple[Sample, str]]:
    """Utterances of different lengths, with 0 to 3 glosses."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        frames = rng.integers(-32768, 32767, (5 + number % 4, 3, 2), dtype=np.int16)
        glosses = ("A", "B", "A")[: number % 4]
        sample = Sample(f"u{number}", f"s{number % 3}", glosses, frames, aspect=0.75, fps=50.0)
        yield sample, SPLITS[number % 3]


def write(path: Path, count: int = 20, seed: int = 0) -> Store:
    write_corpus(
        path,
        name="tiny",
        layout=LAYOUT,
        licence="none",
        vocabulary=["B", "A"],
        samples=utterances(count, seed),
    )
    return Store.open(path)


def equal(one: Sample, other: Sample) -> bool:
    fields = ("id", "signer", "glosses", "aspect", "fps")
    same = all(getattr(one, field) == getattr(other, field) for field in fields)
    return same and np.array_equal(one.landmarks, other.landmarks)


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_SHARD_UTTERANCES", 3)
    monkeypatch.setattr(shards, "_ROW_GROUP", 4)


@pytest.mark.usefixtures("small_shards")
def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = write(tmp_path / "corpus")
    written = list(utterances(20))
    assert all(map(equal, store.samples(), (sample for sample, _ in written)))
    assert len(list((tmp_path / "corpus").glob("*.arrow"))) == 7
    assert store.vocabulary == ("B", "A")
    assert store.signers == ("s0", "s1", "s2")
    assert store.splits == {"train": 7, "dev": 7, "test": 6}
    assert store.frames == sum(len(sample.landmarks) for sample, _ in written)
    dev = store.samples("dev")
    assert [sample.id for sample in dev] == [s.id for s, split in written if split == "dev"]
    assert dev.frames.tolist() == [len(sample.landmarks) for sample in dev]
    assert dev[1:3][-1].id == dev[2].id == "u7"


def test_landmarks_are_views_that_outlive_the_store(tmp_path: Path) -> None:
    landmarks = write(tmp_path / "corpus").samples()[3].landmarks
    assert not landmarks.flags.owndata
    assert not landmarks.flags.writeable
    expected = list(utterances(20))[3][0].landmarks
    assert np.array_equal(landmarks, expected)


@pytest.mark.usefixtures("small_shards")
def test_the_digest_is_that_of_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write(tmp_path / "one")
    monkeypatch.setattr(shards, "_SHARD_UTTERANCES", 100)
    assert write(tmp_path / "two").digest == one.digest  # whatever the shards
    assert write(tmp_path / "three", seed=1).digest != one.digest


def test_a_corpus_is_replaced_but_nothing_else_is(tmp_path: Path) -> None:
    write(tmp_path / "corpus")
    assert write(tmp_path / "corpus", seed=1).digest == write(tmp_path / "other", seed=1).digest
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").touch()
    with pytest.raises(BadCorpus, match="photos exists and is not a corpus"):
        write(tmp_path / "photos")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["corpus", "other", "photos"]


def _replace(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda path: (path / "corpus.json").unlink(), "corpus.json is missing"),
        (lambda path: _replace(path / "corpus.json", b""), "corpus.json cannot be read"),
        (lambda path: _replace(path / "corpus.json", b"{}"), "does not describe a corpus"),
        (lambda path: _replace(path / "corpus.json", b"[1]"), "does not describe a corpus"),
        (
            lambda path: _replace(
                path / "corpus.json", b'{"format": "signlab-corpus", "version": 1, "name": "x"}'
            ),
            "'index_bytes' is missing or wrong",
        ),
        (lambda path: (path / "utterances.parquet").unlink(), "utterances.parquet .* missing"),
        (lambda path: os.truncate(path / "landmarks-00000.arrow", 500), "500 bytes long instead"),
        (lambda path: (path / "landmarks-00000.arrow").unlink(), "arrow .* missing"),
    ],
)
def test_a_broken_folder_is_told_when_it_is_opened(tmp_path: Path, break_it, message: str) -> None:
    write(tmp_path / "corpus")
    break_it(tmp_path / "corpus")
    with pytest.raises(BadCorpus, match=message):
        Store.open(tmp_path / "corpus")


@pytest.mark.parametrize("file", ["utterances.parquet", "landmarks-00000.arrow"])
def test_garbage_of_the_right_size_is_told_when_it_is_read(tmp_path: Path, file: str) -> None:
    path = tmp_path / "corpus"
    write(path)
    _replace(path / file, b"x" * (path / file).stat().st_size)
    with pytest.raises(BadCorpus, match=f"{file} cannot be read.*import the corpus again"):
        list(Store.open(path).samples())


def test_a_missing_corpus_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        BadCorpus, match=r"no corpus at .*none.*signlab corpus import.*make corpora"
    ):
        Store.open(tmp_path / "none")


def test_another_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "corpus")
    file = tmp_path / "corpus" / "corpus.json"
    _replace(file, json.dumps(json.loads(file.read_text()) | {"version": 99}).encode())
    with pytest.raises(BadCorpus, match="version 99"):
        Store.open(tmp_path / "corpus")


FRAMES = np.zeros((4, 3, 2), dtype=np.int16)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([Sample("a", "s", ("A",), FRAMES), Sample("a", "s", ("A",), FRAMES)], "two utterances"),
        ([Sample("a", "s", ("C",), FRAMES)], "'C' is not in the vocabulary"),
        ([Sample("a", "s", ("A",), FRAMES[:0])], "no frames"),
        ([Sample("a", "s", ("A",), FRAMES[:, :2])], "2 points with 2 coordinates"),
        ([Sample("../a", "s", ("A",), FRAMES)], "id '../a' cannot be used"),
        ([Sample("", "s", ("A",), FRAMES)], "id '' cannot be used"),
        ([], "there are no utterances"),
    ],
)
def test_bad_utterances_leave_nothing(tmp_path: Path, samples: list[Sample], message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        write_corpus(
            tmp_path / "corpus",
            name="tiny",
            layout=LAYOUT,
            licence="none",
            vocabulary=["A", "B"],
            samples=((sample, "train") for sample in samples),
        )
    assert list(tmp_path.iterdir()) == []


WRITER = textwrap.dedent("""
    import itertools, resource, sys
    from pathlib import Path
    import numpy as np
    from signlab.corpora.base import Sample
    from signlab.corpora.store import write_corpus
    from signlab.landmarks.layout import POSE_HANDS

    def samples(count):
        frames = np.zeros((100, 75, 3), dtype=np.int16)
        for number in itertools.islice(itertools.count(), count):
            yield Sample(f"u{number}", "s", ("A",), frames + number), "train"
            if number == 20:
                print("writing", flush=True)

    if sys.argv[3] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    write_corpus(Path(sys.argv[1]), name="x", layout=POSE_HANDS, licence="none",
                 vocabulary=["A"], samples=samples(int(sys.argv[2]) or None))
""")


def writer(path: Path, count: int = 0, *, disk: str = "free") -> subprocess.Popen[str]:
    """A process that writes ``count`` utterances, or for ever."""
    command = [sys.executable, "-c", WRITER, str(path), str(count), disk]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def test_a_killed_writer_leaves_nothing_that_opens(tmp_path: Path) -> None:
    with writer(tmp_path / "corpus") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    with pytest.raises(BadCorpus, match="no corpus at"):
        Store.open(tmp_path / "corpus")
    write(tmp_path / "corpus")
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus"]  # its remains are gone


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with writer(tmp_path / "corpus", disk="full") as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert "BadCorpus: cannot write" in last
    assert "File too large; nothing there has changed" in last
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_path_agree(tmp_path: Path) -> None:
    writers = [writer(tmp_path / "corpus", 200) for _ in range(3)]
    for process in writers:
        with process:
            _, errors = process.communicate()
        assert process.returncode == 0, errors
    store = Store.open(tmp_path / "corpus")
    assert [len(sample.landmarks) for sample in store.samples()] == [100] * 200
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus"]
