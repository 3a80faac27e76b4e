"""The records of a fitted density by their number, read onwards: what fills the rows of a rule schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from synthrec.errors import PolicyRefusedError
from synthrec.generators.sampler import Drawn, LearnedSampler
from synthrec.rng import BLOCK, Streams
from synthrec.schema.vector import Vector


class RecordReader:
    """Records of one seed by number; asking for earlier ones begins anew, and one block is held at a time."""

    def __init__(self, sampler: LearnedSampler, streams: Streams, most: int | None) -> None:
        """Of what `sampler` draws; `most` is how many records may be released, None where all may."""
        self._sampler = sampler
        self._streams = streams
        self._most = most
        self._restart()

    def allow(self, rows: int) -> None:
        """Refuse more records than may be released.

        Raises:
            PolicyRefusedError: they are too many.
        """
        if self._most is not None and rows > self._most:
            raise PolicyRefusedError(
                f"the approval of a model covers its first {self._most:,} rows, and {rows:,} are asked for; "
                "draw fewer, or fit it with more --release-rows or under a claim (--epsilon)"
            )

    def columns(self, start: int, stop: int) -> Mapping[str, Vector]:
        """The modelled columns of records [start, stop).

        Where only the first ones may be released, no other is ever drawn: beyond them they repeat, in a run
        that is longer than what is asked of it.

        Raises:
            PolicyRefusedError: hardly any drawn row satisfies the constraints of the model's table, or no
                record may be released at all.
        """
        if self._most is None or stop <= self._most:
            return self._read(start, stop)
        self.allow(min(stop - start, 1))
        if stop - start < self._most:
            parts = [self._read(first, last) for first, last in _wrapped(start, stop, self._most)]
            return {name: _joined([part[name] for part in parts]) for name in self._held}
        numbers = np.arange(start, stop) % self._most
        return {name: vector.take(numbers) for name, vector in self._read(0, self._most).items()}

    def _read(self, start: int, stop: int) -> dict[str, Vector]:
        if start < self._first:
            self._restart()
        parts = [self._cut(0, 0)]
        while start < stop:
            self._advance(start)
            first, last = start - self._first, min(stop - self._first, self._count)
            parts.append(self._cut(first, last))
            start += last - first
        return {name: _joined([part[name] for part in parts]) for name in self._held}

    def _cut(self, first: int, last: int) -> dict[str, Vector]:
        rows = slice(first, last)
        return {
            name: Vector(vector.values[rows], vector.missing[rows], vector.levels)
            for name, vector in self._held.items()
        }

    def _restart(self) -> None:
        self._drawn: Iterator[Drawn] = self._sampler.stream(
            sys.maxsize, streams=self._streams, chunk_rows=BLOCK
        )
        self._first = 0
        self._hold()

    def _advance(self, to: int) -> None:
        """Read on until the held records contain number `to`."""
        while to >= self._first + self._count:
            self._first += self._count
            self._hold()

    def _hold(self) -> None:
        table = next(self._drawn).table
        self._count = len(table)
        self._held = {name: table.vector(name) for name in self._sampler.codec.columns}


def _wrapped(start: int, stop: int, most: int) -> Iterator[tuple[int, int]]:
    """The numbers [start, stop) modulo `most`, fewer than it, as at most two ranges."""
    first, count = start % most, stop - start
    yield first, min(first + count, most)
    yield 0, max(first + count - most, 0)


def _joined(parts: Sequence[Vector]) -> Vector:
    """Vectors of one column, whose labels are always in the order of its codec."""
    values = np.concatenate([part.values for part in parts])
    return Vector(values, np.concatenate([part.missing for part in parts]), parts[0].levels)
