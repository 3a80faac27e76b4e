"""Tables as CSV (RFC 4180): UTF-8, comma, header line, missing as an empty cell.

Dates and datetimes follow the column's declared format, else ISO 8601 (UTC with ``Z`` where the column has a
timezone). The ``spreadsheet`` profile puts an apostrophe before text cells that a spreadsheet program would
take for a formula (OWASP, "CSV Injection"); numbers, dates and booleans stay as they are.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from synthrec.data.table import Table, arrow_type, to_arrow
from synthrec.schema.model import LABEL_KINDS, TEMPORAL_KINDS, Column, TableSpec
from synthrec.schema.vector import Vector

CsvProfile = Literal["plain", "spreadsheet"]

_FORMULA = re.compile("^[\\s\ufeff\"']*[=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class CsvFormat:
    """CSV files in one profile."""

    profile: CsvProfile = "plain"

    def writer(self, file: BinaryIO, spec: TableSpec) -> pc.CSVWriter:
        """A writer onto an open file; the header line is written at once."""
        fields = [(self._text(name), _csv_type(column)) for name, column in spec.columns.items()]
        return pc.CSVWriter(file, pa.schema(fields))

    def render(self, table: Table) -> pa.Table:
        """The columns as CSV shows them."""
        columns = [self._column(table.vector(name), column) for name, column in table.spec.columns.items()]
        return pa.table(columns, names=[self._text(name) for name in table.spec.columns])

    def _column(self, vector: Vector, column: Column) -> pa.Array:
        if vector.levels is not None:
            return _texts([self._text(level) for level in vector.levels], vector)
        if column.kind in TEMPORAL_KINDS:
            distinct, codes = np.unique(vector.values.astype(np.int64), return_inverse=True)
            return _texts(temporal_texts(distinct.tolist(), column), Vector(codes, vector.missing))
        return to_arrow(vector, column)

    def _text(self, text: str) -> str:
        return "'" + text if self.profile == "spreadsheet" and _FORMULA.match(text) else text


def temporal_texts(values: list[int], column: Column) -> list[str]:
    """Dates (days) or datetimes (microseconds) since the epoch as texts."""
    unit = "days" if column.kind == "date" else "microseconds"
    moments = [_EPOCH + dt.timedelta(**{unit: value}) for value in values]
    if column.format is not None:
        return [_formatted(moment, column.format) for moment in moments]
    if column.kind == "date":
        return [moment.date().isoformat() for moment in moments]
    mark = "Z" if column.timezone else ""
    return [moment.replace(tzinfo=None).isoformat() + mark for moment in moments]


def _formatted(moment: dt.datetime, form: str) -> str:
    """As strftime does, with four digits in every year (C libraries leave out leading zeros)."""
    year = f"{moment.year:04d}"
    return moment.strftime(re.sub("%(.)", lambda part: year if part[1] == "Y" else part[0], form))


def _texts(levels: list[str], vector: Vector) -> pa.Array:
    codes = pa.array(vector.values.astype(np.int64), mask=vector.missing)
    return pa.array(levels, pa.string()).take(codes)


def _csv_type(column: Column) -> pa.DataType:
    return pa.string() if column.kind in LABEL_KINDS | TEMPORAL_KINDS else arrow_type(column)
