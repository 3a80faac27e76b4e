"""Checks across the keys of one column: domain, precision, heaps, missing codes, formats."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, available_timezones

from synthrec.schema.draft import Draft
from synthrec.schema.faults import suggestion
from synthrec.schema.model import LABEL_KINDS, NUMERIC_KINDS, TEMPORAL_KINDS, Column, Domain, Scalar
from synthrec.schema.scalars import model_number
from synthrec.schema.yaml_source import Path, Problem

Check = Callable[[Path, Column], Iterator[Problem]]
VALUE_KINDS = LABEL_KINDS | {"boolean"}
MICROSECONDS = 1_000_000


def column_problems(draft: Draft, path: Path, column: Column) -> Iterator[Problem]:
    """Everything wrong within a column."""
    for check in (_kind, _domain_needed, _bounds, _heaps, _precision, _missing_codes):
        yield from check(path, column)
    if column.domain is not None:
        yield from _declared((*path, "domain"), column.domain)
        yield from _values(draft, (*path, "domain", "values"), column, column.domain)


# --- kind and the keys that go with it --------------------------------------------------------------------


def _kind(path: Path, column: Column) -> Iterator[Problem]:
    if column.kind == "decimal" and column.scale is None:
        yield Problem(
            (*path, "kind"), "a decimal without scale", "add scale: 2, the number of decimal places"
        )
    yield from _only_for(path, "scale", column.scale, column, {"decimal"})
    yield from _only_for(path, "timezone", column.timezone, column, {"datetime"})
    yield from _only_for(path, "format", column.format, column, TEMPORAL_KINDS)
    yield from _only_for(path, "grid_scale", column.grid_scale, column, NUMERIC_KINDS)
    yield from _only_for(path, "grid", column.grid if column.grid == "asinh" else None, column, NUMERIC_KINDS)
    if column.grid_scale is not None and column.grid != "asinh":
        yield Problem((*path, "grid_scale"), "grid_scale without grid: asinh", "add grid: asinh or remove it")
    if column.timezone is not None and column.kind == "datetime":
        yield from _timezone((*path, "timezone"), column.timezone)
    if column.format is not None and column.kind in TEMPORAL_KINDS:
        yield from _format((*path, "format"), column.format, column.kind)


def _only_for(
    path: Path, key: str, value: object, column: Column, kinds: frozenset[str] | set[str]
) -> Iterator[Problem]:
    if value is not None and column.kind not in kinds:
        allowed = ", ".join(sorted(kinds))
        yield Problem(
            (*path, key), f"{key} on a column of kind {column.kind}", f"only {allowed} has {key}; remove it"
        )


def _timezone(path: Path, name: str) -> Iterator[Problem]:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = suggestion(name, sorted(available_timezones()))
        repair = (
            near.split("? ")[0] + "?" if near.startswith("did") else "use an IANA name such as Europe/Berlin"
        )
        yield Problem(path, f"unknown timezone '{name}'", repair)


def _format(path: Path, text: str, kind: str) -> Iterator[Problem]:
    """A format must carry the whole date (and the hour of a datetime): what it writes it must read back."""
    probe = dt.datetime(2019, 11, 23, 21, 0) if kind == "datetime" else dt.datetime(2019, 11, 23)  # noqa: DTZ001
    try:
        same = dt.datetime.strptime(probe.strftime(text), text).replace(tzinfo=None) == probe  # noqa: DTZ007
    except ValueError:
        same = False
    if not same:
        example = "%d/%m/%Y %H:%M" if kind == "datetime" else "%d/%m/%Y"
        yield Problem(
            path, f"'{text}' does not spell a whole {kind}", f"write a strptime format, e.g. '{example}'"
        )


# --- domain -----------------------------------------------------------------------------------------------


def _domain_needed(path: Path, column: Column) -> Iterator[Problem]:
    """A modelled column says what it may hold, unless that is learned or the rules say how it is made."""
    domain = column.domain
    if column.is_minted or column.kind == "boolean" or column.generate:
        return
    if domain is not None and domain.source == "learned":
        return
    if column.is_numeric and (domain is None or domain.min is None or domain.max is None):
        where = path if domain is None else (*path, "domain")
        yield Problem(
            where,
            f"a modelled {column.kind} without min and max",
            "add domain: {min: …, max: …, source: public}, or source: learned if the data must say",
        )
    if column.kind in LABEL_KINDS and (domain is None or domain.values is None):
        where = path if domain is None else (*path, "domain")
        yield Problem(
            where,
            f"a modelled {column.kind} without values",
            "add domain: {values: […], source: public}, or source: learned if the data must say",
        )


def _declared(path: Path, domain: Domain) -> Iterator[Problem]:
    absent = [key for key in ("basis", "by") if not getattr(domain, key)]
    if domain.source == "declared" and absent:
        yield Problem(
            (*path, "source"),
            f"a declared domain without {' and '.join(absent)}",
            "add basis: (the document it comes from) and by: (who declared it)",
        )
    if domain.ordered and domain.values is None:
        yield Problem((*path, "ordered"), "ordered without values", "list the values in their order")


def _bounds(path: Path, column: Column) -> Iterator[Problem]:
    domain = column.domain
    if domain is None:
        return
    place: Path = (*path, "domain")
    given = [key for key in ("min", "max") if getattr(domain, key) is not None]
    if given and not column.is_numeric:
        yield Problem(
            (*place, given[0]),
            f"{' and '.join(given)} on a column of kind {column.kind}",
            "list values instead",
        )
        return
    numbers = {key: _number(column, getattr(domain, key)) for key in given}
    for key, number in numbers.items():
        if number is None:
            yield Problem((*place, key), _unfit(column, getattr(domain, key)), _example(column))
    low, high = numbers.get("min"), numbers.get("max")
    if low is not None and high is not None and low > high:
        yield Problem((*place, "max"), f"max {domain.max} is below min {domain.min}", "swap or correct them")


def _number(column: Column, value: Scalar) -> float | None:
    """The model number of a bound or heap; None if it has the wrong type for the column's kind."""
    if isinstance(value, bool) or (column.kind in NUMERIC_KINDS and isinstance(value, str)):
        return None
    try:
        return model_number(value, column)
    except (ValueError, OverflowError):
        return None


def _unfit(column: Column, value: Scalar) -> str:
    places = f" with {column.scale} decimal places" if column.kind == "decimal" else ""
    return f"'{value}' is not a value of kind {column.kind}{places}"


def _example(column: Column) -> str:
    match column.kind:
        case "integer":
            return "write a whole number"
        case "date":
            return "write a date, e.g. 2024-01-31"
        case "datetime":
            return "write a datetime, e.g. 2024-01-31T08:00"
        case _:
            return "write a number with as many decimal places as the column has"


def _values(draft: Draft, path: Path, column: Column, domain: Domain) -> Iterator[Problem]:
    if domain.values is None:
        return
    if column.kind not in VALUE_KINDS:
        yield Problem(
            path, f"values on a column of kind {column.kind}", "give min and max, or use kind: category"
        )
        return
    if not domain.values:
        yield Problem(path, "an empty list of values", "list the values, or use source: learned")
    if column.kind == "boolean" and not set(domain.labels) <= {"true", "false"}:
        yield Problem(path, "values of a boolean other than true and false", "use kind: category")
    for i, text in enumerate(domain.labels):
        written = draft.source.plain.get((*path, i), text)
        if written != text and column.kind != "boolean":
            yield Problem(
                (*path, i),
                f"{written} could be read as '{text}'",
                f"put it in quotes: '{written}' or '{text}'",
            )
    doubles = [text for text, count in Counter(domain.labels).items() if count > 1]
    if doubles:
        yield Problem(path, f"listed more than once: {', '.join(doubles[:5])}", "list every value once")


# --- precision, heaps, missing codes ----------------------------------------------------------------------


def _heaps(path: Path, column: Column) -> Iterator[Problem]:
    place: Path = (*path, "heaps")
    if not column.heaps:
        return
    if not column.is_numeric:
        yield Problem(place, f"heaps on a column of kind {column.kind}", "only numbers and dates have heaps")
        return
    domain = column.domain
    low = _number(column, domain.min) if domain and domain.min is not None else None
    high = _number(column, domain.max) if domain and domain.max is not None else None
    for i, heap in enumerate(column.heaps):
        number = _number(column, heap)
        if number is None:
            yield Problem((*place, i), _unfit(column, heap), _example(column))
        elif (low is not None and number < low) or (high is not None and number > high):
            yield Problem(
                (*place, i), f"the heap {heap} is outside the domain", "widen the domain or remove it"
            )
    if len(set(column.heaps)) < len(column.heaps):
        yield Problem(place, "a heap listed twice", "list every heap once")


def _precision(path: Path, column: Column) -> Iterator[Problem]:
    step, place = column.precision, (*path, "precision")
    if step is None:
        return
    if not column.is_numeric:
        yield Problem(
            place, f"precision on a column of kind {column.kind}", "only numbers and dates have one"
        )
        return
    units = {"integer": 1, "date": 1, "decimal": 10 ** (column.scale or 0), "datetime": MICROSECONDS}
    unit = units.get(column.kind)
    if not step.is_finite() or (unit is not None and step * unit % 1 != 0):
        yield Problem(
            place, f"a {column.kind} cannot have steps of {step}", f"use a multiple of {_smallest(column)}"
        )
        return
    domain = column.domain
    if domain is None or domain.min is None or domain.max is None:
        return
    low, high = _number(column, domain.min), _number(column, domain.max)
    if low is not None and high is not None and low < high and float(step) * (unit or 1) > high - low:
        yield Problem(place, f"a step of {step} is wider than the domain", "use a smaller step")


def _smallest(column: Column) -> str:
    match column.kind:
        case "decimal":
            return f"0.{'1':0>{column.scale}}" if column.scale else "1"
        case "datetime":
            return "0.000001 seconds"
        case "date":
            return "1 day"
        case _:
            return "1"


def _missing_codes(path: Path, column: Column) -> Iterator[Problem]:
    place: Path = (*path, "null", "codes")
    codes = column.null.codes
    if codes and not column.null.allowed:
        yield Problem(
            place, "missing codes on a column that may not be missing", "add allowed: true under null"
        )
    if "" in codes:
        yield Problem(place, "an empty missing code", "leave it out; an empty cell is always missing")
    if len(set(codes)) < len(codes):
        yield Problem(place, "a missing code listed twice", "list every code once")
    for code in codes:
        if _is_a_value(column, code):
            yield Problem(
                place,
                f"the missing code '{code}' is also a value of the domain",
                "remove it from one of them",
            )


def _is_a_value(column: Column, code: str) -> bool:
    """Whether a missing code lies in a domain that was given."""
    domain = column.domain
    if domain is None:
        return False
    if domain.values is not None:
        return code in domain.labels
    if column.kind not in NUMERIC_KINDS or domain.min is None or domain.max is None:
        return False
    try:
        number = float(code)
    except ValueError:
        return False
    return _between(column, domain, number)


def _between(column: Column, domain: Domain, number: float) -> bool:
    low, high = _number(column, domain.min or 0), _number(column, domain.max or 0)
    unit = 10 ** (column.scale or 0)
    return low is not None and high is not None and low <= number * unit <= high
