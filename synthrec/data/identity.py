"""Canonical bytes of rows and persons: the same for the same records, however they were stored.

Dictionary order, row order, file dialect and column order play no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.schema.vector import IntArray, Vector

DIGEST_BYTES = 16

Digests = NDArray[np.uint64]
"""Two unsigned 64-bit words per row, shape (n, 2)."""


def row_digests(table: Table) -> Digests:
    """BLAKE2b-128 of each row's canonical bytes, shape (n, 2).

    The canonical bytes of a row are its cells in sorted column order: a missing flag, then a 16-byte digest
    of the label or the 8 bytes of the model number.
    """
    cells = [_cell_bytes(table.vector(name)) for name in sorted(table.spec.columns)]
    rows = np.ascontiguousarray(np.hstack(cells))
    return _digests(memoryview(row) for row in rows)


def occurrences(digests: Digests) -> IntArray:
    """For each row, how many equal rows stand before it; shape (n,)."""
    count = len(digests)
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    ordered = digests[order]
    is_first = np.ones(count, dtype=bool)
    is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    positions = np.arange(count)
    result = np.empty(count, dtype=np.int64)
    result[order] = positions - np.maximum.accumulate(np.where(is_first, positions, 0))
    return result


def label_identities(vector: Vector) -> tuple[IntArray, list[bytes]]:
    """Distinct values of a vector as bytes, and each row's position among them.

    A label is its UTF-8 text and a number its decimal digits, so that an id has one identity whether a file
    held it as text or as a number.
    """
    if vector.levels is None:
        distinct, rows = np.unique(vector.values, return_inverse=True)
        return rows.astype(np.int64), [str(value).encode() for value in distinct.tolist()]
    used, rows = np.unique(vector.values, return_inverse=True)
    texts = [vector.levels[level] for level in used.tolist()]
    position = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    merged = np.array([position[text] for text in texts], dtype=np.int64)
    return merged[rows], [text.encode() for text in position]


def _cell_bytes(vector: Vector) -> NDArray[np.uint8]:
    """Canonical bytes of one column, shape (n, 1 + width)."""
    flag = vector.missing.astype(np.uint8)[:, None]
    words = np.where(vector.missing[:, None], 0, _words(vector))
    return np.hstack([flag, np.ascontiguousarray(words).view(np.uint8)])


def _words(vector: Vector) -> NDArray[np.uint64 | np.float64 | np.int64]:
    """The cells as 8-byte words, shape (n, 2) for labels and (n, 1) for numbers."""
    if vector.levels is not None:
        return _digests(level.encode() for level in vector.levels or ("",))[vector.values.astype(np.int64)]
    if vector.values.dtype == np.float64:
        return (vector.values.astype(np.float64) + 0.0).reshape(-1, 1)
    return vector.values.astype(np.int64).reshape(-1, 1)


def _digests(items: Iterable[bytes | memoryview]) -> Digests:
    joined = b"".join(hashlib.blake2b(item, digest_size=DIGEST_BYTES).digest() for item in items)
    return np.frombuffer(joined, dtype="<u8").reshape(-1, 2)
