"""Values that few persons hold: which of these persons turn up in the synthetic records.

Whether a person is hit depends on the real records of both sides together and on the synthetic ones, not on
which side the person was put. So if nothing leaks, those hit are a random part of all who hold such values,
whether or not they share them, and the exchangeability test over strata applies; the strata are the numbers
of holders, as a value of one person points at this person, and one of ten persons at none of them for sure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from synthrec.data.learn import MIN_PERSONS
from synthrec.data.table import Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.strata import Stratum
from synthrec.validation.attacks.uniques import KeyIndex, Persons
from synthrec.validation.cells import KeyArray, column_keys, text_key

_LEVELS = 4
"""Strata: one holder, 2 to 3, 4 to 7, 8 and more."""


class FewHolders:
    """Keys that fewer than eleven persons hold, and whether they have been seen."""

    def __init__(self, keys: KeyArray, owners: IntArray, persons: Persons) -> None:
        """Keep the keys of few; each person enters with the keys of the fewest holders.

        Args:
            keys: Keys that persons hold, repeated or not, uint64 of shape (n,).
            owners: The person who holds each, shape (n,).
            persons: The persons of both sides.
        """
        keys, owners = _distinct(keys, owners)
        holders = _holders(keys)
        few = holders < MIN_PERSONS
        keys, owners, level = keys[few], owners[few], np.log2(holders[few]).astype(np.int64)
        lowest = np.full(persons.count, _LEVELS)
        np.minimum.at(lowest, owners, level)
        kept = level == lowest[owners]
        self._keys, self._places = np.unique(keys[kept], return_inverse=True)
        self._owners, self._level, self._persons = owners[kept], level[kept], persons
        self._index, self._seen = KeyIndex(self._keys), np.zeros(len(self._keys), dtype=bool)

    def mark(self, keys: KeyArray) -> None:
        """Mark the keys that occur among those of synthetic rows."""
        self._seen[self._index.find(keys)[1]] = True

    @property
    def hits(self) -> Hits:
        """All who hold such keys, and those of them with a key that was seen."""
        return self._hits(np.ones(len(self._owners), dtype=bool))

    def strata(self, leak: float) -> tuple[Stratum, ...]:
        """The persons by the fewest holders of a value of theirs.

        Args:
            leak: Probability with which each training row leaks, by which the strata are weighed.
        """
        return tuple(
            Stratum(self._hits(self._level == level), 1 - (1 - leak) ** 2**level) for level in range(_LEVELS)
        )

    def _hits(self, pairs: np.ndarray) -> Hits:
        everyone, found = self._owners[pairs], self._owners[pairs & self._seen[self._places]]
        return Hits(*sides(found, self._persons), *sides(everyone, self._persons))


def sides(owners: IntArray, persons: Persons) -> tuple[int, int]:
    """Distinct persons of train and of the holdout."""
    distinct = np.unique(owners)
    train = int(np.count_nonzero(distinct < persons.train))
    return train, len(distinct) - train


def named_keys(table: Table, columns: Iterable[str]) -> Mapping[str, tuple[KeyArray, IntArray]]:
    """Of each column the keys of its present cells and their rows; equal values of two columns differ."""
    found = {}
    for name in columns:
        vector = table.vector(name)
        rows = np.flatnonzero(~vector.missing)
        salt = np.uint64(text_key(name))
        found[name] = (column_keys(vector, table.spec.columns[name], salt)[rows], rows)
    return found


def learned_columns(spec: TableSpec) -> tuple[str, ...]:
    """Modelled columns whose values nobody declared, so that they can only come from records.

    A boolean has nothing to learn; a domain found under differential privacy is not learned from anyone.
    """
    columns = {name: spec.columns[name] for name in spec.modelled}
    return tuple(
        name
        for name, column in columns.items()
        if column.kind != "boolean" and (column.domain is None or column.domain.source == "learned")
    )


def _distinct(keys: KeyArray, owners: IntArray) -> tuple[KeyArray, IntArray]:
    """Each pair of key and owner once, in order."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    return keys[first], owners[first]


def _holders(keys: KeyArray) -> IntArray:
    """How often each of some ascending keys is there, shape (n,)."""
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[place], dtype=np.int64)
