"""Decoders against brute force over all paths; the language model against its own sums."""

import importlib.util
import math
from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signlab.errors import BadInput
from signlab.scoring.decode import DECODERS
from signlab.scoring.force import force
from signlab.scoring.greedy import collapse
from signlab.scoring.label_model import LabelModel
from signlab.scoring.ngram import BEGIN, END, UNKNOWN, read_arpa, train, write_arpa
from signlab.scoring.tune import tune

VOCABULARY = ("A", "B")
REFERENCES = [["A", "B"], ["B"], ["A", "A"], ["B", "A", "B"]]
seeds = st.integers(0, 2**32 - 1)


def _log_probs(seed, timesteps, outputs=3, sharpness=2.0):
    scores = sharpness * np.random.default_rng(seed).normal(size=(timesteps, outputs))
    return (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).astype(np.float32)


def _collapse(path):
    kept = [label for at, label in enumerate(path) if at == 0 or label != path[at - 1]]
    return tuple(label for label in kept if label)


def _all_paths(log_probs):
    """The log-probability and the best path of every label sequence."""
    totals, best = defaultdict(lambda: -np.inf), {}
    timesteps, outputs = log_probs.shape
    for path in product(range(outputs), repeat=timesteps):
        labels, score = _collapse(path), float(log_probs[np.arange(timesteps), path].sum())
        totals[labels] = np.logaddexp(totals[labels], score)
        best[labels] = max(best.get(labels, (-np.inf, path)), (score, path))
    return totals, best


@given(st.lists(st.integers(0, 2), max_size=8))
def test_collapse(path):
    labels, spans = collapse(np.array(path, dtype=np.intp))
    assert tuple(labels) == _collapse(path)
    for label, (start, stop) in zip(labels, spans, strict=True):
        assert set(path[start:stop]) == {label}


@settings(max_examples=25)
@given(seed=seeds, timesteps=st.integers(1, 5), order=st.integers(0, 3))
def test_a_wide_beam_is_brute_force(seed, timesteps, order):
    log_probs = _log_probs(seed, timesteps)
    settings_ = {"width": 500, "tokens": 0, "order": order, "weight": 0.7, "bonus": 0.3}
    beam = DECODERS.build("beam", settings_)
    beam.fit(REFERENCES)
    candidates = beam.search(log_probs, VOCABULARY)
    totals, _ = _all_paths(log_probs)
    assert {candidate.labels for candidate in candidates} == set(totals)
    for candidate in candidates:
        assert candidate.log_prob == pytest.approx(totals[candidate.labels], abs=1e-4)
        glosses = [VOCABULARY[label - 1] for label in candidate.labels]
        prior = 0.7 * train(REFERENCES, order=order).sentence(glosses) if order else 0.0
        expected = totals[candidate.labels] + prior + 0.3 * len(glosses)
        assert candidate.score == pytest.approx(expected, abs=1e-4)
    scores = [candidate.score for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    for kept in DECODERS.build("beam", {"width": 2, "order": 0}).search(log_probs, VOCABULARY):
        assert kept.log_prob <= totals[kept.labels] + 1e-4


@settings(max_examples=25)
@given(seed=seeds, timesteps=st.integers(1, 5))
def test_n_best_have_scores_and_timesteps(seed, timesteps):
    log_probs = _log_probs(seed, timesteps)
    beam = DECODERS.build("beam", {"width": 500, "tokens": 0, "order": 0})
    found = beam.n_best(log_probs, VOCABULARY, 4)
    totals, best = _all_paths(log_probs)
    assert [one.score for one in found] == pytest.approx(
        sorted(totals.values(), reverse=True)[:4], abs=1e-4
    )
    for one in found:
        labels = tuple(VOCABULARY.index(gloss) + 1 for gloss in one.glosses)
        assert one.score == pytest.approx(totals[labels], abs=1e-4)
        assert list(one.timesteps) == collapse(np.array(best[labels][1]))[1]
    assert found[0] == beam.decode(log_probs, VOCABULARY)
    (greedy,) = DECODERS.build("greedy", {}).n_best(log_probs, VOCABULARY, 4)
    assert greedy.score == pytest.approx(max(score for score, _ in best.values()), abs=1e-4)


@settings(max_examples=25)
@given(seed=seeds, timesteps=st.integers(1, 5))
def test_timesteps_are_those_of_the_best_path(seed, timesteps):
    log_probs = _log_probs(seed, timesteps)
    for labels, (_, path) in _all_paths(log_probs)[1].items():
        assert force(log_probs, labels) == collapse(np.array(path))[1]


@settings(max_examples=20)
@given(seed=seeds, timesteps=st.integers(1, 20))
def test_a_narrow_beam_stays_honest(seed, timesteps):
    log_probs = _log_probs(seed, timesteps, outputs=7)
    vocabulary = tuple("ABCDEF")
    beam = DECODERS.build("beam", {"width": 4, "tokens": 3, "order": 0})
    narrow = beam.n_best(log_probs, vocabulary, 10)
    assert 1 <= len(narrow) <= 4
    assert len({one.glosses for one in narrow}) == len(narrow)
    found = beam.decode(log_probs, vocabulary)
    assert len(found.glosses) == len(found.confidences) == len(found.timesteps)
    assert all(0 < confidence <= 1 for confidence in (found.confidence, *found.confidences))
    assert all(start < stop for start, stop in found.timesteps)


def test_the_language_model_decides_between_equals():
    flat = np.log(np.array([[0.02, 0.49, 0.49]] * 3, dtype=np.float32))
    flat[1] = np.log([0.98, 0.01, 0.01])
    beam = DECODERS.build("beam", {"weight": 2.0})
    beam.fit([["B", "A"]] * 5)
    assert beam.decode(flat, VOCABULARY).glosses == ("B", "A")
    assert beam.signature == "beam10+2gram"
    with pytest.raises(ValueError, match="fit the decoder"):
        DECODERS.build("beam", {}).decode(flat, VOCABULARY)
    with pytest.raises(ValueError, match="3 outputs cannot be"):
        beam.decode(flat, ("A",))


@settings(max_examples=10)
@given(seed=seeds, order=st.sampled_from([0, 2]))
def test_flashlight_ranks_all_hypotheses_alike(seed, order):
    pytest.importorskip("flashlight.lib.text.decoder.kenlm", reason="needs the extra flashlight")
    log_probs = _log_probs(seed, timesteps=5, outputs=4)
    # so wide that nothing is left out: narrow beams of the two keep different prefixes
    common = {"width": 2000, "tokens": 4, "order": order, "weight": 0.6}
    ours, theirs = (_all_hypotheses(name, common, log_probs) for name in ("beam", "flashlight"))
    assert theirs == pytest.approx(ours, abs=1e-3)


def _all_hypotheses(name, settings_, log_probs):
    decoder = DECODERS.build(name, settings_)
    decoder.fit(REFERENCES)
    found = decoder.n_best(log_probs, tuple("ABC"), 2000)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    return {one.glosses: one.score for one in found}


def test_flashlight_says_what_to_install():
    if importlib.util.find_spec("flashlight") is not None:
        pytest.skip("the extra flashlight is installed")
    decoder = DECODERS.build("flashlight", {"order": 0})
    with pytest.raises(BadInput, match=r"install signlab\[flashlight\], or use 'beam'"):
        decoder.decode(_log_probs(0, 3), VOCABULARY)


def test_greedy():
    path = np.log(np.full((5, 3), 0.1, dtype=np.float32))
    path[np.arange(5), [1, 1, 0, 2, 2]] = np.log([0.8, 0.6, 0.8, 0.7, 0.8])
    found = DECODERS.build("greedy", {}).decode(path, VOCABULARY)
    assert found.glosses == ("A", "B")
    assert found.confidences == pytest.approx((0.8, 0.8))
    assert found.timesteps == ((0, 2), (3, 5))
    empty = DECODERS.build("greedy", {}).decode(path[2:3], VOCABULARY)
    assert (empty.glosses, empty.confidence) == ((), pytest.approx(0.8))


sentences = st.lists(st.lists(st.sampled_from("ABC"), max_size=5), min_size=1, max_size=6)
contexts = st.lists(st.sampled_from([*"ABCD", BEGIN]), max_size=3)


@given(sentences, st.integers(1, 4), contexts)
def test_what_follows_a_context_has_probability_one(references, order, context):
    model = train(references, order=order)
    known = {key[0] for key in model.log_probs if len(key) == 1} | {END, UNKNOWN}
    assert sum(math.exp(model.score(context, gloss)) for gloss in known) == pytest.approx(1.0)


def test_witten_bell_by_hand():
    # after A: B twice, C once, 3 occurrences and 2 kinds; B is 2 of 9 glosses and ends, of 4 kinds
    model = train([["A", "B"], ["A", "B"], ["A", "C"]], order=2)
    counts = Counter({"A": 3, "B": 2, "C": 1, END: 3})
    unigram = (counts["B"] + 4 * (1 / 5)) / (9 + 4)
    assert math.exp(model.score(["A"], "B")) == pytest.approx((2 + 2 * unigram) / (3 + 2))
    assert math.exp(model.score(["C"], "B")) == pytest.approx(1 / (1 + 1) * unigram)


@settings(max_examples=20)
@given(sentences, st.integers(1, 3))
def test_arpa_round_trip(tmp_path_factory, references, order):
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    model = train(references, order=order)
    write_arpa(path, model)
    again = read_arpa(path)
    for reference in (*references, ["D", "A"]):
        assert again.sentence(reference) == pytest.approx(model.sentence(reference), abs=1e-4)


@settings(max_examples=20)
@given(sentences, st.integers(2, 4))
def test_kenlm_reads_what_is_written_and_scores_alike(tmp_path_factory, references, order):
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    model = train(references, order=order)
    write_arpa(path, model)
    _same_as_kenlm(path, model, [*references, [], ["D", "A"]])


def _same_as_kenlm(path, model, sentences_):
    kenlm = pytest.importorskip("kenlm", reason="needs kenlm, of the extra flashlight")
    theirs = kenlm.Model(str(path))
    for sentence in sentences_:
        score = math.log(10.0) * theirs.score(" ".join(sentence))
        assert model.sentence(sentence) == pytest.approx(score, abs=1e-4)


# as SRILM and KenLM write: no backoff of the longest, <s> that nothing predicts, a gloss
# without a backoff, n-grams of <unk>
FOREIGN = """

\\data\\
ngram 1=5
ngram 2=5

\\1-grams:
-0.6\t</s>
-99\t<s>\t-0.3
-0.7\tA\t-0.2
-0.8\tB
-1.2\t<unk>\t-0.1

\\2-grams:
-0.2\t<s> A
-0.5\tA B
-0.4\tB </s>
-0.9\tA <unk>
-0.35\t<unk> B

\\end\\
"""


def test_an_arpa_file_of_another_toolkit(tmp_path):
    path = tmp_path / "model.arpa"
    path.write_text(FOREIGN)
    model = read_arpa(path)
    by_hand = {("A", "B"): -0.2 - 0.5 - 0.4, ("B",): -0.3 - 0.8 - 0.4, ("A", "X", "B"): -1.85}
    for glosses, log10 in by_hand.items():
        assert model.sentence(glosses) == pytest.approx(math.log(10.0) * log10)
    rows = LabelModel(model, ("A", "B", "X", "Y"))
    first = rows.after(rows.start, 1)
    for state, context in ((first, ["A"]), (rows.after(first, 4), ["A", "Y"])):
        wanted = [model.score([BEGIN, *context], gloss) for gloss in ("A", "B", "X", "Y")]
        assert rows.row(state)[1:].tolist() == pytest.approx(wanted)
        assert rows.end(state) == pytest.approx(model.score([BEGIN, *context], END))
    _same_as_kenlm(path, model, [*by_hand, ["X"], ["B", "X", "Y", "A", "B"]])


def test_a_model_without_unknown_glosses_never_gives_one(tmp_path):
    path = tmp_path / "model.arpa"
    path.write_text("\\data\\\nngram 1=2\n\n\\1-grams:\n-0.3\t</s>\n-0.3\tA\n\n\\end\\\n")
    flat = np.log(np.array([[0.02, 0.09, 0.89]], dtype=np.float32))
    decoder = DECODERS.build("beam", {"arpa": str(path)})
    assert decoder.decode(flat, VOCABULARY).glosses == ("A",)


def test_a_broken_arpa_file(tmp_path):
    path = tmp_path / "model.arpa"
    path.write_text("A B C\n")
    with pytest.raises(BadInput, match=r"model.arpa: not an ARPA file"):
        read_arpa(path)
    path.write_text("\\data\\\nngram 1=2\n\n\\1-grams:\n-0.3\t<unk>\nx\t</s>\n\n\\end\\\n")
    with pytest.raises(BadInput, match=r"model.arpa:6: not a line of an ARPA file"):
        read_arpa(path)
    path.write_text("\\data\\\nngram 1=3\n\n\\1-grams:\n-0.3\t<unk>\n-0.3\t</s>\n\n\\end\\\n")
    with pytest.raises(BadInput, match="2 1-grams, but 3 are announced"):
        read_arpa(path)


def test_tuning_finds_the_weight_that_helps():
    # the acoustics prefer B A by a little; training and dev sentences are all A B
    log_probs = np.log(np.array([[0.1, 0.4, 0.5], [0.9, 0.05, 0.05], [0.1, 0.5, 0.4]]))
    dev = [log_probs.astype(np.float32)] * 3
    found, table = tune(
        {"name": "beam", "width": 4},
        dev,
        [["A", "B"]] * 3,
        VOCABULARY,
        training=[["A", "B"]] * 4,
        grid={"weight": (0.0, 1.0), "tokens": (2,), "no setting of it": (1.0,)},
    )
    assert found == {"name": "beam", "width": 4, "weight": 1.0, "tokens": 2}
    assert table["wer"].tolist() == [100.0, 0.0]


def test_a_model_of_another_corpus_decides_between_equals(tmp_path):
    log_probs = np.log(np.array([[0.1, 0.45, 0.45], [0.9, 0.05, 0.05], [0.1, 0.45, 0.45]]))
    for sentence in (["A", "B"], ["B", "A"]):
        path = tmp_path / "model.arpa"
        write_arpa(path, train([sentence] * 5, order=2))
        decoder = DECODERS.build("beam", {"arpa": str(path), "weight": 1.0})
        assert decoder.signature == "beam10+2gram"
        assert decoder.decode(log_probs.astype(np.float32), VOCABULARY).glosses == tuple(sentence)
    with pytest.raises(BadInput, match=r"nowhere\.arpa cannot be read"):
        DECODERS.build("beam", {"arpa": str(tmp_path / "nowhere.arpa")})
