"""Cut blocks of root entities into chunks of bounded size, a root and its descendants never apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.rules.children import compacted
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray, Vector


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
        return {name: self._table(name, start, stop) for name in self.specs}

    def _table(self, name: str, start: int, stop: int) -> Table:
        rows = slice(int(self.ends[name][start]), int(self.ends[name][stop]))
        cut = {
            column: _cut(
                self.vectors[name][column], rows, content.domain is not None and bool(content.domain.labels)
            )
            for column, content in self.specs[name].columns.items()
        }
        return Table.from_vectors(name, self.specs[name], cut)

    def pieces(self, roots: int, limit: int) -> Iterator[Records]:
        """The first `roots` roots, in pieces of at most `limit` rows per table, or of one root."""
        start = 0
        while start < roots:
            fitting = [
                int(np.searchsorted(ends, ends[start] + limit, side="right")) - 1
                for ends in self.ends.values()
            ]
            stop = max(start + 1, min(roots, *fitting))
            yield self.records(start, stop)
            start = stop


def _cut(vector: Vector, rows: slice, listed: bool) -> Vector:  # noqa: FBT001
    part = _part(vector, rows)
    return part if listed else compacted(part)


def _part(vector: Vector, rows: slice) -> Vector:
    return Vector(vector.values[rows], vector.missing[rows], vector.levels)


def joined(pieces: Iterable[Records], limit: int) -> Iterator[Records]:
    """Consecutive pieces put together while every table has at most `limit` rows."""
    waiting: list[Records] = []
    for piece in pieces:
        if waiting and _largest([*waiting, piece]) > limit:
            yield _concat(waiting)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield _concat(waiting)


def _largest(pieces: list[Records]) -> int:
    return max(sum(len(piece[name]) for piece in pieces) for name in pieces[0])


def _concat(pieces: list[Records]) -> Records:
    return (
        pieces[0]
        if len(pieces) == 1
        else {name: Table.concat([piece[name] for piece in pieces]) for name in pieces[0]}
    )
