"""The files of an export, one per table and format, written together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from synthrec.data.csv_format import CsvProfile
from synthrec.data.marks import UNNAMED, Mark
from synthrec.data.sinks import Sink, open_sink
from synthrec.data.table import Records
from synthrec.schema.model import Schema


class RecordSinks:
    """Open sinks of every table; the rows of each table are counted as they pass."""

    def __init__(
        self,
        place: Callable[[str], Path],
        schema: Schema,
        formats: Sequence[str],
        profile: CsvProfile,
        mark: Mark = UNNAMED,
    ) -> None:
        self.rows = dict.fromkeys(schema.tables, 0)
        self.files = {place(f"{table}.{suffix}"): table for table in schema.tables for suffix in formats}
        specs = {path: (table, schema.tables[table]) for path, table in self.files.items()}
        self._stack = ExitStack()
        with ExitStack() as opening:
            self._sinks: list[tuple[str, Sink]] = [
                (table, opening.enter_context(open_sink(path, spec, profile=profile, mark=mark)))
                for path, (table, spec) in specs.items()
            ]
            self._stack = opening.pop_all()

    def write(self, records: Records) -> None:
        """Append one chunk of every table."""
        for name, table in records.items():
            self.rows[name] += len(table)
        for name, sink in self._sinks:
            sink.write(records[name])

    def passing(self, chunks: Iterator[Records]) -> Iterator[Records]:
        """The same chunks, each written as it passes."""
        for records in chunks:
            self.write(records)
            yield records

    def __enter__(self) -> Self:
        """The sinks themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files, or after an exception remove them."""
        self._stack.__exit__(kind, error, trace)
