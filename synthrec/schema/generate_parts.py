"""Check one `generate:` part against its column and the names in scope."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from functools import cached_property

from synthrec.errors import Fault, SchemaError
from synthrec.schema.conditional import Arranged, arrange, closed_labels
from synthrec.schema.correlated_spec import Correlated
from synthrec.schema.expression_types import ResultKind
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.faults import suggestion
from synthrec.schema.generate_model import (
    Between,
    Category,
    Const,
    Copy,
    Expr,
    Generate,
    Lookup,
    Offset,
    Scan,
    Table,
)
from synthrec.schema.graph_spec import Partner
from synthrec.schema.joint_checks import effect_problems
from synthrec.schema.model import LABEL_KINDS, NUMERIC_KINDS, Column, Scalar
from synthrec.schema.predictor_spec import Logit, Softmax
from synthrec.schema.prevalence_spec import Prevalence
from synthrec.schema.rule_tables import Problem
from synthrec.schema.scalars import constants
from synthrec.schema.siblings_spec import Ar
from synthrec.schema.spec_base import MOMENTS, Moment, Path, Weights

_NUMBER = Column(kind="float")
_TRUTH = Column(kind="boolean")


def fits(kind: ResultKind, column: Column) -> bool:
    """Whether the result of an expression can be a value of the column."""
    match kind:
        case "number":
            return column.kind in NUMERIC_KINDS
        case "label":
            return column.kind in LABEL_KINDS
        case "date":
            return column.kind == "date" or (column.kind == "datetime" and column.timezone is None)
        case _:
            return column.kind == kind


class Part:
    """A `generate:` part, the column it makes, and the names it may use."""

    def __init__(
        self,
        make: Generate,
        column: Column,
        names: Mapping[str, Column],
        params: Collection[str] = (),
    ) -> None:
        self._make = make
        self._column = column
        self._names = names
        self._params = frozenset(params)

    @cached_property
    def _compiled(self) -> list[tuple[Path, Expression | tuple[Fault, ...]]]:
        compiled: list[tuple[Path, Expression | tuple[Fault, ...]]] = []
        for path, source in self._make.expressions():
            try:
                compiled.append((path, compile_expression(source, self._names)))
            except SchemaError as error:
                compiled.append((path, error.faults))
        return compiled

    @property
    def names(self) -> set[str]:
        """All names that the part uses."""
        named = {name for _, name in self._make.references()}
        return named.union(*(found.names for _, found in self._compiled if isinstance(found, Expression)))

    def problems(self) -> Iterator[Problem]:
        """Everything wrong with the part, with paths relative to it."""
        yield from self._kind_problems()
        yield from self._reference_problems()
        yield from self._expression_problems()
        for path, found, repair in (*self._content_problems(), *self._outcome_problems()):
            yield (self._make.key, *path), found, repair

    def _kind_problems(self) -> Iterator[Problem]:
        kinds = type(self._make.make).kinds
        if kinds is not None and self._column.kind not in kinds:
            repair = f"use it for {', '.join(sorted(kinds))}, or another generator"
            yield (self._make.key,), f"{self._make.key} for a column of kind {self._column.kind}", repair
        if self._make.missing is not None and not self._column.null.allowed:
            yield ("missing",), "missing values in a column without null", "write null: {allowed: true}"

    def _reference_problems(self) -> Iterator[Problem]:
        for path, name in self._make.references():
            if name not in self._names:
                yield path, f"unknown column {name!r}", suggestion(name, self._names)
            elif isinstance(self._make.make, Copy | Partner):
                yield from self._copy_problems(path, name)

    def _copy_problems(self, path: Path, name: str) -> Iterator[Problem]:
        original = self._names[name]
        labels = {self._column.kind, original.kind} <= LABEL_KINDS
        if not labels and (original.kind, original.scale) != (self._column.kind, self._column.scale):
            yield path, f"a copy of a column of kind {original.kind}", f"give this one kind {original.kind}"

    def _expression_problems(self) -> Iterator[Problem]:
        for path, found in self._compiled:
            if not isinstance(found, Expression):
                yield from ((path, fault.found, fault.repair) for fault in found)
            elif not self._suits(path, found):
                yield path, f"an expression that yields a {found.kind}", f"write a {self._wanted(path).kind}"

    def _suits(self, path: Path, found: Expression) -> bool:
        is_term = len(path) > 1 and path[-2] == "terms"
        return (is_term and found.kind == "boolean") or fits(found.kind, self._wanted(path))

    def _wanted(self, path: Path) -> Column:
        """A column of the kind that the expression at a path has to yield."""
        make, field = self._make.make, path[-1] if path else ""
        if path[0] == "missing":
            return _NUMBER
        if field in make.conditions():
            return _TRUTH
        if isinstance(make, Expr) or field in {"previous", "next"}:
            return self._column
        if isinstance(make, Between) or field == "from":
            return self._column
        return _NUMBER

    def _content_problems(self) -> Iterator[Problem]:
        match self._make.make:
            case Const(value=value):
                yield from self._values((), [value])
            case Category(weights=weights):
                yield from self._weights(("weights",), weights)
            case Table() as table:
                yield from self._table(table)
            case Lookup() as lookup:
                yield from self._lookup(lookup)
            case Between(start=start, end=end):
                yield from self._moment(("from",), start)
                yield from self._moment(("to",), end)
            case Offset(origin=origin):
                yield from self._moment(("from",), origin)
                if self._column.kind == "date" and self._make.make.unit != "days":
                    yield (self._make.make.unit,), "a part of a day after a date", "use days, or a datetime"
            case Ar(at=str(at)) if at in self._names and self._names[at].kind not in MOMENTS:
                yield ("at",), f"{at!r} is not a date or datetime", "name a column of moments"
            case Scan(start=start) if self._column.kind == "date":
                yield from self._moment(("from",), start)

    def _outcome_problems(self) -> Iterator[Problem]:
        match self._make.make:
            case Prevalence() as prevalence:
                yield from self._prevalence(prevalence)
            case Logit() as logit:
                yield from effect_problems(logit, self._names)
            case Softmax() as softmax:
                yield from self._values(("of",), list(softmax.of))
                yield from effect_problems(softmax, self._names)
            case Correlated(weights=weights) if weights is not None:
                yield from self._weights(("weights",), weights)
            case Correlated() if self._column.kind not in NUMERIC_KINDS:
                yield ("dist",), f"a distribution for a column of kind {self._column.kind}", "give weights"

    def _moment(self, path: Path, value: Moment | float | Decimal) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield from self._values(path, [value])

    def _weights(self, path: Path, weights: Weights) -> Iterator[Problem]:
        yield from self._values(path, list(weights))
        numbers = [weight for weight in weights.values() if not isinstance(weight, str)]
        if any(weight < 0 for weight in numbers):
            yield path, "a negative weight", "give weights of at least 0"
        elif len(numbers) == len(weights) and not sum(numbers):
            yield path, "weights that sum to 0", "give one a positive weight"

    def _values(self, path: Path, values: list[Scalar]) -> Iterator[Problem]:
        for value in values:
            try:
                constants([value], self._column)
            except ValueError as error:
                labels = closed_labels(self._column)
                repair = suggestion(str(value), labels) if labels else "correct the value or the column"
                yield path, str(error), repair

    def _table(self, table: Table) -> Iterator[Problem]:
        yield from self._arranged(table)
        for i, row in enumerate(table.rows):
            yield from self._weights(("rows", i, "weights"), row.weights)
        if table.default is not None:
            yield from self._weights(("default",), table.default)

    def _lookup(self, lookup: Lookup) -> Iterator[Problem]:
        yield from self._arranged(lookup)
        for i, entry in enumerate(lookup.rows):
            yield from self._values(("rows", i, "value"), [entry.value])
        if lookup.default is not None:
            yield from self._values(("default",), [lookup.default])

    def _prevalence(self, prevalence: Prevalence) -> Iterator[Problem]:
        yield from prevalence.impossible_sizes()
        yield from self._values(("value",), [prevalence.value])
        yield from self._weights(("others",), prevalence.others)
        if prevalence.by:
            yield from self._arranged(prevalence)
        if self._make.missing is not None:
            yield (), "missing values of an exact number", "leave missing out, or say where: with a condition"
        for path, found in self._compiled:
            names = found.names if isinstance(found, Expression) else frozenset()
            varying = ", ".join(sorted(names - self._params))
            if varying and path[-1] in {"rate", "count"}:
                yield path[1:], f"a size that depends on {varying}", "use params and numbers alone"

    def _arranged(self, spec: Arranged) -> Iterator[Problem]:
        known = [name for name in spec.by if name in self._names]
        open_ = [name for name in known if not closed_labels(self._names[name])]
        for name in open_:
            repair = "list its values in its domain, or use a helper with values"
            yield ("by", spec.by.index(name)), f"{name!r} has no list of labels", repair
        if not open_ and len(known) == len(spec.by):
            yield from arrange(spec, [self._names[name] for name in spec.by])[1]
