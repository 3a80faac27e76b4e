"""The size that people begin with is read and written without waiting."""

from __future__ import annotations

import time

import numpy as np
import pytest

from synthrec.data.sinks import open_sink
from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.schema.vector import Vector

ROWS = 32_561


@pytest.fixture
def census(make_spec):
    """Six integers (one of them nearly unique) and nine label columns of 2 to 42 levels."""
    rng = np.random.default_rng(4)
    sizes = (9, 16, 7, 15, 6, 5, 2, 42, 2)
    limits = (90, 1_500_000, 16, 100_000, 4_000, 99)
    vectors = {f"n{index}": Vector.full(rng.integers(0, limit, ROWS)) for index, limit in enumerate(limits)}
    for index, size in enumerate(sizes):
        levels = tuple(f"level {number}" for number in range(size))
        vectors[f"c{index}"] = Vector.full(rng.integers(0, size, ROWS).astype(np.int32), levels)
    spec = make_spec({name: "integer" if name[0] == "n" else "category" for name in vectors})
    return Table.from_vectors("census", spec, vectors)


def fastest(call):
    """CPU seconds of the best of three calls."""

    def timed():
        start = time.process_time()
        call()
        return time.process_time() - start

    return min(timed() for _ in range(3))


def test_read_csv(tmp_path, census):
    path = tmp_path / "census.csv"
    with open_sink(path, census.spec) as sink:
        sink.write(census)
    assert fastest(lambda: read_table(path, "census", census.spec)) <= 0.25


def test_write_parquet(tmp_path, census):
    table = Table.concat([census] * 8)

    def write():
        with open_sink(tmp_path / "census.parquet", table.spec) as sink:
            sink.write(table)

    assert len(table) / fastest(write) >= 200_000
