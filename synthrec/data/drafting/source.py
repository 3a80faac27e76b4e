"""A data file of which nothing is known yet, as columns of cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from synthrec.data.csv_reader import DELIMITERS, read_csv
from synthrec.data.encodings import read_text
from synthrec.data.frames import read_parquet
from synthrec.data.raw import Raw, refuse_width
from synthrec.errors import Fault, InputError
from synthrec.schema.model import Column, Null, TableSpec

_PARQUET = b"PAR1"
_HEADER = "put the column names into the first line; begin names such as 2024 with a letter"
_ANYTHING = Column(kind="string", null=Null(allowed=True))


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written; None where that is to be detected."""

    delimiter: str | None = None
    encoding: str | None = None


def read_columns(path: Path, dialect: Dialect) -> Mapping[str, pa.Array]:
    """The cells of every column: text from CSV, typed from Parquet.

    Raises:
        InputError: there is no such file, it cannot be read, has no rows, or names no usable columns.
    """
    if not path.is_file():
        raise _refusal(path, "there is no such file", "give the path of a CSV or Parquet file")
    raw = _read_parquet(path) if _is_parquet(path) else _read_csv(path, dialect)
    if raw.faults:
        raise InputError(raw.faults)
    if len(raw.rows) == 0:
        raise _refusal(path, "a header and no rows", "give a file with records")
    return {name: column.array for name, column in raw.columns.items()}


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def _read_parquet(path: Path) -> Raw:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError):
        names = None
    if names is None:
        raise _refusal(path, "not a readable Parquet file", "write or copy the file again")
    return read_parquet(path, _spec(path, names))


def _read_csv(path: Path, dialect: Dialect) -> Raw:
    text = read_text(path, dialect.encoding)
    signs = [dialect.delimiter] if dialect.delimiter else DELIMITERS
    names, delimiter = max(
        ((_header(text.data, sign), sign) for sign in signs), key=lambda found: len(found[0])
    )
    if _looks_like_a_record(names):
        raise _refusal(path, "numbers in the first line", _HEADER)
    return read_csv(path, _spec(path, names), delimiter=delimiter, encoding=dialect.encoding)


def _header(data: bytes, delimiter: str) -> list[str]:
    head = io.StringIO(data[: 1 << 20].decode("utf-8", "ignore"), newline="")
    try:
        return next((names for names in csv.reader(head, delimiter=delimiter) if names), [])
    except csv.Error:
        return []


def _looks_like_a_record(names: list[str]) -> bool:
    """Numbers as names, unless they number the columns: a file without header must not turn into names."""
    numeric = [name for name in names if name.replace(".", "", 1).removeprefix("-").isdigit()]
    numbered = any(names == [str(n) for n, _ in zip(count(start), names, strict=False)] for start in (0, 1))
    return len(numeric) * 4 >= len(names) > 0 and not numbered


def _spec(path: Path, names: list[str]) -> TableSpec:
    refuse_width(str(path), len(names))
    try:
        return TableSpec(columns=dict.fromkeys(names, _ANYTHING))
    except ValidationError:
        pass
    raise _refusal(
        path, "columns without a usable name", "name every column, on one line and without backticks"
    )


def _refusal(path: Path, found: str, repair: str) -> InputError:
    return InputError([Fault(str(path), 0, 0, "", found, repair)])
