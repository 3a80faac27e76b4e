"""Columns that draw from a code table of the user's own: ``generate: {terms: {name: …, version: …}}``.

The table is written out where it is used: its codes as the values of the column; its title, version, digest
and licence as a source, which the column names as its code system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthrec.home import synthrec_home
from synthrec.schema.yaml_source import Path, Problem, YamlSource
from synthrec.terminologies import Terminology, find, listed

KEY = "terms"


def written_out(source: YamlSource) -> list[Problem]:
    """Replace each use of a table by its codes and weights.

    Returns:
        Uses of tables that are not there, and of none.
    """
    problems = []
    for column, path in list(_uses(source.document)):
        table = _table(column["generate"][KEY], (*path, "generate", KEY))
        if isinstance(table, Problem):
            problems.append(table)
            source.spoilt.add((*path, "generate"))
            continue
        _write(column, table, is_helper=path[-2] == "helpers")
        sources = source.document.setdefault("sources", {})
        sources[table.name] = {"title": table.words, "licence": table.licence}
    return problems


def _uses(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The columns and helpers that draw from a table, each with its path."""
    tables = document.get("tables")
    for name, spec in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(spec, dict):
            continue
        generate = spec.get("generate")
        helpers = generate.get("helpers") if isinstance(generate, dict) else None
        places = (("columns",), spec.get("columns")), (("generate", "helpers"), helpers)
        for place, columns in places:
            for column, content in columns.items() if isinstance(columns, dict) else ():
                make = content.get("generate") if isinstance(content, dict) else None
                if isinstance(make, dict) and KEY in make:
                    yield content, ("tables", name, *place, column)


def _table(said: Any, path: Path) -> Terminology | Problem:
    if not (isinstance(said, dict) and set(said) == {"name", "version"}):
        return Problem(path, "no name and version of a code table", "write {name: …, version: …}")
    name, version = str(said["name"]), str(said["version"])
    table = find(synthrec_home(), name, version)
    if table is not None:
        return table
    there = ", ".join(f"{one.name} {one.version}" for one in listed(synthrec_home())) or "none"
    repair = f"synthrec terms add FILE --name {name} --version {version} …; there are: {there}"
    return Problem(path, f"no code table {name!r} of version {version!r} here", repair)


def _write(column: dict[str, Any], table: Terminology, *, is_helper: bool) -> None:
    codes = [item.code for item in table.codes]
    rest = {key: value for key, value in column["generate"].items() if key != KEY}
    weights = table.weights or dict.fromkeys(codes, 1)
    column["generate"] = {"category": {"weights": weights}, "cite": table.name, **rest}
    if is_helper:
        column.setdefault("values", codes)
        return
    column.setdefault("system", table.name)
    column.setdefault(
        "domain", {"values": codes, "source": "declared", "basis": table.words, "by": "the user's own table"}
    )
