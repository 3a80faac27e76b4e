"""The functions that expressions may call; there are no others.

Each entry states how many arguments it takes and builds the compiled term, checking types on the way.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np

from synthrec.schema.expression_calendar import (
    calendar_part,
    day,
    hour,
    local_days,
    month,
    moved,
    weekday,
    year,
)
from synthrec.schema.expression_cells import (
    Array,
    Cells,
    as_float,
    choose,
    either_missing,
    exact,
    extreme,
    finite,
    is_null,
    lookup,
    per_level,
    rounded,
)
from synthrec.schema.expression_terms import Term, binary, converted, label_test, unary, unified
from synthrec.schema.expression_types import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    LABEL,
    MAX_SCALE,
    MICROSECONDS_PER_DAY,
    ExpressionTypeError,
    Type,
)

MANY = 50
_ANY = ("number", "boolean", "label", "date", "datetime")


@dataclass(frozen=True)
class Function:
    """A function by its number of arguments and the builder of its term."""

    fewest: int
    most: int
    build: Callable[..., Term]
    usage: str


# --- choices ----------------------------------------------------------------------------------------------


def _where(condition: Term, then: Term, otherwise: Term) -> Term:
    """SQL's CASE WHEN: a null condition takes the last branch."""
    condition.expect("boolean")
    kind, (a, b) = unified((then.expect(*_ANY), otherwise.expect(*_ANY)))
    return Term(kind, lambda rows: choose(condition.run(rows).values, a.run(rows), b.run(rows)))


def _coalesce(*terms: Term) -> Term:
    kind, parts = unified(term.expect(*_ANY) for term in terms)

    def run(rows: Mapping[str, Cells]) -> Cells:
        return reduce(lambda a, b: choose(~is_null(a).values, a, b), (part.run(rows) for part in parts))

    return Term(kind, run)


def _extreme(operation: Callable[[Array, Array], Array], *terms: Term) -> Term:
    fitting = ("number", "date", "datetime")
    kind, parts = unified(term if term.text is not None else term.expect(*fitting) for term in terms)
    if kind.kind not in fitting:
        raise ExpressionTypeError(f"{kind} in min() or max()", "use numbers or dates")
    return reduce(lambda a, b: binary(kind, lambda x, y: extreme(operation, x, y), a, b), parts)


def _clip(value: Term, low: Term, high: Term) -> Term:
    return _extreme(np.minimum, _extreme(np.maximum, value, low), high)


def _isnull(term: Term) -> Term:
    return unary(BOOLEAN, is_null, term.expect(*_ANY))


# --- numbers ----------------------------------------------------------------------------------------------


def _real(function: Callable[[Array], Array], term: Term) -> Term:
    """A function of the float value; null where it is not finite."""
    scale = term.expect("number").type.scale

    def run(cells: Cells) -> Cells:
        return finite(function(as_float(cells, scale).values), cells.missing)

    return unary(FLOAT, run, term)


def _logistic(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def _abs(term: Term) -> Term:
    kind = term.expect("number").type.plain
    if kind.scale is None:
        return unary(kind, lambda cells: replace(cells, values=np.abs(cells.values)), term)
    zero = Cells(np.asarray(0, dtype=np.int64))
    return unary(kind, lambda cells: extreme(np.maximum, cells, exact(np.subtract, zero, cells)), term)


def _rounded(step: Callable[[Array], Array], term: Term, places: Term | None = None) -> Term:
    digits = 0 if places is None else _whole(places, 0, MAX_SCALE)
    scale = term.expect("number").type.scale
    kind = Type("number", scale=digits)
    return unary(kind, lambda cells: rounded(cells, scale, digits, step), term)


def _whole(term: Term, low: int, high: int) -> int:
    """The value of an integer constant."""
    value = term.constant
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ExpressionTypeError(
            "an argument that is not a constant", f"write an integer from {low} to {high}"
        )
    return value


def _band(term: Term, edges: Term) -> Term:
    """The number of edges at or below the value: 0 below the first edge."""
    scale = term.expect("number").type.scale
    if edges.items is None:
        raise ExpressionTypeError("edges that are not a list", "write band(x, [18, 65])")
    values = [_number(edge) for edge in edges.items]
    if sorted(set(values)) != values:
        raise ExpressionTypeError("edges that do not increase", "sort them and drop doubles")
    table = np.array(values, dtype=np.float64)

    def run(cells: Cells) -> Cells:
        found = np.searchsorted(table, as_float(cells, scale).values, side="right")
        return replace(cells, values=np.asarray(found, dtype=np.int64))

    return unary(INTEGER, run, term)


def _number(term: Term) -> float:
    value = term.constant
    if isinstance(value, bool | str) or value is None:
        raise ExpressionTypeError("an edge that is not a number", "write numbers")
    return float(value)


# --- dates ------------------------------------------------------------------------------------------------


def _time(term: Term) -> Term:
    return converted(term, DATE) if term.text is not None else term.expect("date", "datetime")


def _part(part: Callable[[Array], Array], term: Term) -> Term:
    moment = _time(term)
    return unary(INTEGER, calendar_part(part, moment.type), moment)


def _hour(term: Term) -> Term:
    kind = term.expect("datetime").type
    return unary(INTEGER, lambda cells: hour(cells, kind), term)


def _date(term: Term) -> Term:
    moment = _time(term)
    return unary(DATE, lambda cells: local_days(cells, moment.type), moment)


def _days_between(start: Term, end: Term) -> Term:
    """Days from the first to the second: whole for dates, with a fraction for datetimes."""
    both_text = start.text is not None and end.text is not None
    kind, (a, b) = unified((_time(start), _time(end)) if both_text else (start, end))
    if kind.kind == "date":
        return binary(INTEGER, lambda x, y: exact(np.subtract, y, x), a, b)
    a.expect("datetime")
    return binary(FLOAT, _fractional_days, a, b)


def _fractional_days(start: Cells, end: Cells) -> Cells:
    difference = exact(np.subtract, end, start)
    return Cells(difference.values / MICROSECONDS_PER_DAY, either_missing(start, end, difference))


def _add_days(moment: Term, days: Term) -> Term:
    """A date or datetime some days of 24 hours later; null outside the years 1 to 9999."""
    start = _time(moment)
    scale = days.expect("number").type.scale
    if start.type.kind == "date" and scale != 0:
        raise ExpressionTypeError("a date plus parts of a day", "use floor() or round() on the days")
    unit = 1 if start.type.kind == "date" else MICROSECONDS_PER_DAY
    return binary(start.type, lambda x, y: moved(x, y, scale, unit), start, days)


# --- labels -----------------------------------------------------------------------------------------------


def _relabelled(function: Callable[[str], str], term: Term) -> Term:
    def run(cells: Cells) -> Cells:
        levels = tuple(dict.fromkeys(function(level) for level in cells.levels or ()))
        position = {level: code for code, level in enumerate(levels)}
        table = np.array([position[function(level)] for level in cells.levels or ()], dtype=np.int32)
        return Cells(lookup(table, cells.values), cells.missing, levels)

    return unary(LABEL, run, term.expect("label"))


def _len(term: Term) -> Term:
    return unary(
        INTEGER, lambda cells: Cells(per_level(len, cells, np.int64), cells.missing), term.expect("label")
    )


def _matches(term: Term, pattern: Term) -> Term:
    if pattern.text is None:
        raise ExpressionTypeError("a pattern that is not a text", "write it in quotes, e.g. 'E11*'")
    glob = pattern.text
    return label_test(term.expect("label"), lambda level: fnmatch.fnmatchcase(level, glob))


def _substr(term: Term, start: Term, length: Term) -> Term:
    """Characters from a 1-based position, as in SQL."""
    first = _whole(start, 1, 1_000) - 1
    last = first + _whole(length, 1, 1_000)
    return _relabelled(lambda level: level[first:last], term)


FUNCTIONS: dict[str, Function] = {
    "where": Function(3, 3, _where, "where(condition, then, otherwise)"),
    "coalesce": Function(2, MANY, _coalesce, "coalesce(x, y, …)"),
    "isnull": Function(1, 1, _isnull, "isnull(x)"),
    "min": Function(2, MANY, partial(_extreme, np.minimum), "min(x, y, …)"),
    "max": Function(2, MANY, partial(_extreme, np.maximum), "max(x, y, …)"),
    "clip": Function(3, 3, _clip, "clip(x, low, high)"),
    "abs": Function(1, 1, _abs, "abs(x)"),
    "exp": Function(1, 1, partial(_real, np.exp), "exp(x)"),
    "log": Function(1, 1, partial(_real, np.log), "log(x)"),
    "sqrt": Function(1, 1, partial(_real, np.sqrt), "sqrt(x)"),
    "logistic": Function(1, 1, partial(_real, _logistic), "logistic(x)"),
    "round": Function(1, 2, partial(_rounded, np.rint), "round(x, places)"),
    "floor": Function(1, 1, partial(_rounded, np.floor), "floor(x)"),
    "band": Function(2, 2, _band, "band(x, [edges])"),
    "days_between": Function(2, 2, _days_between, "days_between(start, end)"),
    "add_days": Function(2, 2, _add_days, "add_days(date, days)"),
    "date": Function(1, 1, _date, "date(datetime)"),
    "year": Function(1, 1, partial(_part, year), "year(date)"),
    "month": Function(1, 1, partial(_part, month), "month(date)"),
    "day": Function(1, 1, partial(_part, day), "day(date)"),
    "weekday": Function(1, 1, partial(_part, weekday), "weekday(date)"),
    "hour": Function(1, 1, _hour, "hour(datetime)"),
    "matches": Function(2, 2, _matches, "matches(label, 'glob')"),
    "lower": Function(1, 1, partial(_relabelled, str.lower), "lower(label)"),
    "upper": Function(1, 1, partial(_relabelled, str.upper), "upper(label)"),
    "len": Function(1, 1, _len, "len(label)"),
    "substr": Function(3, 3, _substr, "substr(label, start, length)"),
}
