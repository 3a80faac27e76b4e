"""One schema on top of another: `extends:` names the base, and what is said again counts.

Tables, columns, helpers, params, presets, distributions, sources and constraints match by name; in a column
each key replaces its predecessor as a whole, and ``NAME: null`` takes something away. A base is a shipped
short name or a file in or below the folder of the schema that names it; nothing else is read.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthrec.assets import find_schema, schema_names
from synthrec.errors import ConfigError, SchemaError
from synthrec.schema.yaml_source import Path as Key
from synthrec.schema.yaml_source import YamlSource

MAX_BASES = 8


def base_file(source: YamlSource, chain: Sequence[Path]) -> Path:
    """The file that `extends:` names.

    Raises:
        SchemaError: it is no text, leaves the folder, is not there, or leads back to where it was named.
    """
    base = _located(source, ("extends",), source.document["extends"])
    if base in chain:
        circle = " → ".join(path.name for path in (*chain[chain.index(base) :], base))
        raise SchemaError([source.fault(("extends",), f"schemas extend each other: {circle}", "break it")])
    if len(chain) > MAX_BASES:
        raise SchemaError([source.fault(("extends",), f"more than {MAX_BASES} bases", "merge some of them")])
    return base


def beside(source: YamlSource, key: Key, name: object) -> Path:
    """A file in or below the folder of the schema.

    Raises:
        SchemaError: the name is no text, leaves the folder, or no file has it.
    """
    folder = Path(source.file).parent.resolve()
    if isinstance(name, str) and not source.file.startswith("<") and "://" not in name and "\0" not in name:
        path = (folder / name).resolve()
        if path.is_file() and path.is_relative_to(folder) and not Path(name).is_absolute():
            return path
    repair = "name a file in or below the folder of this schema"
    raise SchemaError([source.fault(key, f"{str(name)[:80]!r} is no such file", repair)])


def _located(source: YamlSource, key: Key, name: object) -> Path:
    if isinstance(name, str) and name in schema_names():
        return find_schema(name).resolve()
    try:
        return beside(source, key, name)
    except (SchemaError, ConfigError, OSError):
        known = ", ".join(schema_names())
        found = f"{str(name)[:80]!r} is neither a shipped schema nor a file beside this one"
        repair = f"name a file in or below this folder, or one of: {known}"
        raise SchemaError([source.fault(key, found, repair)]) from None


def move_models(base: YamlSource, source: YamlSource) -> None:
    """Write the paths of a sound base's models, which lie beside it, as they are seen from the schema."""
    there, here = (Path(file).parent.resolve() for file in (base.file, source.file))
    for table in base.document["tables"].values():
        for block in (table.get("generate") or {}).get("fitted", {}).values():
            block["model"] = Path(os.path.relpath(there / block["model"], here)).as_posix()


def overlaid(base: Mapping[str, Any], source: YamlSource) -> None:
    """Put the document of a schema on top of its base, in place; places stay those of its own file."""
    own = {key: value for key, value in source.document.items() if key != "extends"}
    source.document = _merged(base, own, (), source)


def _merged(base: Any, own: Any, path: Key, source: YamlSource) -> Any:
    if path[-1:] == ("constraints",) and len(path) == 3 and isinstance(own, list) and isinstance(base, list):
        return _rules(base, own, path, source)
    if not (isinstance(base, Mapping) and isinstance(own, Mapping) and _is_merged(path)):
        return own
    entries = {key: copy.deepcopy(value) for key, value in base.items() if key not in own}
    for key, value in own.items():
        if value is None and key in base:
            continue
        entries[key] = _merged(base[key], value, (*path, key), source) if key in base else value
    return {key: entries[key] for key in [*base, *own] if key in entries}


def _is_merged(path: Key) -> bool:
    """Whether a mapping is matched entry by entry; others are replaced as a whole."""
    match path:
        case () | ("schema" | "params" | "cite" | "sources" | "distributions" | "presets" | "tables",):
            return True
        case ("tables", _) | ("tables", _, "columns" | "generate") | ("tables", _, "columns", _):
            return True
        case ("tables", _, "generate", "helpers") | ("tables", _, "generate", "helpers", _):
            return True
        case _:
            return False


def _rules(base: list[Any], own: list[Any], path: Key, source: YamlSource) -> list[Any]:
    """Constraints by name: those of the base in their order, then the new ones."""
    merged = copy.deepcopy(base)
    names = {rule.get("name"): i for i, rule in enumerate(base) if isinstance(rule, Mapping)}
    moved: dict[int, int] = {}
    for i, rule in enumerate(own):
        name = rule.get("name") if isinstance(rule, Mapping) else None
        moved[i] = names.get(name, len(merged)) if isinstance(name, str) else len(merged)
        merged[moved[i] : moved[i] + 1] = [rule]
    for marks in (source.keys, source.values, source.plain):
        _move(marks, path, moved)
    return merged


def _move(marks: dict[Key, Any], path: Key, moved: Mapping[int, int]) -> None:
    """Give list items their new numbers."""
    depth = len(path)
    items = {key: marks.pop(key) for key in list(marks) if key[:depth] == path and len(key) > depth}
    for key, mark in items.items():
        marks[*path, moved[int(key[depth])], *key[depth + 1 :]] = mark
