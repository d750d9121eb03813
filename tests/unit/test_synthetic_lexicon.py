"""The invented signs: real minimal pairs, whatever the size of the lexicon."""

import pytest

from signlab.corpora.synthetic.lexicon import (
    ASPECTS,
    differences,
    make_lexicon,
    minimal_pairs,
    valid,
)


@pytest.mark.parametrize("glosses", [2, 40, 120])
def test_neighbours_differ_in_exactly_one_aspect(glosses):
    signs = make_lexicon(glosses)
    neighbours = list(zip(signs[::2], signs[1::2], strict=True))
    assert [(p.first, p.second) for p in minimal_pairs(signs)] == neighbours
    assert all(len(differences(first, second)) == 1 for first, second in neighbours)


def test_default_size_has_pairs_for_every_aspect():
    assert {pair.aspect for pair in minimal_pairs(make_lexicon(40))} == set(ASPECTS)


def test_other_signs_differ_in_two_aspects_or_more():
    signs = make_lexicon(60)
    pairs = {(p.first.gloss, p.second.gloss) for p in minimal_pairs(signs)}
    for position, second in enumerate(signs):
        for first in signs[:position]:
            if (first.gloss, second.gloss) not in pairs:
                assert len(differences(first, second)) >= 3


def test_larger_lexicon_begins_with_the_smaller():
    assert make_lexicon(81)[:40] == make_lexicon(40)


def test_largest_lexicon_has_distinct_names_of_possible_signs():
    signs = make_lexicon(200)
    assert len({sign.gloss for sign in signs}) == 200
    assert all(map(valid, signs))
