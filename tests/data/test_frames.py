"""pandas frames, Arrow tables and Parquet files."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data.sources import read_table

local = dt.datetime.fromisoformat
NAN = float("nan")


@pytest.fixture
def read_series(make_spec):
    """One column of a frame as Python values."""

    def read(cells, **column):
        frame = pd.DataFrame({"x": cells})
        table = read_table(frame, "t", make_spec({"x": column})).table
        return table.data.column("x").to_pylist()

    return read


@pytest.fixture
def read_array(make_spec):
    """One column of an Arrow table as Python values."""

    def read(array, **column):
        table = read_table(pa.table({"x": array}), "t", make_spec({"x": column})).table
        return table.data.column("x").to_pylist()

    return read


def test_missing_in_every_dress(read_series):
    cells = pd.Series([1, None, NAN, pd.NA, pd.NaT], dtype=object)
    assert read_series(cells, kind="integer") == [1, None, None, None, None]
    assert read_series(cells, kind="category") == ["1", None, None, None, None]
    assert read_series(pd.Series([1, None], dtype="Int64"), kind="integer") == [1, None]
    assert read_series([1.0, NAN], kind="integer") == [1, None]
    assert read_series([True, None], kind="boolean") == [True, None]
    assert read_series(pd.Series([True, None], dtype="boolean"), kind="boolean") == [True, None]
    assert read_series(pd.to_datetime(["2024-01-31", None]), kind="date") == [dt.date(2024, 1, 31), None]
    assert read_series([None, None], kind="integer") == [None, None]
    assert read_series(pd.Series([NAN, NAN]), kind="category") == [None, None]


def test_mixed_cells(read_series, faults_of):
    cells = pd.Series([1, 2.0, 2.5, "a", True, Decimal("1.50"), dt.date(2024, 1, 31)], dtype=object)
    assert read_series(cells, kind="category") == ["1", "2", "2.5", "a", "true", "1.50", "2024-01-31"]
    assert faults_of(lambda: read_series(cells[:4], kind="integer")) == [
        "t.x: not a number: 1 cell (row 4)",
        "t.x: not a whole number: 1 cell (row 3)",
    ]


@pytest.mark.parametrize(
    "cell", [[1], {"a": 1}, (1,), b"x", dt.timedelta(1), np.timedelta64(1, "D"), object(), "\ud800"]
)
@pytest.mark.parametrize("kind", ["category", "integer", "text"])
def test_cells_of_no_kind(read_series, faults_of, cell, kind):
    cells = pd.Series([1, None, None], dtype=object)
    cells[1] = cell
    assert faults_of(lambda: read_series(cells, kind=kind)) == [
        "t.x: a type that the column's kind cannot hold: 1 cell (row 2)"
    ]


def test_typed_columns_of_no_kind(read_series, read_array, faults_of):
    assert faults_of(lambda: read_series(pd.to_timedelta([1, 2]), kind="float"))
    assert faults_of(lambda: read_series(pd.period_range("2024", periods=2), kind="category"))
    assert faults_of(lambda: read_series(np.array([1j, 2j]), kind="category"))
    for kind in ("category", "integer", "float", "boolean", "date", "datetime"):
        for array in (pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"x"]), pa.array([dt.time(1)])):
            assert len(faults_of(lambda: read_array(array, kind=kind))) == 1  # noqa: B023


def test_decimals_are_exact(read_series, read_array, faults_of):
    assert read_series([Decimal("0.10"), Decimal("1E+1"), None], kind="decimal", scale=2) == [
        Decimal("0.10"),
        Decimal("10.00"),
        None,
    ]
    assert read_series([0.1, 12.34, NAN], kind="decimal", scale=2) == [
        Decimal("0.10"),
        Decimal("12.34"),
        None,
    ]
    assert read_series([7, -7], kind="decimal", scale=2) == [Decimal("7.00"), Decimal("-7.00")]
    wide = pa.array([Decimal("1.500"), None], pa.decimal256(40, 3))
    assert read_array(wide, kind="decimal", scale=1) == [Decimal("1.5"), None]
    assert read_array(wide, kind="float") == [1.5, None]
    assert faults_of(lambda: read_series([0.1 + 0.2], kind="decimal", scale=2)) == [
        "t.x: more decimal places than the column's scale: 1 cell (row 1)"
    ]
    assert faults_of(lambda: read_series([1e17], kind="decimal", scale=2))
    assert faults_of(lambda: read_series([10**17], kind="decimal", scale=2))


def test_float_scale_check_agrees_with_shortest_decimal_text(read_series):
    cents = np.random.default_rng(5).integers(-(10**12), 10**12, 2000)
    floats = cents / 100
    expected = [Decimal(repr(number)) for number in floats.tolist()]
    assert read_series(floats, kind="decimal", scale=2) == expected


def test_integers(read_series, read_array, faults_of):
    assert read_series([1.0, 2.0], kind="integer") == [1, 2]
    assert read_array(pa.array([2**63 - 1, 0], pa.uint64()), kind="integer") == [2**63 - 1, 0]
    assert read_array(pa.array([1.0], pa.float16()), kind="integer") == [1]
    assert faults_of(lambda: read_array(pa.array([2**63], pa.uint64()), kind="integer"))
    assert faults_of(lambda: read_series([2.0**63], kind="integer"))
    assert faults_of(lambda: read_series([1.5, 2.0], kind="integer")) == [
        "t.x: not a whole number: 1 cell (row 1)"
    ]
    assert faults_of(lambda: read_series([2**70], kind="integer"))
    assert faults_of(lambda: read_series([True], kind="integer"))


@pytest.mark.parametrize("cell", [float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", ["float", "integer", "decimal"])
def test_infinity_is_refused(read_series, faults_of, cell, kind):
    found = ["t.x: infinite or not-a-number: 1 cell (row 2)"]
    assert faults_of(lambda: read_series([1.0, cell], kind=kind)) == found
    assert faults_of(lambda: read_series(pd.Series([1.0, cell], dtype=object), kind=kind)) == found


def test_not_a_number_in_arrow_is_refused_unless_it_is_a_code(read_array, faults_of):
    array = pa.array([1.0, NAN])
    for kind in ("float", "integer", "category"):
        assert faults_of(lambda: read_array(array, kind=kind)) == [  # noqa: B023
            "t.x: infinite or not-a-number: 1 cell (row 2)"
        ]
        coded = read_array(array, kind=kind, null={"allowed": True, "codes": ["NaN"]})
        assert coded == ["1" if kind == "category" else 1, None]


def test_datetimes_and_zones(read_series, read_array, faults_of):
    aware = pd.Series(pd.to_datetime(["2024-07-01T12:00+02:00"]))
    berlin = {"kind": "datetime", "timezone": "Europe/Berlin"}
    naive = pd.Series(pd.to_datetime(["2024-07-01T12:00:00.000001"]))
    assert read_series(aware, **berlin) == [dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)]
    assert read_series(aware.astype(object), **berlin) == [dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)]
    assert read_series(naive, kind="datetime") == [local("2024-07-01T12:00:00.000001")]
    assert read_series([dt.date(2024, 7, 1)], kind="datetime") == [local("2024-07-01T00:00")]
    assert "with UTC offset" in faults_of(lambda: read_series(aware, kind="datetime"))[0]
    assert "with UTC offset" in faults_of(lambda: read_series(aware, kind="date"))[0]
    assert "without UTC offset" in faults_of(lambda: read_series(naive, **berlin))[0]
    assert "time of day" in faults_of(lambda: read_series(naive, kind="date"))[0]
    mixed = pd.Series([aware[0].to_pydatetime(), naive[0].to_pydatetime()], dtype=object)
    assert "without UTC offset: 1 cell (row 2)" in faults_of(lambda: read_series(mixed, **berlin))[0]
    nano = pd.Series(pd.to_datetime(["2024-07-01T12:00:00.000000001"]))
    assert "finer than a microsecond" in faults_of(lambda: read_series(nano, kind="datetime"))[0]
    for unit in ("s", "ms", "us"):
        assert read_array(pa.array([0, None], pa.timestamp(unit)), kind="datetime") == [
            local("1970-01-01"),
            None,
        ]
    assert faults_of(lambda: read_array(pa.array([2**60], pa.timestamp("s")), kind="datetime"))
    assert faults_of(lambda: read_array(pa.array([2**30], pa.date32()), kind="date"))
    assert faults_of(lambda: read_array(pa.array([1]), kind="date"))


def test_object_dates_need_no_text_format(read_series):
    cells = [dt.date(2024, 1, 31), None]
    assert read_series(cells, kind="date", format="%d/%m/%Y") == cells


def test_labels_from_typed_cells(read_series, read_array):
    assert read_series([7, 8], kind="code") == ["7", "8"]
    assert read_series([7.0, NAN], kind="id") == ["7", None]
    assert read_series([True, False], kind="category") == ["true", "false"]
    assert read_array(pa.array(["a", None, ""], pa.large_string()), kind="category") == ["a", None, None]
    assert read_array(pa.array(["a", "b"], pa.string_view()), kind="category") == ["a", "b"]


def test_unused_categories_are_dropped(make_spec):
    frame = pd.DataFrame(
        {"x": pd.Categorical(["b", None], ["a", "b", "c"]), "y": pd.Categorical([2, 1], [1, 2, 3])}
    )
    table = read_table(frame, "t", make_spec({"x": "category", "y": "integer"})).table
    assert table.vector("x").levels == ("b",)
    assert table.vector("y").values.tolist() == [2, 1]


def test_dictionary_with_null_and_twin_levels(read_array):
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), pa.array(["a", None, "a"]))
    assert read_array(array, kind="category") == ["a", None, "a", None]


def test_integer_column_names_and_twins(make_spec, faults_of):
    frame = pd.DataFrame([[1, 2]], columns=[0, 1])
    assert len(read_table(frame, "t", make_spec({"0": "integer", "1": "integer"})).table) == 1
    twins = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert faults_of(lambda: read_table(twins, "t", make_spec({"a": "integer"}))) == [
        "a: 2 columns have this name"
    ]


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_few_rows(make_spec, rows):
    frame = pd.DataFrame({"n": np.arange(rows), "c": ["x"] * rows, "e": [None] * rows})
    spec = make_spec({"n": "integer", "c": "category", "e": "date"})
    table = read_table(frame, "t", spec).table
    assert len(table) == len(table.to_pandas()) == rows
    assert read_table(table.to_pandas(), "t", spec).table.data.equals(table.data)


def test_frame_index_plays_no_part(make_spec):
    frame = pd.DataFrame({"x": ["a", 1]}, index=[7, 7])
    assert read_table(frame, "t", make_spec({"x": "category"})).table.data["x"].to_pylist() == ["a", "1"]


def test_parquet(tmp_path, make_spec, faults_of):
    path = tmp_path / "records.parquet"
    pq.write_table(pa.table({"who": ["a", "b", None], "n": [1.0, 2.0, None], "extra": [1, 2, 3]}), path)
    reading = read_table(path, "t", make_spec({"n": "integer", "who": "id"}))
    assert reading.table.data.to_pydict() == {"n": [1, 2, None], "who": ["a", "b", None]}
    assert "left out 1 column that is not in the schema" in reading.notes[0]
    path.write_bytes(path.read_bytes()[:-20])
    assert faults_of(lambda: read_table(path, "t", make_spec({"n": "integer"}))) == [
        ": not a readable Parquet file"
    ]
    path.write_bytes(b"")
    assert faults_of(lambda: read_table(path, "t", make_spec({"n": "integer"}))) == [
        ": not a readable Parquet file"
    ]


@pytest.mark.parametrize("kind", ["category", "text", "id"])
def test_texts_that_no_text_file_holds(read_array, faults_of, kind):
    """A CSV file with zeros is read by nobody, so that no table holds them."""
    array = pa.array(["a", "b\0c", None, "\0"])
    assert faults_of(lambda: read_array(array, kind=kind, null={"allowed": True})) == [
        "t.x: a zero character, which no text file holds: 2 cells (rows 2, 4)"
    ]
