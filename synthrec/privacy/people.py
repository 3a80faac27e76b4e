"""Rows by person: the integer weights that let one person count once, and batches of whole persons."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

import numpy as np
from numpy.typing import NDArray

from synthrec.data.persons import person_ids
from synthrec.data.table import Table
from synthrec.errors import InternalError
from synthrec.schema.vector import IntArray

LEAST_SCALE = 2**12
"""Least units of one person: noise on so fine a lattice is charged as a Gaussian (see `gaussian_bound`)."""

LARGEST_SCALE = 2**24
"""Units of one person beyond which 1/n is rounded down instead of being exact."""

MOST_UNITS = 2**62
"""Sum of all weights that an int64 holds with room for the noise."""


def weight_scale(limit: int) -> int:
    """Units that make up one person: a multiple of lcm(1..K), so that 1/n is whole for every n <= K.

    At least LEAST_SCALE and at most LARGEST_SCALE, where 1/n is rounded down.
    """
    scale = 1
    for rows in range(2, limit + 1):
        scale = lcm(scale, rows)
        if scale > LARGEST_SCALE:
            return LARGEST_SCALE
    return scale * -(-LEAST_SCALE // scale)


@dataclass(frozen=True, eq=False)
class People:
    """The rows of P persons."""

    order: IntArray
    """Row numbers sorted by person, shape (n,)."""
    starts: IntArray
    """First place of each person in `order`, and n at the end, shape (P + 1,)."""
    limit: int
    """Most rows of a person."""

    @classmethod
    def of(cls, table: Table, limit: int) -> People:
        """The persons of a table.

        Raises:
            InternalError: someone has more rows than the plan's bound.
        """
        persons = person_ids(table) if len(table) else np.empty(0, dtype=np.int64)
        order = np.argsort(persons, kind="stable")
        starts = np.append(np.flatnonzero(np.diff(persons[order], prepend=-1)), len(table)).astype(np.int64)
        people = cls(order, starts, limit)
        if len(people) and people.sizes.max() > limit:
            raise InternalError(
                f"a person has more than {limit} rows; bound contributions before the curator"
            )
        if len(people) * weight_scale(limit) > MOST_UNITS:
            raise InternalError("too many persons for integer weights")
        return people

    def __len__(self) -> int:
        """Number of persons."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> IntArray:
        """Rows of each person, shape (P,)."""
        return np.diff(self.starts)

    def weights(self) -> IntArray:
        """Weight of each row in table order, shape (n,): a person has at most weight_scale(K) in all."""
        weights = np.empty(len(self.order), dtype=np.int64)
        weights[self.order] = np.repeat(weight_scale(self.limit) // self.sizes, self.sizes)
        return weights


@dataclass(frozen=True, eq=False)
class PersonRows:
    """Features of every row, kept by person."""

    people: People
    values: NDArray[np.float32]
    """Shape (n, d), in the order of `people.order`."""

    def batch(self, chosen: IntArray) -> NDArray[np.float32]:
        """Whole persons, padded: shape (B, K, d + 1).

        The last feature is the row's weight: 1/n for the n rows of a person, 0 for padding.

        Args:
            chosen: Numbers of B persons.
        """
        starts, sizes = self.people.starts[chosen], self.people.sizes[chosen]
        place = np.arange(self.people.limit)
        real = place < sizes[:, None]
        rows = np.where(real, starts[:, None] + place, 0)
        padded = np.zeros((*rows.shape, self.values.shape[1] + 1), dtype=np.float32)
        padded[real, :-1] = self.values[rows[real]]
        padded[..., -1] = real / np.maximum(sizes, 1)[:, None]
        return padded
