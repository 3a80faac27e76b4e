"""What is sound in a schema but hardly meant: contradictions, what cannot occur, what nothing uses.

Hints are found by looking at each rule beside the domains it may use; no rows are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synthrec.errors import Fault
from synthrec.schema import citations
from synthrec.schema.dependencies import dependencies, read_by_tables
from synthrec.schema.generate_model import Bernoulli, Category, Const, Generate, Lookup, Table
from synthrec.schema.lint_bounds import contradictions
from synthrec.schema.load import load_schema, read_document
from synthrec.schema.model import LABEL_KINDS, Column, Schema, label
from synthrec.schema.named import expanded, uses
from synthrec.schema.rule_tables import RuleTable, column_path, rule_tables
from synthrec.schema.spec_base import Weights
from synthrec.schema.yaml_source import Path as Key

Kind = Literal["contradiction", "unreachable", "unused", "uncited"]
Found = tuple[Kind, Key, str, str]


@dataclass(frozen=True)
class Hint:
    """One hint; only contradictions make a schema unfit for use."""

    kind: Kind
    fault: Fault

    def __str__(self) -> str:
        """Render as ``file:line:column: where: kind: found; repair``."""
        return f"{self.kind}: {self.fault}"


def lint(path: Path) -> tuple[Hint, ...]:
    """Everything in a schema file that is hardly meant, in the order of the file.

    Raises:
        SchemaError: the file has faults.
    """
    schema = load_schema(path)
    source = read_document(path)
    named = {node["dist"] for node, _ in uses(source.document)}
    expanded(source)
    found = [*hints(schema), *_distributions(schema, named)]
    made = (Hint(kind, source.fault(key, what, repair)) for kind, key, what, repair in found)
    return tuple(sorted(set(made), key=lambda hint: hint.fault))


def hints(schema: Schema) -> Iterator[Found]:
    """The hints of a schema, each with its kind and path."""
    yield from (("contradiction", *found) for found in contradictions(schema))
    tables = rule_tables(schema)
    for name, table in tables.items():
        yield from _unreachable(name, table)
    yield from _unused(schema, tables)
    for figure in citations.unaccounted(schema):
        yield "uncited", figure.path, "a number without a source", "add cite: ID, or assumption: true"


def _distributions(schema: Schema, named: set[str]) -> Iterator[Found]:
    for name in schema.distributions.keys() - named:
        yield "unused", ("distributions", name), f"no rule uses distribution {name!r}", "remove it"


# --- what cannot occur ------------------------------------------------------------------------------------


def _unreachable(name: str, table: RuleTable) -> Iterator[Found]:
    for column, make in table.makes.items():
        place = (*column_path(name, table.spec, column), "generate")
        for value in _never(table.columns[column], make) if column in table.spec.columns else ():
            found = f"value {value!r} of the domain never occurs"
            yield "unreachable", place, found, "give it a weight, or take it from the domain"
        if isinstance(make.make, Bernoulli) and make.make.p == 0:
            yield "unreachable", place, "never true", "write const: false"
    unreachable = getattr(table.source, "unreachable", tuple)
    for state in unreachable():
        place = ("tables", name, "generate", "history", "states", state)
        yield "unreachable", place, f"no way leads to state {state!r}", "add a transition, or remove it"


def _never(column: Column, make: Generate) -> list[str]:
    """Listed values that a rule cannot yield; none where that cannot be told."""
    possible = _possible(make)
    if possible is None or column.domain is None or column.kind not in LABEL_KINDS:
        return []
    return [value for value in column.domain.labels if value not in possible]


def _possible(make: Generate) -> set[str] | None:
    """The values that a rule may yield; None where they cannot be listed."""
    match make.make:
        case Const(value=value):
            return {label(value)}
        case Category(weights=weights):
            return _weighted(weights)
        case Table(rows=rows, default=default):
            return {
                value for part in (*(row.weights for row in rows), default or {}) for value in _weighted(part)
            }
        case Lookup(rows=rows, default=default):
            values = [row.value for row in rows]
            return {label(value) for value in (values if default is None else [*values, default])}
        case _:
            return None


def _weighted(weights: Weights) -> set[str]:
    return {label(value) for value, weight in weights.items() if weight != 0}


# --- what nothing uses ------------------------------------------------------------------------------------


def _unused(schema: Schema, tables: Mapping[str, RuleTable]) -> Iterator[Found]:
    reads = dependencies(schema)
    used = read_by_tables(schema).union(*reads.values())
    for name, table in tables.items():
        for helper in table.generate.helpers:
            if (name, helper) not in used:
                place = column_path(name, table.spec, helper)
                yield "unused", place, f"nothing uses helper {helper!r}", "remove it"
    for param in schema.params if schema.is_rule_schema else ():
        if ("", param) not in used:
            yield "unused", ("params", param), f"nothing uses param {param!r}", "remove it"
    known = citations.sources_used(schema).keys() | citations.systems_used(schema).keys()
    for source in schema.sources.keys() - known:
        yield "unused", ("sources", source), f"nothing cites source {source!r}", "cite it, or remove it"
