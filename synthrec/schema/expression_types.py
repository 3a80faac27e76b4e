"""The static types of expressions, and how constants become values of a type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from synthrec.schema.model import LABEL_KINDS, Column

ResultKind = Literal["number", "boolean", "label", "date", "datetime"]
Constant = bool | int | float | Decimal | str

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  (wall time)
EPOCH_UTC = EPOCH.replace(tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
MICROSECONDS_PER_DAY = 86_400_000_000
MAX_SCALE = 9
"""Decimal places up to which decimals are kept exact."""


class ExpressionTypeError(Exception):
    """Terms do not fit together; holds what was found and the repair."""

    def __init__(self, found: str, repair: str) -> None:
        super().__init__(found)
        self.found = found
        self.repair = repair


@dataclass(frozen=True)
class Type:
    """What an expression yields.

    Exact numbers are int64 in units of 10**-scale (integers: scale 0); `scale` is None for floats. `labels`
    lists the values of a closed domain; `ordered` says that their order means something.
    """

    kind: ResultKind
    scale: int | None = None
    timezone: str | None = None
    labels: tuple[str, ...] | None = None
    ordered: bool = False

    @property
    def plain(self) -> Type:
        """The type of a value computed from this one: no longer bound to a closed domain."""
        return Type(self.kind, self.scale, self.timezone)

    def __str__(self) -> str:
        """Name of the type in a fault."""
        zone = f" in {self.timezone}" if self.timezone else ""
        return f"a {self.kind}{zone}"


INTEGER = Type("number", scale=0)
FLOAT = Type("number")
BOOLEAN = Type("boolean")
LABEL = Type("label")
DATE = Type("date")
DATETIME = Type("datetime")


def column_type(column: Column) -> Type:
    """The type of a column's values."""
    if column.kind in LABEL_KINDS:
        domain = column.domain
        closed = domain is not None and domain.values is not None and domain.source in {"public", "declared"}
        labels = domain.labels if domain is not None and domain.values is not None else None
        ordered = domain is not None and domain.ordered
        return Type("label", labels=labels if closed or ordered else None, ordered=ordered)
    return {
        "integer": INTEGER,
        "decimal": Type("number", scale=column.scale or 0),
        "float": FLOAT,
        "boolean": BOOLEAN,
        "date": DATE,
        "datetime": Type("datetime", timezone=column.timezone),
    }[column.kind]


def constant_type(value: Constant) -> Type:
    """The type of a constant as written; a float with few digits is an exact decimal."""
    match value:
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case str():
            return LABEL
        case _:
            return Type("number", scale=decimal_places(value))


def decimal_places(value: float | Decimal) -> int | None:
    """Decimal places of a number that fits exactly in int64 units, else None."""
    exact = Decimal(str(value))
    places = max(0, -int(exact.as_tuple().exponent))
    return places if places <= MAX_SCALE and abs(exact).scaleb(places) < 2**53 else None


def common_type(types: Iterable[Type]) -> Type:
    """The one type that all terms can be converted to.

    Raises:
        ExpressionTypeError: there is none.
    """
    distinct = list(dict.fromkeys(found.plain for found in types))
    kinds = {found.kind for found in distinct}
    if len(distinct) == 1:
        return distinct[0]
    if kinds == {"number"}:
        scales = [found.scale for found in distinct if found.scale is not None]
        return Type("number", scale=max(scales) if len(scales) == len(distinct) else None)
    if kinds <= {"date", "datetime"}:
        return _common_time(distinct)
    first, second = next((a, b) for a, b in pairwise(distinct) if a.kind != b.kind)
    raise ExpressionTypeError(
        f"{first} next to {second}", f"use two values of one type; {_REPAIR[second.kind]}"
    )


def _common_time(types: list[Type]) -> Type:
    zones = {found.timezone for found in types}
    if None in zones and len(zones) > 1:
        raise ExpressionTypeError(
            "a local date or datetime next to a datetime with a timezone", "compare date(x) of the datetime"
        )
    return Type("datetime", timezone=next(iter(zones)))


_REPAIR: dict[ResultKind, str] = {
    "number": "write numbers without quotes",
    "label": "write labels in quotes",
    "boolean": "write True or False without quotes",
    "date": "write dates as text, e.g. '2024-01-31'",
    "datetime": "write datetimes as text, e.g. '2024-01-31T08:00'",
}


def time_constant(text: str, kind: Type) -> int:
    """Days or microseconds since the epoch of an ISO 8601 text; without an offset it is local wall time.

    Raises:
        ExpressionTypeError: the text is not such a date or datetime.
    """
    try:
        if kind.kind == "date":
            return (dt.date.fromisoformat(text) - EPOCH.date()).days
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        example = "2024-01-31" if kind.kind == "date" else "2024-01-31T08:00"
        raise ExpressionTypeError(
            f"'{text}' is not {kind}", f"write it as ISO 8601, e.g. '{example}'"
        ) from None
    return datetime_number(moment, kind.timezone)


def datetime_number(moment: dt.datetime, timezone: str | None) -> int:
    """Microseconds since the epoch: UTC for a column with a timezone, else local wall time.

    Raises:
        ExpressionTypeError: the moment has an offset but the column has no timezone.
    """
    if timezone is None:
        if moment.tzinfo is not None:
            raise ExpressionTypeError("an offset for a datetime without timezone", "leave the offset out")
        return (moment - EPOCH) // MICROSECOND
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(timezone))
    return (aware - EPOCH_UTC) // MICROSECOND
