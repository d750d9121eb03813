"""``signlab score`` and ``signlab compare`` as a user meets them."""

import json

import pytest
from fabricate import Planted, fabricate
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.errors import BadInput
from signlab.study.folder import RunFolder


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
    difference = results["bootstrap"]["difference"]
    assert results["wer_a"] - results["wer_b"] == pytest.approx(difference)
    printed = _run("compare", *paths)
    assert "MAPSSWE" in printed
    assert results["signature"] in printed


def test_what_is_wrong_is_said(transcripts):
    (transcripts / "c.trn").write_text("A (u1)\n")
    with pytest.raises(BadInput, match=r"ref.trn:2: .*c.trn has no hyp.* 'u2', 'u3'"):
        _run("score", transcripts / "ref.trn", transcripts / "c.trn")
    with pytest.raises(BadInput, match="no clean-up profile 'phoenix'; did you mean"):
        _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--profile", "phoenix")
    with pytest.raises(BadInput, match="no aligner 'x'"):
        _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--aligner", "x")
    with pytest.raises(BadInput, match=r"--column x: neither .* has columns"):
        _run("score", transcripts / "ref.trn", transcripts / "a.trn", "--column", "x")
    for text, complaint in (
        ("A (u1)\n{ A / B C (u2)\n", "alternations.trn:2: .* no closing"),
        ("A (u1)\nA } C (u2)\n", "alternations.trn:2: '}' outside of an alternation"),
    ):
        (transcripts / "alternations.trn").write_text(text)
        both = [transcripts / "alternations.trn"] * 2
        with pytest.raises(BadInput, match=complaint):
            _run("score", *both, "--aligner", "sclite")
    (transcripts / "alternations.trn").write_text("{ A / B } (u1)\n")
    with pytest.raises(BadInput, match=r"alternations.trn:1: .*--aligner sclite"):
        _run("score", *[transcripts / "alternations.trn"] * 2)
    (transcripts / "empty.trn").write_text("(u1)\n")
    with pytest.raises(BadInput, match="no reference has a gloss"):
        _run("score", transcripts / "empty.trn", transcripts / "c.trn")


def test_what_a_ctm_file_leaves_out_counts_as_empty_by_a_benchmark_s_rules(transcripts):
    (transcripts / "h.ctm").write_text("u1 1 0 1 A\nu3 1 0 1 D\nu3 1 1 1 E\n")
    arguments = ["score", transcripts / "ref.trn", transcripts / "h.ctm", "--json"]
    with pytest.raises(BadInput, match=r"no hypothesis for utterance 'u2'.*\[EMPTY\]"):
        _run(*arguments)
    ran = CliRunner().invoke(app, [*map(str, arguments), "--profile", "phoenix2014"])
    assert "no gloss for 1 of 3 utterances (u2), which count as empty" in ran.stderr
    # [EMPTY] is an insertion where the reference is empty too
    assert json.loads(ran.stdout)["I"] == 1


def test_compare_takes_signers_from_the_references(transcripts):
    lines = [f"u{n} 1 signer{n % 3} 0 1 A B C" for n in range(9)]
    (transcripts / "r.stm").write_text("\n".join(lines) + "\n")
    for name, glosses in (("x", "A B"), ("y", "A B C")):
        lines = [f"{glosses} (u{n})" for n in range(9)]
        (transcripts / f"{name}.trn").write_text("\n".join(lines) + "\n")
    paths = [transcripts / name for name in ("r.stm", "x.trn", "y.trn")]
    assert json.loads(_run("compare", *paths, "--json"))["bootstrap"]["signers"] == 3
    assert "3 signers" in _run("compare", *paths)


def test_transcripts_of_a_run_give_its_figures(tmp_path):
    study = fabricate(tmp_path / "study", {"baseline": Planted(rate=0.5)}, seeds=[0], epochs=2)
    (run,) = (study / "baseline").iterdir()
    printed = _run("transcripts", run, tmp_path / "out").split()
    assert len(printed) == 8
    test = RunFolder(run).result().test
    for ending in ("trn", "ctm"):
        paths = tmp_path / "out/test.ref.stm", tmp_path / f"out/test.hyp.{ending}"
        figures = json.loads(_run("score", *paths, "--json"))
        assert figures["wer"] == pytest.approx(test.wer)
        assert [figures[key] for key in "NSDI"] == [
            test.glosses,
            test.substitutions,
            test.deletions,
            test.insertions,
        ]
    with pytest.raises(BadInput, match="is no folder of a finished run"):
        _run("transcripts", tmp_path, tmp_path / "out")
