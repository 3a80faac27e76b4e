from __future__ import annotations

import numpy as np

from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.holders import FewHolders
from synthrec.validation.attacks.uniques import KeyIndex, Persons


def held(pairs, train, holdout):
    persons = Persons(np.arange(train + holdout), train, train + holdout)
    keys, owners = zip(*pairs, strict=True)
    return FewHolders(np.array(keys, dtype=np.uint64), np.array(owners), persons)


def test_a_person_enters_with_the_value_of_the_fewest_holders():
    # person 0 is alone with 5 and shares 7 with persons 1 and 3, of whom 3 is in the holdout
    few = held([(5, 0), (5, 0), (7, 0), (7, 1), (7, 3)], 3, 2)
    few.mark(np.array([7], dtype=np.uint64))
    assert few.hits == Hits(1, 1, 2, 1)
    alone, shared, *rest = few.strata(0.01)
    assert (alone.hits, shared.hits) == (Hits(0, 0, 1, 0), Hits(1, 1, 1, 1))
    assert [stratum.hits.unique for stratum in rest] == [0, 0]
    assert alone.exposure < shared.exposure
    few.mark(np.array([5], dtype=np.uint64))
    assert few.hits == Hits(2, 1, 2, 1)


def test_what_eleven_persons_hold_is_left_out():
    few = held([(1, person) for person in range(10)] + [(2, person) for person in range(11)], 6, 5)
    assert few.hits.unique == 10


def test_nobody_holds_anything():
    persons = Persons(np.arange(4), 2, 4)
    few = FewHolders(np.zeros(0, np.uint64), np.zeros(0, np.int64), persons)
    few.mark(np.array([1, 2], dtype=np.uint64))
    assert few.hits == Hits(0, 0, 0, 0)


def test_an_index_finds_what_a_set_finds():
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, 2**64, 500, dtype=np.uint64))
    asked = np.concatenate([rng.integers(0, 2**64, 500, dtype=np.uint64), rng.choice(keys, 200)])
    rows, places = KeyIndex(keys).find(asked)
    known = set(keys.tolist())
    assert rows.tolist() == [row for row, key in enumerate(asked.tolist()) if key in known]
    assert np.array_equal(keys[places], asked[rows])
    assert len(KeyIndex(keys[:0]).find(asked)[0]) == 0
