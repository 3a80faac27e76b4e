"""The rows under their parents: how many, in which order, and which belong to which root."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np

from synthrec.rules.amounts import impossible
from synthrec.rules.rows import Maker, Rows
from synthrec.schema.vector import IntArray, Vector


@dataclass(frozen=True)
class Count:
    """How many rows each parent has, and the most it may have."""

    maker: Maker
    most: int


def under(parent: Rows, table: str, count: Count, rng: np.random.Generator) -> Rows:
    """The rows of a child table, with nothing made yet.

    Raises:
        SchemaError: a count is missing, negative or above the limit.
    """
    counts = count.maker.draw(parent, rng)
    wrong = counts.missing | np.less(counts.values, 0) | np.greater(counts.values, count.most)
    if bad := int(wrong.sum()):
        found = f"{bad} of {parent.count} parents with a count outside 0 to {count.most}"
        raise impossible(f"tables.{table}.generate.count", found, "use clip(), or raise max_rows_per_person")
    parent_rows = np.repeat(np.arange(parent.count), counts.values.astype(np.int64))
    return Rows(table, len(parent_rows), parent.params, parent, parent_rows, run=parent.run)


def sort_within_parents(rows: Rows, by: str) -> None:
    """Order the rows of each parent by a column; equal values keep their order, missing ones come first."""
    key = rows.made[by]
    groups: IntArray = np.zeros(rows.count, np.int64) if rows.parent_rows is None else rows.parent_rows
    order = np.lexsort((key.values, ~key.missing, groups))
    rows.made = {name: vector.take(order) for name, vector in rows.made.items()}


def root_of(rows: Rows) -> IntArray:
    """Position of each row's root in the block, ascending."""
    if rows.parent is None or rows.parent_rows is None:
        return np.arange(rows.count)
    return root_of(rows.parent)[rows.parent_rows]


def compacted(vector: Vector) -> Vector:
    """Labels with only those levels that occur, in the order of the levels."""
    if vector.levels is None:
        return vector
    used = np.zeros(len(vector.levels), dtype=bool)
    used[vector.values[~vector.missing]] = True
    if used.all():
        return vector
    position = np.cumsum(used, dtype=np.int32) - 1
    codes = np.where(vector.missing, 0, position[vector.values]) if len(used) else vector.values
    levels = tuple(compress(vector.levels, used))
    return Vector(codes.astype(np.int32), vector.missing, levels)
