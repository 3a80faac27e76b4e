"""Great Expectations agrees rule by rule with the conformity check, on good records and on broken ones."""

import logging

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthrec.data.table import Table, arrow_type
from synthrec.gx import check_private, suite_of
from synthrec.gx.suite import Made
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import Schema
from synthrec.validation.conformity import Conformity

BREAKS = {
    "nothing": ({}, set()),
    "a null": ({"patient_id": None, "start": None}, {"not null: patient_id", "not null: start"}),
    "below a decimal bound": ({"cost": "0.09"}, {"domain: cost", "constraint: limits"}),
    "above a decimal bound": ({"cost": "99.91"}, {"domain: cost", "constraint: limits", "constraint: cheap"}),
    "out of order": ({"end": "2021-01-01", "start": "2021-01-02"}, {"constraint: order"}),
    "too early for its zone": ({"seen": "2019-12-31T22:59:59Z"}, {"domain: seen"}),
    "a learned domain": ({"score": 1.4}, {"domain: score", "constraint: seldom"}),
    "above a constraint": ({"score": 1.5}, {"domain: score", "constraint: seldom", "constraint: limits"}),
}


@pytest.fixture(scope="module")
def stays(export, ward):
    return pq.read_table(export / "stay.parquet"), pq.read_table(export / "patient.parquet")


@pytest.fixture
def silence(tmp_path, monkeypatch, caplog, capfd):
    """An empty working folder; nothing may be shown or logged while a test works in it."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    yield tmp_path
    assert [record for record in caplog.get_records("call") if "great_exp" in record.name] == []
    assert capfd.readouterr() == ("", "")


def changed(table, cells):
    """The table with other values in its fifth row."""
    for name, value in cells.items():
        kind = table.schema.field(name).type
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        scalar = pa.scalar(value).cast(plain) if value is not None else pa.scalar(None, plain)
        column = table[name].cast(plain).combine_chunks()
        parts = pa.concat_arrays([column[:4], pa.array([scalar.as_py()], plain), column[5:]])
        parts = parts.dictionary_encode() if pa.types.is_dictionary(kind) else parts
        table = table.set_column(table.column_names.index(name), name, parts)
    return table


@pytest.mark.parametrize("case", BREAKS)
def test_both_find_the_same_rules_broken(case, ward, stays, silence):
    cells, expected = BREAKS[case]
    stay, patient = changed(stays[0], cells), stays[1]
    check = Conformity(ward, "stay")
    check.add(
        {
            "stay": Table("stay", ward.tables["stay"], stay),
            "patient": Table("patient", ward.tables["patient"], patient),
        }
    )
    steward = check.result().steward
    broken = {rule for rule, count in steward.items() if count and rule != "constraint: seldom"}
    assert broken == expected - {"constraint: seldom"}

    path = silence / "stay.parquet"
    pq.write_table(stay, path)
    suite = suite_of(ward, "stay", Made.RULES, stay.num_rows)
    frame = pd.read_parquet(path, dtype_backend="numpy_nullable")
    unmet = {verdict.rule for verdict in check_private(suite, frame) if not verdict.met}
    assert unmet == broken - set(suite.beside)
    assert list(silence.iterdir()) == [path]


def test_keys_types_forms_and_columns(ward, export):
    suite = suite_of(ward, "patient", Made.RULES, 60)
    frame = pd.read_parquet(export / "patient.parquet", dtype_backend="numpy_nullable")
    assert all(verdict.met for verdict in check_private(suite, frame))
    frame["patient_id"] = [*frame["patient_id"].astype(str)[:58], "P.00001", "Jane"]
    frame = frame.rename(columns={"nothing": "something"}).astype({'size in "cm", $ <b>&': "float64"})
    unmet = {verdict.rule for verdict in check_private(suite, frame) if not verdict.met}
    assert unmet == {
        "columns",
        "primary key",
        "form: patient_id",
        'type: size in "cm", $ <b>&',
        "domain: nothing",
    }


PAIRS = {
    "integer": ({"kind": "integer"}, [1, 2, 2, 3], [1, 1, 2, 2]),
    "decimal": (
        {"kind": "decimal", "scale": 2},
        ["0.10", "0.30", "0.70", "1.10"],
        ["0.10", "0.29", "0.70", "1.09"],
    ),
    "float": ({"kind": "float"}, [0.1, 0.3, 0.7, 1.1], [0.1, 0.29, 0.7, 1.09]),
    "date": ({"kind": "date"}, ["2024-01-02", "2024-03-01", "2024-03-01", "2025-01-01"], ["2024-01-01"] * 4),
    "datetime": (
        {"kind": "datetime", "timezone": "America/New_York"},
        ["2024-03-10T06:59:59Z", "2024-03-10T07:00:00Z", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z"],
        ["2024-03-10T06:59:59Z"] * 4,
    ),
}
CONSTANTS = {
    "integer": ["1", "2", "2.5", "3"],
    "decimal": ["0.1", "0.3", "0.29", "1.1", "1"],
    "float": ["0.1", "0.3", "1.1", "1"],
    "date": ["'2024-01-01'", "'2024-03-01'", "'2025-01-01'"],
    "datetime": ["'2024-03-10T01:59:59'", "'2024-03-10T03:00:00'", "'2024-11-03T00:00:00'"],
}
ORDERS = ("<", "<=", ">", ">=", "==")


def compared():
    """Every order between two columns of a kind, and between a column and constants."""
    for kind in PAIRS:
        yield from (f"{kind}_a {order} {kind}_b" for order in ORDERS)
        for constant in CONSTANTS[kind]:
            yield from (f"{kind}_a {order} {constant}" for order in ORDERS)
            yield from (f"{constant} {order} {kind}_b" for order in ORDERS[:4])
    for labels in ("['A', 'B']", "['A', 'B', 'C']", "['C']"):
        yield from (f"label {how} {labels}" for how in ("in", "not in"))
    yield from ("label == 'A'", "label != 'D'", "yes", "not yes", "integer_a >= 1 and decimal_b < 2 and yes")


def compared_records():
    """A table of these columns, each row but the last whole."""
    columns, cells = {}, {}
    for kind, (column, *sides) in PAIRS.items():
        for side, values in zip("ab", sides, strict=True):
            columns[f"{kind}_{side}"] = column | {"null": {"allowed": True}}
            cells[f"{kind}_{side}"] = [*values, None if side == "a" else values[0]]
    columns |= {name: {"kind": kind, "null": {"allowed": True}} for name, kind in LABELS.items()}
    cells |= {"label": ["A", "B", "A", "C", None], "yes": [True, True, True, True, None]}
    constraints = [{"name": text, "expr": text} for text in compared()]
    table = {"one_row_per_person": True, "columns": columns, "constraints": constraints}
    schema = Schema.model_validate({"synthrec": 1, "schema": {"name": "t"}, "tables": {"t": table}})
    return schema, cells


LABELS = {"label": "category", "yes": "boolean"}


def arrow(values, column):
    kind = arrow_type(column)
    if pa.types.is_dictionary(kind):
        return pa.array(values).dictionary_encode()
    return pa.array([str(value) if isinstance(value, str) else value for value in values]).cast(kind)


def test_every_comparison_means_the_same_to_both(tmp_path):
    schema, cells = compared_records()
    spec = schema.tables["t"]
    table = pa.table({name: arrow(cells[name], spec.columns[name]) for name in spec.columns})
    pq.write_table(table, tmp_path / "t.parquet")
    ours = Table("t", spec, table)
    suite = suite_of(schema, "t")
    verdicts = check_private(suite, pd.read_parquet(tmp_path / "t.parquet", dtype_backend="numpy_nullable"))
    unmet = {verdict.rule for verdict in verdicts if not verdict.met}
    stated = [c for c in spec.constraints if f"constraint: {c.name}" not in suite.beside]
    broken = set()
    for constraint in stated:
        outcome = ours.evaluate(compile_expression(constraint.expr, spec.columns))
        if (~outcome.values.astype(bool) & ~outcome.missing).any():
            broken.add(f"constraint: {constraint.name}")
    assert unmet == broken
    assert len(stated) > 150
    assert 30 < len(broken) < len(stated) - 30
