from __future__ import annotations

import numpy as np
import pytest

from synthrec.errors import InternalError
from synthrec.schema.model import Column
from synthrec.validation.sample import RowSample

NUMBER = {"a": Column(kind="integer")}


def sampled(most, *chunks):
    sample = RowSample("t", most)
    for chunk in chunks:
        sample.add({"t": chunk})
    return sample


def values(sample):
    return sample.table.vector("a").values.tolist()


def numbered(table_of, n):
    return table_of({"a": (NUMBER["a"], list(range(n)))})


def test_few_rows_are_all_kept_in_order(table_of):
    table = numbered(table_of, 7)
    assert values(sampled(7, table.slice(0, 3), table.slice(3))) == list(range(7))


def test_the_sample_does_not_depend_on_chunks(table_of):
    table = numbered(table_of, 1_000)
    whole = sampled(100, table)
    parts = sampled(100, *(table.slice(start, 37) for start in range(0, 1_000, 37)))
    assert values(whole) == values(parts) == sorted(values(whole))
    assert (len(whole.table), whole.seen, parts.seen) == (100, 1_000, 1_000)


def test_labels_of_different_chunks_keep_their_meaning(table_of):
    label = Column(kind="category")
    first, second = (table_of({"a": (label, labels)}) for labels in (["x", "y"], ["y", None, "z"]))
    vector = sampled(9, first, second).table.vector("a")
    found = [
        None if gone else vector.levels[code]
        for code, gone in zip(vector.values, vector.missing, strict=True)
    ]
    assert found == ["x", "y", "y", None, "z"]


def test_every_part_of_the_rows_is_sampled_alike(table_of):
    """2,000 of 20,000: the mean row number errs by 20,000 / sqrt(12 * 2,000) = 129; 4 sigma are allowed."""
    rows = np.array(values(sampled(2_000, numbered(table_of, 20_000))))
    assert abs(rows.mean() - 9_999.5) < 4 * 129


def test_an_empty_chunk_is_a_sample_and_none_is_not(table_of):
    assert len(sampled(5, numbered(table_of, 3).slice(0, 0)).table) == 0
    with pytest.raises(InternalError):
        _ = RowSample("t", 5).table
