"""The figures of NIST's sclite and sc_stats, and of the program itself where it is installed."""

import json
import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.scoring import files, mapsswe, writing
from signlab.scoring.signs import confusions
from signlab.scoring.wer import Alignment, align, align_all

SCLITE = shutil.which("sclite") or "/usr/lib/sctk/bin/sclite"
needs_sclite = pytest.mark.skipif(
    not Path(SCLITE).exists(), reason="sclite is not installed (Debian package sctk)"
)


def _expected(shared, kind):
    return json.loads((shared / "golden/expected.json").read_text())[kind]


def _print_json(*arguments):
    ran = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    return json.loads(ran.stdout)


def test_score_prints_the_figures_of_sclite(shared):
    for case in _expected(shared, "sclite"):
        paths = shared / "golden" / case["ref"], shared / "golden" / case["hyp"]
        printed = _print_json("score", *paths, "--aligner", "sclite")
        for key in ("N", "S", "D", "I", "sentence_errors"):
            assert printed[key] == case.get(key, printed[key]), case
        if "wer_percent" in case:
            assert printed["wer"] == pytest.approx(case["wer_percent"], abs=5e-5)
        assert printed["signature"].startswith("wer|align:sclite|clean:plain|decode:file|signlab:")


def test_compare_prints_the_figures_of_sc_stats(shared):
    for case in _expected(shared, "mapsswe"):
        if "ref" in case:
            paths = [shared / "golden" / case[key] for key in ("ref", "a", "b")]
            _same_test(_print_json("compare", *paths)["mapsswe"], case)


def test_segments_of_a_sentence_with_trailing_insertions(shared):
    # sc_stats subtracts the second system; this case of expected.json names them the other way
    (case,) = (case for case in _expected(shared, "mapsswe") if "ref" not in case)
    first, second = (_sgml(shared / "golden" / case[key]) for key in ("b", "a"))
    _same_test(vars(mapsswe.mapsswe(first, second)), case)


def _same_test(test, case):
    assert test["segments"] == case["segments"]
    for key in ("mean", "std", "z"):
        assert test[key] == pytest.approx(case[key], abs=6e-4)
    assert (test["p"] < 0.05) is case["different"]


def _sgml(path):
    """The alignments in an output of ``sclite -o sgml``."""
    found = re.findall(r"<PATH id=.*?>\n(.*?)\n?</PATH>", path.read_text(), re.DOTALL)
    return [Alignment((), (), "".join(re.findall(r"(?:^|:)([CSDI]),", body))) for body in found]


def test_confusion_pairs_of_sclite(shared):
    folder = shared / "golden/sctk"
    references, hypotheses = (files.read(folder / f"csrnab.{kind}") for kind in ("ref", "hyp"))
    hypotheses = {name.casefold(): glosses for name, glosses in hypotheses.items()}
    table = confusions(
        align(reference, hypotheses[name.casefold()], aligner="sclite")
        for name, reference in references.items()
    )
    ours = {(row.reference, row.hypothesis): row.count for row in table.itertuples(index=False)}
    listed = re.findall(
        r"^ +\d+: +(\d+)  ->  (\S+) ==> (\S+)$", (folder / "expected.dtl").read_text(), re.MULTILINE
    )
    assert ours == {(reference, hypothesis): int(count) for count, reference, hypothesis in listed}


word = st.sampled_from("abcd")
words = st.lists(word, max_size=7)
alternation = st.lists(
    st.lists(word, min_size=1, max_size=2) | st.just(["@"]), min_size=2, max_size=3
).map(lambda branches: ["{", *" / ".join(map(" ".join, branches)).split(), "}"])
references = st.lists(words | alternation, max_size=3).map(lambda parts: [*chain(*parts)])


@needs_sclite
@settings(max_examples=10)
@given(st.lists(st.tuples(references, words), min_size=1, max_size=40))
def test_alignments_are_those_of_the_real_sclite(tmp_path_factory, sentences):
    folder = tmp_path_factory.mktemp("sclite")
    for name, side in (("ref", 0), ("hyp", 1)):
        lines = {f"s_{index}": tuple(pair[side]) for index, pair in enumerate(sentences)}
        writing.write(folder / f"{name}.trn", lines)
    subprocess.run(
        [SCLITE, "-r", "ref.trn", "trn", "-h", "hyp.trn", "trn", "-i", "wsj", "-o", "sgml"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    text = (folder / "hyp.trn.sgml").read_text()
    found = align_all(*zip(*sentences, strict=True), aligner="sclite")
    for name, body in re.findall(r'<PATH id="\(s_(\d+)\)".*?>\n(.*?)\n?</PATH>', text, re.DOTALL):
        theirs = "".join(re.findall(r"(?:^|:)([CSDI]),", body))
        assert found[int(name)].edits == theirs, sentences[int(name)]
