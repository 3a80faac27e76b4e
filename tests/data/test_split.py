"""Persons, the split under a key, and the fingerprint."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pandas as pd
import pytest

from synthrec.data.fingerprint import fingerprint
from synthrec.data.identity import occurrences, row_digests
from synthrec.data.persons import person_ids
from synthrec.data.sources import read_table
from synthrec.data.split import given_holdout, split_by_person
from synthrec.data.table import Table
from synthrec.errors import ConfigError, InputError
from synthrec.schema.vector import Vector

KEY = b"k" * 32


def who(table: Table) -> set[str]:
    return set(table.data["who"].to_pylist())


def test_no_person_is_on_both_sides(people):
    table = people(500)
    split = split_by_person(table, KEY)
    assert who(split.train).isdisjoint(who(split.holdout))
    assert who(split.train) | who(split.holdout) == who(table)
    assert len(split.train) + len(split.holdout) == len(table)


def test_a_person_is_below_the_threshold_by_hmac(people):
    table = people(300)
    expected = {
        name
        for name in who(table)
        if hmac.new(KEY, b"person\0" + name.encode(), hashlib.sha256).digest()[:8]
        < bytes.fromhex("4000000000000000")
    }
    assert who(split_by_person(table, KEY, share=0.25).holdout) == expected


def test_split_is_repeatable_with_the_key_only(people):
    table = people(500)
    first = who(split_by_person(table, KEY).holdout)
    assert who(split_by_person(table, KEY).holdout) == first
    assert who(split_by_person(table, b"other").holdout) != first


def test_reordering_changes_nothing(people):
    table = people(500)
    shuffled = table.take(np.random.default_rng(2).permutation(len(table)))
    assert who(split_by_person(shuffled, KEY).holdout) == who(split_by_person(table, KEY).holdout)


def test_more_persons_move_nobody(people):
    table = people(400)
    few = table.take(np.isin(table.data["who"].to_pylist(), [f"P{number}" for number in range(100)]))
    assert who(split_by_person(few, KEY).holdout) <= who(split_by_person(table, KEY).holdout)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_share_is_met_on_average(people, share):
    """Binomial: within five standard deviations (once in two million keys)."""
    persons = 4000
    held = len(who(split_by_person(people(persons), KEY, share=share).holdout))
    assert abs(held - persons * share) < 5 * np.sqrt(persons * share * (1 - share))


def test_two_keys_split_independently(people):
    """Overlap of two holdouts is binomial with share squared; five standard deviations."""
    table, share = people(4000), 0.2
    both = who(split_by_person(table, KEY).holdout) & who(split_by_person(table, b"other").holdout)
    assert abs(len(both) - 4000 * share**2) < 5 * np.sqrt(4000 * share**2 * (1 - share**2))


def test_rows_without_person_column(make_spec):
    """Twins are split each alone; which rows are held out does not depend on their order."""
    frame = pd.DataFrame({"a": np.repeat(np.arange(200), 10), "b": "x"})
    spec = make_spec({"a": "integer", "b": "category"})
    table = read_table(frame, "t", spec).table
    counts = split_by_person(table, KEY).holdout.data.to_pandas()["a"].value_counts()
    shuffled = read_table(frame.sample(frac=1, random_state=1), "t", spec).table
    assert (
        split_by_person(shuffled, KEY).holdout.data.to_pandas()["a"].value_counts().to_dict()
        == counts.to_dict()
    )
    assert counts.between(1, 9).any()


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_to_split(make_spec, rows):
    table = read_table(pd.DataFrame({"a": range(rows)}), "t", make_spec({"a": "integer"})).table
    with pytest.raises(InputError, match="--holdout"):
        split_by_person(table, KEY)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_impossible_share(people, share):
    with pytest.raises(ConfigError, match="share"):
        split_by_person(people(10), KEY, share=share)


def test_given_holdout(people):
    split = split_by_person(people(100), KEY)
    assert given_holdout(split.train, split.holdout).train is split.train
    overlapping = Table.concat([split.holdout, split.train.slice(0, 1)])
    with pytest.raises(
        InputError, match=r"visits\.who: persons of the holdout who are in the training data too: 1"
    ):
        given_holdout(split.train, overlapping)


def test_given_holdout_needs_rows_on_both_sides(people):
    table = people(10)
    with pytest.raises(InputError, match="no rows"):
        given_holdout(table, table.slice(0, 0))


def test_equal_rows_without_person_are_legitimate(make_spec):
    table = read_table(pd.DataFrame({"a": [1, 1]}), "t", make_spec({"a": "integer"})).table
    assert len(given_holdout(table, table).holdout) == 2


def test_person_numbers_are_dense(people, make_spec):
    table = people(50)
    ids = person_ids(table)
    names = np.array(table.data["who"].to_pylist())
    assert set(ids) == set(range(50))
    assert all(len(set(names[ids == number])) == 1 for number in range(50))
    alone = read_table(pd.DataFrame({"a": [5, 5]}), "t", make_spec({"a": "integer"})).table
    assert person_ids(alone).tolist() == [0, 1]


@pytest.mark.parametrize(("kind", "dtype"), [("id", str), ("id", int), ("integer", int), ("category", float)])
def test_a_person_is_the_same_in_every_dialect(make_spec, kind, dtype):
    """An id column as text, as number or with a float's dress gives one split."""
    frame = pd.DataFrame({"who": np.arange(300), "n": 1})
    reference = make_spec({"who": "id", "n": "integer"}, one_row_per_person=False, person="who")
    spec = make_spec({"who": kind, "n": "integer"}, one_row_per_person=False, person="who")
    expected = split_by_person(read_table(frame, "t", reference).table, KEY).holdout.data["who"].to_pylist()
    holdout = split_by_person(read_table(frame.astype({"who": dtype}), "t", spec).table, KEY).holdout
    assert [str(value) for value in holdout.data["who"].to_pylist()] == expected


def test_child_table_is_split_by_its_parents_person(make_spec, people):
    parents = people(200)
    child = make_spec({"who": "id"}, one_row_per_person=False, person={"via": "who"})
    visits = read_table(pd.DataFrame({"who": [f"P{number}" for number in range(200)] * 2}), "v", child).table
    assert who(split_by_person(visits, KEY).holdout) == who(split_by_person(parents, KEY).holdout)


def test_rows_without_a_person_are_refused(make_spec):
    spec = make_spec({"who": "id"}, one_row_per_person=False, person="who")
    vector = Vector(np.array([0, 0], np.int32), np.array([False, True]), ("a",))
    with pytest.raises(InputError, match="rows that do not say whose they are: 1"):
        person_ids(Table.from_vectors("t", spec, {"who": vector}))


def test_occurrences_by_hand():
    digests = np.array([[1, 1], [2, 0], [1, 1], [1, 2], [1, 1]], np.uint64)
    assert occurrences(digests).tolist() == [0, 0, 1, 0, 2]
    assert occurrences(digests[:0]).tolist() == []


def test_row_digests_tell_cells_apart(make_spec):
    spec = make_spec({"a": "category", "b": "category", "n": "float"})
    rows = [
        ("x", "y", 1.0),
        ("y", "x", 1.0),
        ("x", None, 1.0),
        (None, "y", 1.0),
        ("x", "y", 0.0),
        ("x", "y", None),
    ]
    table = read_table(pd.DataFrame(rows, columns=["a", "b", "n"]), "t", spec).table
    assert len({row.tobytes() for row in row_digests(table)}) == len(rows)


def test_fingerprint(tmp_path, make_spec):
    frame = pd.DataFrame(
        {"a": ["x", "y", None, "x"], "n": [1.5, -0.0, 2.0, 1.5], "d": pd.to_datetime("2024-01-31")}
    )
    spec = make_spec({"a": "category", "n": "float", "d": "date"})
    reference = fingerprint(read_table(frame, "t", spec).table, KEY)
    assert reference.startswith("hmac-sha256:")
    other = tmp_path / "renamed.csv"
    frame.iloc[[2, 0, 3, 1]][["d", "n", "a"]].to_csv(other, sep=";", index=False, encoding="utf-16")
    turned = make_spec({"n": "float", "d": "date", "a": "category"})
    assert fingerprint(read_table(other, "t", turned).table, KEY) == reference
    assert fingerprint(read_table(frame, "t", spec).table, b"other") != reference
    assert fingerprint(read_table(frame[:3], "t", spec).table, KEY) != reference
    assert fingerprint(read_table(frame.assign(a="x"), "t", spec).table, KEY) != reference
