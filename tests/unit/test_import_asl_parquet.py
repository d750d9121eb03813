"""Both parquet layouts give the same landmarks, whatever the order of their rows."""

from pathlib import Path

import numpy as np
from miniatures import asl_fingerspelled, asl_frames, asl_isolated

from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.store import Store
from signlab.landmarks.layout import dequantise


def run(path: Path) -> Store:
    return import_corpus(
        "asl-parquet", path, path.parent / "corpus", name="a", licence="", settings={}
    )


def same(sample, values: np.ndarray) -> bool:
    found = dequantise(sample.landmarks)
    return np.allclose(found, values, atol=1 / 16000, equal_nan=True)


def test_isolated_signs(tmp_path: Path) -> None:
    samples = {sample.id: sample for sample in run(asl_isolated(tmp_path)).samples()}
    assert {name: (s.signer, s.glosses) for name, s in samples.items()} == {
        "3": ("8", ("dad",)),
        "5": ("8", ("dad",)),
        "12": ("7", ("wait",)),
    }
    assert same(samples["12"], asl_frames(12))
    assert same(samples["3"], asl_frames(3, 4))


def test_fingerspelled_phrases(tmp_path: Path) -> None:
    samples = {sample.id: sample for sample in run(asl_fingerspelled(tmp_path)).samples()}
    assert samples["4"].glosses == ("+", "a", "<space>", "b")
    assert samples["5"].signer == "31"
    assert same(samples["4"], asl_frames(4, 2))
    assert same(samples["5"], asl_frames(5))
    assert same(samples["6"], asl_frames(6))
