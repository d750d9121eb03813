"""A faithful miniature of every kind of data that can be imported, made in seconds.

Each function makes the folder ``root / "in"`` with at least three utterances and gives its path.
"""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from signlab.landmarks.layout import HOLISTIC

FRAMES = "features/fullFrame-210x260px"
SPLITS = ("train", "dev", "test")
SIZES = {"pose": (33, 4), "face": (468, 3), "left_hand": (21, 3), "right_hand": (21, 3)}


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


# MP_Data


def parts(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(0.1, 0.9, size) for name, size in SIZES.items()}


def vector(*found: np.ndarray) -> np.ndarray:
    return np.concatenate([part.ravel() for part in found]).astype(np.float32)


def pose_hands(seed: int) -> np.ndarray:
    found = parts(seed)
    return vector(found["pose"], found["left_hand"], found["right_hand"])


def tree(path: Path, glosses=("hello", "tea", "-"), make=pose_hands) -> Path:
    """Two clips of three frames a gloss."""
    for gloss in glosses:
        for sequence in range(2):
            folder = path / gloss / str(sequence)
            folder.mkdir(parents=True)
            for number in range(3):
                np.save(folder / f"{number}.npy", make(number))
    return path


def mp_data(root: Path) -> Path:
    return tree(root / "in")


# .pose

PARTIAL = {
    "POSE_LANDMARKS": ["RIGHT_WRIST", "NOSE", "LEFT_SHOULDER"],
    "FACE_LANDMARKS": ["467", "0", "470"],
    "RIGHT_HAND_LANDMARKS": ["PINKY_TIP", "WRIST"],
    "POSE_WORLD_LANDMARKS": ["NOSE"],
}


def pose_bytes(
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
    pieces = [struct.pack("<f4H", version, 200, 100, 0, len(components))]
    for name, names in components.items():
        pieces += [text(name), text("XYZC" if dimensions == 3 else "XYC")]
        pieces += [struct.pack("<3H", len(names), 1, 1), *map(text, names)]
        pieces.append(struct.pack("<5H", 0, 0, 255, 0, 0))
    shape = ("<3H", 50, frames % 65536, people) if version < 0.2 else ("<fIH", 50, frames, people)
    pieces.append(struct.pack(*shape))
    return b"".join([*pieces, data.astype("<f4").tobytes(), confidence.astype("<f4").tobytes()])


def pose_points(components: dict[str, list[str]], frames: int = 4, people: int = 1) -> np.ndarray:
    """x counts the points from 1, in pixels; y is 25, z -0.5."""
    count = sum(map(len, components.values()))
    data = np.zeros((frames, people, count, 3))
    data[..., 0] = np.arange(1, count + 1)
    data[..., 1], data[..., 2] = 25, -0.5
    return data


GOOD_POSE = pose_bytes(PARTIAL, pose_points(PARTIAL))


def pose(root: Path) -> Path:
    table = "id,glosses,signer,split\n"
    for name in ("a", "b", "c"):
        write(root / "in" / f"{name}.pose", GOOD_POSE)
        table += f"{name},A B,ann,dev\n"
    write(root / "in" / "glosses.csv", table)
    return root / "in"


# annotated recordings


def picture(folder: Path) -> None:
    write(folder / "images0001.png", b"")


def phoenix2014(root: Path, suffix: str = "", frames: bool = True) -> Path:
    path = root / "in"
    for split in SPLITS:
        text = (
            "id|folder|signer|annotation\n"
            f"{split}-0|{split}-0/1/*.png|Signer04|ABEND __ON__ loc-REGEN\n"
            f'{split}-1|{split}-1/1/*.png|Signer01|WIND "MORGEN\n'
            f"{split}-2|{split}-2/1/*.png|Signer01|WIND\n"
        )
        write(path / f"annotations/manual/{split}{suffix}.corpus.csv", text)
        for number in range(3 if frames else 0):
            picture(path / FRAMES / split / f"{split}-{number}" / "1")
    return path


def phoenix2014t(root: Path) -> Path:
    path = root / "in"
    for split in SPLITS:
        text = "name|video|start|end|speaker|orth|translation\n"
        for number in range(3):
            name = f"{split}-{number}"
            text += f"{name}|{name}/1/*.png|-1|-1|Signer04|REGEN KOMMEN|es regnet, später\n"
            picture(path / FRAMES / split / name)
        write(path / f"annotations/manual/PHOENIX-2014-T.{split}.corpus.csv", text)
    return path


CSL_INFO = [
    {"name": "S0_P0", "label_gloss": ["我", "去"], "signer": 0, "length": 9},
    {"name": "S1_P1", "label_gloss": ["去"], "signer": 1, "length": 9},
    {"name": "S2_P1", "label_gloss": ["去"], "signer": 1, "length": 9},
]


def csl_daily(root: Path, info: object = CSL_INFO) -> Path:
    path = root / "in"
    write(path / "sentence_label/split_1.txt", "name|split\nS0_P0|train\nS1_P1|test\nS2_P1|dev\n")
    write(path / "sentence_label/csl2020ct_v2.pkl", pickle.dumps({"info": info, "gloss_map": []}))
    for entry in CSL_INFO:
        write(path / "sentence/frames_512x512" / entry["name"] / "000000.jpg", b"")
    return path


def stm(root: Path) -> Path:
    text = ";; a comment\na 1 s05 0.0 1.5e3 <o,f0> REGEN WIND\nb 1 s04 0 1 WIND\n"
    write(root / "in" / "x-dev.stm", text)
    write(root / "in" / "x-test.stm", "c 1 s04 0 1 REGEN\n")
    return root / "in"


# tracks

BOSTON_HANDS = "video,frame,left-x,left-y,right-x,right-y,nose-x,nose-y\n" + "".join(
    f"{video},{frame},156,121,{frame},242,78,60.5\n" for video in (2, 3, 5) for frame in range(9)
)
BOSTON_WORDS = "video,speaker,word,startframe,endframe\n"
BOSTON = {
    "hands_condensed.csv": BOSTON_HANDS,
    "speaker.csv": "video,speaker\n2,woman-1\n3,man-1\n5,woman-1\n",
    "train_words.csv": BOSTON_WORDS + "2,woman-1,BUY,4,8\n2,woman-1,JOHN,0,3\n3,man-1,MARY,1,5\n",
    "test_words.csv": BOSTON_WORDS + "5,woman-1,JOHN,1,5\n",
}


def boston104(root: Path) -> Path:
    for name, text in BOSTON.items():
        write(root / "in" / name, text)
    return root / "in"


# Google's competitions

ORDER = ("face", "left_hand", "pose", "right_hand")


def asl_frames(seed: int, count: int = 3) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(0.1, 0.9, (count, 543, 3))
    values[1, 33:54] = np.nan  # a lost hand
    return values


def asl_long(file: Path, values: np.ndarray) -> None:
    """A row a landmark, in the competition's order of parts."""
    rows = []
    for moment in reversed(range(len(values))):
        for name in ORDER:
            part = values[moment, HOLISTIC.slices[name]]
            rows += [(20 + moment, name, n, *point) for n, point in enumerate(part)]
    columns = ["frame", "type", "landmark_index", "x", "y", "z"]
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_parquet(file)


def asl_wide(file: Path, sequences: dict[int, np.ndarray]) -> None:
    """A row a frame, a column a value, many sequences a file; the sequence is the table's index."""
    tables = []
    for number, values in sequences.items():
        columns = {"sequence_id": np.full(len(values), number), "frame": np.arange(len(values))}
        for axis, letter in enumerate("xyz"):
            for name in ORDER:
                part = values[:, HOLISTIC.slices[name], axis]
                columns |= {f"{letter}_{name}_{n}": part[:, n] for n in range(part.shape[1])}
        tables.append(pd.DataFrame(columns))
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables[::-1]).set_index("sequence_id").to_parquet(file)


def asl_isolated(root: Path) -> Path:
    path = root / "in"
    for signer, number, count in ((7, 12, 3), (8, 3, 4), (8, 5, 3)):
        asl_long(path / f"landmarks/{signer}/{number}.parquet", asl_frames(number, count))
    text = (
        "path,participant_id,sequence_id,sign\n"
        "landmarks/8/3.parquet,8,3,dad\nlandmarks/7/12.parquet,7,12,wait\n"
        "landmarks/8/5.parquet,8,5,dad\n"
    )
    write(path / "train.csv", text)
    return path


def asl_fingerspelled(root: Path) -> Path:
    path = root / "in"
    asl_wide(path / "landmarks/1.parquet", {5: asl_frames(5), 4: asl_frames(4, 2)})
    asl_wide(path / "landmarks/2.parquet", {6: asl_frames(6)})
    text = (
        "path,file_id,sequence_id,participant_id,phrase\n"
        "landmarks/1.parquet,1,4,30,+a b\nlandmarks/1.parquet,1,5,31,7 x\n"
        "landmarks/2.parquet,2,6,31,7 x\n"
    )
    write(path / "train.csv", text)
    return path


MINIATURES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "mp-data": ("mp-data", mp_data),
    "pose": ("pose", pose),
    "phoenix2014": ("phoenix2014", phoenix2014),
    "phoenix2014t": ("phoenix2014t", phoenix2014t),
    "csl-daily": ("csl-daily", csl_daily),
    "boston104": ("boston104", boston104),
    "isolated signs": ("asl-parquet", asl_isolated),
    "fingerspelling": ("asl-parquet", asl_fingerspelled),
    "stm": ("stm", stm),
}
"""The kind and the maker of each miniature."""
