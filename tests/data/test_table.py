"""The canonical Arrow types and back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synthrec.data.labels import compact
from synthrec.data.table import Table
from synthrec.schema.vector import Vector

VALUES = {
    "integer": np.array([-5, 0, 2**62]),
    "decimal": np.array([-5, 0, 10**18 - 1]),
    "float": np.array([-0.5, 0.0, 1e300]),
    "boolean": np.array([True, False, True]),
    "date": np.array([-1, 0, 20000]),
    "datetime": np.array([-1, 0, 10**15]),
    "category": np.array([1, 0, 1], np.int32),
}
KINDS = [{"kind": kind, "scale": 2} if kind == "decimal" else {"kind": kind} for kind in VALUES]
KINDS.append({"kind": "datetime", "timezone": "Europe/Berlin"})


@pytest.fixture
def table_of(make_spec):
    def make(column, missing=(False, True, False)):
        missing = np.array(missing, dtype=bool)
        values = VALUES[column["kind"]][: len(missing)].copy()
        values[missing] = 0
        levels = ("a", "b") if column["kind"] == "category" else None
        return Table.from_vectors("t", make_spec({"x": column}), {"x": Vector(values, missing, levels)})

    return make


@pytest.mark.parametrize("column", KINDS)
@pytest.mark.parametrize("missing", [(False,) * 3, (False, True, False), (True,) * 3, ()])
def test_vectors_come_back(table_of, column, missing):
    table = table_of(column, missing)
    vector = table.vector("x")
    assert vector.missing.tolist() == list(missing)
    expected = VALUES[column["kind"]][: len(missing)]
    held = ~vector.missing
    assert vector.values[held].tolist() == expected[held].tolist()
    assert not vector.values[vector.missing].any()
    assert len(table.to_pandas()) == len(missing)


@pytest.mark.parametrize("column", KINDS)
def test_slices_and_concatenation_keep_rows(table_of, column):
    table = table_of(column)
    parts = Table.concat([table.slice(2), table.slice(1, 1), table.take(np.array([0]))])
    assert parts.data["x"].to_pylist() == table.data["x"].to_pylist()[::-1]
    assert parts.vector("x").missing.tolist() == [False, True, False]
    assert table.take(np.array([True, False, True])).data["x"].to_pylist() == table.data["x"].to_pylist()[::2]


def test_decimal_cells_are_signed(table_of):
    cells = table_of({"kind": "decimal", "scale": 2}).data["x"].to_pylist()
    assert cells == [Decimal("-0.05"), None, Decimal("9999999999999999.99")]


def test_pandas_types(table_of):
    dtypes = {str(table_of(column).to_pandas()["x"].dtype) for column in KINDS}
    assert dtypes == {
        "Int64",
        "object",
        "float64",
        "boolean",
        "datetime64[ms]",
        "datetime64[us]",
        "category",
        "datetime64[us, Europe/Berlin]",
    }
    zoned = table_of(KINDS[-1]).to_pandas()["x"]
    assert zoned[2] == dt.datetime(2001, 9, 9, 1, 46, 40, tzinfo=dt.UTC)
    assert pd.isna(zoned[1])


def test_compact_sorts_and_drops_levels():
    array = pa.DictionaryArray.from_arrays(
        pa.array([3, 1, None, 3], pa.int32()), pa.array(["z", "b", "q", "a"])
    )
    assert compact(array).dictionary.to_pylist() == ["a", "b"]
    assert compact(array).to_pylist() == array.to_pylist()
    twins = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["a", "a"]))
    assert compact(twins).dictionary.to_pylist() == ["a"]
