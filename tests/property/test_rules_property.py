"""Prefix stability, independence of chunks and independence of columns: exact equality of Arrow tables."""

from __future__ import annotations

import copy
from functools import cache

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from synthrec.data.table import Table
from synthrec.rng import Streams
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.schema.model import Schema

DOCUMENT = {
    "synthrec": 1,
    "schema": {"name": "s"},
    "tables": {
        "a": {
            "primary_key": ["id"],
            "person": "id",
            "columns": {
                "id": {"kind": "id", "role": "key", "generate": {"sequence": {"prefix": "A"}}},
                "g": {
                    "kind": "float",
                    "generate": {"dist": {"name": "gamma", "shape": 2, "scale": 1, "max": 5}},
                },
                "m": {
                    "kind": "integer",
                    "null": {"allowed": True},
                    "generate": {
                        "dist": {"name": "negbin", "mean": "g + 1", "dispersion": 2},
                        "missing": {"rate": 0.2},
                    },
                },
            },
            "constraints": [{"name": "r", "expr": "m < 6"}],
        },
        "b": {
            "person": {"via": "id"},
            "foreign_keys": [{"columns": ["id"], "references": "a"}],
            "columns": {
                "no": {"kind": "integer", "role": "key", "generate": {"sequence": {}}},
                "id": {"kind": "id", "role": "key", "generate": {"copy": "a.id"}},
                "t": {"kind": "date", "generate": {"date": {"from": "2024-01-01", "to": "2024-02-01"}}},
                "c": {
                    "kind": "category",
                    "domain": {"values": ["x", "y"], "source": "public"},
                    "generate": {"category": {"weights": {"x": "a.g", "y": 1}}},
                },
            },
            "constraints": [{"name": "r", "expr": "c == 'x' or t > '2024-01-05'"}],
            "generate": {
                "per": "a",
                "count": {"dist": {"name": "poisson", "mean": "coalesce(m, 1) / 2"}},
                "order_by": "t",
            },
        },
    },
}
LONG = BLOCK_ROOTS + 300
SEED = 3


def plain(table: pa.Table) -> pa.Table:
    """The same values without dictionaries, in one piece."""
    types = [pa.string() if pa.types.is_dictionary(kind) else kind for kind in table.schema.types]
    return table.cast(pa.schema(list(zip(table.column_names, types, strict=True)))).combine_chunks()


def run(document: dict, n: int, chunk_rows: int = 65_536) -> dict[str, pa.Table]:
    chunks = list(
        RuleEngine(Schema.model_validate(document)).stream(n, streams=Streams(SEED), chunk_rows=chunk_rows)
    )
    return {name: plain(Table.concat([chunk[name] for chunk in chunks]).data) for name in chunks[0]}


@cache
def long_run() -> dict[str, pa.Table]:
    return run(DOCUMENT, LONG)


@settings(max_examples=12, deadline=None)
@given(
    n=st.one_of(st.integers(1, 50), st.integers(BLOCK_ROOTS - 2, LONG)),
    chunk_rows=st.sampled_from([1_000, 5_000, 65_536, 10**9]),
)
def test_the_first_roots_are_those_of_a_longer_run_whatever_the_chunks(n, chunk_rows):
    short, long = run(DOCUMENT, n, chunk_rows), long_run()
    assert short["a"].num_rows == n
    assert all(short[name].equals(long[name].slice(0, short[name].num_rows)) for name in long)
    parents = long["b"]["id"].to_pylist()
    keys = set(short["a"]["id"].to_pylist())
    assert short["b"].num_rows == sum(parent in keys for parent in parents)


def test_one_root_per_chunk():
    short, long = run(DOCUMENT, 40, chunk_rows=1), long_run()
    assert all(short[name].equals(long[name].slice(0, short[name].num_rows)) for name in long)


def test_an_added_column_leaves_the_others_as_they_were():
    document = copy.deepcopy(DOCUMENT)
    for table in document["tables"].values():
        table["columns"] = {
            "new": {"kind": "float", "generate": {"dist": {"name": "normal", "mean": 0, "sd": 1}}},
            **table["columns"],
        }
    more, long = run(document, 500), long_run()
    for name, table in more.items():
        assert table.drop(["new"]).equals(long[name].slice(0, table.num_rows))


def test_another_seed_gives_other_rows():
    other = RuleEngine(Schema.model_validate(DOCUMENT)).stream(50, streams=Streams(SEED + 1))
    assert not plain(next(other)["a"].data)["g"].equals(long_run()["a"]["g"].slice(0, 50))
