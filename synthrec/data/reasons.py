"""Why a cell is refused, in words that never show the cell."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from synthrec.errors import Fault
from synthrec.schema.vector import IntArray

SHOWN_ROWS = 5

_CODES = "or list their code under null.codes"


class Reason(Enum):
    """What was found, and what to do about it."""

    NUMBER = ("not a number", f"correct the cells, {_CODES}")
    WHOLE = ("not a whole number", f"correct the cells, {_CODES}, or declare kind decimal or float")
    FINE = ("more decimal places than the column's scale", "round the values, or raise scale")
    LARGE = ("too large for the column's kind", "correct the cells, or declare kind float or id")
    SEPARATOR = ("a comma or a thousands separator", "write plain digits with a decimal point")
    FINITE = ("infinite or not-a-number", f"make the cells missing, {_CODES}")
    BOOLEAN = ("not a truth value", "write true or false, yes or no, 1 or 0")
    MOMENT = ("not a date or time in the column's format", "write ISO 8601 (YYYY-MM-DD), or declare format")
    CLOCK = ("a date with a time of day", "declare kind datetime, or cut the time off")
    NAIVE = ("a time without UTC offset", "write times with offset, or remove timezone from the column")
    AWARE = ("a time with UTC offset", "declare kind datetime with timezone, or write local time")
    SUBMICRO = ("a time finer than a microsecond", "round to microseconds")
    TYPE = ("a type that the column's kind cannot hold", "convert lists, durations, bytes and the like first")
    ZERO = ("a zero character, which no text file holds", "take it out of the texts")
    MISSING = (
        "missing where the schema allows no missing value",
        "fill the cells, or set null: {allowed: true}",
    )
    PERSON = ("missing in the column that says whose row it is", "fill the cells, or remove the rows")
    DOMAIN = ("outside the domain that the schema states", "correct the cells, or widen the domain")

    @property
    def number(self) -> int:
        """Position from 1 on; 0 is for cells that are fine."""
        return _NUMBERS[self]


_NUMBERS = {reason: number for number, reason in enumerate(Reason, start=1)}

Reasons = NDArray[np.int8]
"""`Reason.number` per cell, 0 where the cell is fine."""


def column_faults(reasons: Reasons, rows: IntArray, file: str, where: str) -> list[Fault]:
    """One fault per reason found in a column.

    Args:
        reasons: Per cell, shape (n,).
        rows: Row numbers as the user counts them, shape (n,).
        file: Name of the source.
        where: ``table.column``.
    """
    faults = []
    for reason in Reason:
        refused = np.flatnonzero(reasons == reason.number)
        if len(refused):
            found, repair = reason.value
            faults.append(Fault(file, 0, 0, where, f"{found}: {cells(rows[refused])}", repair))
    return faults


def cells(rows: IntArray, noun: str = "cell") -> str:
    """How many, and the first row numbers: ``7 cells (rows 2, 3, 5, 7, 11, …)``."""
    shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS].tolist())
    more = ", …" if len(rows) > SHOWN_ROWS else ""
    plural = "s" if len(rows) > 1 else ""
    return f"{len(rows)} {noun}{plural} (row{plural} {shown}{more})"
