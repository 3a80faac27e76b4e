"""Keys, identifiers and free text: never modelled, made anew by row number, one new person per row.

Minted labels carry an obvious namespace (``SYN-patient_id-00000001``) and minted integers start at
900,000,000,001, so that neither can be taken for a real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from synthrec.data.table import arrow_type
from synthrec.schema.model import LABEL_KINDS, Column

FIRST_INTEGER = 900_000_000_001
DIGITS = 8


@dataclass(frozen=True)
class LabelMint:
    """``prefix`` and the zero-padded row number, counted from `start`."""

    prefix: str
    width: int = DIGITS
    start: int = 1

    def mint(self, start: int, rows: int) -> pa.Array:
        """Arrow dictionary array of the labels of rows [start, start + rows), all distinct."""
        numbers = np.arange(self.start + start, self.start + start + rows, dtype=np.int64)
        texts = _texts(self.prefix.encode(), numbers, self.width)
        return pa.DictionaryArray.from_arrays(pa.array(np.arange(rows, dtype=np.int32)), texts)


@dataclass(frozen=True)
class IntegerMint:
    """Integers counted from `start`."""

    start: int = FIRST_INTEGER

    def mint(self, start: int, rows: int) -> pa.Array:
        """Arrow int64 array of the numbers of rows [start, start + rows)."""
        return pa.array(np.arange(self.start + start, self.start + start + rows, dtype=np.int64))


@dataclass(frozen=True)
class MissingMint:
    """Nothing: the column is left missing."""

    column: Column

    def mint(self, start: int, rows: int) -> pa.Array:  # noqa: ARG002
        """Arrow array of nulls in the column's canonical type."""
        return pa.nulls(rows, arrow_type(self.column))


Mint = LabelMint | IntegerMint | MissingMint


def build_mint(name: str, column: Column) -> Mint:
    """How the values of a minted column are made.

    Raises:
        ValueError: the kind cannot be minted and the column may not be missing.
    """
    sequence = (column.generate or {}).get("sequence")
    listed = column.domain is not None and column.domain.values is not None
    if column.kind in LABEL_KINDS and not listed:
        return LabelMint(f"SYN-{name}-") if sequence is None else _label_mint(**sequence)
    if column.kind == "integer" and not listed:
        return IntegerMint() if sequence is None else IntegerMint(sequence.get("start", 1))
    if column.null.allowed:
        return MissingMint(column)
    raise ValueError(f"a {column.role} of kind {column.kind} cannot be made anew")


def _label_mint(prefix: str = "", width: int = 0, start: int = 1) -> LabelMint:
    """The mint of a `sequence:` spec, with the defaults of the rule engine."""
    return LabelMint(prefix, width, start)


def _texts(prefix: bytes, numbers: np.ndarray[Any, np.dtype[np.int64]], width: int) -> pa.Array:
    """Arrow strings of one prefix and zero-padded numbers, made without a Python string per row."""
    lengths = np.maximum(width, _digits(numbers)) + len(prefix)
    longest = int(lengths.max(initial=len(prefix)))
    cells = np.empty((len(numbers), longest), dtype=np.uint8)
    cells[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    rest = numbers
    for place in range(longest - 1, len(prefix) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        cells[:, place] = digit + ord("0")
    padding = longest - lengths
    if padding.any():
        places = np.arange(longest)
        cells = cells[(places < len(prefix)) | (places >= len(prefix) + padding[:, None])]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(cells.tobytes()))


def _digits(numbers: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Decimal digits of each positive number."""
    powers = 10 ** np.arange(1, 19, dtype=np.int64)
    return np.searchsorted(powers, numbers, side="right") + 1
