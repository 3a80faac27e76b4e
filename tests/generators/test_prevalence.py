"""Exactly so many records satisfy a condition; chunks change nothing; keys are those of the final places."""

import numpy as np
import pytest

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import ConfigError, PolicyRefusedError
from synthrec.generators.marginals import MarginalsGenerator
from synthrec.generators.prevalence import Prevalence, stream
from synthrec.generators.sampler import LearnedSampler
from synthrec.rng import Streams
from synthrec.runs.makers import parse_prevalence
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

SPEC = TableSpec.model_validate(
    {
        "columns": {
            "key": {"kind": "id", "role": "key"},
            "age": {"kind": "integer", "domain": {"min": 0, "max": 99, "source": "public"}},
            "ward": {
                "kind": "category",
                "domain": {"values": ["a", "b"], "source": "public"},
                "null": {"allowed": True},
            },
        },
        "primary_key": ["key"],
        "one_row_per_person": True,
    }
)
ROWS = 1_000


@pytest.fixture(scope="module")
def sampler():
    rng = np.random.default_rng(0)
    age, ward = rng.integers(0, 100, ROWS), rng.integers(0, 2, ROWS).astype(np.int32)
    names = tuple(f"k{number}" for number in range(ROWS))
    vectors = {
        "key": Vector.full(np.arange(ROWS, dtype=np.int32), names),
        "age": Vector.full(age),
        "ward": Vector(ward, rng.random(ROWS) < 0.2, ("a", "b")),
    }
    table = Table.from_vectors("people", SPEC, vectors)
    codec = Codec.build(SPEC, "people", table)
    return LearnedSampler(SPEC, codec, MarginalsGenerator().fit(codec.encode(table), streams=Streams(1)))


def drawn(sampler, prevalence, chunk_rows=300):
    parts = stream(sampler, ROWS, prevalence, streams=Streams(4), chunk_rows=chunk_rows)
    return Table.concat([part.table for part in parts])


@pytest.mark.parametrize(
    ("where", "count"), [("age >= 90", 500), ("age < 50 and ward == 'a'", 1), ("ward == 'b'", ROWS)]
)
def test_exactly_so_many_satisfy_it(sampler, where, count):
    table = drawn(sampler, Prevalence(where, count))
    ages, wards = table.vector("age"), table.vector("ward")
    is_b = ~wards.missing & (np.array(wards.levels)[wards.values] == "b")
    is_a = ~wards.missing & ~is_b
    truth = {
        "age >= 90": ages.values >= 90,
        "age < 50 and ward == 'a'": (ages.values < 50) & is_a,
        "ward == 'b'": is_b,
    }
    assert len(table) == ROWS
    assert truth[where].sum() == count


def test_records_of_which_it_is_unknown_are_among_the_others(sampler):
    table = drawn(sampler, Prevalence("ward == 'a'", 300))
    assert table.vector("ward").missing.any()


def test_chunks_do_not_matter_and_keys_are_unique(sampler):
    one, other = (drawn(sampler, Prevalence("age >= 90", 250), size) for size in (ROWS, 77))
    assert one.data.to_pydict() == other.data.to_pydict()
    assert len(set(one.data["key"].to_pylist())) == ROWS


def test_they_are_in_no_order(sampler):
    """The number of ones in the first half is hypergeometric: mean 125, deviation below 7."""
    ones = drawn(sampler, Prevalence("age >= 90", 250)).vector("age").values >= 90
    assert abs(int(ones[: ROWS // 2].sum()) - 125) <= 5 * 7


def test_what_the_model_never_draws_is_refused(sampler):
    with pytest.raises((PolicyRefusedError, ConfigError)):
        drawn(sampler, Prevalence("age > 98 and age < 99", 5))


@pytest.mark.parametrize(
    ("text", "where", "count"),
    [
        ("age >= 65=0.2", "age >= 65", 200),
        ("ward == 'a'=17", "ward == 'a'", 17),
        ("age > 3=0.0015", "age > 3", 2),
    ],
)
def test_a_rate_or_a_count_is_read(text, where, count):
    assert parse_prevalence(text, ROWS) == Prevalence(where, count)


@pytest.mark.parametrize(
    "text", ["age >= 65", "=0.2", "age > 1=1.5", "age > 1=0", "age > 1=-3", "age > 1=2000"]
)
def test_what_is_neither_is_refused(text):
    with pytest.raises(ConfigError, match="EXPR=RATE"):
        parse_prevalence(text, ROWS)
