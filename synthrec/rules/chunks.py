"""Cut blocks of root entities into chunks of bounded size, a root and its descendants never apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from synthrec.data.table import Records, Table, to_arrow
from synthrec.rules.children import compacted
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import IntArray, Vector

Piece = Mapping[str, Mapping[str, Vector]]
"""Consecutive rows of all tables: the columns of each by name."""


@dataclass(frozen=True, eq=False)
class Block:
    """All tables of one block of roots."""

    specs: Mapping[str, TableSpec]
    vectors: Mapping[str, Mapping[str, Vector]]
    ends: Mapping[str, IntArray]
    """Per table the number of rows of the first 0, 1, 2, … roots; shape (roots + 1,)."""
    parents: Mapping[str, IntArray]
    """Per table but the root, the position of each row's parent."""

    def first(self, roots: int) -> Block:
        """The first `roots` roots with all their descendants."""
        rows = {name: slice(0, int(ends[roots])) for name, ends in self.ends.items()}
        return Block(
            specs=self.specs,
            vectors={
                name: {column: _part(vector, rows[name]) for column, vector in vectors.items()}
                for name, vectors in self.vectors.items()
            },
            ends={name: ends[: roots + 1] for name, ends in self.ends.items()},
            parents={name: above[rows[name]] for name, above in self.parents.items()},
        )

    def records(self, start: int, stop: int) -> Records:
        """The roots [start, stop) with all their descendants."""
        return assembled([self.piece(start, stop)], self.specs)

    def piece(self, start: int, stop: int) -> Piece:
        """The same, column by column."""
        return {name: self._columns(name, start, stop) for name in self.specs}

    def _columns(self, name: str, start: int, stop: int) -> dict[str, Vector]:
        rows = slice(int(self.ends[name][start]), int(self.ends[name][stop]))
        return {
            column: _cut(
                self.vectors[name][column], rows, content.domain is not None and bool(content.domain.labels)
            )
            for column, content in self.specs[name].columns.items()
        }

    def pieces(self, roots: int, limit: int) -> Iterator[Piece]:
        """The first `roots` roots, in pieces of at most `limit` rows per table, or of one root."""
        start = 0
        while start < roots:
            fitting = [
                int(np.searchsorted(ends, ends[start] + limit, side="right")) - 1
                for ends in self.ends.values()
            ]
            stop = max(start + 1, min(roots, *fitting))
            yield self.piece(start, stop)
            start = stop


def _cut(vector: Vector, rows: slice, listed: bool) -> Vector:  # noqa: FBT001
    part = _part(vector, rows)
    return part if listed else compacted(part)


def _part(vector: Vector, rows: slice) -> Vector:
    return Vector(vector.values[rows], vector.missing[rows], vector.levels)


def joined(pieces: Iterable[Piece], specs: Mapping[str, TableSpec], limit: int) -> Iterator[Records]:
    """The records of consecutive pieces, as many of them together as keep every table within `limit` rows."""
    waiting: list[Piece] = []
    for piece in pieces:
        if waiting and _largest([*waiting, piece]) > limit:
            yield assembled(waiting, specs)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield assembled(waiting, specs)


def _largest(pieces: list[Piece]) -> int:
    return max(sum(len(next(iter(piece[name].values()))) for piece in pieces) for name in pieces[0])


def assembled(pieces: list[Piece], specs: Mapping[str, TableSpec]) -> Records:
    """The tables of consecutive pieces, all rows of a column in one array."""
    return {name: _table(name, spec, [piece[name] for piece in pieces]) for name, spec in specs.items()}


def _table(name: str, spec: TableSpec, parts: list[Mapping[str, Vector]]) -> Table:
    arrays = [_array([part[name] for part in parts], column) for name, column in spec.columns.items()]
    return Table(name, spec, pa.table(arrays, names=list(spec.columns)))


def _array(parts: list[Vector], column: Column) -> pa.Array:
    """The values of all parts; labels in the order in which the parts have them."""
    levels = parts[0].levels
    if any(part.levels != levels for part in parts):
        arrays = pa.chunked_array([to_arrow(part, column) for part in parts])
        return arrays.unify_dictionaries().combine_chunks()
    values, missing = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "missing")
    )
    return to_arrow(Vector(values, missing, levels), column)
