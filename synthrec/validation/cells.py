"""Cells as 64-bit keys, so that a projection of a row is a sum of keys.

Two cells of a column have one key exactly if they hold the same value in canonical form: labels by their
text, dates and decimals by their model number, floats by their step on the column's lattice or else by the 24
bits of a float32 (a copy that went through single precision or a multiple of the step is still a copy).

A row's key over some columns is the sum modulo 2**64 of its cells' keys (Zobrist 1970, with addition). Two
given different rows share a key with probability about 2**-64; among n rows some pair does with about
n**2 / 2**65, which is 1e-6 for five million rows.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import Vector

KeyArray = NDArray[np.uint64]

AUDIT_SEED = 271_828
"""Names the salts and the random column sets: part of the code, so that nobody can choose a lucky one."""

_FLOAT32_LOST_BITS = np.uint64(29)


class CellKeys:
    """Keys of the modelled columns of one table spec; minted columns take no part."""

    def __init__(self, spec: TableSpec) -> None:
        self.columns = spec.modelled
        rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
        self._salts = rng.integers(0, 2**64, size=len(self.columns), dtype=np.uint64)

    def of(self, table: Table) -> KeyArray:
        """The key of every cell, uint64 of shape (columns, rows)."""
        keys = np.empty((len(self.columns), len(table)), dtype=np.uint64)
        for row, (name, salt) in enumerate(zip(self.columns, self._salts, strict=True)):
            keys[row] = column_keys(table.vector(name), table.spec.columns[name], salt)
        return keys


def column_keys(vector: Vector, column: Column, salt: np.uint64) -> KeyArray:
    """Keys of one column's cells; missing is a value of its own."""
    keys = mix(_canonical(vector, column) ^ salt)
    keys[vector.missing] = mix(mix(np.array([salt])))[0]
    return keys


def text_key(text: str) -> int:
    """64 bits of a text by BLAKE2b."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def mix(numbers: KeyArray) -> KeyArray:
    """The finaliser of SplitMix64, a bijection of 64-bit numbers (Steele, Lea and Flood 2014, figure 14)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def total(cells: KeyArray) -> KeyArray:
    """The key of each row over all given columns: the sum of its cells' keys modulo 2**64."""
    return np.asarray(cells.sum(axis=0, dtype=np.uint64))


def _canonical(vector: Vector, column: Column) -> KeyArray:
    """One 64-bit number per value, equal exactly for equal values."""
    if vector.levels is not None:
        levels = np.array([text_key(level) for level in vector.levels] or [0], dtype=np.uint64)
        return np.asarray(levels[vector.values.astype(np.int64)], dtype=np.uint64)
    if column.kind == "float":
        return _canonical_float(vector.values.astype(np.float64), column)
    return vector.values.astype(np.int64).view(np.uint64)


def _canonical_float(values: NDArray[np.float64], column: Column) -> KeyArray:
    """The lattice step nearest to a float, or its bits rounded to the mantissa of a float32."""
    if column.precision is not None:
        return (np.rint(values / float(column.precision)) + 0.0).view(np.uint64)
    bits = (values + 0.0).view(np.uint64)
    half = np.uint64(1) << (_FLOAT32_LOST_BITS - np.uint64(1))
    return (bits + half) >> _FLOAT32_LOST_BITS
