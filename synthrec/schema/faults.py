"""Structural faults of a schema document: pydantic's errors as places, plain words and repairs."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from synthrec.schema.model import Schema
from synthrec.schema.yaml_source import Path, Problem

_NAMES: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "nothing",
}
_WANTED: dict[str, str] = {
    "string_type": "put it in quotes if it is meant as text",
    "int_type": "write a whole number",
    "bool_type": "write true or false",
    "decimal_type": "write a number",
    "decimal_parsing": "write a number",
    "is_instance_of": "write a single value: a text, a number, true, false or a date",
    "model_type": "write a mapping, e.g. {key: value}",
    "model_attributes_type": "write a mapping, e.g. {key: value}",
    "dict_type": "write a mapping, e.g. {key: value}",
    "tuple_type": "write a list, e.g. [a, b]",
    "list_type": "write a list, e.g. [a, b]",
}
_COLLECTIONS = frozenset({"model_type", "model_attributes_type", "dict_type", "tuple_type", "list_type"})


def structural_problems(error: ValidationError, document: Any) -> list[Problem]:
    """One problem per place of a failed validation; the branches of a union count once."""
    details = _located(error, document)
    paths = {path for path, _ in details}
    meant = {_nearest_key(path) for path, item in details if item["type"] == "extra_forbidden"}
    found: dict[Path, Problem] = {}
    for path, item in details:
        problem = _problem(path, item, document)
        if problem.path not in meant and not _is_other_branch(path, item, paths):
            found.setdefault(problem.path, problem)
    return list(found.values())


def broken_paths(error: ValidationError, document: Any) -> set[Path]:
    """Every place of a failed validation, missing keys included."""
    return {_problem(path, item, document).path for path, item in _located(error, document)}


def _located(error: ValidationError, document: Any) -> list[tuple[Path, ErrorDetails]]:
    return [(_within(item["loc"], document), item) for item in error.errors(include_url=False)]


def _is_other_branch(path: Path, item: ErrorDetails, paths: set[Path]) -> bool:
    """Whether an error says that a union's value is not of another form than the one that was tried."""
    if len(item["loc"]) == len(path) or item["type"] == "missing":
        return False
    return any(other[: len(path)] == path and len(other) > len(path) for other in paths)


def _nearest_key(path: Path) -> Path | None:
    """Where the key stands that an unknown key was probably meant to be."""
    near = difflib.get_close_matches(str(path[-1]), _keys_at(path[:-1]), n=1)
    return (*path[:-1], near[0]) if near else None


def _within(location: tuple[str | int, ...], document: Any) -> Path:
    """A pydantic location without the names of union branches, which the document does not hold."""
    path: list[str | int] = []
    node = document
    for part in location:
        if holds(node, part):
            path.append(part)
            node = node[part]
    return tuple(path)


def _problem(path: Path, item: ErrorDetails, document: Any) -> Problem:
    if item["type"] == "missing":
        key = item["loc"][-1]
        return Problem((*path, key), f"the key '{key}' is missing", f"add {key}:")
    return Problem(path, *_words(path, item, _at(document, path)))


def _words(path: Path, item: ErrorDetails, value: Any) -> tuple[str, str]:
    """What was found and the repair."""
    kind = item["type"]
    if kind == "extra_forbidden":
        return f"unknown key '{path[-1]}'", suggestion(str(path[-1]), _keys_at(path[:-1]))
    if kind == "literal_error":
        return f"unknown value {_shown(value)}", suggestion(str(value), _choices_at(path))
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} is not a name of this form", f"match {item['ctx']['pattern']}"
    if kind in _WANTED or kind.endswith("_type"):
        return f"{_NAMES.get(type(value), 'a date')} in this place", _WANTED[_form(kind, value)]
    return item["msg"][0].lower() + item["msg"][1:], "correct the value"


def _form(kind: str, value: Any) -> str:
    """The error type whose repair fits best."""
    if kind not in _WANTED or (isinstance(value, dict | list) and kind not in _COLLECTIONS):
        return "is_instance_of"
    return kind


def holds(document: Any, *path: str | int) -> bool:
    """Whether a document has something at a path."""
    try:
        _at(document, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _at(document: Any, path: Path) -> Any:
    node = document
    for part in path:
        node = node[part]
    return node


def _shown(value: Any) -> str:
    return f"'{str(value)[:60]}'"


def suggestion(word: str, known: Iterable[str]) -> str:
    """``did you mean …?`` or the list of what is allowed."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    listed = "use one of: " + ", ".join(words[:20])
    if not words:
        return "remove it"
    return f"did you mean '{near[0]}'? {listed}" if near else listed


# --- what the models allow at a path ----------------------------------------------------------------------


def _annotation_at(path: Path) -> Any:
    """The type that the models give to a path of a document; None where they end."""
    current: Any = Schema
    for part in path:
        current = next(_steps(current, part), None)
    return current


def _steps(annotation: Any, part: str | int) -> Iterator[Any]:
    """Types one step down, for each member of a union that has such a step."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        yield from (field.annotation for name, field in fields if (field.alias or name) == part)
        return
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is dict:
        yield members[1]
    elif origin is tuple:
        yield members[0]
    else:
        for member in members:
            yield from _steps(member, part)


def _keys_at(path: Path) -> list[str]:
    """Keys of the model at a path."""
    model = _annotation_at(path)
    candidates = (model, *get_args(model))
    models = [item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)]
    return [field.alias or name for item in models for name, field in item.model_fields.items()]


def _choices_at(path: Path) -> list[str]:
    annotation = _annotation_at(path)
    return [str(choice) for choice in get_args(annotation)] if get_origin(annotation) is Literal else []


# --- the sound rest ---------------------------------------------------------------------------------------


def mended(document: dict[str, Any], broken: Iterable[Path]) -> tuple[Schema | None, frozenset[Path]]:
    """The schema with stand-ins for its broken parts, so that the sound parts can be checked as well.

    Returns:
        The schema, or None if too little is left, and the paths of the stand-ins.
    """
    rest = copy.deepcopy(document)
    replaced = frozenset(_replace(rest, path) for path in broken)
    try:
        return Schema.model_validate(rest), replaced
    except ValidationError:
        return None, replaced


def _replace(document: dict[str, Any], path: Path) -> Path:
    """Put a stand-in at the smallest part that can have one; returns the part's path."""
    tables = document.get("tables")
    tables = tables if isinstance(tables, dict) else {}
    match path:
        case ("tables", str(table), "columns", str(column), *_) if holds(tables, table, "columns", column):
            tables[table]["columns"][column] = {"kind": "text"}
        case ("tables", str(table), "constraints", int(i), *_) if holds(tables, table, "constraints", i):
            tables[table]["constraints"][i] = {"name": f"({i})", "expr": "True"}
        case ("tables", str(table), "foreign_keys", int(i), *_) if holds(tables, table, "foreign_keys", i):
            tables[table]["foreign_keys"][i] = {"columns": ["(none)"], "references": "(none)"}
        case ("tables", str(table), str(key), *_) if key != "columns" and holds(tables, table):
            tables[table].pop(key, None)
            return path[:3]
        case ("tables", str(table), *_):
            tables.pop(table, None)
            return path[:2]
        case ("schema", *_):
            document["schema"] = {"name": "x"}
            return path[:1]
        case ("synthrec", *_):
            document["synthrec"] = 1
            return path[:1]
        case _:
            document.pop(str(path[0]) if path else "", None)
            return path[:1]
    return path[:4]
