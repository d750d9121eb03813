"""Error analysis on cases small enough to count by hand, and on real timed glosses."""

import json

import numpy as np
import pytest

from signlab.scoring.analysis import by_frequency, by_group, by_length, by_presence, changes
from signlab.scoring.boundaries import boundary_errors
from signlab.scoring.calibration import (
    calibration_by_gloss,
    calibration_error,
    gloss_outcomes,
    reliability,
    utterance_outcomes,
)
from signlab.scoring.wer import align

ALIGNMENTS = [
    align(["A"], ["A"]),
    align(["A", "B", "C"], ["A", "C"]),
    align(["B", "B"], ["A", "B", "B", "C"]),
]


def test_wer_by_group():
    table = by_group(ALIGNMENTS, ["s1", "s2", "s1"]).set_index("group")
    assert table.loc["s1", ["utterances", "glosses", "insertions"]].tolist() == [2, 3, 2]
    assert table["wer"].tolist() == pytest.approx([100 * 2 / 3, 100 / 3])
    assert by_length(ALIGNMENTS)["group"].tolist() == ["1 to 2", "3 to 4"]
    assert by_length(ALIGNMENTS)["glosses"].tolist() == [3, 3]
    shares = by_presence(ALIGNMENTS, [1.0, 0.3, 0.96])
    assert shares["group"].tolist() == ["0.25 to 0.5", "0.95 or more"]
    assert shares["utterances"].tolist() == [1, 2]


def test_wer_by_frequency():
    table = by_frequency(ALIGNMENTS, {"A": 60, "B": 1}).set_index("group")
    assert table.index.tolist() == ["0", "1", "50 or more"]
    assert table.loc["1", ["kinds", "glosses", "correct"]].tolist() == [1, 3, 2]
    assert table["error_rate"].tolist() == pytest.approx([0.0, 100 / 3, 0.0])


def test_repaired_and_damaged():
    variant = [align(["A"], []), align(["A", "B", "C"], ["A", "B", "C"]), ALIGNMENTS[2]]
    table = changes(ALIGNMENTS, variant).set_index("gloss")
    assert table.loc["B"].tolist() == [3, 1, 0, 1]
    assert table.loc["A"].tolist() == [2, 0, 1, -1]
    with pytest.raises(ValueError, match="same references"):
        changes(ALIGNMENTS[:1], [align(["B"], [])])


def test_calibration():
    outcomes = gloss_outcomes(ALIGNMENTS, [[0.95], [0.95, 0.55], [0.95, 0.55, 0.75, 0.95]])
    assert outcomes["correct"].tolist() == [True, True, True, False, True, True, False]
    curve = reliability(outcomes)
    assert curve["count"].tolist() == [2, 1, 4]
    assert curve["accuracy"].tolist() == [1.0, 1.0, 0.5]
    assert calibration_error(outcomes) == pytest.approx((2 * 0.45 + 0.25 + 4 * 0.45) / 7)
    assert calibration_by_gloss(outcomes)["gloss"].tolist() == [
        "A",
        "B",
        "C",
    ]
    whole = utterance_outcomes(ALIGNMENTS, [1.0, 0.9, 0.2])
    assert whole["correct"].tolist() == [True, False, False]


def test_confidences_that_are_probabilities_are_calibrated():
    generator = np.random.default_rng(0)
    confidence = generator.random(20_000)
    right = generator.random(20_000) < confidence
    alignments = [align(["A"], ["A" if one else "B"]) for one in right]
    outcomes = gloss_outcomes(alignments, confidence[:, None].tolist())
    assert calibration_error(outcomes) < 0.02
    shifted = outcomes.assign(confidence=outcomes["confidence"] ** 0.5)
    assert calibration_error(shifted) > 0.1


def test_boundary_errors_on_real_timed_glosses(shared):
    timed = json.loads((shared / "data/dgs/train_2_metadata.json").read_text())
    sentence = timed["sentence"]["glosses"]
    spans = list(zip(map(float, sentence["start"]), map(float, sentence["end"]), strict=True))
    hypothesis = ["X", *sentence["gloss"][:-1]]
    late = [(0.0, 1.0)] + [(start + 40, end - 20) for start, end in spans[:-1]]
    table = boundary_errors([align(sentence["gloss"], hypothesis)], [spans], [late])
    assert table["gloss"].tolist() == sentence["gloss"][:-1]
    assert set(table["begin_ms"]) == {40.0}
    assert set(table["end_ms"]) == {-20.0}
    with pytest.raises(ValueError, match="every gloss needs one span"):
        boundary_errors([align(["A"], ["A"])], [[]], [[(0.0, 1.0)]])
