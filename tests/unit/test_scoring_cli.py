"""``signlab score`` and ``signlab compare`` as a user meets them."""

import json

import pytest
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.errors import BadInput


@pytest.fixture
def transcripts(tmp_path):
    texts = {
        "ref.trn": "loc-A B C (u1)\n (u2)\nD E (u3)\n",
        "a.trn": "D (u3)\nloc-A B C (u1)\nX (u2)\n",
        "b.trn": "A B C (u1)\n (u2)\nD E (u3)\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False).stdout


def test_score(transcripts):
    printed = _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--json")
    figures = json.loads(printed)
    assert list(figures) == ["N", "S", "D", "I", "sentence_errors", "wer", "signature"]
    assert [figures[key] for key in ("N", "S", "D", "I", "sentence_errors")] == [5, 0, 1, 1, 2]
    assert figures["wer"] == pytest.approx(40.0)


def test_score_shows_raw_and_cleaned_figures_and_the_worst_sentences(transcripts):
    arguments = "score", transcripts / "ref.trn", transcripts / "a.trn"
    printed = _run(*arguments, "--profile", "phoenix2014")
    lines = printed.splitlines()
    assert lines[1].split() == ["plain", "5", "0", "1", "1", "2/3", "40.00", "%"]
    assert lines[2].split() == ["phoenix2014", "5", "1", "1", "1", "3/3", "60.00", "%"]
    assert "clean:phoenix2014|decode:file" in lines[3]
    assert "  REF  D E\n  HYP  D *" in printed
    assert "loc-A -> A" in printed


def test_compare(transcripts):
    paths = [transcripts / f"{name}.trn" for name in ("ref", "a", "b")]
    results = json.loads(_run("compare", *paths, "--json"))
    assert set(results["mapsswe"]) == {"segments", "mean", "std", "z", "p"}
    assert results["wer_a"] - results["wer_b"] == pytest.approx(-results["bootstrap"]["difference"])
    assert "MAPSSWE" in _run("compare", *paths)


def test_what_is_wrong_is_said(transcripts):
    (transcripts / "c.trn").write_text("A (u1)\n")
    with pytest.raises(BadInput, match=r"c.trn: no hypothesis for utterance 'u2', 'u3'"):
        _run("score", transcripts / "ref.trn", transcripts / "c.trn")
    with pytest.raises(BadInput, match="no clean-up profile 'phoenix'; did you mean"):
        _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--profile", "phoenix")
    with pytest.raises(BadInput, match="no aligner 'x'"):
        _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--aligner", "x")
    (transcripts / "empty.trn").write_text("(u1)\n")
    with pytest.raises(BadInput, match="no reference has a gloss"):
        _run("score", transcripts / "empty.trn", transcripts / "c.trn")
