"""Named distributions: ``dist: NAME`` in a `generate:` part stands for the entry of `distributions:`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from synthrec.schema.citations import NAMED_BY_AUTHOR
from synthrec.schema.faults import suggestion
from synthrec.schema.yaml_source import Path, Problem, YamlSource


def expanded(source: YamlSource) -> list[Problem]:
    """Write each named distribution out where it is used; places lead to the entry.

    Returns:
        The names that no entry has.
    """
    known = source.document.get("distributions")
    known = known if isinstance(known, Mapping) else {}
    problems: list[Problem] = []
    for node, path in list(uses(source.document)):
        name = node["dist"]
        if name not in known:
            problems.append(Problem((*path, "dist"), f"no distribution {name!r}", _repair(name, known)))
            source.spoilt.add((*path, "dist"))
            continue
        node["dist"] = copy.deepcopy(known[name])
        _lead(source, ("distributions", name), (*path, "dist"))
    return problems


def uses(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """The mappings of a document in which ``dist:`` is a name, each with its path."""
    tables = document.get("tables")
    for table, spec in tables.items() if isinstance(tables, dict) else ():
        for part in ("columns", "generate"):
            yield from _uses(spec.get(part) if isinstance(spec, dict) else None, ("tables", table, part))


def _uses(node: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    if isinstance(node, dict):
        if path[-1] not in {*NAMED_BY_AUTHOR, "columns", "helpers"} and isinstance(node.get("dist"), str):
            yield node, path
        for key, value in node.items():
            yield from _uses(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _uses(value, (*path, i))


def _repair(name: str, known: Mapping[str, Any]) -> str:
    return suggestion(name, known) if known else "add it under distributions:, or write it out"


def _lead(source: YamlSource, definition: Path, use: Path) -> None:
    """Give the keys below a use the places of its definition."""
    depth = len(definition)
    for marks in (source.keys, source.values):
        below = [path for path in marks if path[:depth] == definition and len(path) > depth]
        marks.update({(*use, *path[depth:]): marks[path] for path in below})
