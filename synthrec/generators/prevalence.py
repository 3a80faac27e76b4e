"""Records of which an exact number satisfies a condition: two conditional draws, laid out in a random order.

Nothing is rejected: the ones are drawn given the condition, the others given its contrary, where a condition
that is unknown of a record counts as not satisfied. Keys are minted by the final place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from synthrec.data.table import Table
from synthrec.errors import PolicyRefusedError
from synthrec.generators.sampler import Drawn, LearnedSampler
from synthrec.rng import Streams


@dataclass(frozen=True)
class Prevalence:
    """How many records shall satisfy a condition."""

    where: str
    count: int

    @property
    def contrary(self) -> str:
        """The condition that the others satisfy."""
        return f"isnull({self.where}) or not ({self.where})"


@dataclass(eq=False)
class _Feed:
    """Drawn records in the order of the draw, taken by number."""

    drawn: Iterator[Drawn]
    where: str
    held: list[Table] = field(default_factory=list)
    rows: int = 0
    proposed: int = 0

    def take(self, rows: int) -> list[Table]:
        """The next records, in one table or none.

        Raises:
            PolicyRefusedError: the condition is too rare under the model.
        """
        while self.rows < rows:
            part = next(self.drawn, None)
            if part is None:
                raise PolicyRefusedError(
                    f"the model draws too few records with {self.where} for this prevalence; ask for fewer, "
                    "or fit on records that have more"
                )
            self.held.append(part.table)
            self.rows, self.proposed = self.rows + len(part.table), self.proposed + part.proposed
        if not rows:
            return []
        table = Table.concat(self.held)
        self.held, self.rows = [table.slice(rows)], self.rows - rows
        return [table.slice(0, rows)]


def stream(
    sampler: LearnedSampler, rows: int, prevalence: Prevalence, *, streams: Streams, chunk_rows: int
) -> Iterator[Drawn]:
    """`rows` records, exactly `prevalence.count` of which satisfy its condition.

    Raises:
        PolicyRefusedError: the model draws too few of either kind; what was drawn before is no release.
        ConfigError: no value of some column satisfies its part of the condition.
    """
    satisfying = np.zeros(rows, dtype=bool)
    satisfying[streams.sampling("prevalence:places").permutation(rows)[: prevalence.count]] = True
    conditions = (prevalence.where, prevalence.contrary)
    sizes = (prevalence.count, rows - prevalence.count)
    feeds = [
        _Feed(sampler.stream(size, streams=_apart(streams, part), where=where, chunk_rows=chunk_rows), where)
        for part, (where, size) in enumerate(zip(conditions, sizes, strict=True))
    ]
    for start in range(0, rows, chunk_rows):
        places = satisfying[start : start + chunk_rows]
        before = sum(feed.proposed for feed in feeds)
        ones, others = feeds[0].take(int(places.sum())), feeds[1].take(int((~places).sum()))
        order = np.argsort(np.argsort(~places, kind="stable"), kind="stable")
        table = Table.concat([*ones, *others]).take(order)
        yield Drawn(_keyed(sampler, table, start), sum(feed.proposed for feed in feeds) - before)


def _apart(streams: Streams, part: int) -> Streams:
    """Streams of one of the two draws."""
    return Streams(int(streams.sampling(f"prevalence:{part}").integers(2**63)))


def _keyed(sampler: LearnedSampler, table: Table, start: int) -> Table:
    """The table with keys minted by place."""
    data = table.data
    for column, mint in sampler.codec.mints.items():
        data = data.set_column(data.schema.get_field_index(column), column, mint.mint(start, len(table)))
    return Table(table.name, table.spec, data)
