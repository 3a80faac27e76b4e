"""CSV files to columns of text: delimiter and encoding stated or detected, structure checked.

Cells stay text here; `synthrec.data.parse` reads them as the schema says. Messages of pyarrow and csv may
quote cells, so none of them is passed on, not even as the cause of another error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from pyarrow import compute

from synthrec.data.encodings import read_text
from synthrec.data.raw import Raw, RawColumn, check_names
from synthrec.data.reasons import cells
from synthrec.errors import ConfigError, Fault, InputError
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray

DELIMITERS = (",", ";", "\t", "|")

_HEAD = 1 << 20
"""Bytes in which the header line must end."""
_BLOCK = 1 << 30
"""Bytes that pyarrow reads at once; a cell must fit in them."""
LONGEST_CELL = 131_072
"""Bytes of a cell; no value or text of a record is longer."""
_LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Header:
    """The first line of a file under one delimiter."""

    names: tuple[str, ...]
    delimiter: str

    def known(self, spec: TableSpec) -> int:
        """How many of the schema's columns are named."""
        return len(set(self.names) & set(spec.columns))


def read_csv(path: Path, spec: TableSpec, *, delimiter: str | None, encoding: str | None) -> Raw:
    """The spec's columns of a CSV file, as text.

    The delimiter, if not stated, is the one that finds the most of the schema's columns in the first line.

    Raises:
        InputError: the file is empty, undecodable, or its columns are not the schema's.
        ConfigError: delimiter or encoding cannot be one.
        OSError: the file cannot be read.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ConfigError("the delimiter must be one character, and neither a quote nor a line end")
    text = read_text(path, encoding)
    candidates = [_header(text.data, sign) for sign in ([delimiter] if delimiter else DELIMITERS)]
    header = max(candidates, key=lambda candidate: candidate.known(spec))
    how = "stated" if delimiter else "detected"
    notes = check_names(str(path), header.names, spec)
    raw = _read_body(path, text.data, spec, header)
    return Raw(
        raw.file,
        raw.columns,
        raw.rows,
        (f"{path}: delimiter {header.delimiter!r} ({how}), {text.note}", *notes),
        raw.faults,
    )


def _header(data: bytes, delimiter: str) -> Header:
    head = io.StringIO(data[:_HEAD].decode("utf-8", "ignore"), newline="")
    try:
        names = next((names for names in csv.reader(head, delimiter=delimiter) if names), [])
    except csv.Error:
        names = []
    return Header(tuple(names), delimiter)


def _read_body(path: Path, data: bytes, spec: TableSpec, header: Header) -> Raw:
    ragged: list[tuple[int, int]] = []

    def skip(row: pc.InvalidRow) -> str:
        ragged.append((row.number, row.actual_columns))
        return "skip"

    unclosed = _unclosed(data, header.delimiter)
    table = None if unclosed else _table(data, spec, header, skip)
    if table is None:
        found = "the file is not well-formed CSV" + (" from this line on" if unclosed else "")
        repair = "check for a quote that is never closed, and double the quotes inside of quoted cells"
        raise InputError([Fault(str(path), unclosed, 0, "", found, repair)])
    bad = np.array([number for number, _ in ragged], dtype=np.int64) - 1
    rows = np.setdiff1d(np.arange(1, table.num_rows + len(bad) + 1), bad, assume_unique=True)
    columns = {name: RawColumn(_one_chunk(table.column(name))) for name in spec.columns}
    faults = [_ragged(path, len(header.names), bad)] if ragged else []
    long = [_long(path, name, rows[found]) for name, found in _long_cells(columns) if len(found)]
    if long:
        raise InputError(faults + long)
    return Raw(str(path), columns, rows, faults=tuple(faults))


def _table(data: bytes, spec: TableSpec, header: Header, skip: object) -> pa.Table | None:
    """The columns as labels; None where pyarrow cannot read the file."""
    try:
        return pc.read_csv(
            pa.py_buffer(data if data.endswith((b"\n", b"\r")) else data + b"\n"),
            pc.ReadOptions(use_threads=False, block_size=min(len(data) + 2, _BLOCK)),
            pc.ParseOptions(
                delimiter=header.delimiter,
                newlines_in_values=b'"' in data,
                ignore_empty_lines=len(header.names) > 1,
                invalid_row_handler=skip,
            ),
            pc.ConvertOptions(
                include_columns=list(spec.columns),
                column_types=dict.fromkeys(spec.columns, _LABEL),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowException, KeyError):
        return None


def _unclosed(data: bytes, delimiter: str) -> int:
    """Line where the record begins that is never closed, or 0; it takes an odd number of quotes."""
    if data.count(b'"') % 2 == 0:
        return 0
    records = csv.reader(
        io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), delimiter=delimiter, strict=True
    )
    begun = 1
    try:
        for _ in records:
            begun = records.line_num + 1
    except csv.Error:
        return begun
    return 0


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return pa.chunked_array(column.chunks, column.type).unify_dictionaries().combine_chunks()


def _long_cells(columns: Mapping[str, RawColumn]) -> Iterator[tuple[str, IntArray]]:
    """Positions of the cells of each column that are longer than any should be."""
    for name, column in columns.items():
        long = compute.greater(compute.binary_length(column.array.dictionary), LONGEST_CELL)
        if compute.any(long).as_py():
            where = compute.fill_null(long.take(column.array.indices), False)
            yield name, np.flatnonzero(where.to_numpy(zero_copy_only=False))


def _long(path: Path, name: str, rows: IntArray) -> Fault:
    found = f"longer than {LONGEST_CELL:,} bytes: {cells(rows)}"
    repair = "check for a quote or delimiter that is missing, or leave the column out"
    return Fault(str(path), 0, 0, name, found, repair)


def _ragged(path: Path, width: int, rows: IntArray) -> Fault:
    found = f"not {width} cells as in the header: {cells(rows, 'row')}"
    return Fault(str(path), 0, 0, "", found, "quote cells that hold the delimiter, and fill up short rows")
