"""The rules that a table's schema states, each as a counter of what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from synthrec.data.persons import person_column
from synthrec.data.table import Records
from synthrec.schema.expressions import compile_expression
from synthrec.schema.model import (
    LABEL_KINDS,
    Column,
    Constraint,
    Domain,
    ForeignKey,
    Scalar,
    Schema,
    TableSpec,
)
from synthrec.schema.scalars import model_number
from synthrec.schema.vector import BoolArray, IntArray, Vector
from synthrec.validation.cells import KeyArray, column_keys, total

Vectors = Mapping[str, Vector]
Test = Callable[[Vectors], BoolArray]
"""Which rows break a rule, bool of shape (n,)."""
Membership = Callable[[Vector], BoolArray]
"""Which values are in a domain, bool of shape (n,); missing ones do not count."""

Level = Literal["violations", "constraint_violations", "constraint_warnings"]
"""What a broken rule counts as: the structure, a constraint of severity error, or one of severity warning."""

_PARTS = np.arange(1, 16, dtype=np.uint64) << np.uint64(60)
"""Where the sixteen parts of all keys begin but the first."""
_SALTS = np.array([3, 5, 7, 11, 13, 17, 19, 23], dtype=np.uint64)


class Rule(Protocol):
    """One rule and what has broken it so far."""

    @property
    def name(self) -> str:
        """For example ``domain: age``."""

    @property
    def level(self) -> Level:
        """What a violation counts as."""

    def add(self, vectors: Vectors, records: Records) -> None:
        """Take in a chunk: the vectors of the rule's table, and the records of all tables."""

    def counts(self) -> tuple[int, int]:
        """How many broke the rule, and of how many."""


@dataclass
class RowRule:
    """A rule that each row keeps or breaks on its own."""

    name: str
    test: Test
    level: Level = "violations"
    broken: int = field(default=0, init=False)
    rows: int = field(default=0, init=False)

    def add(self, vectors: Vectors, records: Records) -> None:  # noqa: ARG002 - the protocol's
        """Count the rows of a chunk that break the rule."""
        mask = self.test(vectors)
        self.broken += int(np.count_nonzero(mask))
        self.rows += len(mask)

    def counts(self) -> tuple[int, int]:
        """Broken rows, and all rows."""
        return self.broken, self.rows


@dataclass
class DistinctRule:
    """No two rows have one key, over all chunks; eight bytes a row, and see `cells` for colliding keys."""

    spec: TableSpec
    level: Level = field(default="violations", init=False)
    name: str = field(default="primary key", init=False)
    keys: list[KeyArray] = field(default_factory=list, init=False)
    """Of each chunk, ascending."""

    def add(self, vectors: Vectors, records: Records) -> None:  # noqa: ARG002 - the protocol's
        """Keep the keys of a chunk."""
        self.keys.append(np.sort(_known_keys(vectors, self.spec, self.spec.primary_key)[0]))

    def counts(self) -> tuple[int, int]:
        """Rows whose key an earlier row has, and all rows with a key; by parts, without a copy of all."""
        rows = sum(len(keys) for keys in self.keys)
        parts = zip(*(np.split(keys, np.searchsorted(keys, _PARTS)) for keys in self.keys), strict=True)
        return rows - sum(len(np.unique(np.concatenate(part))) for part in parts), rows


@dataclass
class ReferenceRule:
    """Every row that names a parent has it in the same chunk."""

    spec: TableSpec
    reference: ForeignKey
    parent: TableSpec
    level: Level = field(default="violations", init=False)
    broken: int = field(default=0, init=False)
    rows: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """The columns and the table they refer to."""
        return f"foreign key: {', '.join(self.reference.columns)} in {self.reference.references}"

    def add(self, vectors: Vectors, records: Records) -> None:
        """Count the rows of a chunk whose parent is not there."""
        keys = _known_keys(vectors, self.spec, self.reference.columns)[0]
        self.rows += len(keys)
        self.broken += int(np.count_nonzero(~np.isin(keys, self.parents(records))))

    def counts(self) -> tuple[int, int]:
        """Rows without their parent, and all rows that name one."""
        return self.broken, self.rows

    def parents(self, records: Records) -> KeyArray:
        """The keys that a chunk has."""
        table = records.get(self.reference.references)
        if table is None:
            return np.zeros(0, np.uint64)
        vectors = {name: table.vector(name) for name in self.parent.primary_key}
        return _known_keys(vectors, self.parent, self.parent.primary_key)[0]


@dataclass
class DistantReferenceRule:
    """Every row that names a row of a table has it in some chunk; eight bytes for each such row."""

    near: ReferenceRule
    level: Level = field(default="violations", init=False)
    keys: list[KeyArray] = field(default_factory=list, init=False)
    named: list[KeyArray] = field(default_factory=list, init=False)
    rows: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """The columns and the table they refer to."""
        return self.near.name

    def add(self, vectors: Vectors, records: Records) -> None:
        """Keep the keys of a chunk, and what is named there and not found."""
        keys, parents = (
            _known_keys(vectors, self.near.spec, self.near.reference.columns)[0],
            self.near.parents(records),
        )
        self.rows += len(keys)
        self.keys.append(parents)
        self.named.append(keys[~np.isin(keys, parents)])

    def counts(self) -> tuple[int, int]:
        """Rows whose other row is nowhere, and all rows that name one."""
        keys, named = (np.concatenate([np.zeros(0, np.uint64), *part]) for part in (self.keys, self.named))
        return int(np.count_nonzero(~np.isin(named, keys))), self.rows


@dataclass
class PersonRule:
    """No person has more rows than the table allows, over all chunks; sixteen bytes a person and chunk."""

    spec: TableSpec
    column: str
    most: int
    level: Level = field(default="violations", init=False)
    name: str = field(default="rows per person", init=False)
    keys: list[KeyArray] = field(default_factory=list, init=False)
    rows: list[IntArray] = field(default_factory=list, init=False)

    def add(self, vectors: Vectors, records: Records) -> None:  # noqa: ARG002 - the protocol's
        """Count the rows of the persons of a chunk."""
        keys, rows = np.unique(_known_keys(vectors, self.spec, (self.column,))[0], return_counts=True)
        self.keys.append(keys)
        self.rows.append(rows)

    def counts(self) -> tuple[int, int]:
        """Persons with too many rows, and all persons."""
        keys = np.concatenate([np.zeros(0, np.uint64), *self.keys])
        rows = np.concatenate([np.zeros(0, np.int64), *self.rows])
        different, place = np.unique(keys, return_inverse=True)
        sums = np.bincount(place, rows, minlength=len(different))
        return int(np.count_nonzero(sums > self.most)), len(different)


def rules_of(schema: Schema, table: str) -> Iterator[Rule]:
    """All rules of a table: columns first, then keys, persons and constraints."""
    spec = schema.tables[table]
    for name, column in spec.columns.items():
        yield from _column_rules(name, column)
    if spec.primary_key:
        yield DistinctRule(spec)
    yield from _reference_rules(schema, spec)
    person = person_column(spec)
    if person is not None and spec.max_rows_per_person is not None:
        yield PersonRule(spec, person, spec.max_rows_per_person)
    for constraint in spec.constraints:
        yield _constraint_rule(constraint, spec)


def _reference_rules(schema: Schema, spec: TableSpec) -> Iterator[Rule]:
    """The first reference to a table names the parent, in the same chunk; further ones any row of the run."""
    met: set[str] = set()
    for reference in spec.foreign_keys:
        rule = ReferenceRule(spec, reference, schema.tables[reference.references])
        yield DistantReferenceRule(rule) if reference.references in met else rule
        met.add(reference.references)


def _column_rules(name: str, column: Column) -> Iterator[RowRule]:
    if not column.null.allowed:
        yield RowRule(f"not null: {name}", lambda vectors: vectors[name].missing)
    if column.domain is None:
        return
    allowed = _membership(column, column.domain)
    if allowed is not None:
        yield RowRule(f"domain: {name}", lambda vectors: ~allowed(vectors[name]) & ~vectors[name].missing)


def _membership(column: Column, domain: Domain) -> Membership | None:
    """Which values are in the domain; None where the domain does not say."""
    if domain.values is not None:
        return _label_listed(domain) if column.kind in LABEL_KINDS else _number_listed(column, domain.values)
    if column.kind in LABEL_KINDS or (domain.min is None and domain.max is None):
        return None
    low = -np.inf if domain.min is None else model_number(domain.min, column)
    high = np.inf if domain.max is None else model_number(domain.max, column)
    return lambda vector: np.greater_equal(vector.values, low) & np.less_equal(vector.values, high)


def _number_listed(column: Column, values: Sequence[Scalar]) -> Membership:
    numbers = [model_number(value, column) for value in values]
    return lambda vector: np.isin(vector.values, numbers)


def _label_listed(domain: Domain) -> Membership:
    """Whether labels are listed; a learned domain also holds the label of its pooled rare values."""
    known = {*domain.labels, *([domain.other] if domain.source == "learned" else [])}

    def allowed(vector: Vector) -> BoolArray:
        levels = np.array([level in known for level in vector.levels or ()] or [False])
        found: BoolArray = levels[vector.values.astype(np.int64)]
        return found

    return allowed


def _constraint_rule(constraint: Constraint, spec: TableSpec) -> RowRule:
    expression = compile_expression(constraint.expr, spec.columns)

    def broken(vectors: Vectors) -> BoolArray:
        outcome = expression.evaluate(vectors)
        return ~outcome.values.astype(bool) & ~outcome.missing

    level: Level = "constraint_violations" if constraint.severity == "error" else "constraint_warnings"
    return RowRule(f"constraint: {constraint.name}", broken, level)


def _known_keys(vectors: Vectors, spec: TableSpec, columns: tuple[str, ...]) -> tuple[KeyArray, BoolArray]:
    """Keys of the rows that miss none of the columns, in the columns' order, and which rows these are."""
    salts = np.resize(_SALTS, len(columns)) + np.arange(len(columns), dtype=np.uint64) * np.uint64(64)
    cells = [
        column_keys(vectors[name], spec.columns[name], salt)
        for name, salt in zip(columns, salts, strict=True)
    ]
    known: BoolArray = ~np.any([vectors[name].missing for name in columns], axis=0)
    return total(np.array(cells))[known], known
