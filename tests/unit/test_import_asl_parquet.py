"""Both parquet layouts give the same landmarks, whatever the order of their rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, dequantise

ORDER = ("face", "left_hand", "pose", "right_hand")


def frames(seed: int, count: int = 3) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(0.1, 0.9, (count, 543, 3))
    values[1, 33:54] = np.nan  # a lost hand
    return values


def long(file: Path, values: np.ndarray) -> None:
    """A row a landmark, in the competition's order of parts."""
    rows = []
    for moment in reversed(range(len(values))):
        for name in ORDER:
            part = values[moment, HOLISTIC.slices[name]]
            rows += [(20 + moment, name, n, *point) for n, point in enumerate(part)]
    columns = ["frame", "type", "landmark_index", "x", "y", "z"]
    table = pd.DataFrame(rows, columns=columns)
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(file)


def wide(file: Path, sequences: dict[int, np.ndarray]) -> None:
    """A row a frame, a column a value, many sequences a file."""
    tables = []
    for number, values in sequences.items():
        columns = {"sequence_id": np.full(len(values), number), "frame": np.arange(len(values))}
        for axis, letter in enumerate("xyz"):
            for name in ORDER:
                part = values[:, HOLISTIC.slices[name], axis]
                columns |= {f"{letter}_{name}_{n}": part[:, n] for n in range(part.shape[1])}
        tables.append(pd.DataFrame(columns))
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables[::-1]).to_parquet(file, index=False)


def run(path: Path) -> Store:
    return import_corpus(
        "asl-parquet", path, path.parent / "corpus", name="a", licence="", settings={}
    )


def same(sample, values: np.ndarray) -> bool:
    found = dequantise(sample.landmarks)
    return np.allclose(found, values, atol=1 / 16000, equal_nan=True)


def isolated(path: Path) -> Path:
    long(path / "in/landmarks/7/12.parquet", frames(12))
    long(path / "in/landmarks/8/3.parquet", frames(3, 4))
    (path / "in/train.csv").write_text(
        "path,participant_id,sequence_id,sign\n"
        "landmarks/8/3.parquet,8,3,dad\nlandmarks/7/12.parquet,7,12,wait\n"
    )
    return path / "in"


def test_isolated_signs(tmp_path: Path) -> None:
    store = run(isolated(tmp_path))
    samples = {sample.id: sample for sample in store.samples()}
    assert {name: (s.signer, s.glosses) for name, s in samples.items()} == {
        "3": ("8", ("dad",)),
        "12": ("7", ("wait",)),
    }
    assert same(samples["12"], frames(12))
    assert same(samples["3"], frames(3, 4))


def test_fingerspelled_phrases(tmp_path: Path) -> None:
    wide(tmp_path / "in/landmarks/1.parquet", {5: frames(5), 4: frames(4, 2)})
    (tmp_path / "in/train.csv").write_text(
        "path,file_id,sequence_id,participant_id,phrase\n"
        "landmarks/1.parquet,1,4,30,+a b\nlandmarks/1.parquet,1,5,31,7 x\n"
    )
    samples = {sample.id: sample for sample in run(tmp_path / "in").samples()}
    assert samples["4"].glosses == ("+", "a", "<space>", "b")
    assert samples["5"].signer == "31"
    assert same(samples["4"], frames(4, 2))
    assert same(samples["5"], frames(5))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sign\n", "word\n", "neither a column 'sign' nor a column 'phrase'"),
        ("8/3.parquet", "8/4.parquet", r"4\.parquet cannot be read.*affected: 1"),
        ("8/3.parquet", "../../3.parquet", r"csv:2: path .* leads out"),
        ("8,3,dad", "8,3,", r"csv:2: sequence 3 has no sign"),
        ("7,12,", "7,3,", "two utterances have the id '3'"),
    ],
)
def test_faults_are_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = isolated(tmp_path)
    table = path / "train.csv"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(BadCorpus, match=message):
        run(path)


def test_cut_off_and_wrong_files_are_told(tmp_path: Path) -> None:
    path = isolated(tmp_path)
    file = path / "landmarks/8/3.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    with pytest.raises(BadCorpus, match=r"3\.parquet cannot be read"):
        run(path)
    table = pd.read_parquet(path / "landmarks/7/12.parquet")
    for column, value, message in (
        ("landmark_index", 500, "landmark_index that its type does not have"),
        ("x", np.inf, "NaN or infinite"),
        ("type", "foot", "has no 'foot'"),
    ):
        changed = table.copy()
        changed.loc[0, column] = value
        changed.to_parquet(file)
        with pytest.raises(BadCorpus, match=message):
            run(path)
    table.drop(columns="z").to_parquet(file)
    with pytest.raises(BadCorpus, match=r"3\.parquet"):
        run(path)
