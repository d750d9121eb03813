"""Transcripts on disk: round trips, real files, and one sentence for everything wrong."""

import pytest

from signlab.errors import BadInput
from signlab.scoring import files, writing
from signlab.scoring.cleanup import clean
from signlab.scoring.pairs import fill_absent, pair, side_by_side
from signlab.scoring.wer import align

TRANSCRIPTS = {"u1": ("WETTER", "MORGEN"), "u2": (), "u3": ("HÖHE", "loc-NORD")}


@pytest.mark.parametrize("ending", [".trn", ".stm", ".csv", ".tsv"])
def test_written_is_read_again(tmp_path, ending):
    path = tmp_path / f"some{ending}"
    writing.write(path, TRANSCRIPTS)
    assert files.read(path) == TRANSCRIPTS


def test_ctm_keeps_times_and_gives_glosses(tmp_path):
    path = tmp_path / "some.ctm"
    timed = {
        "u1": [files.TimedGloss("A", 0.5, 0.25, 0.9), files.TimedGloss("B", 0.75, 0.1)],
        "u2": [files.TimedGloss("C", 0.0, 1.0)],
    }
    writing.write_ctm(path, timed)
    assert files.read_ctm(path) == timed
    assert files.read(path) == {"u1": ("A", "B"), "u2": ("C",)}


def test_phoenix_files(shared):
    annotations = shared / "data/annotations"
    dev = files.read(annotations / "phoenix2014-dev.stm")
    assert len(dev) == 540
    assert sum(map(len, dev.values())) == 5540
    dev_t = files.read(annotations / "phoenix2014T-dev.csv", column="annotation")
    assert dev_t["11August_2010_Wednesday_tagesschau-2"] == ("DRUCK", "TIEF", "KOMMEN")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.trn", "A B (u1)\nA B\n", r"a.trn:2: no '\(id\)'"),
        ("a.trn", "A (u1)\nB (u1)\n", "a.trn:2: utterance 'u1' is there twice, first in line 1"),
        ("a.stm", "u1 1 signer 0.0\n", "a.stm:1: not 'recording"),
        ("a.stm", "u1 1 signer 5.0 1.0 A\n", "a.stm:1: not 'recording"),
        ("a.ctm", "u1 1 0.0 0.1\n", "a.ctm:1: not 'recording"),
        ("a.csv", "id,gloss,signer\nu1,A,s\n", "a.csv:1: no column 'glosses'; did you mean 'glos"),
        ("a.csv", "id,glosses\nu1,A,B\n", "a.csv:2: 3 columns, not 2"),
        ("a.txt", "", "no transcript format '.txt'"),
        ("a.trn", b"A (u1)\nH\xd6HE (u2)\n", "a.trn:2: byte 2 is not UTF-8"),
    ],
)
def test_one_sentence_for_what_is_wrong(tmp_path, name, content, complaint):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=complaint):
        files.read(path)


def test_missing_file():
    with pytest.raises(BadInput, match="no such file"):
        files.read(files.Path("nowhere.trn"))


def _transcripts(name, **glosses):
    rows = enumerate(glosses.items(), start=1)
    return files.Transcripts(files.Path(name), (files.Row(n, *row) for n, row in rows))


def test_utterances_are_matched_by_id():
    references = _transcripts("r.trn", a=("X",), B=("Y",))
    assert pair(references, _transcripts("h.trn", b=("Q",), A=())).hypotheses == ((), ("Q",))
    with pytest.raises(BadInput, match=r"r.trn:2: h.trn has no hypothesis for utterance 'B'"):
        pair(references, _transcripts("h.trn", a=()))
    with pytest.raises(BadInput, match=r"h.trn:3: r.trn has no reference for utterance 'c'"):
        pair(references, _transcripts("h.trn", a=(), B=(), c=()))


def test_a_ctm_file_cannot_hold_an_empty_hypothesis():
    references = _transcripts("r.trn", a=("X",), b=("Y",))
    hypotheses = _transcripts("h.ctm", a=("X",))
    with pytest.raises(BadInput, match=r"'b'; every .* cannot hold an empty one: write \[EMPTY\]"):
        pair(references, hypotheses)
    assert fill_absent(references, hypotheses) == ["b"]
    assert pair(references, hypotheses).hypotheses == (("X",), ())


def test_signers_are_those_that_the_file_names(shared):
    dev = files.read(shared / "data/annotations/phoenix2014-dev.stm")
    assert len(set(dev.signers.values())) == 9
    assert len(dev.signers) == len(dev)


def test_side_by_side():
    alignment = align(["WETTER", "A"], ["B", "A", "CC"])
    assert side_by_side(alignment, width=80) == [("WETTER A **", "B      A CC", "S        I")]
    assert side_by_side(alignment, width=8) == [
        ("WETTER A", "B      A", "S"),
        ("**", "CC", "I"),
    ]


@pytest.mark.parametrize(
    ("profile", "hypothesis", "cleaned"),
    [
        ("plain", "loc-NORD __ON__", "loc-NORD __ON__"),
        ("phoenix2014", "loc-NORD cl-KOMMEN S0NNE HABEN2", "NORD KOMMEN SONNE HABEN"),
        ("phoenix2014", "ZEIGEN SELBST-ZEIGEN", "ZEIGEN-BILDSCHIRM SELBST-ZEIGEN-BILDSCHIRM"),
        ("phoenix2014", "WOLKE-PLUSPLUS NORDRAUM RAUM", "WOLKE NORD RAUM"),
        ("phoenix2014", "__ON__ __PU__ A A __EPENTHESIS__", "__ON__ A A"),
        ("phoenix2014", "__EMOTION__", "[EMPTY]"),
        ("phoenix2014t", "__ON__ loc-NORD NORD NORDRAUM", "NORD"),
        ("phoenix2014t", "cl-KOMMEN-PLUSPLUS A S", "KOMMEN A S"),
        ("phoenix2014t", "__OFF__", "[EMPTY]"),
    ],
)
def test_cleanup_of_hypotheses(profile, hypothesis, cleaned):
    _, hypotheses = clean(profile, [()], [hypothesis.split()])
    assert hypotheses == [tuple(cleaned.split())]


@pytest.mark.parametrize(
    ("reference", "cleaned"),
    [
        ("WIE AUSSEHEN MORGEN", "WIE-AUSSEHEN MORGEN"),
        ("DANN A S HAUS", "DANN A+S HAUS"),
        ("B SCH E NN", "B SCH+E+NN"),
        ("REGEN REGEN IN-KOMMEND IN-KOMMEND", "REGEN IN-KOMMEND IN-KOMMEND"),
        ("__ON__ loc-NORDRAUM", "NORD"),
    ],
)
def test_cleanup_of_2014t_references(reference, cleaned):
    references, _ = clean("phoenix2014t", [reference.split()], [()])
    assert references == [tuple(cleaned.split())]


def test_unknown_profile():
    with pytest.raises(BadInput, match="did you mean 'phoenix2014'"):
        clean("phoenix-2014", [], [])
