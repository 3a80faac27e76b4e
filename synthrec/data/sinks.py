"""Records into files: Parquet in fixed row groups, CSV plain or safe for spreadsheets.

The bytes of a file depend on its rows alone: not on how they were cut over `Sink.write` calls, not on the
order of dictionaries, not on the clock. A sink that fails takes its file away.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast

import pyarrow as pa

from synthrec.data.csv_format import CsvFormat, CsvProfile
from synthrec.data.marks import UNNAMED, Mark
from synthrec.data.parquet_format import ParquetFormat
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.schema.model import TableSpec

GROUP_ROWS = 131_072
"""Rows that are written at once, and per Parquet row group."""

SUFFIXES = (".parquet", ".csv", ".csv.gz")


class Writer(Protocol):
    """What pyarrow's file writers have in common."""

    def write_table(self, table: pa.Table) -> None:
        """Append rows."""

    def close(self) -> None:
        """Write what is left."""


class Format(Protocol):
    """How the rows of a table become bytes."""

    def writer(self, file: BinaryIO, spec: TableSpec) -> Writer:
        """A writer onto an open file."""

    def render(self, table: Table) -> pa.Table:
        """The Arrow columns to be written, the same for the same rows."""


class Sink(Protocol):
    """Takes rows until it is closed."""

    def write(self, table: Table) -> None:
        """Append rows. Raises OSError where the file cannot be written; the file is gone then."""

    def close(self) -> None:
        """Write what is left and bring it safely to disk. Raises OSError; the file is gone then."""

    def __enter__(self) -> Self:
        """The sink itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, or after an exception remove the file."""


def open_sink(path: Path, spec: TableSpec, *, profile: CsvProfile = "plain", mark: Mark = UNNAMED) -> Sink:
    """A sink for a new file, by its suffix: ``.parquet``, ``.csv`` or ``.csv.gz``.

    Args:
        path: Where to write, exactly; temporary names and renaming are the caller's.
        spec: The table's spec, which fixes columns and types.
        profile: ``spreadsheet`` disarms text cells that a spreadsheet would run as a formula.
        mark: What a Parquet file says of itself.

    Raises:
        ConfigError: another suffix.
        OSError: the file cannot be created.
    """
    suffix = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise ConfigError(f"{path.name}: unknown file type; end the name with one of {', '.join(SUFFIXES)}")
    return FileSink(path, spec, ParquetFormat(mark) if suffix == ".parquet" else CsvFormat(profile))


class RowGroups:
    """Cuts a stream of tables into groups of `GROUP_ROWS` rows."""

    def __init__(self) -> None:
        self._tables: list[Table] = []
        self._rows = 0

    def add(self, table: Table) -> Iterator[Table]:
        """Take rows in; give out the groups that are full."""
        self._tables.append(table)
        self._rows += len(table)
        if self._rows < GROUP_ROWS:
            return
        rows = Table.concat(self._tables)
        full = self._rows - self._rows % GROUP_ROWS
        self._tables, self._rows = [_apart(rows.slice(full))], self._rows - full
        for start in range(0, full, GROUP_ROWS):
            yield rows.slice(start, GROUP_ROWS)

    def rest(self) -> Iterator[Table]:
        """Give out the last group, if it has rows."""
        if self._rows:
            yield Table.concat(self._tables)
        self._tables, self._rows = [], 0


def _apart(table: Table) -> Table:
    """The same rows with dictionaries of their own, so that those of keys do not grow with the file."""
    data = table.data
    for place, field in enumerate(data.schema):
        if pa.types.is_dictionary(field.type):
            data = data.set_column(place, field.name, data[place].cast(pa.string()).dictionary_encode())
    return Table(table.name, table.spec, data)


class FileSink:
    """A sink onto one file in one format."""

    def __init__(self, path: Path, spec: TableSpec, form: Format) -> None:
        self._path = path
        self._form = form
        self._groups = RowGroups()
        self._raw: BinaryIO = path.open("wb")
        self._file = _compressed(self._raw) if path.suffix.lower() == ".gz" else self._raw
        try:
            self._writer: Writer = form.writer(self._file, spec)
        except BaseException:
            self._raw.close()
            path.unlink()
            raise

    def write(self, table: Table) -> None:
        """Append rows."""
        with self._whole_or_nothing():
            self._put(self._groups.add(table))

    def close(self) -> None:
        """Write what is left and bring it safely to disk; closing twice does nothing."""
        if self._raw.closed:
            return
        with self._whole_or_nothing():
            self._put(self._groups.rest())
            self._writer.close()
            if self._file is not self._raw:
                self._file.close()
            self._raw.flush()
            os.fsync(self._raw.fileno())
            self._raw.close()

    def discard(self) -> None:
        """Remove the file."""
        for part in (self._writer, self._file, self._raw):
            with suppress(OSError, ValueError, pa.ArrowException):
                part.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """The sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, or after an exception remove the file."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def _put(self, groups: Iterator[Table]) -> None:
        for group in groups:
            self._writer.write_table(self._form.render(group))

    @contextmanager
    def _whole_or_nothing(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.discard()
            raise


def _compressed(raw: BinaryIO) -> BinaryIO:
    """A gzip stream without file name and time."""
    return cast("BinaryIO", gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0))
