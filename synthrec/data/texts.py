"""Texts to model numbers. Each distinct text is read once; what a kind accepts is stated here.

Numbers are plain: ASCII digits, an optional sign, a decimal point, an optional exponent. Surrounding spaces
do not count. Truth values are true/false, yes/no and 1/0 in any case. Dates and datetimes are ISO 8601 or
follow the column's declared format.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthrec.data.reasons import Reason, Reasons
from synthrec.data.table import arrow_type, to_vector
from synthrec.schema.model import Column
from synthrec.schema.scalars import dtype
from synthrec.schema.vector import BoolArray

INTEGER_LIMIT = 2**63 - 1
DECIMAL_LIMIT = 10**18 - 1

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_SEPARATED = re.compile(r"[+-]?\d+([,.' _\u00a0\u2019\u202f]\d+)+", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(inf|infinity|nan)", re.IGNORECASE)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.(?P<fraction>\d+))?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_LONGEST_NUMBER = 100
_PLAIN_DATE = r"[1-9]\d{3}-\d\d-\d\d"
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class Cells:
    """Model numbers, and why a cell has none; both of shape (n,)."""

    values: NDArray[np.generic]
    reasons: Reasons

    def take(self, rows: NDArray[np.generic]) -> Cells:
        """The cells at the given positions; an empty list of cells stands for one of 0."""
        if not len(self.values):
            return Cells(np.zeros(len(rows), self.values.dtype), np.zeros(len(rows), np.int8))
        return Cells(self.values[rows], self.reasons[rows])


def read_texts(texts: pa.StringArray, column: Column) -> Cells:
    """Texts as the model numbers of a column that is not of labels.

    Plain texts are cast all at once, the others are read one by one; both ways agree.
    """
    is_plain = _match(texts, _plain_pattern(column))
    plain = _cast(texts.filter(pa.array(is_plain)), column)
    if plain is None:
        is_plain = np.zeros(len(texts), dtype=bool)
    others = _each(texts.filter(pa.array(~is_plain)), column)
    if plain is None:
        return others
    values = np.zeros(len(texts), dtype=plain.dtype)
    reasons = np.zeros(len(texts), dtype=np.int8)
    values[is_plain], values[~is_plain], reasons[~is_plain] = plain, others.values, others.reasons
    return Cells(values, reasons)


def exact(text: str, scale: int, limit: int) -> int | Reason:
    """A decimal text in minor units, without rounding; `limit` bounds the size."""
    if not _NUMBER.fullmatch(text) or len(text) > _LONGEST_NUMBER:
        return _no_number(text)
    number = Decimal(text)
    if number.adjusted() + scale > len(str(limit)):
        return Reason.LARGE if number else 0
    _, digits, exponent = number.as_tuple()
    shift = int(exponent) + scale
    magnitude = int("".join(map(str, digits)))
    power: int = 10 ** abs(shift)
    units, rest = (magnitude * power, 0) if shift >= 0 else divmod(magnitude, power)
    if rest:
        return Reason.FINE if scale else Reason.WHOLE
    if units > limit:
        return Reason.LARGE
    return -units if number.is_signed() else units


def _plain_pattern(column: Column) -> str | None:
    """What pyarrow reads as the one-by-one reader does; None where it cannot."""
    scale = column.scale or 0
    fraction = rf"(\.\d{{1,{scale}}})?" if scale else ""
    clock = r"[T ]\d\d:\d\d:\d\d(\.\d{1,6})?"
    patterns = {
        "integer": r"-?\d{1,18}",
        "decimal": rf"-?\d{{1,{18 - scale}}}{fraction}",
        "float": r"-?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,2})?",
        "boolean": "true|false",
        "date": _PLAIN_DATE,
        "datetime": _PLAIN_DATE + clock + (r"(Z|[+-]\d\d:\d\d)" if column.timezone else ""),
    }
    return None if column.format else f"^({patterns[column.kind]})$"


def _match(texts: pa.StringArray, pattern: str | None) -> BoolArray:
    if pattern is None:
        return np.zeros(len(texts), dtype=bool)
    matches: BoolArray = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return matches


def _cast(plain: pa.StringArray, column: Column) -> NDArray[np.generic] | None:
    """Model numbers; None where one of the texts is no value, such as the 30th of February."""
    try:
        return to_vector(plain.cast(arrow_type(column)), column).values
    except pa.ArrowInvalid:
        return None


def _each(texts: pa.StringArray, column: Column) -> Cells:
    values = np.zeros(len(texts), dtype=dtype(column))
    reasons = np.zeros(len(texts), dtype=np.int8)
    for index, text in enumerate(texts.to_pylist()):
        result = _read(text.strip(), column)
        if isinstance(result, Reason):
            reasons[index] = result.number
        else:
            values[index] = result
    return Cells(values, reasons)


def _read(text: str, column: Column) -> int | float | bool | Reason:
    match column.kind:
        case "integer":
            return exact(text, 0, INTEGER_LIMIT)
        case "decimal":
            return exact(text, column.scale or 0, DECIMAL_LIMIT)
        case "float":
            return _float(text)
        case "boolean":
            return _TRUTH.get(text.lower(), Reason.BOOLEAN)
        case "date":
            return _days(text, column.format)
        case _:
            return _microseconds(text, column)


def _float(text: str) -> float | Reason:
    if not _NUMBER.fullmatch(text):
        return _no_number(text)
    number = float(text)
    return number if np.isfinite(number) else Reason.LARGE


def _no_number(text: str) -> Reason:
    if _NOT_FINITE.fullmatch(text):
        return Reason.FINITE
    return Reason.SEPARATOR if _SEPARATED.fullmatch(text) else Reason.NUMBER


def _days(text: str, form: str | None) -> int | Reason:
    moment = _moment(text, form)
    if isinstance(moment, Reason):
        return moment
    if moment.tzinfo is not None:
        return Reason.AWARE
    return Reason.CLOCK if moment.time() != dt.time() else (moment.replace(tzinfo=dt.UTC) - _EPOCH).days


def _microseconds(text: str, column: Column) -> int | Reason:
    moment = _moment(text, column.format)
    if isinstance(moment, Reason):
        return moment
    if (moment.tzinfo is None) != (column.timezone is None):
        return Reason.AWARE if moment.tzinfo else Reason.NAIVE
    return ((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)) - _EPOCH) // _MICROSECOND


def _moment(text: str, form: str | None) -> dt.datetime | Reason:
    try:
        return dt.datetime.strptime(text, form) if form else _iso(text)  # noqa: DTZ007
    except ValueError:
        return Reason.MOMENT


def _iso(text: str) -> dt.datetime | Reason:
    match = _ISO.fullmatch(text)
    if match is None:
        return Reason.MOMENT
    if (match["fraction"] or "")[6:].strip("0"):
        return Reason.SUBMICRO
    return dt.datetime.fromisoformat(text)
