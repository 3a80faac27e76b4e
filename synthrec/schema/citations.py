"""Where the numbers of a rule schema come from: `cite:` and `assumption:` within `generate:` parts.

``cite: ID`` (or a list of ids of `sources:`) and ``assumption: true`` stand in any mapping of a `generate:`
part and hold for all numbers in and below it. A table's own ``assumption: true`` holds for what names no
source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthrec.schema.faults import suggestion
from synthrec.schema.model import Reference, Schema, TableSpec

Path = tuple[str | int, ...]
Problem = tuple[Path, str, str]

KEYS = frozenset({"cite", "assumption"})
ASSUMPTION = "assumption"
"""The word that stands for a source where a param is an assumption."""
NAMED_BY_AUTHOR = frozenset(
    {"weights", "parts", "initial", "states", "attributes", "set", "others", "terms", "of"}
)
"""Mappings whose keys are labels and names, not words of the language."""
WITHOUT_FIGURES = frozenset(
    {"sequence", "template", "id_number", "copy", "when", "by", "cite", "closed", "fitted"}
)
"""Parts in which numbers are form, not figures."""
NEUTRAL = frozenset({0.0, 1.0, -1.0, 365.0, 365.25})
"""Numbers that claim nothing: nothing, one, and the days of a year."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_LITERAL = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Figure:
    """A number that shapes the records, and what it rests on."""

    path: Path
    cites: tuple[str, ...]
    assumed: bool

    @property
    def is_accounted_for(self) -> bool:
        """Whether it names a source or is said to be an assumption."""
        return bool(self.cites) or self.assumed


def without_citations(raw: Any, key: str | int = "") -> Any:
    """A `generate:` part as the engine reads it."""
    if isinstance(raw, Mapping):
        hidden = KEYS if key not in NAMED_BY_AUTHOR else frozenset[str]()
        return {name: without_citations(value, name) for name, value in raw.items() if name not in hidden}
    if isinstance(raw, list | tuple):
        return [without_citations(value) for value in raw]
    return raw


def figures(schema: Schema) -> Iterator[Figure]:
    """Every number of the schema's rules and params, in the order of the file."""
    for name, value in schema.params.items():
        if not isinstance(value, str) and _counts(value):
            ids = _ids(schema.cite.get(name, ()))
            cites = tuple(one for one in ids if one != ASSUMPTION)
            yield Figure(("params", name), cites, ASSUMPTION in ids)
    for table, spec in schema.tables.items():
        for path, raw in _parts(table, spec):
            yield from _figures(raw, path, (), spec.assumption)


def unaccounted(schema: Schema) -> tuple[Figure, ...]:
    """The numbers that neither name a source nor are said to be assumptions."""
    return tuple(figure for figure in figures(schema) if not figure.is_accounted_for)


def assumed_in(figures: Iterable[Figure]) -> dict[str, tuple[str, ...]]:
    """By table: columns and hidden helpers whose rules rest on assumptions; `rows` is how rows come about."""
    found: dict[str, dict[str, None]] = {}
    for figure in figures:
        if not figure.cites and figure.path[0] == "tables":
            found.setdefault(str(figure.path[1]), {})[_of_table(figure.path)] = None
    return {table: tuple(names) for table, names in found.items()}


def _of_table(path: Path) -> str:
    match path:
        case ("tables", _, "columns", name, *_) | ("tables", _, "generate", "helpers", name, *_):
            return str(name)
        case _:
            return "rows"


def sources_used(schema: Schema) -> dict[str, Reference]:
    """The sources that numbers cite, in the order of `sources:`."""
    cited = {one for figure in figures(schema) for one in figure.cites}
    return {name: entry for name, entry in schema.sources.items() if name in cited}


def systems_used(schema: Schema) -> dict[str, Reference]:
    """The code systems that columns name, in the order of `sources:`."""
    named = {column.system for spec in schema.tables.values() for column in spec.columns.values()}
    return {name: entry for name, entry in schema.sources.items() if name in named}


def problems(schema: Schema) -> Iterator[Problem]:
    """Ids that no source has."""
    for path, ids in _citations(schema):
        for one in ids:
            if one not in schema.sources:
                yield path, f"no source {one!r}", suggestion(one, schema.sources)
    for name, cite in schema.cite.items():
        if name not in schema.params:
            yield ("cite", name), f"no param {name!r}", suggestion(name, schema.params)
        for one in _ids(cite):
            if one != ASSUMPTION and one not in schema.sources:
                yield ("cite", name), f"no source {one!r}", suggestion(one, [*schema.sources, ASSUMPTION])


def _citations(schema: Schema) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every id that tables and distributions name, with its place."""
    for name, raw in schema.distributions.items():
        yield from _cites_in(raw, ("distributions", name))
    for table, spec in schema.tables.items():
        for path, raw in _parts(table, spec):
            yield from _cites_in(raw, path)
        for name, column in spec.columns.items():
            if column.system is not None:
                yield ("tables", table, "columns", name, "system"), (column.system,)


def _parts(table: str, spec: TableSpec) -> Iterator[tuple[Path, Any]]:
    """The `generate:` parts of a table, each with its path."""
    for name, column in spec.columns.items():
        yield ("tables", table, "columns", name, "generate"), column.generate
    for key, raw in (spec.generate or {}).items():
        place: Path = ("tables", table, "generate", key)
        if key == "helpers" and isinstance(raw, Mapping):
            for name, helper in raw.items():
                yield (
                    (*place, name, "generate"),
                    helper.get("generate") if isinstance(helper, Mapping) else None,
                )
        elif key not in WITHOUT_FIGURES:
            yield place, raw


def _cites_in(raw: Any, path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    if isinstance(raw, Mapping):
        if path[-1] not in NAMED_BY_AUTHOR and "cite" in raw:
            yield (*path, "cite"), _ids(raw["cite"])
        for key, value in raw.items():
            yield from _cites_in(value, (*path, key))
    elif isinstance(raw, list | tuple):
        for i, value in enumerate(raw):
            yield from _cites_in(value, (*path, i))


def _figures(raw: Any, path: Path, cites: tuple[str, ...], assumed: bool) -> Iterator[Figure]:  # noqa: FBT001
    if isinstance(raw, Mapping):
        if path[-1] not in NAMED_BY_AUTHOR:
            cites = (*cites, *_ids(raw.get("cite", ())))
            assumed = assumed or raw.get("assumption") is True
        for key, value in raw.items():
            if key not in WITHOUT_FIGURES or path[-1] in NAMED_BY_AUTHOR:
                yield from _figures(value, (*path, key), cites, assumed)
    elif isinstance(raw, list | tuple):
        for i, value in enumerate(raw):
            yield from _figures(value, (*path, i), cites, assumed)
    elif _counts(raw):
        yield Figure(path, cites, assumed)


def _counts(raw: Any) -> bool:
    """Whether a value, or an expression, holds a number that claims something."""
    if isinstance(raw, str):
        return any(float(text) not in NEUTRAL for text in _LITERAL.findall(_QUOTED.sub("", raw)))
    try:
        return not isinstance(raw, bool) and float(raw) not in NEUTRAL
    except (TypeError, ValueError):
        return False


def _ids(cite: Any) -> tuple[str, ...]:
    return (cite,) if isinstance(cite, str) else tuple(map(str, cite or ()))
