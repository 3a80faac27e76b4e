"""Whatever a schema can type survives writing and reading, and fast readers agree with the plain ones."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthrec.data.reasons import Reason
from synthrec.data.sinks import open_sink
from synthrec.data.sources import read_table
from synthrec.data.table import Table
from synthrec.data.texts import DECIMAL_LIMIT, INTEGER_LIMIT, exact, read_texts
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import Vector

FIRST = (dt.date(1, 1, 3) - dt.date(1970, 1, 1)).days
LAST = (dt.date(9999, 12, 30) - dt.date(1970, 1, 1)).days
DAY = 86_400_000_000
SECOND = 1_000_000

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
SAFE = st.from_regex(re.compile(r"[A-Za-z][ -~]{0,6}", re.ASCII), fullmatch=True)

NUMBERS = {
    "integer": st.integers(-INTEGER_LIMIT, INTEGER_LIMIT),
    "decimal": st.integers(-DECIMAL_LIMIT, DECIMAL_LIMIT),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "date": st.integers(FIRST, LAST),
    "datetime": st.integers(FIRST * DAY, LAST * DAY),
}
COLUMNS = st.one_of(
    st.sampled_from([{"kind": kind} for kind in NUMBERS if kind != "decimal"]),
    st.builds(lambda scale: {"kind": "decimal", "scale": scale}, st.integers(0, 9)),
    st.sampled_from(["category", "code", "string", "id", "text"]).map(lambda kind: {"kind": kind}),
    st.sampled_from(["Europe/Berlin", "UTC", "America/New_York"]).map(
        lambda zone: {"kind": "datetime", "timezone": zone}
    ),
    st.just({"kind": "date", "format": "%d/%m/%Y"}),
    st.just({"kind": "datetime", "format": "%d.%m.%Y %H:%M:%S"}),
)


@st.composite
def tables(draw, text=TEXT):
    """A table of one to four columns of any kind with up to 20 rows."""
    rows = draw(st.integers(0, 20))
    columns = [draw(COLUMNS) for _ in range(draw(st.integers(1, 4)))]
    spec = TableSpec.model_validate(
        {
            "columns": {
                f"c{index}": column | {"null": {"allowed": True}} for index, column in enumerate(columns)
            },
            "one_row_per_person": True,
        }
    )
    vectors = {name: draw(vector_of(column, rows, text)) for name, column in spec.columns.items()}
    return Table.from_vectors("t", spec, vectors)


@st.composite
def vector_of(draw, column, rows, text):
    missing = np.array(draw(st.lists(st.booleans(), min_size=rows, max_size=rows)), dtype=bool)
    if column.kind not in NUMBERS:
        levels = tuple(draw(st.lists(text, min_size=1, max_size=5, unique=True)))
        codes = draw(st.lists(st.integers(0, len(levels) - 1), min_size=rows, max_size=rows))
        return Vector(np.where(missing, 0, codes).astype(np.int32), missing, levels)
    values = draw(st.lists(NUMBERS[column.kind], min_size=rows, max_size=rows))
    dtype = {"float": np.float64, "boolean": np.bool_}.get(column.kind, np.int64)
    array = np.array(values, dtype=dtype)
    if column.format and column.kind == "datetime":
        array = array // SECOND * SECOND
    return Vector(np.where(missing, np.zeros((), dtype), array), missing)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


def round_trip(table, path, profile="plain"):
    with open_sink(path, table.spec, profile=profile) as sink:
        sink.write(table)
    return read_table(path, "t", table.spec).table.data


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(tables())
def test_parquet_round_trip(folder, table):
    assert round_trip(table, folder / "a.parquet").to_pylist() == table.data.to_pylist()


@QUICK
@given(tables())
def test_csv_round_trip(folder, table):
    assert round_trip(table, folder / "a.csv").to_pylist() == table.data.to_pylist()


@QUICK
@given(tables(text=SAFE))
def test_spreadsheet_round_trip_of_harmless_texts(folder, table):
    assert round_trip(table, folder / "a.csv.gz", "spreadsheet").to_pylist() == table.data.to_pylist()


@QUICK
@given(tables(), st.data())
def test_pandas_round_trip(table, data):
    frame = table.to_pandas()
    assert read_table(frame, "t", table.spec).table.data.to_pylist() == table.data.to_pylist()


NUMERALS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.integers().map(str),
    st.from_regex(
        re.compile(r"[+-]?[0-9]{0,20}\.?[0-9]{0,12}([eE][+-]?[0-9]{1,3})?", re.ASCII), fullmatch=True
    ),
)


def oracle(text, scale, limit):
    """Minor units by rational arithmetic."""
    if not re.search("[0-9]", re.split("[eE]", text)[0]):
        return Reason.NUMBER
    numerator, denominator = Decimal(text).as_integer_ratio()
    units, rest = divmod(numerator * 10**scale, denominator)
    if rest:
        return {Reason.FINE, Reason.WHOLE, Reason.LARGE}
    return units if abs(units) <= limit else Reason.LARGE


@settings(max_examples=300, deadline=None)
@given(NUMERALS, st.integers(0, 9))
def test_exact_numbers_against_rational_arithmetic(text, scale):
    limit = DECIMAL_LIMIT if scale else INTEGER_LIMIT
    found = exact(text, scale, limit)
    expected = oracle(text, scale, limit)
    if isinstance(expected, set):
        assert found in expected
    else:
        assert found == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(NUMERALS, min_size=1, max_size=10), st.integers(0, 9))
def test_columns_of_numbers_read_as_cell_by_cell(texts, scale):
    column = Column(kind="decimal", scale=scale)
    cells = read_texts(pa.array(texts, pa.string()), column)
    for text, value, number in zip(texts, cells.values, cells.reasons, strict=True):
        expected = exact(text, scale, DECIMAL_LIMIT)
        if isinstance(expected, Reason):
            assert number == expected.number
        else:
            assert (number, value) == (0, expected)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=10))
def test_floats_read_bit_by_bit(numbers):
    texts = [repr(number) for number in numbers] + [
        f"{number:.6f}" for number in numbers if abs(number) < 1e8
    ]
    cells = read_texts(pa.array(texts), Column(kind="float"))
    assert cells.values.tolist() == [float(text) for text in texts]


TWO = st.sampled_from(["00", "01", "12", "23", "24", "59", "60", "61", "99"])
CLOCK = st.builds(
    "{}:{}:{}{}".format, TWO, TWO, TWO, st.sampled_from(["", ".5", ".123456", ".1234567", ".1234560"])
)
DAY_TEXT = st.builds(
    "{:04d}-{:02d}-{:02d}".format,
    st.sampled_from([0, 1, 999, 1000, 1900, 2023, 2024, 9999]),
    st.integers(0, 13),
    st.integers(0, 32),
)
OFFSET = st.one_of(
    st.sampled_from(["", "Z", "+00:00"]), st.builds("{}{}:{}".format, st.sampled_from("+-"), TWO, TWO)
)
MOMENT_TEXT = st.one_of(
    DAY_TEXT, st.builds("{}{}{}{}".format, DAY_TEXT, st.sampled_from(" T"), CLOCK, OFFSET)
)


@settings(max_examples=800, deadline=None)
@given(
    MOMENT_TEXT,
    st.sampled_from([{"kind": "date"}, {"kind": "datetime"}, {"kind": "datetime", "timezone": "UTC"}]),
)
def test_moments_read_at_once_as_one_by_one(text, column):
    """A day that no calendar has, in the plain form, sends all texts the slow way."""
    column = Column.model_validate(column)
    nowhere = {"date": "2023-02-30", "datetime": "2023-02-30T00:00:00" + ("Z" if column.timezone else "")}
    fast = read_texts(pa.array([text]), column)
    slow = read_texts(pa.array([text, nowhere[column.kind]]), column)
    assert slow.reasons[1] == Reason.MOMENT.number
    assert (fast.values[0], fast.reasons[0]) == (slow.values[0], slow.reasons[0])
