"""A sample of the rows that pass by, the same whatever chunks they come in."""

from __future__ import annotations

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.errors import InternalError
from synthrec.validation.cells import AUDIT_SEED, KeyArray, mix


class RowSample:
    """Of all rows seen, the `most` whose hashed row numbers are smallest, in release order.

    Every set of `most` rows is as good as equally likely, as the hash knows nothing of the values.

    Attributes:
        seen: Rows seen so far.
    """

    def __init__(self, table: str, most: int) -> None:
        self._name, self._most = table, most
        self._kept: Table | None = None
        self._marks: KeyArray = np.zeros(0, dtype=np.uint64)
        self.seen = 0

    def add(self, records: Records) -> None:
        """Take in one chunk; rows arrive in release order."""
        chunk = records[self._name]
        numbers = np.arange(self.seen, self.seen + len(chunk), dtype=np.uint64)
        marks = np.concatenate([self._marks, mix(numbers ^ mix(np.array([AUDIT_SEED], np.uint64)))])
        self.seen += len(chunk)
        rows = np.sort(np.argsort(marks, kind="stable")[: self._most])
        old = int(np.searchsorted(rows, len(self._marks)))
        new = chunk.take(rows[old:] - len(self._marks))
        self._kept = new if self._kept is None else Table.concat([self._kept.take(rows[:old]), new])
        self._marks = marks[rows]

    @property
    def table(self) -> Table:
        """The sampled rows, in release order; at most as many as asked for.

        Raises:
            InternalError: no chunk has been added, not even an empty one.
        """
        if self._kept is None:
            raise InternalError(f"no chunk of table {self._name} was added to the sample")
        return self._kept
