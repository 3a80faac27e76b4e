"""Who is alone with their values, and who of them turns up: keys of single persons, marked in chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.cells import KeyArray

KEPT_KEYS = 250_000
"""Unique keys kept per column set: the smallest ones, a random part of the persons whatever their side."""


@dataclass(frozen=True, eq=False)
class Persons:
    """The person of every real row, train before holdout, numbered 0..count-1 with train first."""

    of_row: IntArray
    train: int
    """Number of persons in train; smaller numbers are theirs."""
    count: int
    """Number of persons on both sides."""

    @classmethod
    def of(cls, train: IntArray, holdout: IntArray) -> Persons:
        """Number the persons of both sides on."""
        first = _count(train)
        return cls(np.concatenate([train, holdout + first]), first, first + _count(holdout))


def _count(persons: IntArray) -> int:
    return int(persons.max()) + 1 if len(persons) else 0


def others(keys: KeyArray, persons: Persons) -> IntArray:
    """How many other persons have each real row's key, int64 of shape (n,)."""
    order = np.lexsort((persons.of_row, keys))
    keys, owners = keys[order], persons.of_row[order]
    new_key = np.ones(len(keys), dtype=bool)
    new_key[1:] = keys[1:] != keys[:-1]
    new_owner = new_key.copy()
    new_owner[1:] |= owners[1:] != owners[:-1]
    starts = np.flatnonzero(new_key)
    found = np.empty(len(keys), dtype=np.int64)
    if len(starts):
        owners_per_key = np.add.reduceat(new_owner, starts, dtype=np.int64)
        found[order] = np.repeat(owners_per_key - 1, np.diff(np.append(starts, len(keys))))
    return found


class UniqueKeys:
    """Keys that one person each has, and whether they have been seen in the synthetic records."""

    def __init__(self, keys: KeyArray, rows: BoolArray, persons: Persons, kept: int = KEPT_KEYS) -> None:
        """Keep the keys of some real rows.

        Args:
            keys: One key per real row, uint64 of shape (n,), train before holdout.
            rows: The rows whose keys belong to one person each, bool of shape (n,).
            persons: The persons of the rows.
            kept: Most keys to keep.
        """
        self._keys, first = np.unique(keys[rows], return_index=True)
        self._keys = self._keys[:kept]
        self._owners = persons.of_row[rows][first][:kept].astype(np.int32)
        self._persons = persons
        self._seen = np.zeros(len(self._keys), dtype=bool)
        self.index = KeyIndex(self._keys)

    def mark(self, keys: KeyArray) -> IntArray:
        """Mark the keys that occur among those of synthetic rows; positions of the rows that have one."""
        rows, places = self.index.find(keys)
        self._seen[places] = True
        return rows

    def hits(self) -> Hits:
        """The persons, and those of them with a key that was seen."""
        train, holdout = self._split(self._owners)
        train_hits, holdout_hits = self._split(self._owners[self._seen])
        return Hits(train_hits, holdout_hits, train, holdout)

    def exposure(self, leak: float) -> float:
        """Probability that such a train person is exposed if each training row leaks with probability `leak`.

        The mean over these persons of 1 - (1 - leak)^k, where k is the number of keys of the person.
        """
        mine = self._owners[self._owners < self._persons.train]
        if len(mine) == 0:
            return 0.0
        keys = np.unique(mine, return_counts=True)[1]
        return float(np.mean(1 - (1 - leak) ** keys))

    def _split(self, owners: NDArray[np.int32]) -> tuple[int, int]:
        """Distinct owners in train and in holdout."""
        distinct = np.unique(owners)
        train = int(np.count_nonzero(distinct < self._persons.train))
        return train, len(distinct) - train


class KeyIndex:
    """Ascending distinct keys, found among many others: a slot per value of the top bits, taken or free."""

    def __init__(self, keys: KeyArray) -> None:
        bits = max(10, (4 * len(keys)).bit_length())
        self._keys, self._shift = keys, np.uint64(64 - bits)
        self._slots: BoolArray = np.zeros(1 << bits, dtype=bool)
        self._slots[keys >> self._shift] = True

    def find(self, keys: KeyArray) -> tuple[IntArray, IntArray]:
        """Positions of those given keys that are among the indexed ones, and where they are there."""
        rows = np.flatnonzero(self._slots[keys >> self._shift])
        places = np.minimum(np.searchsorted(self._keys, keys[rows]), len(self._keys) - 1)
        equal = self._keys[places] == keys[rows] if len(self._keys) else np.zeros(len(rows), dtype=bool)
        return rows[equal], places[equal]
