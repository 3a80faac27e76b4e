"""A draft schema as commented YAML text."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from synthrec.schema.model import Column, Domain, Scalar

WIDTH = 108
_PLACES = 15
"""Numbers of more places before or after the point have an exponent."""

HEAD = """\
# A draft made from data by `synthrec schema infer`: read every line before it is used.
# - Every bound and category is `source: learned`. Write `public` (with the true limits) where they are common
#   knowledge, or `declared` with `basis:` and `by:` where a data dictionary says so.
# - Bounds come from the 11th most extreme person, widened to round numbers. Rarer categories are not listed:
#   only those of at least 11 persons are.
# - Roles are guessed from names and patterns; key and direct_identifier are never modelled, but made anew."""


@dataclass(frozen=True)
class ColumnDraft:
    """A column and what the steward should know, by key of the column."""

    column: Column
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A key of a mapping, its value as YAML tokens that may stand on lines of their own, and a comment."""

    key: str
    value: str | tuple[str, ...]
    note: str = ""

    def render(self, indent: int) -> str:
        """The line, or several where it is long."""
        pad = " " * indent
        tokens = (self.value,) if isinstance(self.value, str) else self.value
        lines = [f"{pad}{self.key}: {tokens[0]}"]
        for token in tokens[1:]:
            if len(lines[-1]) + len(token) < WIDTH:
                lines[-1] += f" {token}"
            else:
                lines.append(f"{pad}  {token}")
        if not self.note:
            return "\n".join(lines)
        if len(lines) == 1 and len(lines[0]) + len(self.note) + 4 <= WIDTH:
            return f"{lines[0]}  # {self.note}"
        return "\n".join([f"{pad}# {self.note}", *lines])


def render(name: str, table: Iterable[Line], columns: Mapping[str, ColumnDraft]) -> str:
    """The whole file."""
    top = [
        Line("name", name),
        Line("version", "0.1.0"),
        Line("# license", "…", "of the synthetic records"),
        Line("# source", "{custodian: …, licence: …, population: …}", "of the real records"),
    ]
    lines = [HEAD, "synthrec: 1", "schema:", *(line.render(2) for line in top), "tables:", f"  {name}:"]
    lines += [line.render(4) for line in table]
    lines.append("    columns:")
    for column, draft in columns.items():
        lines.append(f"      {text(column)}:")
        lines += [line.render(8) for line in _column(draft)]
    return "\n".join(lines) + "\n"


def text(value: str) -> str:
    """A text as it stands where that is safe in YAML, else in double quotes."""
    plain = value.isascii() and value.replace("_", "a").isalnum() and value[0].isalpha()
    return value if plain and value.lower() not in _WORDS else _quoted(value)


_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _quoted(value: str) -> str:
    """In double quotes, with an escape for every character that does not show."""
    shown = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escaped(ord(sign)) for sign in shown)


def _escaped(point: int) -> str:
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _column(draft: ColumnDraft) -> Iterator[Line]:
    column, notes = draft.column, draft.notes
    yield Line("kind", column.kind, notes.get("kind", ""))
    if column.scale is not None:
        yield Line("scale", str(column.scale), "decimal places")
    if column.format is not None:
        yield Line("format", _quoted(column.format), notes.get("format", ""))
    if column.timezone is not None:
        yield Line("timezone", column.timezone, "times have an UTC offset; name the zone they belong to")
    yield Line("role", column.role, notes.get("role", ""))
    if column.domain is not None:
        yield Line("domain", _domain(column.domain, column), notes.get("domain", ""))
    if column.precision is not None:
        yield Line("precision", scalar(column.precision, column), "the values are multiples of it")
    if column.heaps:
        heaps = _list(scalar(heap, column) for heap in column.heaps)
        yield Line("heaps", heaps, "single values that many persons share")
    if column.grid != "uniform":
        yield Line("grid", column.grid, "heavy tail: bins are fine near zero and wide far out")
    if column.null.allowed:
        codes = [f"codes: {' '.join(_list(map(_quoted, column.null.codes)))}"] if column.null.codes else []
        yield Line("null", f"{{{', '.join(['allowed: true', *codes])}}}")
    if "null" in notes:
        yield Line("# null", notes["null"])


def _domain(domain: Domain, column: Column) -> tuple[str, ...]:
    """The tokens of a domain."""
    parts: list[str] = []
    if domain.min is not None and domain.max is not None:
        parts = [f"min: {scalar(domain.min, column)},", f"max: {scalar(domain.max, column)},"]
    if domain.values is not None:
        first, *others = _list(map(_quoted, domain.labels))
        parts = [f"values: {first}", *others]
        parts[-1] += ","
    first, *others = [*parts, "source: learned}"]
    return (f"{{{first}", *others)


def _list(items: Iterable[str]) -> tuple[str, ...]:
    """The tokens of a list, at least one item."""
    *others, last = items
    first, *rest = [*(f"{item}," for item in others), f"{last}]"]
    return (f"[{first}", *rest)


def scalar(value: Scalar, column: Column) -> str:
    """A number as it is; a date or datetime in quotes, with its offset where the column has a timezone."""
    if isinstance(value, dt.datetime):
        return _quoted(value.isoformat() + ("Z" if column.timezone else ""))
    if isinstance(value, dt.date):
        return _quoted(value.isoformat())
    if not isinstance(value, Decimal):
        return str(value)
    is_long = value != 0 and not -_PLACES <= value.adjusted() < _PLACES
    return format(value.normalize(), "e") if is_long else format(value, "f")
