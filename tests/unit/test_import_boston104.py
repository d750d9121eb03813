"""The BOSTON-104 tables: splits, order and shares of the image."""

from pathlib import Path

import pytest
from miniatures import boston104

from signlab.corpora.importers.catalogue import import_corpus
from signlab.landmarks.layout import dequantise


def test_sentences_signers_and_the_official_test(tmp_path: Path) -> None:
    path = boston104(tmp_path)
    store = import_corpus(
        "boston104", path, tmp_path / "corpus", name="b", licence="MIT", settings={}
    )
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
