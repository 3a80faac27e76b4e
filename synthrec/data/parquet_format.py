"""Tables as Parquet: zstd, dictionary pages for labels, one row group per write, no clock."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from synthrec.data.labels import compact
from synthrec.data.marks import UNNAMED, Mark
from synthrec.data.table import Table, arrow_type
from synthrec.schema.model import LABEL_KINDS, TableSpec


class ParquetFormat:
    """Parquet files that readers of any language open with the schema's types."""

    def __init__(self, mark: Mark = UNNAMED) -> None:
        self._footer = mark.metadata()

    def writer(self, file: BinaryIO, spec: TableSpec) -> pq.ParquetWriter:
        """A writer onto an open file."""
        fields = [(name, arrow_type(column)) for name, column in spec.columns.items()]
        return pq.ParquetWriter(
            file,
            pa.schema(fields, metadata=self._footer),
            compression="zstd",
            use_dictionary=[name for name, column in spec.columns.items() if column.kind in LABEL_KINDS],
        )

    def render(self, table: Table) -> pa.Table:
        """The columns in one chunk each, label levels sorted."""
        columns = [_column(table.data.column(name)) for name in table.spec.columns]
        return pa.table(columns, names=list(table.spec.columns)).replace_schema_metadata(self._footer)


def _column(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return compact(array) if pa.types.is_dictionary(array.type) else array
