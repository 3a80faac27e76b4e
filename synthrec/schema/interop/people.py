"""Whose rows are one person's: other formats do not say, so it is assumed from keys, and told."""

from __future__ import annotations

from collections.abc import Mapping

from synthrec.schema.interop.parts import Document, Taking


def with_people(tables: Mapping[str, Document], taking: Taking) -> None:
    """Give each table a unit of privacy and its keys their roles, in place."""
    for name in tables:
        _settle(name, tables, set())
    for name, table in tables.items():
        said = table.get("person")
        assumed = "one row per person" if said is None else f"person: {said}"
        taking.say(
            f"tables.{name}.person", f"the format does not say whose rows are one person's; assumed {assumed}"
        )
        keys = {
            *table.get("primary_key", ()),
            *(key for one in table.get("foreign_keys", ()) for key in one["columns"]),
        }
        for column in keys & set(table["columns"]):
            table["columns"][column]["role"] = "key"
        via = said["via"] if isinstance(said, Mapping) else None
        for column in {*table.get("primary_key", ()), via} & set(table["columns"]):
            table["columns"][column].pop("null", None)


def _settle(name: str, tables: Mapping[str, Document], above: set[str]) -> None:
    table = tables[name]
    if "person" in table or "one_row_per_person" in table:
        return
    for key in table.get("foreign_keys", ()):
        parent = key["references"]
        if len(key["columns"]) != 1 or parent not in tables or parent in {name, *above}:
            continue
        _settle(parent, tables, {*above, name})
        if "person" in tables[parent]:
            table["person"] = {"via": key["columns"][0]}
            return
    if len(table.get("primary_key", ())) == 1:
        table["person"] = table["primary_key"][0]
        table["max_rows_per_person"] = 1
    else:
        table["one_row_per_person"] = True
