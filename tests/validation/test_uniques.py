from __future__ import annotations

import numpy as np
import pytest

from synthrec.validation.attacks.battery import near_unique, whole_rows
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.uniques import Persons, UniqueKeys, others


def array(*numbers):
    return np.array(numbers, dtype=np.uint64)


# train persons 0 0 1 2, holdout persons 3 4: two rows of person 0 share a key, person 1 and 4 share another
PERSONS = Persons.of(np.array([0, 0, 1, 2]), np.array([0, 1]))
KEYS = array(2**63 + 5, 2**63 + 5, 7, 9, 11, 7)


def test_persons_of_both_sides_are_numbered_on():
    assert PERSONS.of_row.tolist() == [0, 0, 1, 2, 3, 4]
    assert (PERSONS.train, PERSONS.count) == (3, 5)
    nobody = Persons.of(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert (nobody.train, nobody.count) == (0, 0)


def test_others_are_counted_by_person_not_by_row():
    assert others(KEYS, PERSONS).tolist() == [0, 0, 1, 0, 0, 1]
    turns = Persons.of(np.array([0, 1, 0, 1]), np.zeros(0, np.int64))
    assert others(array(1, 1, 1, 1), turns).tolist() == [1, 1, 1, 1]
    three = Persons.of(np.array([0, 1, 2, 2]), np.zeros(0, np.int64))
    assert others(array(1, 1, 1, 1), three).tolist() == [2, 2, 2, 2]
    assert others(array(), Persons.of(np.zeros(0, np.int64), np.zeros(0, np.int64))).tolist() == []


def test_hits_are_persons_with_a_unique_key_that_was_seen():
    uniques = UniqueKeys(KEYS, others(KEYS, PERSONS) == 0, PERSONS)
    assert uniques.hits() == Hits(train_hits=0, holdout_hits=0, train=2, holdout=1)
    uniques.mark(array(7, 2**63 + 5, 1, 2**64 - 1))
    uniques.mark(array(2**63 + 5))
    uniques.mark(array())
    assert uniques.hits() == Hits(train_hits=1, holdout_hits=0, train=2, holdout=1)
    uniques.mark(array(11, 9))
    assert uniques.hits() == Hits(train_hits=2, holdout_hits=1, train=2, holdout=1)


def test_marking_agrees_with_sets_on_random_keys():
    rng = np.random.default_rng(1)
    keys = rng.choice(np.arange(1, 4000, dtype=np.uint64), 3000)
    keys *= np.uint64(2**64 // 4001)
    persons = Persons.of(rng.integers(0, 500, 2000), rng.integers(0, 125, 1000))
    seen = rng.choice(keys, 700)
    uniques = UniqueKeys(keys, others(keys, persons) == 0, persons)
    uniques.mark(seen)
    owners = {}
    for key, person in zip(keys.tolist(), persons.of_row.tolist(), strict=True):
        owners.setdefault(key, set()).add(person)
    lone = {key: next(iter(people)) for key, people in owners.items() if len(people) == 1}
    hit = {person for key, person in lone.items() if key in set(seen.tolist())}
    train = persons.train
    assert uniques.hits() == Hits(
        len([p for p in hit if p < train]),
        len([p for p in hit if p >= train]),
        len({p for p in lone.values() if p < train}),
        len({p for p in lone.values() if p >= train}),
    )


def test_a_person_with_more_keys_is_more_exposed():
    persons = Persons.of(np.array([0, 0, 1]), np.array([0]))
    uniques = UniqueKeys(array(1, 2, 3, 4), np.ones(4, bool), persons)
    assert uniques.exposure(0.1) == pytest.approx(((1 - 0.9**2) + 0.1) / 2)


def test_at_most_the_stated_number_of_keys_is_kept():
    persons = Persons.of(np.arange(100), np.arange(100))
    keys = np.random.default_rng(0).integers(0, 2**64, 200, dtype=np.uint64)
    assert UniqueKeys(keys, np.ones(200, bool), persons, kept=50).hits().unique == 50


def test_whole_rows_are_told_apart_by_isolation():
    # rows over two columns: the first two differ in one, the third has nobody near, the fourth has two owners
    cells = np.array([[1, 1, 5, 8, 8], [10, 20, 60, 80, 80]], dtype=np.uint64)
    persons = Persons.of(np.array([0, 1, 2, 3]), np.array([0]))
    group = whole_rows(cells, persons, weight=1.0)
    assert [stratum.hits().unique for stratum in group.strata] == [1, 2]


def test_a_person_enters_with_the_most_isolated_rows():
    cells = np.array([[1, 1, 5], [10, 20, 60]], dtype=np.uint64)
    persons = Persons.of(np.array([0, 1, 0]), np.zeros(0, np.int64))
    group = whole_rows(cells, persons, weight=1.0)
    assert [stratum.hits().train for stratum in group.strata] == [1, 1]


def test_near_unique_columns_by_count_or_by_share():
    persons = Persons.of(np.arange(10), np.zeros(0, np.int64))
    all_different, half, constant = np.arange(10), np.r_[0:5, [9] * 5], np.zeros(10)
    cells = np.array([all_different, half, constant], dtype=np.uint64)
    assert near_unique(cells, persons, many=100, share=0.5) == [0, 1]
    assert near_unique(cells, persons, many=100, share=0.6) == [0]
    assert near_unique(cells, persons, many=5, share=1.0) == [0, 1]
