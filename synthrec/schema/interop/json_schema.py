"""JSON Schema (draft 2020-12): the shape of records, without keys, roles or rules."""

from __future__ import annotations

import copy
from typing import Any

from synthrec.schema.interop.parts import LEARNED, Document, Taking, mapping, refused
from synthrec.schema.interop.people import with_people

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {"integer": "integer", "decimal": "number", "float": "number", "boolean": "boolean"}


def to_json_schema(document: Document) -> Document:
    """An object with one list of records per table."""
    tables = document["tables"]
    return {
        "$schema": DIALECT,
        "title": document["schema"]["name"],
        "type": "object",
        "properties": {name: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} for name in tables},
        "required": list(tables),
        "$defs": {name: _record(table) for name, table in tables.items()},
    }


def _record(table: Document) -> Document:
    columns = table["columns"]
    described = {"description": table["description"]} if "description" in table else {}
    return {
        **described,
        "type": "object",
        "properties": {name: _property(column) for name, column in columns.items()},
        "required": list(columns),
        "additionalProperties": False,
    }


def _property(column: Document) -> Document:
    kind, domain = column["kind"], column.get("domain", {})
    may_miss = column.get("null", {}).get("allowed", False)
    plain = _TYPES.get(kind, "string")
    made: Document = {"type": [plain, "null"] if may_miss else plain}
    if "description" in column:
        made["description"] = column["description"]
    if kind in {"date", "datetime"}:
        made["format"] = "date" if kind == "date" else "date-time"
    if kind == "decimal":
        made["multipleOf"] = 10.0 ** -column.get("scale", 0)
    if domain.get("values") and plain == "string":
        made["enum"] = [*map(str, domain["values"]), *([None] if may_miss else [])]
    if plain in {"integer", "number"}:
        bounds = {"minimum": domain.get("min"), "maximum": domain.get("max")}
        made |= {
            key: float(value) if isinstance(value, str) else value
            for key, value in bounds.items()
            if value is not None
        }
    return made


# --- import -----------------------------------------------------------------------------------------------


def from_json_schema(document: Document, name: str, file: str, taking: Taking) -> Document:
    """The records as a schema document: one table per list of objects, else the object itself."""
    document = copy.deepcopy(document)
    definitions = {**document.pop("definitions", {}), **document.pop("$defs", {})}
    properties = mapping(document.get("properties"), "properties", file)
    lists = {
        key: _resolved(one.get("items"), definitions, file)
        for key, one in properties.items()
        if _is_list(one)
    }
    records = lists if lists and len(lists) == len(properties) else {name: document}
    tables = {
        table: _table(mapping(record, table, file), table, (definitions, file), taking)
        for table, record in records.items()
    }
    if records is lists:
        known = {"$schema", "$id", "title", "type", "properties", "required", "additionalProperties"}
        taking.rest("", {key: value for key, value in document.items() if key not in known})
    with_people(tables, taking)
    return {"synthrec": 1, "schema": {"name": name}, "tables": tables}


def _is_list(node: Any) -> bool:
    return isinstance(node, dict) and node.get("type") == "array" and "items" in node


def _resolved(node: Any, definitions: Document, file: str) -> Any:
    """A local reference, followed; nothing else is read."""
    seen: set[str] = set()
    while isinstance(node, dict) and "$ref" in node:
        name = str(node["$ref"]).removeprefix("#/$defs/").removeprefix("#/definitions/")
        if name in seen or name not in definitions:
            raise refused(file, "$ref", "a reference that leads nowhere within the file")
        seen.add(name)
        node = definitions[name]
    return node


def _table(record: Document, name: str, within: tuple[Document, str], taking: Taking) -> Document:
    where, required = f"tables.{name}", set(record.get("required", []))
    columns = {}
    for column, node in mapping(record.get("properties"), where, within[1]).items():
        known = mapping(_resolved(node, *within), f"{where}.{column}", within[1])
        columns[column] = _column(dict(known), column in required, f"{where}.columns.{column}", taking)
    said = {
        "$schema",
        "$id",
        "title",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "description",
    }
    taking.rest(where, {key: value for key, value in record.items() if key not in said})
    described = {"description": record["description"]} if "description" in record else {}
    return {**described, "columns": columns}


def _column(node: Document, is_required: bool, where: str, taking: Taking) -> Document:  # noqa: FBT001
    types = node.pop("type", "string")
    types = [types] if isinstance(types, str) else list(types)
    plain = [one for one in types if one != "null"]
    made = _kind(plain[0] if len(plain) == 1 else "", node, where, taking)
    if "description" in node:
        made["description"] = node.pop("description")
    if "null" in types or not is_required:
        made["null"] = {"allowed": True}
    node.pop("title", None)
    taking.rest(where, node)
    return made


def _kind(plain: str, node: Document, where: str, taking: Taking) -> Document:
    match plain:
        case "integer" | "number":
            bounds = {
                ours: node.pop(theirs)
                for ours, theirs in (("min", "minimum"), ("max", "maximum"))
                if theirs in node
            }
            return _number(plain, node) | {"domain": {**bounds, "source": LEARNED}}
        case "boolean":
            return {"kind": "boolean"}
        case "string" if node.get("format") in {"date", "date-time"}:
            kind = "date" if node.pop("format") == "date" else "datetime"
            return {"kind": kind, "domain": {"source": LEARNED}}
        case "string" if "enum" in node:
            values = [value for value in node.pop("enum") if value is not None]
            return {"kind": "category", "domain": {"values": values, "source": LEARNED}}
        case "string":
            return {"kind": "string"}
        case _:
            taking.say(f"{where}.type", "no column can hold it; it becomes a text")
            return {"kind": "text"}


def _number(plain: str, node: Document) -> Document:
    steps = {10.0**-places: places for places in range(1, 10)}
    if plain == "integer":
        return {"kind": "integer"}
    if node.get("multipleOf") in steps:
        return {"kind": "decimal", "scale": steps[node.pop("multipleOf")]}
    return {"kind": "float"}
