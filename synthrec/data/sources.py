"""The door: real records in, as a `Table` of canonical types, or every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from synthrec.data.csv_reader import read_csv
from synthrec.data.frames import is_parquet, read_arrow, read_pandas, read_parquet
from synthrec.data.parse import Parsed, parse
from synthrec.data.persons import person_column
from synthrec.data.raw import Raw, RawColumn
from synthrec.data.reasons import Reason, column_faults
from synthrec.data.table import Table
from synthrec.errors import Fault, InputError
from synthrec.schema.model import Column, TableSpec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Reading:
    """A table as it was read, and what the user should know about how."""

    table: Table
    notes: tuple[str, ...]


def read_table(
    source: Path | Sequence[Path] | pd.DataFrame | pa.Table,
    name: str,
    spec: TableSpec,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Reading:
    """Records of one table, typed by its spec and checked against it.

    Args:
        source: CSV (also gzip) or Parquet file, several files in a row, a pandas frame or an Arrow table.
        name: Name of the table in the schema.
        spec: What its columns are.
        delimiter: Of CSV files; detected by the schema's column names where not stated.
        encoding: Of CSV files; detected where not stated.

    Raises:
        InputError: every fault of every file: place, count and repair, and never a cell's value.
        ConfigError: delimiter or encoding cannot be one.
        OSError: a file is there and cannot be read.
    """
    parts = _parts(source, spec, delimiter, encoding)
    if not parts:
        raise InputError([Fault("", 0, 0, name, "no files are given", "give at least one file")])
    faults: list[Fault] = []
    tables: list[Table] = []
    notes: list[str] = []
    for open_part in parts:
        raw = _collect(open_part, faults)
        if raw is not None:
            table, found = _table(raw, name, spec)
            tables.append(table)
            faults += found
            notes += raw.notes
    if faults:
        raise InputError(faults)
    return Reading(Table.concat(tables), tuple(notes))


def _parts(
    source: Path | Sequence[Path] | pd.DataFrame | pa.Table,
    spec: TableSpec,
    delimiter: str | None,
    encoding: str | None,
) -> list[Callable[[], Raw]]:
    if isinstance(source, pa.Table):
        return [partial(read_arrow, source, spec)]
    if isinstance(source, str | Path):
        source = [Path(source)]
    if isinstance(source, Sequence):
        return [partial(_read_file, Path(path), spec, delimiter, encoding) for path in source]
    return [partial(read_pandas, source, spec)]


def _collect(open_part: Callable[[], Raw], faults: list[Fault]) -> Raw | None:
    try:
        return open_part()
    except InputError as error:
        faults += error.faults
        return None


def _read_file(path: Path, spec: TableSpec, delimiter: str | None, encoding: str | None) -> Raw:
    if not path.is_file():
        found = "it is a folder" if path.is_dir() else "there is no such file"
        raise InputError([Fault(str(path), 0, 0, "", found, "give the path of a CSV or Parquet file")])
    if is_parquet(path):
        return read_parquet(path, spec)
    return read_csv(path, spec, delimiter=delimiter, encoding=encoding)


def _table(raw: Raw, name: str, spec: TableSpec) -> tuple[Table, list[Fault]]:
    faults = list(raw.faults)
    arrays = []
    for key, column in spec.columns.items():
        parsed = _refuse_nobody(_parse(raw.columns[key], column), is_person=key == person_column(spec))
        faults += column_faults(parsed.reasons, raw.rows, raw.file, f"{name}.{key}")
        arrays.append(parsed.array)
    return Table(name, spec, pa.table(arrays, names=list(spec.columns))), faults


def _parse(raw: RawColumn, column: Column) -> Parsed:
    parsed = parse(raw.array, column)
    if raw.reasons is None:
        return parsed
    return Parsed(parsed.array, np.where(raw.reasons != 0, raw.reasons, parsed.reasons))


def _refuse_nobody(parsed: Parsed, *, is_person: bool) -> Parsed:
    """Every row needs a person, whatever the column's nullability."""
    if not is_person:
        return parsed
    nobody = parsed.array.is_null().to_numpy(zero_copy_only=False) & (parsed.reasons == 0)
    return Parsed(parsed.array, np.where(nobody, np.int8(Reason.PERSON.number), parsed.reasons))
