"""Laws of WER, and jiwer as an independent reference."""

from importlib.metadata import version

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signlab.errors import BadInput
from signlab.scoring.sclite import align_network
from signlab.scoring.signs import confusions, per_sign
from signlab.scoring.wer import align, align_all, corpus_errors, corpus_wer, signature, total
from signlab.study.folder import Errors

words = st.lists(st.sampled_from(["A", "B", "C", "loc-D"]), max_size=9)
lowered = st.lists(st.sampled_from(["a", "b", "c"]), max_size=12)
sentences = st.lists(st.tuples(words, words), min_size=1, max_size=6)
aligners = pytest.mark.parametrize("aligner", ["levenshtein", "sclite"])


@aligners
@given(pair=st.tuples(words, words))
def test_an_alignment_spells_out_both_sides(aligner, pair):
    reference, hypothesis = pair
    if aligner == "sclite":
        reference, hypothesis = ([one.lower() for one in side] for side in pair)
    columns = list(align(*pair, aligner=aligner).columns())
    assert [gloss for _, gloss, _ in columns if gloss is not None] == reference
    assert [gloss for _, _, gloss in columns if gloss is not None] == hypothesis
    assert all((edit == "C") == (left == right) for edit, left, right in columns)


@given(sentences)
def test_levenshtein_is_jiwer(pairs):
    kept = [pair for pair in pairs if pair[0]]
    if kept:
        references, hypotheses = (list(side) for side in zip(*kept, strict=True))
        theirs = jiwer.process_words(
            [" ".join(one) for one in references], [" ".join(one) for one in hypotheses]
        )
        ours = corpus_errors(references, hypotheses)
        counts = Errors(
            theirs.substitutions, theirs.deletions, theirs.insertions, sum(map(len, references))
        )
        assert ours == counts
        assert ours.wer == pytest.approx(100 * theirs.wer)
        assert corpus_wer(references, hypotheses) == ours.wer


@given(sentences)
def test_totals_are_the_sum_over_utterances(pairs):
    references, hypotheses = (list(side) for side in zip(*pairs, strict=True))
    for aligner in ("levenshtein", "sclite"):
        one_by_one = [align(*pair, aligner=aligner) for pair in pairs]
        assert align_all(references, hypotheses, aligner=aligner) == one_by_one
        errors = total(one.errors for one in one_by_one)
        assert corpus_errors(references, hypotheses, aligner=aligner) == errors


@given(st.lists(st.tuples(lowered, lowered), max_size=6))
def test_sclite_aligns_many_plain_sentences_as_it_aligns_a_network(pairs):
    found = align_all(*([pair[side] for pair in pairs] for side in (0, 1)), aligner="sclite")
    for pair, alignment in zip(pairs, found, strict=True):
        one = align_network(*map(tuple, pair))
        assert (alignment.reference, alignment.hypothesis, alignment.edits) == one


@given(words, words)
def test_sclite_never_finds_fewer_errors_and_swaps_with_the_sides(reference, hypothesis):
    fewest, weighted = (
        align(reference, hypothesis, aligner=name).errors for name in ("levenshtein", "sclite")
    )
    back = align(hypothesis, reference).errors

    def edits(errors):
        return errors.substitutions + errors.deletions + errors.insertions

    assert edits(fewest) <= edits(weighted)
    assert edits(back) == edits(fewest)
    assert fewest.insertions - fewest.deletions == len(hypothesis) - len(reference)


def test_empty_sides():
    assert align(["A", "B"], []).errors == Errors(0, 2, 0, 2)
    assert align([], ["A"]).errors == Errors(0, 0, 1, 0)
    assert align([], []).correct


def test_alternations():
    reference = ["{", "A", "B", "/", "@", "/", "C", "}", "D"]
    assert align(reference, ["D"], aligner="sclite").errors == Errors(0, 0, 0, 1)
    assert align(reference, ["A", "B", "D"], aligner="sclite").errors == Errors(0, 0, 0, 3)
    with pytest.raises(BadInput, match="closing"):
        align(["{", "A"], ["A"], aligner="sclite")


def test_bad_input():
    with pytest.raises(BadInput, match="2 references but 1 hypotheses"):
        corpus_errors([["A"], ["B"]], [["A"]])
    with pytest.raises(BadInput, match="no reference has a gloss"):
        corpus_wer([[]], [["A"]])
    with pytest.raises(BadInput, match="did you mean 'sclite'"):
        align([], [], aligner="sclit")


def test_signature():
    made = signature(aligner="levenshtein", clean="phoenix2014", decode="beam10+2gram")
    assert made == "wer|align:levenshtein|clean:phoenix2014|decode:beam10+2gram|" + "|".join(
        f"{name}:{'.'.join(version(name).split('.')[:2])}" for name in ("signlab", "jiwer")
    )


@given(sentences)
def test_tables_of_signs_count_every_column_once(pairs):
    alignments = [align(*pair) for pair in pairs]
    errors = total(one.errors for one in alignments)
    table = per_sign(alignments)
    assert table["support"].sum() == errors.glosses
    assert table["substituted"].sum() == errors.substitutions
    assert table["deleted"].sum() == errors.deletions
    assert table["inserted"].sum() == errors.insertions
    assert table["predicted"].sum() == sum(len(one.hypothesis) for one in alignments)
    assert confusions(alignments)["count"].sum() == errors.substitutions


def test_per_sign_figures():
    alignments = [
        align(["A", "B", "C"], ["A", "X", "C"]),
        align(["A", "A"], ["A"]),
        align([], ["A"]),
    ]
    table = per_sign(alignments).set_index("gloss")
    assert table.loc["A", ["support", "correct", "predicted"]].tolist() == [3, 2, 3]
    assert table.loc["A", ["precision", "recall", "f1"]].tolist() == pytest.approx([2 / 3] * 3)
    # recall of B is 0 of 1; shrunk with 5 occurrences at the overall recall of 3/5
    assert table.loc["B", "accuracy"] == pytest.approx((0 + 5 * 0.6) / 6)
    found = confusions(alignments, ["u1", "u2", "u3"])
    assert found.to_dict("records") == [
        {"reference": "B", "hypothesis": "X", "count": 1, "share": 1.0, "examples": "u1"}
    ]
