"""Checks across columns and tables: keys, persons, targets and row constraints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from synthrec.errors import SchemaError
from synthrec.schema.column_checks import column_problems
from synthrec.schema.draft import Draft
from synthrec.schema.expressions import compile_expression
from synthrec.schema.faults import suggestion
from synthrec.schema.model import Constraint, ForeignKey, PersonVia, TableSpec
from synthrec.schema.yaml_source import Mark, Path, Problem

MAX_COLUMNS = 2_000


def schema_problems(draft: Draft) -> Iterator[Problem]:
    """Everything wrong across the keys of a schema."""
    for name, spec in draft.schema.tables.items():
        for column, definition in spec.columns.items():
            path: Path = ("tables", name, "columns", column)
            if draft.is_sound(*path):
                yield from column_problems(draft, path, definition)
        for check in (_size, _primary_key, _foreign_keys, _person, _target, _constraints):
            yield from check(draft, name, spec)
    yield from _file_names(draft)
    yield from _cycles(draft)


def _size(_: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    if len(spec.columns) > MAX_COLUMNS:
        yield Problem(
            ("tables", name, "columns"),
            f"{len(spec.columns)} columns",
            f"use at most {MAX_COLUMNS} per table",
        )


def _file_names(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in draft.schema.tables:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield Problem(
                ("tables", name), f"differs from '{other}' by case only", "rename one of the tables"
            )


# --- keys -------------------------------------------------------------------------------------------------


def _unknown_column(path: Path, column: str, spec: TableSpec) -> Problem:
    return Problem(path, f"there is no column '{column}'", suggestion(column, spec.columns))


def _primary_key(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    path: Path = ("tables", name, "primary_key")
    for i, column in enumerate(spec.primary_key):
        if column not in spec.columns:
            yield _unknown_column((*path, i), column, spec)
        elif (sound := draft.column(name, column)) is not None and sound.null.allowed:
            yield Problem(
                (*path, i), f"the key column '{column}' may be missing", "set its null: {allowed: false}"
            )
    if len(set(spec.primary_key)) < len(spec.primary_key):
        yield Problem(path, "a column listed twice", "list every key column once")


def _foreign_keys(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    for i, key in enumerate(spec.foreign_keys):
        path: Path = ("tables", name, "foreign_keys", i)
        if not draft.is_sound(*path):
            continue
        unknown = [column for column in key.columns if column not in spec.columns]
        for column in unknown:
            yield _unknown_column((*path, "columns"), column, spec)
        if not draft.knows_table(key.references):
            yield Problem(
                (*path, "references"),
                f"there is no table '{key.references}'",
                suggestion(key.references, draft.schema.tables),
            )
        elif not unknown and draft.is_sound("tables", key.references, "primary_key"):
            yield from _key_match(draft, path, name, key)


def _key_match(draft: Draft, path: Path, name: str, key: ForeignKey) -> Iterator[Problem]:
    """Number and kinds of the columns are those of the parent's primary key."""
    if key.references not in draft.schema.tables:
        return
    primary = draft.schema.tables[key.references].primary_key
    if not primary:
        yield Problem(
            (*path, "references"), f"'{key.references}' has no primary key", "give the parent a primary_key"
        )
    elif len(primary) != len(key.columns):
        yield Problem(
            (*path, "columns"),
            f"{len(key.columns)} columns for a primary key of {len(primary)}",
            f"list one column for each of: {', '.join(primary)}",
        )
    else:
        for own, theirs in zip(key.columns, primary, strict=True):
            yield from _same_kind(draft, path, (name, own), (key.references, theirs))


def _same_kind(draft: Draft, path: Path, own: tuple[str, str], theirs: tuple[str, str]) -> Iterator[Problem]:
    child, parent = draft.column(*own), draft.column(*theirs)
    if child is None or parent is None or (child.kind, child.scale) == (parent.kind, parent.scale):
        return
    yield Problem(
        (*path, "columns"),
        f"'{own[1]}' is of kind {child.kind}, but {'.'.join(theirs)} of kind {parent.kind}",
        "give both columns the same kind and scale",
    )


def _cycles(draft: Draft) -> Iterator[Problem]:
    tables = draft.schema.tables
    parents = {
        name: {key.references for key in spec.foreign_keys if key.references in tables}
        for name, spec in tables.items()
    }
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield Problem(
            ("tables", circle[0], "foreign_keys"),
            f"tables refer to each other in a circle: {' → '.join(circle)}",
            "remove one of these foreign keys",
        )


# --- persons ----------------------------------------------------------------------------------------------


def _person(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    table: Path = ("tables", name)
    if spec.person is not None and spec.one_row_per_person:
        yield Problem(
            (*table, "one_row_per_person"), "both person and one_row_per_person", "keep one of the two"
        )
    if spec.one_row_per_person and (spec.max_rows_per_person or 1) > 1:
        yield Problem(
            (*table, "max_rows_per_person"),
            "more than one row per person",
            "give person: and the column instead",
        )
    if isinstance(spec.person, PersonVia):
        yield from _person_via(draft, name, spec, spec.person.via)
    elif spec.person is not None:
        yield from _person_column(draft, name, spec, spec.person)
    elif not spec.one_row_per_person and draft.is_sound(*table, "person"):
        yield from _person_absent(draft, name, spec)


def _person_column(draft: Draft, name: str, spec: TableSpec, column: str) -> Iterator[Problem]:
    path: Path = ("tables", name, "person")
    if column not in spec.columns:
        yield _unknown_column(path, column, spec)
    elif (sound := draft.column(name, column)) is not None and sound.null.allowed:
        yield Problem(path, f"the person column '{column}' may be missing", "set its null: {allowed: false}")


def _person_via(draft: Draft, name: str, spec: TableSpec, column: str) -> Iterator[Problem]:
    path: Path = ("tables", name, "person", "via")
    if column not in spec.columns:
        yield _unknown_column(path, column, spec)
        return
    parents = [key.references for key in spec.foreign_keys if column in key.columns]
    if not parents and draft.is_sound("tables", name, "foreign_keys"):
        yield Problem(
            path,
            f"'{column}' is not a column of a foreign key",
            f"add foreign_keys: [{{columns: [{column}], references: …}}], or write person: {column}",
        )
    parent = draft.schema.tables.get(parents[0]) if parents else None
    if parent is not None and parent.person is None and not parent.one_row_per_person:
        yield Problem(
            path,
            f"the parent '{parents[0]}' has no person",
            "give the parent person: or one_row_per_person: true",
        )


def _person_absent(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    """Real records belong to persons; only tables that rules make altogether may leave that open."""
    columns = [draft.column(name, column) for column in spec.columns]
    if all(column is None or column.generate for column in columns):
        return
    yield Problem(
        ("tables", name),
        "no unit of privacy",
        "add person: and the column that names the person, or one_row_per_person: true",
    )


def _target(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    path: Path = ("tables", name, "target")
    if spec.target is None:
        return
    if spec.target not in spec.columns:
        yield _unknown_column(path, spec.target, spec)
    elif (column := draft.column(name, spec.target)) is not None and column.is_minted:
        yield Problem(
            path, f"the target '{spec.target}' is a key, identifier or free text", "name a modelled column"
        )


# --- constraints ------------------------------------------------------------------------------------------


def _constraints(draft: Draft, name: str, spec: TableSpec) -> Iterator[Problem]:
    path: Path = ("tables", name, "constraints")
    counts = Counter(constraint.name for constraint in spec.constraints)
    seen: set[str] = set()
    for i, constraint in enumerate(spec.constraints):
        if not draft.is_sound(*path, i):
            continue
        if counts[constraint.name] > 1 and constraint.name in seen:
            yield Problem(
                (*path, i, "name"), f"a second constraint '{constraint.name}'", "give it another name"
            )
        seen.add(constraint.name)
        if not any(
            column in constraint.expr for column in spec.columns if draft.column(name, column) is None
        ):
            yield from _expression(draft, (*path, i, "expr"), spec, constraint)


def _expression(draft: Draft, path: Path, spec: TableSpec, constraint: Constraint) -> Iterator[Problem]:
    """The expression of a constraint compiles to a boolean; faults stand at their place in the file."""
    place = draft.source.values.get(path, Mark(1, 1))
    try:
        found = compile_expression(constraint.expr, spec.columns, line=place.line, column=place.column)
    except SchemaError as error:
        for fault in error.faults:
            yield Problem(path, fault.found, fault.repair, Mark(fault.line, fault.column))
        return
    if found.kind != "boolean":
        yield Problem(
            path, f"the rule yields a {found.kind}, not true or false", "compare it with a value", place
        )
