"""Trips to other formats and back: what can be kept is kept, what cannot is named."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

import synthrec
from synthrec.assets import find_schema, schema_names
from synthrec.errors import SchemaError
from synthrec.schema.interop.exchange import FORMATS, exported, imported
from synthrec.schema.load import load_schema, parse_schema


@pytest.fixture
def trip(tmp_path):
    """What comes back of a foreign document: the schema, and what was lost on the way in."""

    def there(document):
        path = tmp_path / "records.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        made = imported(path)
        return parse_schema(made.text), {loss.where: loss.what for loss in made.lost}

    return there


@pytest.mark.parametrize("name", schema_names())
def test_a_frictionless_package_holds_everything(name, trip):
    schema = load_schema(find_schema(name))
    out = exported(schema, "frictionless")
    assert out.lost == ()
    assert trip(out.text)[0].document() == schema.document()


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("name", schema_names())
def test_what_comes_back_goes_out_as_before_and_nothing_is_lost_unsaid(name, to, trip):
    schema = load_schema(find_schema(name))
    out = exported(schema, to)
    back, _ = trip(out.text)
    assert exported(back, to).text.replace("records", schema.info.name) == out.text.replace(
        "records", schema.info.name
    )
    said = {loss.where for loss in out.lost}
    for table, spec in schema.tables.items():
        for column, content in spec.columns.items():
            read = back.tables[table].columns[column]
            for key, value in content.model_dump().items():
                kept = read.model_dump()[key] == value
                place = f"tables.{table}.columns.{column}.{key}"
                assert kept or any(f"{where}.".startswith(f"{place}.") for where in said) or value is None


V2 = {
    "METADATA_SPEC_VERSION": "V2",
    "tables": {
        "person": {
            "primary_key": "id",
            "alternate_keys": ["mail"],
            "columns": {
                "id": {"sdtype": "id", "regex_format": "P[0-9]{4}"},
                "mail": {"sdtype": "email", "pii": True},
                "age": {"sdtype": "numerical", "decimal_places": 0, "range_min": 0, "range_max": 90},
                "pay": {"sdtype": "numerical", "decimal_places": 2, "range_is_nullable": True},
                "grade": {"sdtype": "ordinal", "range_values": ["low", "high"]},
                "born": {"sdtype": "datetime", "datetime_format": "%d/%m/%Y", "range_min": "01/02/1950"},
            },
        },
        "visit": {
            "columns": {
                "id": {"sdtype": "id"},
                "at": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d %H:%M"},
            }
        },
    },
    "relationships": [
        {
            "parent_table_name": "person",
            "parent_primary_key": "id",
            "child_table_name": "visit",
            "child_foreign_key": "id",
        }
    ],
}


def test_sdv_v2_is_read(trip):
    schema, lost = trip(V2)
    columns = schema.tables["person"].columns
    assert {name: column.kind for name, column in columns.items()} == {
        "id": "id",
        "mail": "string",
        "age": "integer",
        "pay": "decimal",
        "grade": "category",
        "born": "date",
    }
    assert (columns["mail"].role, columns["id"].role) == ("direct_identifier", "key")
    assert (columns["pay"].scale, columns["pay"].null.allowed) == (2, True)
    assert (columns["grade"].domain.ordered, columns["grade"].domain.labels) == (True, ("low", "high"))
    assert columns["born"].domain.min.isoformat() == "1950-02-01"
    assert schema.tables["visit"].columns["at"].kind == "datetime"
    assert schema.tables["visit"].person.via == "id"
    assert {column.domain.source for column in columns.values() if column.domain} == {"learned"}
    assert set(lost) == {
        "tables.person.alternate_keys",
        "tables.person.columns.id.regex_format",
        "tables.person.columns.mail",
        "tables.person.person",
        "tables.visit.person",
    }


def test_sdv_v1_of_one_table_is_read(trip):
    schema, lost = trip(
        {
            "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
            "columns": {
                "k": {"sdtype": "id"},
                "n": {"sdtype": "numerical", "computer_representation": "Int64"},
                "x": {"sdtype": "numerical"},
                "c": {"sdtype": "categorical", "order": ["a", "b"]},
                "u": {"sdtype": "unknown", "pii": False},
            },
            "primary_key": "k",
            "sequence_key": "k",
        }
    )
    ((name, table),) = schema.tables.items()
    assert name == "records"
    assert [column.kind for column in table.columns.values()] == [
        "id",
        "integer",
        "float",
        "category",
        "string",
    ]
    assert table.columns["c"].domain.labels == ("a", "b")
    assert "tables.records.sequence_key" in lost


def test_a_table_schema_of_another_tool_is_read(trip):
    schema, lost = trip(
        {
            "fields": [
                {"name": "id", "type": "integer", "constraints": {"required": True, "unique": True}},
                {"name": "level", "type": "string", "constraints": {"enum": ["x", "y"], "required": True}},
                {
                    "name": "when",
                    "type": "date",
                    "format": "%d.%m.%Y",
                    "constraints": {"minimum": "2020-01-01"},
                },
                {"name": "where", "type": "geopoint"},
                {"name": "rate", "type": "number", "groupChar": ","},
            ],
            "primaryKey": "id",
            "missingValues": ["", "-9"],
            "lang": "en",
        }
    )
    columns = schema.tables["records"].columns
    assert [column.kind for column in columns.values()] == ["integer", "category", "date", "text", "float"]
    assert columns["when"].format == "%d.%m.%Y"
    assert columns["rate"].null.codes == ("-9",)
    assert not columns["level"].null.codes or columns["level"].null.allowed
    assert set(lost) == {
        "tables.records.columns.id.constraints.unique",
        "tables.records.columns.where.type",
        "tables.records.columns.rate.groupChar",
        "tables.records.lang",
        "tables.records.person",
    }


def test_the_standard_part_of_a_package_may_be_edited(trip):
    package = json.loads(exported(load_schema(find_schema("inpatient")), "frictionless").text)
    (age,) = [field for field in package["resources"][1]["schema"]["fields"] if field["name"] == "age"]
    age["description"] = "Age in years"
    assert trip(package)[0].tables["admission"].columns["age"].description == "Age in years"


def test_a_json_schema_of_another_tool_is_read(trip):
    schema, lost = trip(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "n": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 9},
                "m": {"type": "number", "multipleOf": 0.01},
                "c": {"enum": ["a", "b"], "type": "string"},
                "d": {"$ref": "#/$defs/day"},
                "o": {"type": "object"},
            },
            "required": ["n", "c"],
            "$defs": {"day": {"type": "string", "format": "date"}},
            "minProperties": 1,
        }
    )
    columns = schema.tables["records"].columns
    assert [column.kind for column in columns.values()] == ["integer", "decimal", "category", "date", "text"]
    assert [column.null.allowed for column in columns.values()] == [True, True, False, True, True]
    assert set(lost) == {
        "tables.records.columns.n.exclusiveMaximum",
        "tables.records.columns.o.type",
        "tables.records.minProperties",
        "tables.records.person",
    }


@pytest.mark.parametrize("name", ["inpatient", "retail_bank"])
def test_made_rows_satisfy_the_exported_json_schema(name):
    contract = json.loads(exported(load_schema(find_schema(name)), "jsonschema").text)
    Draft202012Validator.check_schema(contract)
    rows = json.loads(json.dumps(synthrec.preview(name, rows=30).document(), default=_plain))
    steps = json.loads(
        json.dumps(contract), object_hook=lambda node: {k: v for k, v in node.items() if k != "multipleOf"}
    )
    assert list(Draft202012Validator(steps).iter_errors(rows)) == []
    table = next(iter(rows))
    del rows[table][0][next(iter(rows[table][0]))]
    assert len(list(Draft202012Validator(steps).iter_errors(rows))) == 1


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "no JSON object"),
        ("{", "not JSON"),
        ('{"a": NaN}', "not a number of JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("{}", "neither SDV metadata"),
        ('{"a":' * 500 + "1" + "}" * 500, "depth"),
        ("[" * 200_000, "nesting without end"),
        ('{"fields": 3}', "a shape that the format does not have"),
        ('{"tables": [], "relationships": []}', "list in place of an object"),
        ('{"properties": {"a": {"$ref": "https://example.org/x"}}}', "leads nowhere"),
        (
            '{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}',
            "leads nowhere",
        ),
        ('{"x": "' + "y" * 1_000_001 + '"}', "too large"),
        ('{"fields": []}', "at least 1"),
        ('{"fields": [{"name": "a\\nb", "type": "integer"}]}', "not a name"),
    ],
)
def test_what_is_no_metadata_is_refused(trip, text, found):
    with pytest.raises(SchemaError) as caught:
        trip(text)
    assert any(found in fault.found for fault in caught.value.faults), caught.value
