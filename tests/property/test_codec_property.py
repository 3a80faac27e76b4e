"""What holds for every codec: bins, order, chunks, documents, eleven persons behind all that is learned."""

import json
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.digests import canonical
from synthrec.errors import ConfigError
from synthrec.rng import BLOCK, Streams
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

relaxed = settings(deadline=None, max_examples=40)
"""Time limits are for machines that do nothing else."""

UNITS = {"integer": 1, "decimal": 100, "float": 1, "date": 1, "datetime": 1_000_000}
"""Model numbers per lattice step of the columns below, before their precision."""


def one_column(column, vector):
    spec = TableSpec.model_validate({"one_row_per_person": True, "columns": {"x": column}})
    return Table.from_vectors("t", spec, {"x": vector})


def by_person(column, vector, persons):
    spec = TableSpec.model_validate(
        {"person": "p", "columns": {"p": {"kind": "id", "role": "key"}, "x": column}}
    )
    ids, codes = np.unique(persons, return_inverse=True)
    key = Vector.full(codes.astype(np.int32), tuple(f"p{number}" for number in ids))
    return Table.from_vectors("t", spec, {"p": key, "x": vector})


@st.composite
def public_numbers(draw):
    """A numeric column with public bounds, and lattice indices of values within them, None for missing."""
    kind = draw(st.sampled_from(sorted(UNITS)))
    steps = ["1", "7"] if kind in {"date", "datetime", "integer"} else ["0.01", "0.25", "5"]
    precision = draw(st.sampled_from(steps))
    reach = 10**5 if kind == "date" else 10**9
    low = draw(st.integers(-reach, reach))
    high = low + draw(st.integers(0, 300) | st.integers(0, reach))
    inside = st.integers(low, high)
    null = draw(st.booleans())
    cells = draw(st.lists(inside | st.none() if null else inside, min_size=1, max_size=40))
    column = {
        "kind": kind,
        "precision": precision,
        "domain": {
            "min": written(kind, low, precision),
            "max": written(kind, high, precision),
            "source": "public",
        },
        "heaps": [written(kind, heap, precision) for heap in draw(st.lists(inside, max_size=3, unique=True))],
        "null": {"allowed": null},
    }
    if kind == "decimal":
        column["scale"] = 2
    if kind in {"integer", "decimal", "float"}:
        column["grid"] = draw(st.sampled_from(["uniform", "asinh"]))
    return column, cells


def written(kind, index, precision):
    """A lattice index as it stands in a schema file."""
    number = index * Decimal(precision)
    if kind == "date":
        return str(np.datetime64(0, "D") + int(number))
    if kind == "datetime":
        return str(np.datetime64(0, "s") + int(number))
    return int(number) if kind == "integer" else number


def model_numbers(column, cells):
    """Lattice indices as the vector of a column."""
    unit = UNITS[column["kind"]] * Decimal(column["precision"])
    numbers = [0 if cell is None else cell * unit for cell in cells]
    dtype = np.float64 if column["kind"] == "float" else np.int64
    missing = np.array([cell is None for cell in cells])
    return Vector(np.array([float(n) if dtype is np.float64 else int(n) for n in numbers], dtype), missing)


@relaxed
@given(public_numbers())
def test_round_trip_stays_in_the_bin_and_within_its_width(case):
    column, cells = case
    table = one_column(column, model_numbers(column, cells))
    codec = Codec.build(table.spec, "t", table)
    codes = codec.encode(table)
    back = codec.decode(codes, 0, Streams(1))
    assert (codec.encode(back).values == codes.values).all()
    numeric = codec.columns["x"]
    drawn = numeric.lattice.nearest(back.vector("x").values)
    for cell, code, index, gone in zip(
        cells, codes.values[:, 0], drawn, back.vector("x").missing, strict=True
    ):
        assert gone == (cell is None)
        if cell is not None:
            assert numeric.bins.edges[code] <= cell < numeric.bins.edges[code + 1]
            assert abs(int(index) - cell) < numeric.bins.edges[code + 1] - numeric.bins.edges[code]
            assert int(index) == cell or numeric.bins.width[code] > 1


@relaxed
@given(public_numbers())
def test_every_code_decodes_to_itself_within_the_bounds(case):
    column, cells = case
    table = one_column(column, model_numbers(column, cells))
    codec = Codec.build(table.spec, "t", table)
    every = np.arange(codec.domain.sizes[0], dtype=np.int32)[:, None]
    back = codec.decode(type(codec.encode(table))(every, codec.domain), 0, Streams(2))
    assert (codec.encode(back).values == every).all()


@relaxed
@given(public_numbers())
def test_code_order_is_value_order_and_heaps_are_alone(case):
    column, cells = case
    held = sorted(cell for cell in cells if cell is not None)
    table = one_column(column, model_numbers(column, held))
    codec = Codec.build(table.spec, "t", table)
    assert (np.diff(codec.encode(table).values[:, 0]) >= 0).all()
    if codec.columns["x"].bins.width.max() > 1:
        assert len(codec.columns["x"].bins) <= 256 + 2 * len(column["heaps"])
    for heap in column["heaps"]:
        number = Decimal(str(np.datetime64(heap).astype(int))) if isinstance(heap, str) else Decimal(heap)
        index = int(number / Decimal(column["precision"]))
        level = codec.columns["x"].bins.find(np.array([index]))[0]
        assert codec.columns["x"].bins.width[level] == 1


@relaxed
@given(public_numbers(), st.integers(0, 2 * BLOCK), st.lists(st.integers(0, 40), max_size=4))
def test_rows_depend_on_seed_and_row_number_only(case, start, cuts):
    column, cells = case
    table = one_column(column, model_numbers(column, cells))
    codec = Codec.build(table.spec, "t", table)
    codes = codec.encode(table)
    whole = codec.decode(codes, start, Streams(3)).data.to_pylist()
    ends = [0, *sorted(min(cut, len(codes)) for cut in cuts), len(codes)]
    parts = []
    for first, last in pairwise(ends):
        chunk = type(codes)(codes.values[first:last], codes.domain)
        parts += codec.decode(chunk, start + first, Streams(3)).data.to_pylist()
    assert parts == whole


@relaxed
@given(public_numbers())
def test_document_round_trip(case):
    column, cells = case
    table = one_column(column, model_numbers(column, cells))
    codec = Codec.build(table.spec, "t", table)
    document = json.loads(canonical(codec.document()))
    restored = Codec.from_document(table.spec, "t", document)
    assert restored.document() == codec.document()
    assert (restored.encode(table).values == codec.encode(table).values).all()


@st.composite
def persons_with_numbers(draw):
    """Values from clumps, a wide spread and far outliers, of persons with one row or several."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.integers(40, 400))
    spread = draw(st.sampled_from([20, 300, 5_000, 10**7]))
    values = np.rint(rng.normal(0, spread, rows)).astype(np.int64)
    clumped = rng.random(rows) < draw(st.sampled_from([0.0, 0.5, 0.95]))
    values[clumped] = rng.choice([0, 10, 777], clumped.sum())
    values[rng.integers(0, rows, 3)] = 10**9
    persons = rng.integers(0, max(30, rows // draw(st.sampled_from([1, 4]))), rows)
    return values, persons


@relaxed
@given(persons_with_numbers(), st.sampled_from(["uniform", "asinh"]))
def test_every_learned_bin_draws_where_eleven_persons_are(case, grid):
    values, persons = case
    column = {"kind": "integer", "grid": grid, "heaps": [0, 777, 5], "domain": {"source": "learned"}}
    table = by_person(column, Vector.full(values), persons)
    codec = Codec.build(table.spec, "t", table)
    bins = codec.columns["x"].bins
    clipped = np.clip(values, bins.first, bins.last)
    holders = defaultdict(set)
    for value, person in zip(clipped.tolist(), persons.tolist(), strict=True):
        level = int(np.searchsorted(bins.low, value, side="right")) - 1
        if level >= 0 and value < bins.low[level] + bins.width[level]:
            holders[level].add(person)
    assert all(len(holders[level]) >= 11 for level in range(len(bins)))
    back = codec.decode(codec.encode(table), 0, Streams(4))
    assert (codec.encode(back).values == codec.encode(table).values).all()


@relaxed
@given(persons_with_numbers())
def test_learned_bounds_leave_out_what_only_ten_persons_reach(case):
    """Ten persons may move as far out as they like without any trace in the codec."""
    values, persons = case
    assume(len(np.unique(persons)) >= 22)
    ten = np.isin(persons, np.unique(persons)[:10])
    moved = np.where(ten, np.where(values > np.median(values), 10**12, -(10**12)), values)
    column = {"kind": "integer", "domain": {"source": "learned"}}
    table = by_person(column, Vector.full(moved), persons)
    bins = Codec.build(table.spec, "t", table).columns["x"].bins
    low, high = int(values[~ten].min()), int(values[~ten].max())
    widening = (high - low) / 10 + max(abs(low), abs(high)) / 4 + 1
    assert low - widening <= bins.first <= bins.last <= high + widening


@relaxed
@given(st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 30)), min_size=1, max_size=300))
def test_every_learned_category_has_eleven_persons(rows):
    labels = tuple("abcdefg")
    codes = np.array([labels.index(label) for label, _ in rows], dtype=np.int32)
    persons = np.array([person for _, person in rows])
    table = by_person(
        {"kind": "category", "domain": {"source": "learned"}}, Vector.full(codes, labels), persons
    )
    codec = Codec.build(table.spec, "t", table)
    holders = defaultdict(set)
    for label, person in rows:
        holders[label].add(person)
    frequent = {label for label, people in holders.items() if len(people) >= 11}
    assert set(codec.columns["x"].labels) - {"(other)"} == frequent
    back = codec.decode(codec.encode(table), 0, Streams(1)).vector("x")
    shown = [back.levels[code] for code in back.values]
    assert shown == [label if label in frequent else "(other)" for label, _ in rows]


@relaxed
@given(public_numbers(), st.data())
def test_evidence_keeps_every_satisfying_row(case, data):
    column, cells = case
    table = one_column(column, model_numbers(column, cells))
    codec = Codec.build(table.spec, "t", table)
    cell = data.draw(st.sampled_from([cell for cell in cells if cell is not None] or [0]))
    constant = written(column["kind"], cell, column["precision"])
    shown = f"'{constant}'" if isinstance(constant, str) else constant
    operator = data.draw(st.sampled_from(["==", "<=", ">=", "!="]))
    where = f"x {operator} {shown} or isnull(x)"
    try:
        allowed, exact = codec.evidence(where)
    except ConfigError:
        allowed, exact = (
            {"x": np.zeros(codec.domain.sizes[0], bool)},
            compile_expression(where, table.spec.columns),
        )
    result = exact.evaluate({"x": table.vector("x")})
    satisfied = result.values.astype(bool) & ~result.missing
    assert allowed["x"][codec.encode(table).values[satisfied, 0]].all()
