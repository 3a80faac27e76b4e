"""The records of a fitted density by their number, read onwards: what fills the rows of a rule schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from synthrec.data.table import Table
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

        Raises:
            PolicyRefusedError: hardly any drawn row satisfies the constraints of the model's table.
        """
        if start < self._first:
            self._restart()
        parts = [self._held.slice(0, 0)]
        while start < stop:
            self._advance(start)
            part = self._held.slice(start - self._first, stop - start)
            start += len(part)
            parts.append(part)
        records = Table.concat(parts)
        return {name: records.vector(name) for name in self._sampler.codec.columns}

    def _restart(self) -> None:
        self._drawn: Iterator[Drawn] = self._sampler.stream(
            sys.maxsize, streams=self._streams, chunk_rows=BLOCK
        )
        self._first, self._held = 0, next(self._drawn).table

    def _advance(self, to: int) -> None:
        """Read on until the held records contain number `to`."""
        while to >= self._first + len(self._held):
            self._first += len(self._held)
            self._held = next(self._drawn).table
