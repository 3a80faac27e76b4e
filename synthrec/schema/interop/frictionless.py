"""Frictionless data packages and table schemas.

What the format has no word for stands under the custom key ``synthrec``: exactly the difference between the
schema and what the standard keys alone would be read as, so that a trip there and back loses nothing.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any

from synthrec.schema.interop.parts import LEARNED, Document, Taking, mapping
from synthrec.schema.interop.people import with_people

OWN = "synthrec"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_TYPES = {
    "integer": "integer", "decimal": "number", "float": "number", "boolean": "boolean", "date": "date",
    "datetime": "datetime",
}  # fmt: skip
_KINDS = {
    "integer": "integer", "number": "float", "boolean": "boolean", "date": "date", "datetime": "datetime",
    "string": "string",
}  # fmt: skip


def to_frictionless(document: Document) -> Document:
    """The data package: one resource per table."""
    info = document["schema"]
    package = {"$schema": PROFILE, "name": info["name"]}
    package |= {key: info[key] for key in ("title", "description", "version") if key in info}
    package["resources"] = [_resource(name, document["tables"]) for name in document["tables"]]
    read = from_frictionless(package, info["name"], "", Taking())
    for resource in package["resources"]:
        table = document["tables"][resource["name"]]
        plain = read["tables"][resource["name"]]
        for field in resource["schema"]["fields"]:
            _note(field, plain["columns"][field["name"]], table["columns"][field["name"]])
        _note(resource["schema"], {**plain, "columns": None}, {**table, "columns": None})
    _note(package, {**read, "tables": None}, {**document, "tables": None})
    return package


def _note(node: Document, plain: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Put what the standard keys do not say under the custom key; None takes away."""
    difference: Document = {key: value for key, value in wanted.items() if plain.get(key) != value}
    difference |= {key: None for key in plain if key not in wanted}
    if difference:
        node[OWN] = difference


def _resource(name: str, tables: Mapping[str, Document]) -> Document:
    table = tables[name]
    schema: Document = {"fields": [_field(column, spec) for column, spec in table["columns"].items()]}
    if table.get("primary_key"):
        schema["primaryKey"] = list(table["primary_key"])
    if table.get("foreign_keys"):
        schema["foreignKeys"] = [_refers(key, tables) for key in table["foreign_keys"]]
    return {"name": name, "path": f"{name}.csv", "schema": schema}


def _refers(key: Document, tables: Mapping[str, Document]) -> Document:
    parent = key["references"]
    fields = list(tables[parent].get("primary_key", ()))
    return {"fields": list(key["columns"]), "reference": {"resource": parent, "fields": fields}}


def _field(name: str, column: Document) -> Document:
    field: Document = {"name": name, "type": _TYPES.get(column["kind"], "string")}
    field |= {key: column[key] for key in ("description",) if key in column}
    if "format" in column:
        field["format"] = column["format"]
    domain, null = column.get("domain", {}), column.get("null", {})
    constraints: Document = {} if null.get("allowed") else {"required": True}
    if domain.get("values") and field["type"] == "string":
        constraints["enum"] = [str(value) for value in domain["values"]]
    if field["type"] != "string" and field["type"] != "boolean":
        bounds = {"minimum": domain.get("min"), "maximum": domain.get("max")}
        constraints |= {key: _spelled(value, column) for key, value in bounds.items() if value is not None}
    if constraints:
        field["constraints"] = constraints
    if null.get("codes"):
        field["missingValues"] = ["", *null["codes"]]
    return field


def _spelled(bound: Any, column: Document) -> Any:
    """A bound as cells of the field are spelled."""
    form = column.get("format")
    if form is None or not isinstance(bound, str):
        return bound
    return dt.datetime.fromisoformat(bound).strftime(form)


# --- import -----------------------------------------------------------------------------------------------


def from_frictionless(document: Document, name: str, file: str, taking: Taking) -> Document:
    """The resources as a schema document."""
    document = copy.deepcopy(document)
    if "fields" in document:
        document = {"resources": [{"name": name, "schema": document}]}
    document.pop("$schema", None)
    document.pop("profile", None)
    info = {key: document.pop(key) for key in ("title", "description", "version") if key in document}
    resources = [mapping(one, "resources", file) for one in document.pop("resources", [])]
    tables: dict[str, Document] = {}
    own: dict[str, tuple[Document, Document]] = {}
    for resource in resources:
        table = str(resource.pop("name", name))
        tables[table], own[table] = _table(resource, table, file, taking)
    called = str(document.pop("name", name))
    notes = document.pop(OWN, {})
    taking.rest("", document)
    guessed = Taking()
    with_people(tables, guessed)
    for table, (of_table, of_columns) in own.items():
        for column, difference in of_columns.items():
            _apply(tables[table]["columns"][column], difference)
        _apply(tables[table], of_table)
        if not of_table:
            taking.lost += [loss for loss in guessed.lost if loss.where == f"tables.{table}.person"]
    made: Document = {"synthrec": 1, "schema": {"name": called, **info}, "tables": tables}
    _apply(made, notes)
    return made


def _apply(node: Document, difference: Document) -> None:
    for key, value in difference.items():
        if value is None:
            node.pop(key, None)
        else:
            node[key] = value


def _table(
    resource: Document, name: str, file: str, taking: Taking
) -> tuple[Document, tuple[Document, Document]]:
    """The table, and what the custom keys say of it and of its columns."""
    schema = mapping(resource.pop("schema", None), f"{name}.schema", file)
    where = f"tables.{name}"
    for key in ("path", "type", "profile", "format", "mediatype", "encoding", "scheme", "dialect"):
        resource.pop(key, None)
    columns, notes = {}, {}
    for field in schema.pop("fields", []):
        column = str(mapping(field, f"{name}.fields", file).pop("name", ""))
        notes[column] = field.pop(OWN, {})
        columns[column] = _column(field, f"{where}.columns.{column}", taking)
    table: Document = {"columns": columns}
    if key := schema.pop("primaryKey", None):
        table["primary_key"] = [key] if isinstance(key, str) else list(key)
    if keys := schema.pop("foreignKeys", None):
        table["foreign_keys"] = [_foreign_key(one, name) for one in keys]
    for column, codes in ((one, schema.get("missingValues", [])) for one in columns):
        if given := [code for code in codes if code]:
            columns[column].setdefault("null", {"allowed": True})["codes"] = given
    schema.pop("missingValues", None)
    own = schema.pop(OWN, {})
    schema.pop("$schema", None)
    taking.rest(where, {**resource, **schema})
    return table, (own, notes)


def _foreign_key(key: Document, name: str) -> Document:
    fields, reference = key.get("fields", []), key.get("reference", {})
    return {
        "columns": [fields] if isinstance(fields, str) else list(fields),
        "references": reference.get("resource") or name,
    }


def _column(field: Document, where: str, taking: Taking) -> Document:
    kind = str(field.pop("type", "string"))
    if kind not in _KINDS:
        taking.say(f"{where}.type", f"{kind!r} becomes a text")
    made: Document = {"kind": _KINDS.get(kind, "text")}
    if "description" in field:
        made["description"] = field.pop("description")
    form = field.pop("format", "default")
    if form not in {"default", "any"} and made["kind"] in {"date", "datetime"}:
        made["format"] = form
    elif form != "default":
        taking.say(f"{where}.format", "no place for it")
    constraints = field.pop("constraints", {})
    codes = [code for code in field.pop("missingValues", []) if code]
    if not constraints.pop("required", False):
        made["null"] = {"allowed": True}
    if codes:
        made.setdefault("null", {})["codes"] = codes
    made |= _domain(made, constraints)
    taking.rest(f"{where}.constraints", constraints)
    taking.rest(where, field)
    return made


def _domain(made: Document, constraints: Document) -> Document:
    if "enum" in constraints and made["kind"] == "string":
        return {"kind": "category", "domain": {"values": constraints.pop("enum"), "source": LEARNED}}
    bounds = {"min": "minimum", "max": "maximum"}
    found = {ours: constraints.pop(theirs) for ours, theirs in bounds.items() if theirs in constraints}
    needs = made["kind"] in {"integer", "float", "date", "datetime"}
    return {"domain": {**found, "source": LEARNED}} if needs else {}
