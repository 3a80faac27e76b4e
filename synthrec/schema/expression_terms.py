"""Compiled parts of an expression: a static type and a function from columns to cells."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from synthrec.schema.expression_cells import (
    Array,
    Cells,
    as_float,
    compared,
    compared_exact,
    per_level,
    ranked,
    rescaled,
    same_levels,
    truth,
)
from synthrec.schema.expression_types import (
    BOOLEAN,
    DATETIME,
    MICROSECONDS_PER_DAY,
    Constant,
    ExpressionTypeError,
    Type,
    common_type,
    constant_type,
    time_constant,
)

Run = Callable[[Mapping[str, Cells]], Cells]
Operation = Callable[[Array, Array], Array]

ORDERINGS: frozenset[Operation] = frozenset({np.less, np.less_equal, np.greater, np.greater_equal})


@dataclass(frozen=True)
class Term:
    """A compiled part; `constant` is set for a constant, `items` for a list of constants."""

    type: Type
    run: Run
    constant: Constant | None = None
    items: tuple[Term, ...] | None = None

    @property
    def text(self) -> str | None:
        """The text of a string constant."""
        return self.constant if isinstance(self.constant, str) else None

    @property
    def exact_scale(self) -> int:
        """Decimal places of an exact number.

        Raises:
            ExpressionTypeError: the term is not an exact number.
        """
        if self.type.scale is None:
            raise ExpressionTypeError("a float where an exact number is needed", "round it")
        return self.type.scale

    def expect(self, *kinds: str) -> Term:
        """The term itself, if it is of one of the kinds.

        Raises:
            ExpressionTypeError: it is of another.
        """
        if self.items is not None:
            raise ExpressionTypeError("a list in place of a value", "lists stand after in and in band() only")
        if self.type.kind not in kinds:
            raise ExpressionTypeError(f"{self.type} in place of a {' or '.join(kinds)}", "use another column")
        return self


def constant_term(value: Constant) -> Term:
    """A constant; decimals that fit are exact."""
    kind = constant_type(value)
    match value:
        case bool():
            cells = Cells(np.asarray(value))
        case str():
            cells = Cells(np.asarray(0, dtype=np.int32), None, (value,))
        case _ if kind.scale is None:
            cells = Cells(np.asarray(float(value)))
        case _:
            cells = Cells(np.asarray(_units(value, kind.scale), dtype=np.int64))
    return Term(kind, lambda _: cells, value)


def _units(value: Constant, scale: int) -> int:
    return int(Decimal(str(value)).scaleb(scale))


def unary(kind: Type, function: Callable[[Cells], Cells], a: Term) -> Term:
    """A function of one term."""
    return Term(kind, lambda rows: function(a.run(rows)))


def binary(kind: Type, function: Callable[[Cells, Cells], Cells], a: Term, b: Term) -> Term:
    """A function of two terms."""
    return Term(kind, lambda rows: function(a.run(rows), b.run(rows)))


def converted(term: Term, target: Type) -> Term:
    """The term as another type of the same family: a common scale, datetimes for dates, dates for text.

    Raises:
        ExpressionTypeError: a text is not an ISO 8601 date.
    """
    if target.kind in {"date", "datetime"}:
        return _as_time(term, target)
    if target.kind != "number" or term.type.scale == target.scale:
        return term
    scale = term.type.scale
    if target.scale is None:
        return unary(target, lambda cells: as_float(cells, scale), term)
    places = target.scale - term.exact_scale
    return unary(target, lambda cells: rescaled(cells, places), term)


def _as_time(term: Term, target: Type) -> Term:
    if term.text is not None:
        cells = Cells(np.asarray(time_constant(term.text, target), dtype=np.int64))
        return Term(target, lambda _: cells, term.constant)
    if term.type.kind == target.kind:
        return term
    return unary(target, lambda cells: replace(cells, values=cells.values * MICROSECONDS_PER_DAY), term)


def target_type(terms: Iterable[Term]) -> Type:
    """The common type of terms, with text constants read as dates next to dates.

    Raises:
        ExpressionTypeError: the terms do not fit together.
    """
    terms = tuple(terms)
    fixed = [term.type for term in terms if term.text is None]
    temporal = any(found.kind in {"date", "datetime"} for found in fixed)
    return _with_time_texts(terms, fixed) if temporal else common_type(term.type for term in terms)


def _with_time_texts(terms: tuple[Term, ...], fixed: list[Type]) -> Type:
    """Dates next to a text with a time of day are compared as datetimes."""
    common = common_type(fixed)
    timed = any("T" in term.text or ":" in term.text for term in terms if term.text is not None)
    return DATETIME if common.kind == "date" and timed else common


def unified(terms: Iterable[Term]) -> tuple[Type, tuple[Term, ...]]:
    """Terms brought to their common type.

    Raises:
        ExpressionTypeError: the terms do not fit together.
    """
    terms = tuple(terms)
    target = target_type(terms)
    return target, tuple(converted(term, target) for term in terms)


# --- comparisons ------------------------------------------------------------------------------------------


def comparison(operation: Operation, a: Term, b: Term) -> Term:
    """``a operation b``; labels are compared level by level, exact numbers in a common unit.

    Raises:
        ExpressionTypeError: the types do not fit, or a label is not in a closed domain.
    """
    target = target_type((a, b))
    if target.kind == "label":
        return _label_comparison(operation, a, b)
    if target.kind == "boolean" and operation in ORDERINGS:
        raise ExpressionTypeError("an order of booleans", "compare booleans with == or !=")
    if target.kind == "number" and target.scale is not None:
        places = (target.scale - a.exact_scale, target.scale - b.exact_scale)
        return binary(BOOLEAN, lambda x, y: compared_exact(operation, x, y, places), a, b)
    left, right = converted(a, target), converted(b, target)
    return binary(BOOLEAN, lambda x, y: compared(operation, x, y), left, right)


def _label_comparison(operation: Operation, a: Term, b: Term) -> Term:
    for term, other in ((a, b), (b, a)):
        check_label(term, other.type)
    if operation in ORDERINGS:
        return _ordered_comparison(operation, a, b)
    if b.text is None:
        return binary(BOOLEAN, lambda x, y: compared(operation, *same_levels(x, y)), a, b)
    return label_test(a, lambda level: bool(operation(level == b.text, True)))  # type: ignore[arg-type]


def _ordered_comparison(operation: Operation, a: Term, b: Term) -> Term:
    orders = {term.type.labels for term in (a, b) if term.type.ordered}
    columns = [term for term in (a, b) if term.text is None]
    if len(orders) != 1 or not all(term.type.ordered for term in columns):
        raise ExpressionTypeError(
            "an order of labels", "set ordered: true in the domain, or compare labels with == or !="
        )
    order = next(iter(orders)) or ()
    return binary(BOOLEAN, lambda x, y: compared(operation, ranked(x, order), ranked(y, order)), a, b)


def label_test(a: Term, test: Callable[[str], bool]) -> Term:
    """A property of labels, found once per level."""
    return unary(BOOLEAN, lambda cells: truth(per_level(test, cells, np.bool_), cells.missing), a)


def check_label(constant: Term, column: Type) -> None:
    """Refuse a text that a closed domain does not list.

    Raises:
        ExpressionTypeError: with the nearest label of the domain.
    """
    if constant.text is None or column.labels is None or constant.text in column.labels:
        return
    folded = {known.casefold(): known for known in column.labels}
    near = difflib.get_close_matches(constant.text.casefold(), folded, n=1)
    some = ", ".join(column.labels[:8])
    raise ExpressionTypeError(
        f"'{constant.text}' is not in the column's domain",
        f"did you mean '{folded[near[0]]}'?" if near else f"use one of: {some}",
    )


def membership(a: Term, items: tuple[Term, ...]) -> Term:
    """``a in [items]``; null where `a` is.

    Raises:
        ExpressionTypeError: an item does not fit the type or the domain of `a`.
    """
    if a.type.kind == "label" and a.text is None:
        for item in items:
            target_type((a, item))
            check_label(item, a.type)
        wanted = frozenset(item.text for item in items)
        return label_test(a, lambda level: level in wanted)
    tests = [comparison(np.equal, a, item) for item in items]

    def run(rows: Mapping[str, Cells]) -> Cells:
        results = [test.run(rows) for test in tests]
        found = np.logical_or.reduce([result.values for result in results])
        return Cells(np.asarray(found), results[0].missing)

    return Term(BOOLEAN, run)
