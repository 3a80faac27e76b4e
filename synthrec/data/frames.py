"""Arrow tables, Parquet files and pandas frames to raw columns."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthrec.data.raw import Raw, RawColumn, check_names
from synthrec.data.reasons import Reason
from synthrec.errors import Fault, InputError
from synthrec.schema.model import LABEL_KINDS, TableSpec, label

if TYPE_CHECKING:
    import pandas as pd

FRAME = "<frame>"
"""How faults name a source that is not a file."""


_PARQUET = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its name or its first bytes; nothing but a regular file is opened.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET or path.suffix.lower() in {".parquet", ".pq"}


def read_parquet(path: Path, spec: TableSpec) -> Raw:
    """The spec's columns of a Parquet file.

    Raises:
        InputError: it is not a Parquet file, or its columns are not the schema's.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        file = _guarded(lambda: _opened(stream, spec))
        if file is None:
            raise InputError([_unreadable(path)])
        notes = check_names(str(path), file.schema_arrow.names, spec)
        table = _guarded(lambda: file.read(columns=list(spec.columns), use_threads=False))
    if table is None:
        raise InputError([_unreadable(path)])
    return _raw(str(path), table, spec, notes)


def _opened(stream: BinaryIO, spec: TableSpec) -> pq.ParquetFile:
    """The file, columns of labels as dictionaries where they hold one value per cell."""
    plain = pq.ParquetFile(stream)
    flat = {field.name for field in plain.schema_arrow if not pa.types.is_nested(field.type)}
    labels = [name for name, column in spec.columns.items() if column.kind in LABEL_KINDS and name in flat]
    return pq.ParquetFile(stream, metadata=plain.metadata, read_dictionary=labels)


def read_arrow(table: pa.Table, spec: TableSpec) -> Raw:
    """The spec's columns of an Arrow table. Raises InputError where its columns are not the schema's."""
    return _raw(FRAME, table, spec, check_names(FRAME, table.column_names, spec))


def read_pandas(frame: pd.DataFrame, spec: TableSpec) -> Raw:
    """The spec's columns of a pandas frame; NaN, NaT, None and NA are missing.

    Raises:
        InputError: its columns are not the schema's.
    """
    names = [str(name) for name in frame.columns]
    notes = check_names(FRAME, names, spec)
    columns = {name: _series(frame.iloc[:, names.index(name)]) for name in spec.columns}
    return Raw(FRAME, columns, np.arange(1, len(frame) + 1), notes)


def _raw(file: str, table: pa.Table, spec: TableSpec, notes: tuple[str, ...]) -> Raw:
    columns = {name: RawColumn(_one_array(table.column(name))) for name in spec.columns}
    return Raw(file, columns, np.arange(1, table.num_rows + 1), notes)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks()


def _series(series: pd.Series[Any]) -> RawColumn:
    """A typed array where pandas has one type for the cells, else each cell as text."""
    if series.dtype != object or _is_uniform(series):
        array = _guarded(lambda: pa.array(series, from_pandas=True))
        if array is not None:
            return RawColumn(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
    return _texts(series.astype(object))


def _is_uniform(series: pd.Series[Any]) -> bool:
    """Whether all cells of an object column are texts, dates, or datetimes with or without a zone."""
    from pandas.api.types import infer_dtype  # noqa: PLC0415

    kind = infer_dtype(series, skipna=True)
    if kind == "datetime":
        return len({value.tzinfo is None for value in series.dropna()}) == 1
    return kind in {"string", "date"}


def _texts(cells: Iterable[object]) -> RawColumn:
    texts = [_text(value) for value in cells]
    refused = np.array([text is Reason.TYPE for text in texts], dtype=bool)
    array = pa.array([None if text is Reason.TYPE else text for text in texts], pa.string())
    return RawColumn(array, refused * np.int8(Reason.TYPE.number))


def _text(value: object) -> str | Reason | None:
    """One cell of mixed columns as canonical text; None where it is missing."""
    if isinstance(value, np.timedelta64 | dt.timedelta):
        return Reason.TYPE
    if isinstance(value, np.generic):
        value = value.item()
    if _is_missing(value):
        return None
    if isinstance(value, str):
        return value if value.isascii() or _is_unicode(value) else Reason.TYPE
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return label(value) if isinstance(value, bool | int | float | Decimal | dt.date) else Reason.TYPE


def _is_missing(value: object) -> bool:
    import pandas as pd  # noqa: PLC0415

    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | Decimal) and math.isnan(value)


def _is_unicode(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text


def _guarded(read: Callable[[], Any]) -> Any:
    """What pyarrow reads, or None: its messages quote cells and go no further."""
    try:
        return read()
    except (pa.ArrowException, OverflowError, TypeError, ValueError, NotImplementedError, OSError):
        return None


def _unreadable(path: Path) -> Fault:
    return Fault(str(path), 0, 0, "", "not a readable Parquet file", "write or copy the file again")
