"""SDV metadata, specifications V1 and V2.

V2 holds ranges and listed values; V1 holds types and keys alone.
"""

from __future__ import annotations

import copy
from typing import Any, Literal

from synthrec.schema.interop.parts import LEARNED, Document, Taking, mapping, refused
from synthrec.schema.interop.people import with_people

Version = Literal["V1", "V2"]
_FORMATS = {"date": "%Y-%m-%d", "datetime": "%Y-%m-%d %H:%M:%S"}
_NULLABLE = {"null": {"allowed": True}}


def to_sdv(document: Document, version: Version = "V2") -> Document:
    """The metadata of all tables."""
    tables = {name: _table(table, version) for name, table in document["tables"].items()}
    spec = "MULTI_TABLE_V1" if version == "V1" else "V2"
    return {
        "METADATA_SPEC_VERSION": spec,
        "tables": tables,
        "relationships": [
            {
                "parent_table_name": key["references"],
                "parent_primary_key": _one(document["tables"][key["references"]].get("primary_key", [])),
                "child_table_name": name,
                "child_foreign_key": _one(key["columns"]),
            }
            for name, table in document["tables"].items()
            for key in table.get("foreign_keys", [])
        ],
    }


def _table(table: Document, version: Version) -> Document:
    columns = {name: _column(column, version) for name, column in table["columns"].items()}
    if not table.get("primary_key"):
        return {"columns": columns}
    return {"columns": columns, "primary_key": _one(table["primary_key"])}


def _one(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _column(column: Document, version: Version) -> Document:
    kind, domain = column["kind"], column.get("domain", {})
    made: Document
    match kind:
        case "integer" | "decimal" | "float":
            made = {"sdtype": "numerical"}
            if version == "V1" and kind == "integer":
                made["computer_representation"] = "Int64"
            if version == "V2" and kind != "float":
                made["decimal_places"] = column.get("scale", 0)
        case "date" | "datetime":
            made = {"sdtype": "datetime", "datetime_format": column.get("format", _FORMATS[kind])}
        case "boolean":
            made = {"sdtype": "boolean"}
        case "category" | "code":
            made = {"sdtype": "ordinal" if domain.get("ordered") and version == "V2" else "categorical"}
        case "id":
            made = {"sdtype": "id"}
        case _:
            made = {"sdtype": "unknown", "pii": column.get("role") == "direct_identifier"}
    if column.get("role") == "key":
        made = {"sdtype": "id"}
    return made | (_range(column, made, domain) if version == "V2" else {})


def _range(column: Document, made: Document, domain: Document) -> Document:
    """What V2 tells of the values."""
    found: Document = {}
    if (
        made["sdtype"] in {"numerical", "datetime"}
        and domain.get("min") is not None
        and domain.get("max") is not None
    ):
        found = {"range_min": _bound(domain["min"], made), "range_max": _bound(domain["max"], made)}
    if made["sdtype"] in {"categorical", "ordinal"} and domain.get("values"):
        found = {"range_values": list(domain["values"])}
    if column.get("null", {}).get("allowed"):
        found["range_is_nullable"] = True
    return found


def _bound(value: Any, made: Document) -> Any:
    """A bound in the form of the column: numbers as numbers, moments in the column's own format."""
    import datetime as dt  # noqa: PLC0415

    if made["sdtype"] == "numerical":
        return float(value) if isinstance(value, str) else value
    return dt.datetime.fromisoformat(str(value)).strftime(made["datetime_format"])


# --- import -----------------------------------------------------------------------------------------------


def from_sdv(document: Document, name: str, file: str, taking: Taking) -> Document:
    """The tables as a schema document."""
    document = copy.deepcopy(document)
    document.pop("METADATA_SPEC_VERSION", None)
    relationships = document.pop("relationships", [])
    if "tables" in document:
        foreign = mapping(document.pop("tables"), "tables", file)
    else:
        keys = (
            "columns",
            "primary_key",
            "alternate_keys",
            "sequence_key",
            "sequence_index",
            "column_relationships",
        )
        foreign = {name: {key: document.pop(key) for key in keys if key in document}}
    tables = {
        table: _from_table(mapping(spec, table, file), table, file, taking) for table, spec in foreign.items()
    }
    for relation in relationships:
        _relate(mapping(relation, "relationships", file), tables, file, taking)
    taking.rest("", document)
    with_people(tables, taking)
    return {"synthrec": 1, "schema": {"name": name}, "tables": tables}


def _from_table(table: Document, name: str, file: str, taking: Taking) -> Document:
    columns = mapping(table.pop("columns", None), f"{name}.columns", file)
    where = f"tables.{name}"
    made = {
        column: _from_column(mapping(spec, column, file), f"{where}.columns.{column}", taking)
        for column, spec in columns.items()
    }
    key = table.pop("primary_key", None)
    taking.rest(where, {key: value for key, value in table.items() if value not in (None, [])})
    return {"columns": made} | ({"primary_key": [key] if isinstance(key, str) else key} if key else {})


def _from_column(column: Document, where: str, taking: Taking) -> Document:
    sdtype = column.pop("sdtype", "unknown")
    nullable = _NULLABLE if column.pop("range_is_nullable", False) else {}
    made = _from_sdtype(sdtype, column, where, taking)
    taking.rest(where, column)
    return made | nullable


def _from_sdtype(sdtype: str, column: Document, where: str, taking: Taking) -> Document:
    match sdtype:
        case "numerical":
            return _number(column)
        case "datetime":
            return _moment(column, where, taking)
        case "boolean":
            return {"kind": "boolean"}
        case "categorical" | "ordinal":
            return _category(column, is_ordered=sdtype == "ordinal")
        case "id":
            return {"kind": "id", "role": "direct_identifier"}
        case _:
            is_personal = column.pop("pii", sdtype != "unknown")
            if sdtype != "unknown":
                taking.say(where, f"sdtype {sdtype!r} becomes a text")
            return {"kind": "string"} | ({"role": "direct_identifier"} if is_personal else {})


def _number(column: Document) -> Document:
    places, computer = column.pop("decimal_places", None), str(column.pop("computer_representation", ""))
    bounds = {key: column.pop(f"range_{key}") for key in ("min", "max") if f"range_{key}" in column}
    domain = {"domain": {**bounds, "source": LEARNED}}
    if places == 0 or "int" in computer.lower():
        return {"kind": "integer", **domain}
    return {"kind": "decimal", "scale": places, **domain} if places else {"kind": "float", **domain}


def _moment(column: Document, where: str, taking: Taking) -> Document:
    import datetime as dt  # noqa: PLC0415

    form = column.pop("datetime_format", _FORMATS["date"])
    has_clock = any(part in form for part in ("%H", "%I", "%M", "%S", "%T", "%X", "%c"))
    bounds = {}
    for key in ("min", "max"):
        if (text := column.pop(f"range_{key}", None)) is not None:
            try:
                moment = dt.datetime.strptime(str(text), form)  # noqa: DTZ007
                bounds[key] = (moment if has_clock else moment.date()).isoformat()
            except ValueError:
                taking.say(f"{where}.range_{key}", "not of the format that the column states")
    made: Document = {"kind": "datetime" if has_clock else "date", "domain": {**bounds, "source": LEARNED}}
    return made if form in _FORMATS.values() else made | {"format": form}


def _category(column: Document, *, is_ordered: bool) -> Document:
    values = column.pop("range_values", None) or column.pop("order", None)
    if values is None:
        return {"kind": "category", "domain": {"source": LEARNED}}
    ordered = {"ordered": True} if is_ordered else {}
    return {"kind": "category", "domain": {"values": values, **ordered, "source": LEARNED}}


def _relate(relation: Document, tables: dict[str, Document], file: str, taking: Taking) -> None:
    child, parent = relation.pop("child_table_name", None), relation.pop("parent_table_name", None)
    if child not in tables or parent not in tables:
        raise refused(file, "relationships", "a relationship of unknown tables")
    columns, key = relation.pop("child_foreign_key", None), relation.pop("parent_primary_key", None)
    if ([key] if isinstance(key, str) else key) != tables[parent].get("primary_key"):
        taking.say(f"relationships.{child}", f"it does not refer to the primary key of {parent}")
        return
    columns = [columns] if isinstance(columns, str) else columns
    tables[child].setdefault("foreign_keys", []).append({"columns": columns, "references": parent})
    taking.rest(f"relationships.{child}", relation)
