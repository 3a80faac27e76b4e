"""Faults of `generate:` parts: each with path, finding and repair, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthrec.schema.generate import faults
from synthrec.schema.generate_model import SPECS
from synthrec.schema.model import Schema
from synthrec.schema.rule_tables import GenerateError, parse_generate

SEX = {"kind": "category", "domain": {"values": ["F", "M"], "source": "public"},
       "generate": {"category": {"weights": {"F": 1, "M": 1}}}}  # fmt: skip
AGE = {"kind": "integer", "generate": {"dist": {"name": "poisson", "mean": 40}}}


def found(columns, **tables):
    """The faults of a schema with a root table ``t``, as path text, finding and repair."""
    content = {"t": {"one_row_per_person": True, "columns": {"sex": SEX, "age": AGE, **columns}}, **tables}
    schema = Schema.model_validate(
        {"synthrec": 1, "schema": {"name": "s"}, "params": {"start": "2024-01-01"}, "tables": content}
    )
    return [(".".join(map(str, path)), what, repair) for path, what, repair in faults(schema)]


def column(kind, generate, **more):
    return {"x": {"kind": kind, "generate": generate, **more}}


def test_a_sound_schema_has_none():
    assert found(column("float", {"expr": "age * 2"})) == []


def test_a_schema_without_generate_has_none():
    schema = {"synthrec": 1, "schema": {"name": "s"}, "tables": {"a": {"columns": {"x": {"kind": "boolean"}}},
              "b": {"columns": {"x": {"kind": "boolean"}}}}}  # fmt: skip
    assert faults(Schema.model_validate(schema)) == []


PLACE = "tables.t.columns.x.generate"
TABLE = {"by": ["sex"], "rows": [{"when": ["F"], "weights": {"1": 1}}], "default": {"1": 1}}


@pytest.mark.parametrize(
    ("definition", "path", "what", "repair"),
    [
        (column("integer", {"sequnce": {}}), ".sequnce", "unknown generator 'sequnce'", "'sequence'"),
        (column("integer", {}), "", "0 generators", "give exactly one"),
        (column("integer", {"const": 1, "expr": "age"}), "", "2 generators", "give exactly one"),
        (column("integer", {"sequence": {"prefx": "P"}}), ".sequence.prefx", "not permitted", "remove"),
        (column("float", {"dist": {"name": "normal", "mean": 1}}), ".dist", "takes mean, sd", ""),
        (column("date", {"dist": {"name": "poisson", "mean": 1}}), ".dist", "kind date", "integer"),
        (
            column("float", {"dist": {"name": "normal", "mean": "agee", "sd": 1}}),
            ".dist.mean",
            "agee",
            "age?",
        ),
        (
            column("float", {"dist": {"name": "normal", "mean": "sex", "sd": 1}}),
            ".dist.mean",
            "yields a label",
            "float",
        ),
        (column("float", {"expr": "sex"}), ".expr", "yields a label", "write a float"),
        (column("integer", {"const": 1.5}), ".const", "decimal places", "correct"),
        (column("category", {"const": "W"}, domain=SEX["domain"]), ".const", "W not in", "F, M"),
        (
            column("category", {"category": {"weights": {"f": 1}}}, domain=SEX["domain"]),
            ".category.weights",
            "f not in",
            "",
        ),
        (column("integer", {"category": {"weights": {"1": 0}}}), ".category.weights", "sum to 0", "positive"),
        (
            column("integer", {"category": {"weights": {"1": -1}}}),
            ".category.weights",
            "negative",
            "at least 0",
        ),
        (
            column("integer", {"table": {**TABLE, "by": ["sx"]}}),
            ".table.by.0",
            "unknown column 'sx'",
            "'sex'",
        ),
        (
            column("integer", {"table": {**TABLE, "by": ["age"]}}),
            ".table.by.0",
            "no list of labels",
            "list its values",
        ),
        (column("integer", {"table": {**TABLE, "default": None}}), ".table.rows", "for example M", "default"),
        (
            column("integer", {"table": {**TABLE, "rows": TABLE["rows"] * 2}}),
            ".table.rows.1.when",
            "earlier row",
            "once",
        ),
        (
            column("integer", {"table": {**TABLE, "rows": [{"when": ["F", "M"], "weights": {"1": 1}}]}}),
            ".table.rows.0.when",
            "2 values",
            "each of the 1",
        ),
        (
            column("integer", {"table": {**TABLE, "rows": [{"when": ["G"], "weights": {"1": 1}}]}}),
            ".table.rows.0.when.0",
            "unknown label 'G'",
            "F, M",
        ),
        (
            column("integer", {"lookup": {"by": ["sex"], "rows": [{"when": [["F", "M"]], "value": "many"}]}}),
            ".lookup.rows.0.value",
            "not a value of kind integer",
            "",
        ),
        (
            column("date", {"offset": {"from": "sex", "days": 1}}),
            ".offset.from",
            "yields a label",
            "write a date",
        ),
        (
            column("date", {"offset": {"from": "2024-01-01", "hours": 1}}),
            ".offset.hours",
            "part of a day",
            "days",
        ),
        (column("date", {"offset": {"from": "2024-01-01"}}), ".offset", "exactly one of days", ""),
        (column("date", {"scan": {"sum": "age", "from": 7}}), ".scan.from", "not a value of kind date", ""),
        (column("boolean", {"copy": "p.q"}), ".copy", "unknown column 'p.q'", ""),
        (column("boolean", {"copy": "age"}), ".copy", "kind integer", ""),
        (
            column("boolean", {"bernoulli": {"p": 0.5}, "missing": {"rate": 0.1}}),
            ".missing",
            "without null",
            "allowed",
        ),
        (
            column("string", {"template": {"pattern": "{a}", "parts": {"b": ["x"]}}}),
            ".template",
            "different parts",
            "",
        ),
        (
            column("float", {"mixture": {"parts": [{"weight": 1, "copy": "age"}]}}),
            ".mixture.parts.0",
            "not 'copy'",
            "",
        ),
        (column("float", {"expr": "k"}) | {"k": {"kind": "integer"}}, "", "'k' has no generate", "say how"),
        (
            column("float", {"expr": "k"}) | {"k": {"kind": "integer", "generate": {"sequence": {}}}},
            "",
            "numbered last",
            "",
        ),
    ],
)
def test_fault_of_a_column(definition, path, what, repair):
    matching = [fault for fault in found(definition) if fault[0] == PLACE + path]
    assert len(matching) == 1, found(definition)
    assert what in matching[0][1]
    assert repair in matching[0][2]


def test_a_cycle_prints_its_path():
    columns = {
        name: {"kind": "integer", "generate": {"expr": f"{other} + 1"}} for name, other in ("xy", "yz", "zx")
    }
    (fault,) = found(columns)
    assert "x → y → z → x" in fault[1]


def test_all_faults_at_once():
    columns = {
        "x": {"kind": "integer", "generate": {"nothing": 1}},
        "y": {"kind": "float", "generate": {"expr": "q"}},
    }
    assert len(found(columns)) == 2


def child(generate, **more):
    return {"columns": {"y": {"kind": "integer", "generate": {"const": 1}}}, "generate": generate, **more}


@pytest.mark.parametrize(
    ("generate", "path", "what", "repair"),
    [
        ({}, "", "second root", "per: t"),
        ({"per": "u", "count": {"const": 1}}, ".per", "unknown table 'u'", "use one of"),
        ({"per": "t"}, "", "no count", "poisson"),
        ({"per": "t", "count": {"expr": "agee"}}, ".count.expr", "agee", "age"),
        (
            {"per": "t", "count": {"date": {"from": "2024-01-01", "to": "2024-01-01"}}},
            ".count.date",
            "kind integer",
            "",
        ),
        ({"per": "t", "count": {"const": 1}, "order_by": "z"}, ".order_by", "unknown column 'z'", "y"),
        ({"per": "c", "count": {"const": 1}}, ".per", "circle: c → c", "break"),
        (
            {
                "per": "t",
                "count": {"const": 1},
                "helpers": {"h": {"kind": "float", "generate": {"const": 1}}},
            },
            ".helpers.h.[key]",
            "pattern",
            "",
        ),
        (
            {
                "per": "t",
                "count": {"const": 1},
                "helpers": {"_h": {"kind": "float", "generate": {"expr": "q"}}},
            },
            ".helpers._h.generate.expr",
            "no column 'q'",
            "",
        ),
    ],
)
def test_fault_of_a_table(generate, path, what, repair):
    matching = [fault for fault in found({}, c=child(generate)) if fault[0] == "tables.c.generate" + path]
    assert matching, found({}, c=child(generate))
    assert any(what in fault[1] and repair in fault[2] for fault in matching)


def test_a_foreign_key_is_a_copy_of_its_parents_key():
    table = child({"per": "t", "count": {"const": 1}}, foreign_keys=[{"columns": ["y"], "references": "t"}])
    key = {"id": {"kind": "integer", "generate": {"sequence": {}}}}
    root = {"primary_key": ["id"], "columns": key}
    (fault,) = found({}, t=root, c=table)
    assert fault[0] == "tables.c.columns.y.generate"
    assert "{copy: t.id}" in fault[2]


def test_parse_generate():
    made = parse_generate({"bernoulli": {"p": "a"}, "missing": {"rate": "b"}})
    assert dict(made.expressions()) == {("bernoulli", "p"): "a", ("missing", "rate"): "b"}
    with pytest.raises(GenerateError):
        parse_generate({"bernuli": {}})


def test_specs_survive_the_json_form_of_a_schema():
    raw = {"x": {"kind": "date", "generate": {"date": {"from": "2024-01-01", "to": "start"}}}}
    schema = {
        "synthrec": 1,
        "schema": {"name": "s"},
        "params": {"start": "2024-01-01"},
        "tables": {"t": {"columns": raw}},
    }
    first = Schema.model_validate(schema)
    again = Schema.model_validate(first.document())
    assert again.digest == first.digest
    make = parse_generate(again.tables["t"].columns["x"].generate)
    assert dict(make.expressions()) == {("date", "to"): "start"}


def test_the_readme_names_every_generator():
    text = (Path(__file__).parents[2] / "schemas" / "README.md").read_text("utf-8")
    assert [name for name in SPECS if f"`{name}: " not in text] == []
