"""Check columns that a fitted model fills: within the schema, and against the columns of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synthrec.schema.faults import suggestion
from synthrec.schema.fitted_spec import Fitted, is_portable
from synthrec.schema.model import LABEL_KINDS, Column, Domain, Schema, TableSpec
from synthrec.schema.rule_tables import Problem, RuleTable, column_path, rule_tables
from synthrec.schema.scalars import model_number
from synthrec.schema.spec_base import Path

SHAPE = ("kind", "scale", "timezone")
"""What a column and that of its model have in common."""
STATED = ("unit", "precision")
"""What they have in common where the column states it."""
SHOWN = 3
"""Labels that one message names."""


def filled(table: RuleTable) -> dict[str, dict[str, str]]:
    """By block: the columns and helpers that it fills, and the model's column behind each."""
    blocks: dict[str, dict[str, str]] = {block: {} for block in table.generate.fitted}
    for name, make in table.makes.items():
        if isinstance(make.make, Fitted):
            blocks.setdefault(make.make.block, {})[name] = make.make.column or name
    return blocks


def models(schema: Schema) -> dict[str, dict[str, str]]:
    """By table: the blocks that models fill, each with the path of its model."""
    tables = rule_tables(schema).items()
    found = {
        name: {block: part.model for block, part in table.generate.fitted.items()} for name, table in tables
    }
    return {name: blocks for name, blocks in found.items() if blocks}


def fitted_problems(table: RuleTable) -> Iterator[Problem]:
    """Blocks and their columns that do not name each other, and columns that no model may fill."""
    blocks = table.generate.fitted
    for block, columns in filled(table).items():
        if block not in blocks:
            for name in columns:
                place = _place(table, name)
                yield (*place, "block"), f"unknown block {block!r}", suggestion(block, blocks)
        elif not columns:
            place = ("tables", table.name, "generate", "fitted", block)
            yield place, "a block that fills no column", f"write fitted: {{block: {block}}}, or remove it"
        yield from _twice(table, columns)
    for block, content in blocks.items():
        if not is_portable(content.model):
            place = ("tables", table.name, "generate", "fitted", block, "model")
            found = "a path that does not hold on every machine"
            yield place, found, "write it with /, as seen from the folder of this schema"
    if table.count is not None and isinstance(table.count.make, Fitted):
        place = ("tables", table.name, "generate", "count", "fitted")
        yield place, "a number of rows from a model", "make the number by rules; a model fills rows"
    for name, make in table.makes.items():
        if isinstance(make.make, Fitted) and table.columns[name].is_minted:
            found = f"a model for {name!r}, which is always made anew"
            yield _place(table, name), found, "make keys, identifiers and free text by rules"


def _twice(table: RuleTable, columns: Mapping[str, str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, source in columns.items():
        if source in first:
            found = f"{source!r} of the model fills {first[source]!r}, too"
            yield _place(table, name), found, "fill one, and copy it with expr:"
        first.setdefault(source, name)


def mismatches(table: RuleTable, block: str, model: TableSpec) -> Iterator[Problem]:
    """Where the columns of a block are not what the columns of its model are."""
    for name, source in filled(table)[block].items():
        place = _place(table, name)
        if source not in model.columns:
            yield place, f"the model has no column {source!r}", suggestion(source, model.modelled)
        elif source not in model.modelled:
            yield place, f"the model does not model {source!r}", suggestion("", model.modelled)
        else:
            unlike = _unlike(table.columns[name], model.columns[source], f"{source!r} of the model")
            yield from ((place, found, repair) for found, repair in unlike)


def _unlike(own: Column, theirs: Column, named: str) -> Iterator[tuple[str, str]]:
    """What keeps values of the model's column from being values of this one, and the repair."""
    for field in (*SHAPE, *(field for field in STATED if getattr(own, field) is not None)):
        mine, other = getattr(own, field) or "none", getattr(theirs, field) or "none"
        if mine != other:
            yield f"{field} {mine}, and {named} has {other}", f"give both the same {field}"
    if theirs.null.allowed and not own.null.allowed:
        yield f"never missing, and {named} may be", "write null: {allowed: true}"
    if own.kind == theirs.kind and own.domain is not None and theirs.domain is not None:
        yield from _beyond(own, own.domain, theirs.domain, named)


def _beyond(own: Column, domain: Domain, theirs: Domain, named: str) -> Iterator[tuple[str, str]]:
    """Values of the model outside the domain of the column."""
    if own.kind in LABEL_KINDS and domain.labels:
        unlisted = [text for text in theirs.labels if text not in domain.labels]
        if unlisted and theirs.source in {"public", "declared"}:
            listed = ", ".join(map(repr, unlisted[:SHOWN])) + (", …" if len(unlisted) > SHOWN else "")
            yield f"{named} also yields {listed}", "list these values, too"
        elif unlisted:
            yield f"{named} also yields {len(unlisted)} unlisted values", "list all values of the model"
    for bound, is_beyond in (("min", _below), ("max", _above)):
        mine, other = getattr(domain, bound), getattr(theirs, bound)
        if mine is not None and other is not None and is_beyond(own, other, mine):
            said = "" if theirs.source in {"learned", "dp"} else f", {other}"
            yield f"{bound} {mine}, and {named} goes beyond{said}", f"widen the {bound}"


def _below(column: Column, value: object, bound: object) -> bool:
    return bool(model_number(value, column) < model_number(bound, column))  # type: ignore[arg-type]


def _above(column: Column, value: object, bound: object) -> bool:
    return _below(column, bound, value)


def _place(table: RuleTable, column: str) -> Path:
    return (*column_path(table.name, table.spec, column), "generate", "fitted")
