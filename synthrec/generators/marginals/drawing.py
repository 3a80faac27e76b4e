"""Many draws from many small distributions: inversion of 32-bit uniforms through a guide table.

Indexed search (Chen and Asau 1974; Devroye 1986, section III.2.4): the upper bits of a uniform name a slot;
where the whole slot lies in one cell the table knows it, else the thresholds are searched. All comparisons
are of integers, so that a model draws the same rows on every machine, and a level of probability 0 is never
drawn. Probabilities are rounded to 2**-32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import IntArray

BITS = 32
_ONE = 1 << BITS
_TABLE_CELLS = 2**19
"""Largest number of slots of all rows together, about."""
_MOST_SLOT_BITS = 12

Uniforms = NDArray[np.uint32]


def uniforms(rng: np.random.Generator, size: int) -> Uniforms:
    """Integers uniform on [0, 2**32), shape (size,)."""
    return rng.integers(0, _ONE, size, dtype=np.uint32)


@dataclass(frozen=True, eq=False)
class Inversion:
    """R distributions over levels."""

    thresholds: IntArray
    """Row number * 2**32 + upper end of each cell * 2**32, increasing, shape (cells,)."""
    levels: IntArray
    """Level of each cell, int32 of shape (cells,)."""
    slots: NDArray[np.unsignedinteger]
    """Level of each slot, or `unknown` where it has several, shape (R * 2**slot_bits,)."""
    slot_bits: int

    @classmethod
    def of_rows(cls, shares: FloatArray) -> Inversion:
        """Each row a distribution over the levels 0, 1, …; rows of zeros must not be drawn from."""
        rows, levels = shares.shape
        upper = np.cumsum(shares, axis=1, dtype=np.float64)
        total = upper[:, -1:]
        upper /= np.where(total > 0, total, 1)
        upper[total[:, 0] <= 0] = 1
        return cls._of_cells(
            np.repeat(np.arange(rows), levels), upper.ravel(), np.tile(np.arange(levels), rows)
        )

    @classmethod
    def of_groups(cls, groups: IntArray, within: FloatArray) -> Inversion:
        """For each group, a distribution over its own levels; `within` need not be normalised."""
        order = np.argsort(groups, kind="stable")
        rows = groups[order]
        total = np.bincount(groups, weights=within)
        mass = within[order] / np.where(total > 0, total, 1)[rows]
        running = np.cumsum(mass)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        upper = running - np.repeat(running[starts] - mass[starts], np.diff(starts, append=len(rows)))
        upper[np.append(starts[1:], len(rows)) - 1] = 1
        return cls._of_cells(rows, upper, order)

    @classmethod
    def _of_cells(cls, rows: IntArray, upper: FloatArray, levels: IntArray) -> Inversion:
        ends = np.minimum(np.rint(upper * _ONE).astype(np.int64), _ONE)
        count = int(rows[-1]) + 1
        slot_bits = int(np.clip(np.log2(_TABLE_CELLS / count), 4, _MOST_SLOT_BITS))
        slots = _slots(rows, ends, levels, slot_bits)
        return cls((rows << BITS) + ends, levels.astype(np.int32), slots, slot_bits)

    @property
    def unknown(self) -> int:
        """What the table says of a slot that several cells share."""
        return int(np.iinfo(self.slots.dtype).max)

    def draw(self, rows: NDArray[np.int32], uniform: Uniforms) -> NDArray[np.int32]:
        """A level from the distribution of each row number, int32 of shape (n,)."""
        slot = (uniform >> np.uint32(BITS - self.slot_bits)).astype(np.int32)
        slot += rows << self.slot_bits
        drawn = self.slots.take(slot)
        open_ones = np.flatnonzero(drawn == self.unknown)
        levels: NDArray[np.int32] = drawn.astype(np.int32)
        if len(open_ones):
            key = (rows[open_ones].astype(np.int64) << BITS) + uniform[open_ones]
            levels[open_ones] = self.levels[np.searchsorted(self.thresholds, key, side="right")]
        return levels


def _slots(rows: IntArray, ends: IntArray, levels: IntArray, slot_bits: int) -> NDArray[np.unsignedinteger]:
    """The level of each slot: that of its first and its last uniform, where they agree."""
    count, width = int(rows[-1]) + 1, 1 << slot_bits
    shift = BITS - slot_bits
    first_cell = np.concatenate([[0], np.flatnonzero(np.diff(rows)) + 1])
    beginning = _cells_below(rows, -(-ends >> shift), (count, width)) + first_cell[:, None]
    ending = _cells_below(rows, ends >> shift, (count, width)) + first_cell[:, None]
    kind = _slot_type(int(levels.max()))
    known = levels[np.minimum(beginning, len(levels) - 1)].astype(kind)
    return np.where(beginning == ending, known, np.iinfo(kind).max).astype(kind).ravel()


def _cells_below(rows: IntArray, slot: IntArray, shape: tuple[int, int]) -> IntArray:
    """For each row and slot s, how many cells of the row have `slot` <= s."""
    inside = slot < shape[1]
    places = rows[inside] * shape[1] + slot[inside]
    counted = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
    return np.cumsum(counted, axis=1)


def _slot_type(top: int) -> type[np.unsignedinteger]:
    if top < np.iinfo(np.uint8).max:
        return np.uint8
    return np.uint16 if top < np.iinfo(np.uint16).max else np.uint32
