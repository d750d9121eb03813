"""Every fault that files can have, in every kind that can have it, made for real.

Each is one sentence with the file, the line where there are lines, and how many utterances have it;
nothing is written then, and nothing left out.
"""

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import miniatures as mini
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signlab.corpora.importers.catalogue import IMPORTERS, import_corpus
from signlab.errors import BadCorpus

Spoil = Callable[[Path], object]


@dataclass(frozen=True)
class Table:
    """A table of a kind.

    Attributes:
        name: Its place.
        columns: Those that are needed; the first names the utterance.
        ids: The utterances of its lines, after the header.
    """

    name: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]
    separator: str = ","


TRAIN = "annotations/manual/train.corpus.csv"
TRAIN_T = "annotations/manual/PHOENIX-2014-T.train.corpus.csv"
WORDS = ("video", "speaker", "word", "startframe", "endframe")
THREE = ("train-0", "train-1", "train-2")
TABLES = {
    "pose": [Table("glosses.csv", ("id", "glosses"), ("a", "b", "c"))],
    "phoenix2014": [Table(TRAIN, ("id", "folder", "signer", "annotation"), THREE, "|")],
    "phoenix2014t": [Table(TRAIN_T, ("name", "video", "speaker", "orth"), THREE, "|")],
    "csl-daily": [
        Table("sentence_label/split_1.txt", ("name", "split"), ("S0_P0", "S1_P1", "S2_P1"), "|")
    ],
    "boston104": [
        Table("train_words.csv", WORDS, ("2", "2", "3")),
        Table("speaker.csv", ("video", "speaker"), ("2", "3", "5")),
    ],
    "isolated signs": [
        Table("train.csv", ("sequence_id", "path", "participant_id"), ("3", "12", "5"))
    ],
    "fingerspelling": [
        Table("train.csv", ("sequence_id", "path", "participant_id"), ("4", "5", "6"))
    ],
}
"""The tables with a header, by miniature."""

NAMED = {"pose", "phoenix2014", "phoenix2014t", "csl-daily"}
"""Where ids are words; elsewhere they are numbers."""


def edit(name: str, change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    """Change the lines of a file."""

    def spoil(path: Path) -> None:
        lines = (path / name).read_bytes().removesuffix(b"\n").split(b"\n")
        (path / name).write_bytes(b"\n".join(change(lines)) + b"\n")

    return spoil


def late(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Change each line of a file but the header and the first."""
    return edit(name, lambda lines: [*lines[:2], *map(change, lines[2:])])


def swap(name: str, old: str, new: str) -> Spoil:
    def spoil(path: Path) -> None:
        text = (path / name).read_text()
        assert old in text
        (path / name).write_text(text.replace(old, new))

    return spoil


def put(name: str, content: str | bytes) -> Spoil:
    return lambda path: mini.write(path / name, content)


def recode(name: str, encoding: str) -> Spoil:
    return lambda path: (path / name).write_text((path / name).read_text(), encoding=encoding)


def remove(*names: str) -> Spoil:
    return lambda path: [(path / name).unlink() for name in names]


def both(*spoils: Spoil) -> Spoil:
    return lambda path: [spoil(path) for spoil in spoils]


def of_table(kind: str, table: Table) -> Iterator[tuple[str, Spoil, str, int]]:
    """The faults that any table can have: what, how, the message and the number of utterances."""
    name, separator, key = table.name, table.separator.encode(), table.columns[0]
    file, late_ones = re.escape(Path(name).name), len(set(table.ids[1:]))
    other = b";" if separator == b"," else b","
    for column in table.columns:
        yield (
            f"no column {column}",
            edit(name, lambda lines, c=column: [lines[0].replace(c.encode(), b"o"), *lines[1:]]),
            rf"{file}:1: column '{column}' is missing",
            3,
        )
    yield (
        "another separator",
        edit(name, lambda lines: [line.replace(separator, other) for line in lines]),
        rf"{file}:1: column '{key}' is missing \(the file seems to be separated by",
        3,
    )
    yield (
        "a column twice",
        edit(name, lambda lines: [line + separator + key.encode() for line in lines]),
        rf"{file}:1: column '{key}' is there twice",
        3,
    )
    yield (
        "mixed encodings",
        late(name, lambda line: line + b"\xc4"),
        rf"{file}:3: byte 0xc4 is not UTF-8; convert the whole file",
        late_ones,
    )
    yield "UTF-16", recode(name, "utf-16"), rf"{file}:1: the file is UTF-16; save it as UTF-8", 0
    yield "0 bytes", put(name, b""), rf"{file}:1: the file is empty; expected {key}", 0
    yield "missing", remove(name), "cannot be read: No such file|has no file|has no glosses", 0
    yield "no lines", edit(name, lambda lines: lines[:1]), rf"{file} has no rows", 0
    yield (
        "a value too few",
        late(name, lambda line: line.rpartition(separator)[0]),
        rf"{file}:3: \d values instead of \d",
        late_ones,
    )
    if separator == b",":
        yield (
            "a quote that never ends",
            edit(name, lambda lines: [*lines[:2], b'"' + lines[2], *lines[3:]]),
            rf"{file}:3: .*all from here on cannot be read",
            2,
        )
    if name != "train_words.csv":  # a line a word: many are of one sentence
        yield (
            "ids twice",
            edit(name, lambda lines: [*lines, lines[1], lines[2]]),
            rf"{file}:5: utterance '{table.ids[0]}' is there twice, first in .*{file}:2",
            2,
        )
    for bad in ("../x", "x/y", "..", "a\\b", "") if kind in NAMED else ():
        yield (
            f"id {bad!r}",
            late(
                name, lambda line, b=bad: separator.join([b.encode(), *line.split(separator)[1:]])
            ),
            rf"{file}:3: utterance id .* cannot be used",
            1,  # they have one id
        )


def npy(path: Path, value: object) -> None:
    """Two clips get a bad frame."""
    for clip in ("hello/0", "tea/1"):
        if isinstance(value, bytes):
            (path / clip / "1.npy").write_bytes(value)
        else:
            np.save(path / clip / "1.npy", np.asarray(value))


def holed(value: float) -> np.ndarray:
    frame = np.full(258, 0.5)
    frame[140] = value
    return frame


HUGE = (
    b"\x93NUMPY\x01\x00v\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }".ljust(117)
    + b"\n"
)
FRAME = r"hello.0.1\.npy "
MP_DATA = {
    "wrong length": (np.ones(257), FRAME + r"holds float64 of shape \(257,\) instead of 258"),
    "object array": (np.array([{"a": 1}], dtype=object), FRAME + "cannot be read.*Object arrays"),
    "pickle": (pickle.dumps([1.0] * 258), FRAME + "cannot be read"),
    "0 bytes": (b"", FRAME + "cannot be read"),
    "text": (np.array(["a"] * 258), FRAME + "holds <U1"),
    "cut off": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'", FRAME + "cannot be read"),
    "a lie about its size": (HUGE, FRAME + "cannot be read"),
    "NaN": (holed(np.nan), FRAME + "has NaN or infinite"),
    "infinity": (holed(np.inf), FRAME + "has NaN or infinite"),
}


def clips(*changes: tuple[str, Spoil]) -> Spoil:
    """A change to the folders of two clips."""
    return lambda path: [spoil(path / clip) for clip, spoil in changes]


def emptied(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def renamed(old: str, new: str) -> Spoil:
    return lambda path: (path / old).rename(path / new)


POSE_NAN = mini.pose_points(mini.PARTIAL)
POSE_NAN[1, 0, 0, 0] = np.nan
TAIL = {"POSE_LANDMARKS": ["TAIL"]}
OPENPOSE = {"pose_keypoints_2d": ["Nose"]}
POSES = {
    "0 bytes": (b"", "is cut off, or no .pose file"),
    "another format": (b"PK\x03\x04" * 50, "is cut off, or no .pose file"),
    "cut off in its data": (mini.GOOD_POSE[:-3], "is cut off"),
    "cut off in its header": (mini.GOOD_POSE[:60], "is cut off"),
    "more than it says": (mini.GOOD_POSE + b"12", "2 bytes are left over"),
    "another version": (
        mini.pose_bytes(mini.PARTIAL, mini.pose_points(mini.PARTIAL), version=0.3),
        "version 0.3",
    ),
    "no frames": (
        mini.pose_bytes(mini.PARTIAL, mini.pose_points(mini.PARTIAL, frames=0)),
        "has no frames",
    ),
    "two people": (
        mini.pose_bytes(mini.PARTIAL, mini.pose_points(mini.PARTIAL, people=2)),
        "shows 2 people; tell which",
    ),
    "NaN": (mini.pose_bytes(mini.PARTIAL, POSE_NAN), "frame 1 has NaN or infinite landmarks"),
    "an unknown point": (mini.pose_bytes(TAIL, mini.pose_points(TAIL)), "'TAIL', which is none"),
    "another tracker": (
        mini.pose_bytes(OPENPOSE, mini.pose_points(OPENPOSE)),
        "has component 'pose_keypoints_2d', layout 'holistic' has none",
    ),
}


def poses(content: bytes) -> Spoil:
    return lambda path: [(path / f"{name}.pose").write_bytes(content) for name in "bc"]


def frame_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Change the parquet files of two signs."""

    def spoil(path: Path) -> None:
        for number in (3, 5):
            file = path / f"landmarks/8/{number}.parquet"
            change(pd.read_parquet(file)).to_parquet(file)

    return spoil


def cell(column: str, value: object) -> Spoil:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        if isinstance(value, str):
            table[column] = table[column].astype(str)
        table.loc[0, column] = value
        return table

    return frame_table(change)


PARQUETS = ("landmarks/8/3.parquet", "landmarks/8/5.parquet")
WIDE = "landmarks/1.parquet"


def wide(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    return lambda path: change(pd.read_parquet(path / WIDE)).to_parquet(path / WIDE)


def cut(*names: str) -> Spoil:
    return lambda path: [
        (path / name).write_bytes((path / name).read_bytes()[:-20]) for name in names
    ]


PICTURES = mini.FRAMES
CSL_PICTURES = "sentence/frames_512x512"
LABELS = "sentence_label/csl2020ct_v2.pkl"


def info(change: Callable[[list[dict]], list]) -> Spoil:
    """Change the annotations of CSL-Daily."""

    def spoil(path: Path) -> None:
        told = change([dict(entry) for entry in mini.CSL_INFO])
        mini.write(path / LABELS, pickle.dumps({"info": told}))

    return spoil


def each_entry(**values: object) -> Spoil:
    """Change two annotations."""
    return info(lambda told: [told[0], *({**entry, **values} for entry in told[1:])])


OF_ONE_KIND: list[tuple[str, str, Spoil, str, int]] = [
    *(
        ("mp-data", fault, lambda path, v=value: npy(path, v), message, 2)
        for fault, (value, message) in MP_DATA.items()
    ),
    (
        "mp-data",
        "frames lacking",
        clips(("tea/0", remove("1.npy")), ("tea/1", remove("0.npy", "1.npy"))),
        r"tea.0 lacks frame 1\.npy",
        2,
    ),
    ("mp-data", "no frames", clips(("tea/0", emptied)), "tea.0 has no frames", 1),
    (
        "mp-data",
        "a frame twice",
        clips(("tea/0", lambda p: np.save(p / "01.npy", np.zeros(258)))),
        r"tea.0.0?1\.npy and 0?1\.npy are both frame 1",
        1,
    ),
    ("mp-data", "no number", clips(("tea/0", renamed("1.npy", "one.npy"))), "one.npy is no frame", 1),
    ("mp-data", "another file", clips(("tea/0", put("notes.txt", ""))), "notes.txt is no frame", 1),
    ("mp-data", "a file among glosses", put("labels.txt", ""), "labels.txt lies among folders", 0),
    ("mp-data", "a frame among clips", put("tea/9.npy", ""), "9.npy lies among folders", 0),
    ("mp-data", "not there", lambda p: p.rename(p.parent / "away"), "in is not a folder", 0),
    ("mp-data", "a bad id", renamed("tea", "te\\a"), r"te.a.0: utterance id .* cannot be used", 2),
    (
        "mp-data",
        "an id twice",
        lambda path: [
            path.rename(path.parent / "old"),
            mini.tree(path / "ann.x", ("y",)),
            mini.tree(path / "ann", ("x.y",)),
        ],
        r"utterance 'ann\.x\.y\.0' is there twice, first in",
        2,
    ),
    *(
        ("pose", f"files: {fault}", poses(content), r"b\.pose.*" + message, 2)
        for fault, (content, message) in POSES.items()
    ),
    ("pose", "all files bad", lambda p: [put(f"{n}.pose", b"")(p) for n in "abc"], "a.pose is cut", 3),
    ("pose", "no file", remove("b.pose", "c.pose"), r"csv:3: there is no file b\.pose", 2),
    ("pose", "no glosses", both(put("d.pose", mini.GOOD_POSE), put("e.pose", b"")), r"d\.pose has no glosses", 2),
    ("pose", "a file twice", put("sub/a.pose", b""), "sub/a.pose: utterance 'a' is there twice", 1),
    ("pose", "silent", swap("glosses.csv", "A B", " "), "csv:2: utterance 'a' has no glosses", 3),
    ("pose", "no table", remove("glosses.csv"), "in has no glosses; put a table", 0),
    *(
        (
            "pose",
            f"glosses.json: {fault}",
            both(remove("glosses.csv"), put("glosses.json", content)),
            message,
            count,
        )
        for fault, content, message, count in (
            ("no JSON", '[{"id": "a",\n', r"glosses\.json:2: ", 0),
            ("no list", '{"a": 1}', r"glosses\.json must be a list", 0),
            ("no objects", '["a", {"id": "b"}]', r"json: entry 1 is no object with id and gloss", 2),
            ("numbers", '[{"id": "a", "glosses": [1]}]', "json: entry 1: .* that are no words", 1),
            ("an id twice", '[{"id":"a","glosses":"A"},{"id":"a","glosses":"B"}]', "entry 2: .*twice", 1),
            ("a bad id", '[{"id":"..","glosses":"A"}]', "entry 1: utterance id '..' cannot", 1),
            ("bad times", '[{"id":"a","glosses":"A","times":[[2,1]]}]', "entry 1: times must be", 1),
            ("mixed encodings", b'[\n"\xc4",\n"\xc4"]', r"json:2: byte 0xc4 is not UTF-8", 2),
        )
    ),
    *(
        (
            "pose",
            f"timed glosses: {fault}",
            both(remove("glosses.csv"), *(put(f"{n}_metadata.json", content) for n in "abc")),
            message,
            3,
        )
        for fault, content, message in (
            ("no JSON", "{", r"a_metadata\.json:1: "),
            ("no glosses", "{}", r"a_metadata\.json has no timed glosses"),
            (
                "uneven",
                '{"document_id": 1, "sentence": {"glosses": {"gloss": ["A"], "start": [], "end": [1]}}}',
                r"a_metadata\.json has 1 glosses, 0 starts and 1 ends",
            ),
            (
                "NaN",
                '{"document_id": 1, "sentence": {"glosses": {"gloss": ["A"], "start": [NaN], "end": [1]}}}',
                r"a_metadata\.json has starts that are no numbers",
            ),
        )
    ),
    *(
        ("phoenix2014", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("an id in two splits", swap(TRAIN, "train-1|", "dev-1|"), r"dev\.corpus\.csv:3: utterance 'dev-1' is there twice, first in .*train\.corpus\.csv:3", 1),
            ("a way out", swap(TRAIN, "train-1/1", "../x/1"), r"csv:3: folder is '\.\./x/1/\*\.png'", 1),
            ("silent", both(swap(TRAIN, "ABEND __ON__ loc-REGEN", ""), swap(TRAIN, '|WIND "MORGEN', "|")), r"csv:2: utterance 'train-0' has no glosses", 2),
            ("no pictures", remove(*(f"{PICTURES}/dev/dev-{n}/1/images0001.png" for n in (0, 1))), r"dev\.corpus\.csv:2: utterance 'dev-0' has no png or jpg pictures in .*dev-0", 2),
            ("no annotation", lambda p: [mini.picture(p / PICTURES / "dev" / f"dev-{n}") for n in (7, 8)], "dev-7 has no annotation; move", 2),
        )
    ),
    *(
        ("phoenix2014t", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("a way out", swap(TRAIN_T, "train-1/1", "../x"), r"csv:3: video is '\.\./x/\*\.png'", 1),
            ("silent", swap(TRAIN_T, "REGEN KOMMEN", ""), r"csv:2: utterance 'train-0' has no glosses", 3),
            ("no pictures", remove(f"{PICTURES}/dev/dev-0/images0001.png"), r"csv:2: .* has no png or jpg", 1),
            ("no annotation", lambda p: mini.picture(p / PICTURES / "dev" / "dev-7"), "dev-7 has no annotation", 1),
        )
    ),
    *(
        ("csl-daily", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("no gloss list", each_entry(label_gloss="ab"), r"pkl: entry 1 \('S1_P1'\) has no list of gl", 2),
            ("glosses of numbers", each_entry(label_gloss=[1]), r"pkl: entry 1 .*no list of glosses", 2),
            ("no signer", info(lambda t: [{k: v for k, v in e.items() if k != "signer"} for e in t]), r"entry 0 \('S0_P0'\) has no 'signer'", 3),
            ("no name", info(lambda t: [*t, {}]), "pkl: entry 3 has no name", 1),
            ("an entry twice", info(lambda t: [*t, t[0], t[1]]), "pkl: entry 3: utterance 'S0_P0' is there twice, first in .*entry 0", 2),
            ("not in the splits", info(lambda t: [*t, {**t[0], "name": "S9"}]), r"split_1\.txt lacks 'S9'", 1),
            ("no entry", info(lambda t: t[:1]), r"split_1\.txt:3: 'S1_P1' has no annotation", 2),
            ("silent", each_entry(label_gloss=[]), r"split_1\.txt:3: utterance 'S1_P1' has no glosses", 2),
            ("an unknown split", swap("sentence_label/split_1.txt", "|dev", "|val"), r"txt:4: split 'val' is not", 1),
            ("no info", put(LABELS, pickle.dumps({"a": 1})), "has no list 'info'", 0),
            ("no pickle", put(LABELS, b"name|gloss\n"), "pkl is not a pickle of plain data", 0),
            ("0 bytes", put(LABELS, b""), "pkl is not a pickle of plain data", 0),
            ("not there", remove(LABELS), "pkl cannot be read: No such file", 0),
            ("no pictures", remove(f"{CSL_PICTURES}/S1_P1/000000.jpg"), r"txt:3: .* has no png or jpg", 1),
            ("no annotation", put(f"{CSL_PICTURES}/S7/000000.jpg", b""), "S7 has no annotation", 1),
        )
    ),
    *(
        ("boston104", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("a video that is no number", swap("train_words.csv", "\n2,", "\nx/y,"), r"train_words\.csv:2: video is 'x/y', not a whole number", 1),
            ("another speaker", swap("train_words.csv", "3,man-1", "3,woman-1"), r"csv:4: video 3 is signed by 'woman-1'", 1),
            ("frames beyond", swap("train_words.csv", "4,8", "4,9"), r"csv:2: frames 4 to 9 of video 2 are not within", 1),
            ("train and test", swap("test_words.csv", "5,woman-1,JOHN", "3,man-1,JOHN"), r"test_words\.csv:2: utterance '3' is there twice, first in .*train_words\.csv:4", 1),
            ("words without tracks", put("test_words.csv", mini.BOSTON_WORDS + "7,a,A,1,2\n8,a,A,1,2\n"), r"test_words\.csv:2: video 7 has no frames", 2),
            ("tracks without words", remove("test_words.csv"), r"hands_condensed\.csv:20: video 5 has no words; put test", 1),
            ("a frame lacking", both(swap("hands_condensed.csv", "3,4,156", "3,3,156"), swap("hands_condensed.csv", "5,4,156", "5,3,156")), "video 3 lacks frame 4", 2),
            ("letters", both(swap("hands_condensed.csv", "3,4,156", "3,4,left"), swap("hands_condensed.csv", "5,4,156", "5,4,")), r"hands_condensed\.csv:15: left-x is 'left', not a number", 2),
            ("infinity", swap("hands_condensed.csv", "3,4,156", "3,4,inf"), r"csv:15: left-x is 'inf', not a number", 1),
            ("NaN", swap("hands_condensed.csv", "3,4,156", "3,4,nan"), r"csv:15: left-x is 'nan', not a number", 1),
        )
    ),
    *(
        ("isolated signs", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("neither sign nor phrase", swap("train.csv", "sign\n", "word\n"), r"csv:1: there is neither a column 'sign'", 3),
            ("an id that is no number", swap("train.csv", "8,3,dad", "8,../3,dad"), r"csv:2: sequence_id is '\.\./3'", 1),
            ("a way out", swap("train.csv", "landmarks/8", "../../8"), r"csv:2: path .* leads out", 2),
            ("silent", swap("train.csv", "dad", ""), r"csv:2: sequence 3 has no sign", 2),
            ("files lacking", remove(*PARQUETS), r"train\.csv:2: there is no .*3\.parquet", 2),
            ("files without a line", lambda p: [mini.write(p / f"landmarks/8/{n}.parquet", b"") for n in (6, 7)], r"6\.parquet has no line in train\.csv", 2),
            ("cut off", cut(*PARQUETS), r"3\.parquet cannot be read", 2),
            ("0 bytes", both(*(put(name, b"") for name in PARQUETS)), r"3\.parquet cannot be read", 2),
            ("no column", frame_table(lambda t: t.drop(columns="z")), r"3\.parquet", 2),
            ("no rows", frame_table(lambda t: t[:0]), "sequence 3 has no frames", 2),
            ("an unknown part", cell("type", "foot"), r"3\.parquet has no 'foot'", 2),
            ("no part", cell("type", None), r"3\.parquet", 2),
            ("a point too many", cell("landmark_index", 500), "a landmark_index that its type does not", 2),
            ("a point without number", cell("landmark_index", np.nan), "a landmark_index that its type", 2),
            ("a point twice", frame_table(lambda t: pd.concat([t, t[:1]])), "a landmark of a frame twice", 2),
            ("infinity", cell("x", np.inf), r"3\.parquet, sequence 3, frame 3 has NaN or infinite", 2),
            ("NaN", cell("x", np.nan), r"3\.parquet, sequence 3, frame 3 has NaN or infinite", 2),
            ("words for numbers", cell("x", "left"), r"3\.parquet", 2),
        )
    ),
    *(
        ("fingerspelling", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("silent", both(swap("train.csv", "+a b", ""), swap("train.csv", "31,7 x", "31,")), r"csv:2: sequence 4 has no sign or phrase", 3),
            ("files lacking", remove(WIDE), r"train\.csv:2: there is no .*1\.parquet", 2),
            ("a sequence without a line", swap("train.csv", "landmarks/1.parquet,1,5,31,7 x\n", ""), r"1\.parquet: sequence 5 has no line in train\.csv", 1),
            ("a sequence lacking", wide(lambda t: t[t.index != 4]), r"1\.parquet has no 4", 1),
            ("no column", wide(lambda t: t.drop(columns="x_pose_3")), r"1\.parquet has no .*x_pose_3", 2),
            ("cut off", cut(WIDE), r"1\.parquet cannot be read", 0),
            ("a frame twice", wide(lambda t: t.assign(frame=0)), r"1\.parquet: sequence 4 has a frame twice", 2),
            ("NaN", wide(lambda t: t.assign(x_pose_3=np.nan)), "sequence 4, frame 0 has NaN", 2),
        )
    ),
    *(
        ("stm", fault, spoil, message, count)
        for fault, spoil, message, count in (
            ("no gloss", put("x-dev.stm", "a 1 s05 0.0 1.0\nb 1 s 0 1\n"), r"x-dev\.stm:1: expected FILE", 2),
            ("another separator", put("x-dev.stm", "a,1,s05,0.0,1.0,REGEN\nb,1,s,0,1,A\n"), r"x-dev\.stm:1: expected FILE", 2),
            ("no time", put("x-dev.stm", "a 1 s05 zero 1.0 REGEN\nb 1\n"), r"x-dev\.stm:1: expected FILE", 2),
            ("an id twice", put("x-dev.stm", "a 1 s 0 1 A\na 1 s 2 3 B\n"), r"x-dev\.stm:2: utterance 'a' is there twice, first in .*:1", 1),
            ("an id in two splits", put("x-test.stm", "a 1 s 0 1 A\n"), r"x-test\.stm:1: utterance 'a' is there twice, first in .*dev", 1),
            ("bad ids", put("x-dev.stm", "a/b 1 s 0 1 A\n../c 1 s 0 1 B\n"), r"x-dev\.stm:1: utterance id 'a/b' cannot be used", 2),
            ("mixed encodings", put("x-dev.stm", b"a 1 s 0 1 A\nb 1 s 0 1 W\xc4RME\nc 1 s 0 1 \xc4\n"), r"x-dev\.stm:2: byte 0xc4 is not UTF-8", 2),
            ("UTF-16", put("x-dev.stm", "a 1 s 0 1 A\n".encode("utf-16")), r"x-dev\.stm:1: the file is UTF-16", 0),
            ("0 bytes", both(put("x-dev.stm", b""), put("x-test.stm", b"")), r"x-dev\.stm has no utterances", 0),
            ("no split", renamed("x-dev.stm", "x.stm"), r"x\.stm does not tell its split", 0),
            ("no files", remove("x-dev.stm", "x-test.stm"), r"in has no \.stm files", 0),
        )
    ),
]  # fmt: skip

OF_TABLES = [
    (kind, f"{Path(table.name).name}: {fault}", *rest)
    for kind, tables in TABLES.items()
    for table in tables
    for fault, *rest in of_table(kind, table)
]
CASES = [*OF_TABLES, *OF_ONE_KIND]


def run(miniature: str, root: Path) -> None:
    kind, _ = mini.MINIATURES[miniature]
    import_corpus(kind, root / "in", root / "corpus", name="c", licence="", settings={})


@pytest.mark.parametrize(
    ("miniature", "spoil", "message", "count"),
    [pytest.param(kind, *rest, id=f"{kind}-{fault}") for kind, fault, *rest in CASES],
)
def test_a_fault_is_one_sentence(miniature, spoil, message, count, tmp_path):
    mini.MINIATURES[miniature][1](tmp_path)
    spoil(tmp_path / "in")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadCorpus, match=message) as told:
        run(miniature, tmp_path)
    text = str(told.value)
    assert "\n" not in text
    assert re.findall(r"utterances affected: (\d+)", text) == [str(count)] * bool(count), text
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("miniature", mini.MINIATURES)
def test_a_miniature_without_faults_is_imported(miniature, tmp_path):
    mini.MINIATURES[miniature][1](tmp_path)
    run(miniature, tmp_path)


@pytest.mark.parametrize("miniature", [*TABLES, "stm"])
def test_a_byte_order_mark_and_windows_lines_do_no_harm(miniature, tmp_path):
    path = mini.MINIATURES[miniature][1](tmp_path)
    names = [table.name for table in TABLES.get(miniature, [])] or ["x-dev.stm"]
    for name in names:
        content = (path / name).read_bytes().replace(b"\n", b"\r\n")
        (path / name).write_bytes(b"\xef\xbb\xbf" + content)
    run(miniature, tmp_path)


FUZZED = {
    "mp-data": "hello/0/1.npy",
    "pose": "b.pose",
    "csl-daily": LABELS,
    "isolated signs": PARQUETS[0],
    "fingerspelling": WIDE,
    "boston104": "hands_condensed.csv",
    "stm": "x-dev.stm",
}


@pytest.mark.parametrize("miniature", FUZZED)
def test_any_damage_is_told_or_harmless(miniature, tmp_path):
    """Bytes changed anywhere: a clear refusal, or a corpus; never another exception."""
    file = mini.MINIATURES[miniature][1](tmp_path) / FUZZED[miniature]
    whole = file.read_bytes()
    place = st.integers(0, min(len(whole), 600) - 1)

    @settings(max_examples=25)
    @given(st.lists(st.tuples(place, st.binary(max_size=3))))
    def check(changes):
        content = bytearray(whole)
        for start, new in changes:
            content[start : start + len(new)] = new
        file.write_bytes(content)
        with suppress(BadCorpus):
            run(miniature, tmp_path)

    check()


def test_every_kind_has_faults():
    assert {kind for kind, *_ in CASES} == set(mini.MINIATURES)
    assert {kind for kind, _ in mini.MINIATURES.values()} == set(IMPORTERS.names())
