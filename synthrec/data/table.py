"""`Table`: columns checked against a table spec once, at the door.

Underneath is an Arrow table in one canonical type per kind: integer int64; decimal decimal128(18, scale);
float float64; boolean bool; date date32; datetime timestamp[us, tz]; category, code, string, id and text
dictionary<int32, string>. Missing is null, and only null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from synthrec.schema.expressions import Expression
from synthrec.schema.model import LABEL_KINDS, Column, TableSpec
from synthrec.schema.vector import BoolArray, IntArray, Vector

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_FIXED_TYPES = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    **dict.fromkeys(LABEL_KINDS, pa.dictionary(pa.int32(), pa.string())),
}


def arrow_type(column: Column) -> pa.DataType:
    """The canonical Arrow type of a column."""
    if column.kind == "decimal":
        return pa.decimal128(18, column.scale or 0)
    if column.kind == "datetime":
        return pa.timestamp("us", tz=column.timezone)
    return _FIXED_TYPES[column.kind]


def to_arrow(vector: Vector, column: Column) -> pa.Array:
    """The canonical Arrow array of a vector."""
    mask = vector.missing if vector.missing.any() else None
    if vector.levels is not None:
        indices = pa.array(vector.values.astype(np.int32, copy=False), mask=mask)
        return pa.DictionaryArray.from_arrays(indices, pa.array(vector.levels, pa.string()))
    match column.kind:
        case "decimal":
            return _decimals(vector, column.scale or 0)
        case "date":
            return pa.array(vector.values.astype(np.int32), pa.int32(), mask=mask).cast(pa.date32())
        case "datetime":
            return pa.array(vector.values, pa.int64(), mask=mask).cast(arrow_type(column))
        case _:
            return pa.array(vector.values, arrow_type(column), mask=mask)


def to_vector(array: pa.Array, column: Column) -> Vector:
    """The vector of a canonical Arrow array."""
    missing: BoolArray = array.is_null().to_numpy(zero_copy_only=False)
    if column.kind in LABEL_KINDS:
        codes = array.indices.fill_null(0).to_numpy().astype(np.int32, copy=False)
        return Vector(codes, missing, tuple(array.dictionary.to_pylist()))
    match column.kind:
        case "decimal":
            values: NDArray[np.generic] = _minor_units(array)
        case "date":
            values = array.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
        case "datetime":
            values = array.cast(pa.int64()).fill_null(0).to_numpy()
        case "boolean":
            values = array.fill_null(False).to_numpy(zero_copy_only=False)
        case _:
            values = array.fill_null(0).to_numpy()
    return Vector(values, missing)


def _decimals(vector: Vector, scale: int) -> pa.Array:
    """Decimal128 array whose 16-byte little-endian cells are the sign-extended minor units."""
    cells = np.empty((len(vector), 2), dtype=np.int64)
    cells[:, 0] = vector.values
    cells[:, 1] = cells[:, 0] >> 63
    validity = pa.array(~vector.missing).buffers()[1] if vector.missing.any() else None
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(vector), [validity, pa.py_buffer(cells)])


def _minor_units(array: pa.Array) -> IntArray:
    """Low halves of the decimal128 cells; 18 digits fit in them."""
    cells = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)
    units = cells[array.offset : array.offset + len(array), 0].copy()
    units[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return units


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of one table of a schema, in canonical Arrow types and in the spec's column order."""

    name: str
    spec: TableSpec
    data: pa.Table

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.data.num_rows)

    def vector(self, column: str) -> Vector:
        """One column as values and missing mask (see `Vector` for the model numbers)."""
        chunks = self.data.column(column).combine_chunks()
        array = chunks.combine_chunks() if isinstance(chunks, pa.ChunkedArray) else chunks
        return to_vector(array, self.spec.columns[column])

    def vectors(self) -> dict[str, Vector]:
        """All columns by name."""
        return {name: self.vector(name) for name in self.spec.columns}

    def evaluate(self, expression: Expression) -> Vector:
        """The expression on every row."""
        return expression.evaluate({name: self.vector(name) for name in expression.names})

    def take(self, rows: NDArray[np.generic]) -> Table:
        """The rows at the given positions, or where a mask is true."""
        positions = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Table(self.name, self.spec, self.data.take(pa.array(positions)))

    def slice(self, start: int, length: int | None = None) -> Table:
        """Rows from `start` on, without copying."""
        return Table(self.name, self.spec, self.data.slice(start, length))

    def to_pandas(self) -> pd.DataFrame:
        """A pandas frame: nullable integers and booleans, categoricals, decimals as Decimal."""
        import pandas as pd  # noqa: PLC0415

        mapper = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype()}
        frame: pd.DataFrame = self.data.to_pandas(types_mapper=mapper.get, date_as_object=False)
        return frame

    @classmethod
    def from_vectors(cls, name: str, spec: TableSpec, vectors: Mapping[str, Vector]) -> Table:
        """A table from one vector per column of the spec."""
        arrays = [to_arrow(vectors[column], spec.columns[column]) for column in spec.columns]
        return cls(name, spec, pa.table(arrays, names=list(spec.columns)))

    @classmethod
    def concat(cls, tables: Sequence[Table]) -> Table:
        """The rows of several tables of one spec, one after the other."""
        first = tables[0]
        data = pa.concat_tables([table.data for table in tables]).unify_dictionaries()
        return cls(first.name, first.spec, data.combine_chunks())


Records = Mapping[str, Table]
"""The tables of one schema by name, or one chunk of each."""
