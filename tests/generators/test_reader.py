"""Records by number are those of the stream, however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import PolicyRefusedError
from synthrec.generators.reader import RecordReader
from synthrec.generators.registry import generator
from synthrec.generators.sampler import LearnedSampler
from synthrec.rng import BLOCK, Streams
from synthrec.schema.load import parse_schema
from synthrec.schema.vector import Vector

SCHEMA = """\
synthrec: 1
schema: {name: pairs}
tables:
  pairs:
    one_row_per_person: true
    columns:
      id: {kind: id, role: key}
      a: {kind: integer, domain: {min: 0, max: 9, source: public}}
      b: {kind: integer, domain: {min: 0, max: 9, source: public}}
      c: {kind: category, domain: {values: [x, y, z], source: public}, null: {allowed: true}}
    constraints: [{name: unlike, expr: "a != b"}]
"""
LAST = BLOCK + 3_000


@pytest.fixture(scope="module")
def sampler():
    spec = parse_schema(SCHEMA).tables["pairs"]
    rng = np.random.default_rng(0)
    numbers = {name: Vector.full(rng.integers(0, 10, 500)) for name in "ab"}
    keys = Vector.full(np.arange(500, dtype=np.int32), tuple(f"p{i}" for i in range(500)))
    labels = Vector(rng.integers(0, 3, 500).astype(np.int32), rng.random(500) < 0.2, ("x", "y", "z"))
    table = Table.from_vectors("pairs", spec, {"id": keys, **numbers, "c": labels})
    codec = Codec.build(spec, "pairs", table)
    fitted = generator("copula").fit(codec.encode(table), streams=Streams(1))
    return LearnedSampler(spec, codec, fitted)


@pytest.fixture(scope="module")
def stream(sampler):
    drawn = Table.concat([part.table for part in sampler.stream(LAST, streams=Streams(7))])
    return {name: shown(drawn.vector(name)) for name in "abc"}


def shown(vector):
    """Values as people see them, None where one is missing."""
    levels = np.array(vector.levels, dtype=object) if vector.levels else None
    values = vector.values if levels is None else levels[vector.values]
    return np.where(vector.missing, None, values)


@pytest.mark.parametrize(
    "asked",
    [
        [(0, LAST)],
        [(0, 4_096), (4_096, 8_192), (8_192, LAST)],
        [(50_000, 60_000), (10, 20), (BLOCK - 5, LAST), (0, 0), (0, 1)],
    ],
    ids=["at once", "in pieces", "back and forth"],
)
def test_records_are_those_of_the_stream(sampler, stream, asked):
    reader = RecordReader(sampler, Streams(7), None)
    for start, stop in asked:
        found = reader.columns(start, stop)
        assert set(found) == {*"abc"}
        assert all((shown(found[name]) == stream[name][start:stop]).all() for name in "abc")


def test_no_record_breaks_a_constraint_of_the_model(stream):
    assert (stream["a"] != stream["b"]).all()


def test_only_approved_rows_are_allowed(sampler):
    reader = RecordReader(sampler, Streams(7), 100)
    reader.allow(100)
    with pytest.raises(PolicyRefusedError, match=r"first 100 rows, and 101 .*--release-rows"):
        reader.allow(101)
    RecordReader(sampler, Streams(7), None).allow(10**9)


@pytest.mark.parametrize("most", [100, 2_500])
@pytest.mark.parametrize("asked", [(0, 90), (80, 120), (90, 1_000), (2_400, 2_600), (7_777, 7_778), (5, 5)])
def test_beyond_the_approved_rows_they_repeat_and_no_other_is_drawn(sampler, stream, most, asked):
    found = RecordReader(sampler, Streams(7), most).columns(*asked)
    numbers = np.arange(*asked) % most
    assert all((shown(found[name]) == stream[name][numbers]).all() for name in "abc")


def test_where_no_row_is_approved_none_is_given(sampler):
    reader = RecordReader(sampler, Streams(7), 0)
    assert len(reader.columns(0, 0)["a"]) == 0
    with pytest.raises(PolicyRefusedError, match="first 0 rows"):
        reader.columns(0, 1)
