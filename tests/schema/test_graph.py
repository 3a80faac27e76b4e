"""The drawing holds every table, column, reference and dependency, and nothing overlaps or runs."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from synthrec.assets import find_schema, schema_names
from synthrec.schema.dependencies import dependencies
from synthrec.schema.graph import arranged, render_graph
from synthrec.schema.load import load_schema, parse_schema
from synthrec.schema.rule_tables import rule_tables

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=sorted(schema_names()))
def schema(request):
    return load_schema(find_schema(request.param))


def overlap(one, other):
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_nothing_overlaps_and_all_lies_in_its_table(schema):
    layout = arranged(rule_tables(schema), dependencies(schema))
    assert not any(overlap(*pair) for pair in combinations(layout.nodes.values(), 2))
    assert not any(overlap(*pair) for pair in combinations(layout.tables.values(), 2))
    for (table, _), node in layout.nodes.items():
        frame = layout.tables[table]
        assert frame.x < node.x
        assert node.x + node.width < frame.x + frame.width <= layout.width
        assert frame.y < node.y
        assert node.y + node.height < frame.y + frame.height <= layout.height


def test_columns_stand_right_of_what_they_read(schema):
    reads = dependencies(schema)
    nodes = arranged(rule_tables(schema), reads).nodes
    for node, sources in reads.items():
        assert all(nodes[source].x < nodes[node].x for source in sources if source[0] == node[0])


def test_everything_is_drawn(schema):
    drawn = ET.fromstring(render_graph(schema))  # noqa: S314  (our own text)
    titles = [title.text.split(":")[0] for title in drawn.iter(f"{SVG}title")][1:]
    columns = [column for table in rule_tables(schema).values() for column in table.columns]
    assert sorted(titles) == sorted(columns)
    references = sum(len(table.foreign_keys) for table in schema.tables.values())
    assert len([path for path in drawn.iter(f"{SVG}path") if path.get("stroke-width")]) == references


def test_dependencies_by_hand():
    reads = dependencies(load_schema(find_schema("inpatient")))
    assert reads["patient", "birth_date"] == {("", "start"), ("patient", "_age")}
    assert reads["patient", "payer"] == {("patient", "_band")}
    assert reads["admission", "patient_id"] == {("patient", "patient_id")}
    assert reads["admission", "hba1c"] == {
        ("admission", "principal_dx"),
        *(("patient", name) for name in ("_age", "_sugar", "diabetes")),
    }
    assert reads["admission", "_gap"] == {
        ("admission", name) for name in ("_risk_before", "_first", "_freely", "_elective_before", "type")
    }


def test_names_cannot_break_out():
    text = (
        "synthrec: 1\nschema: {name: s}\ntables:\n  t:\n    one_row_per_person: true\n    columns:\n"
        "      '<script>\"&': {kind: boolean}\n"
    )
    drawn = render_graph(parse_schema(text))
    assert "<script" not in drawn
    ET.fromstring(drawn)  # noqa: S314  (our own text)
