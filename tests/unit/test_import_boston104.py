"""The BOSTON-104 tables: splits, order and shares of the image; faults told by file and line."""

from pathlib import Path

import pytest

from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.errors import BadCorpus
from signlab.landmarks.layout import dequantise

HANDS = "video,frame,left-x,left-y,right-x,right-y,nose-x,nose-y\n" + "".join(
    f"{video},{frame},156,121,{frame},242,78,60.5\n" for video in (2, 3, 5) for frame in range(9)
)
SPEAKERS = "video,speaker\n2,woman-1\n3,man-1\n5,woman-1\n"
WORDS = "video,speaker,word,startframe,endframe\n"
TRAIN = WORDS + "2,woman-1,BUY,4,8\n2,woman-1,JOHN,0,3\n3,man-1,MARY,1,5\n"
TEST = WORDS + "5,woman-1,JOHN,1,5\n"

FILES = {
    "hands_condensed.csv": HANDS,
    "speaker.csv": SPEAKERS,
    "train_words.csv": TRAIN,
    "test_words.csv": TEST,
}


def run(path: Path, **changes: str | bytes | None) -> Store:
    """Import the miniature; ``changes`` replace or leave out files, by their first word."""
    (path / "in").mkdir()
    for name, text in FILES.items():
        content = changes.get(name.partition(".")[0].partition("_")[0], text)
        if content is not None:
            raw = content if isinstance(content, bytes) else content.encode()
            (path / "in" / name).write_bytes(raw)
    return import_corpus(
        "boston104", path / "in", path / "corpus", name="b", licence="MIT", settings={}
    )


def test_sentences_signers_and_the_official_test(tmp_path: Path) -> None:
    store = run(tmp_path)
    assert store.splits == {"train": 2, "test": 1}
    assert [(s.id, s.signer, s.glosses, s.fps) for s in store.samples()] == [
        ("002", "woman-1", ("JOHN", "BUY"), 30.0),
        ("003", "man-1", ("MARY",), 30.0),
        ("005", "woman-1", ("JOHN",), 30.0),
    ]
    assert list(store.layout.slices) == ["left_hand", "right_hand", "nose"]
    landmarks = dequantise(store.samples()[0].landmarks)
    assert landmarks[3, 0].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)
    assert landmarks[3, 1].tolist() == pytest.approx([3 / 312, 1.0], abs=1e-4)
    assert landmarks[3, 2].tolist() == pytest.approx([0.25, 0.25], abs=1e-4)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    store = run(tmp_path, train=b"\xef\xbb\xbf" + TRAIN.replace("\n", "\r\n").encode())
    assert store.utterances == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": None}, r"train_words\.csv cannot be read: No such file"),
        ({"train": ""}, r"train_words\.csv:1: column 'video' is missing"),
        ({"train": WORDS}, r"train_words\.csv has no rows"),
        ({"train": TRAIN.replace(",", ";")}, "seems to be separated by a semicolon"),
        ({"train": TRAIN.encode() + b"3,man-1,M\xc4RY,6,7\n"}, r"csv:5: byte 0xc4 is not UTF-8"),
        (
            {"train": TRAIN + "3,man-1\n3,man-1\n"},
            r"csv:5: 2 values instead of 5 \(lines affected: 2\)",
        ),
        ({"train": TRAIN + "x,man-1,A,1,2\n"}, r"csv:5: video is 'x', not a whole number"),
        ({"train": TRAIN + "3,woman-1,A,6,7\n"}, r"csv:5: video 3 is signed by 'woman-1'"),
        ({"train": TRAIN + "3,man-1,A,6,9\n"}, r"csv:5: frames 6 to 9 of video 3 are not within"),
        ({"train": TRAIN + "5,woman-1,A,6,7\n"}, r"test_words\.csv:2: video 5 is in train"),
        (
            {"train": TRAIN + "7,man-1,A,6,7\n"},
            r"csv:5: video 7 has no frames .*utterances affected: 1",
        ),
        ({"test": None}, r"hands_condensed\.csv:20: video 5 has no words; put test_words"),
        ({"hands": HANDS.replace("3,4,156", "3,3,156")}, "video 3 lacks frame 4"),
        ({"hands": HANDS.replace("3,4,156", "3,4,left")}, "could not convert"),
        ({"hands": HANDS.replace("3,4,156", "3,4,inf")}, "video 3 has NaN or infinite landmarks"),
    ],
)
def test_faults_are_told(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(BadCorpus, match=message):
        run(tmp_path, **changes)
