"""From a fitted density to records: draw, decode, keep the rows that satisfy constraints and condition.

A row-wise density does not know cross-column constraints; rows that break one are left out and the draw goes
on. So the records are the density conditioned on its constraints, the k-th record depends on seed and k
alone, and the share that had to be redrawn is counted and told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthrec.codec.base import Codes
from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import PolicyRefusedError
from synthrec.generators.base import Evidence, Fitted
from synthrec.rng import BLOCK, Streams
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray

LOWEST_YIELD = 0.02
"""Below this share of rows that satisfy the constraints, the draw is given up."""


@dataclass(frozen=True)
class Drawn:
    """A chunk of records and how many rows were drawn to reach it."""

    table: Table
    proposed: int


@dataclass(frozen=True)
class LearnedSampler:
    """Records of one table from a fitted density."""

    spec: TableSpec
    codec: Codec
    fitted: Fitted

    def stream(
        self, rows: int, *, streams: Streams, where: str | None = None, chunk_rows: int = BLOCK
    ) -> Iterator[Drawn]:
        """The first `rows` records of a seed, in chunks; fewer where a rare condition runs out of proposals.

        Raises:
            PolicyRefusedError: hardly any drawn row satisfies the table's constraints.
        """
        reached = proposed = start = 0
        keep = self._filters(where)
        for codes in self._codes(where, streams, chunk_rows):
            table = self.codec.decode(codes, start, streams)
            start += len(codes)
            chosen = np.flatnonzero(_satisfied(table, keep))[: rows - reached]
            complete = reached + len(chosen) == rows
            used = int(chosen[-1]) + 1 if complete and len(chosen) else len(codes)
            reached, proposed = reached + len(chosen), proposed + used
            yield Drawn(table.take(chosen) if len(chosen) < len(table) else table, used)
            if complete:
                return
            self._check_yield(reached, proposed, where)

    def _codes(self, where: str | None, streams: Streams, chunk_rows: int) -> Iterator[Codes]:
        if where is None:
            start = 0
            while True:
                yield self.fitted.sample(start, start + chunk_rows, streams=streams)
                start += chunk_rows
        allowed, _ = self.codec.evidence(where)
        yield from self.fitted.sample_where(Evidence(allowed), streams=streams)

    @cached_property
    def _constraints(self) -> tuple[Expression, ...]:
        rules = (rule for rule in self.spec.constraints if rule.severity == "error")
        return tuple(compile_expression(rule.expr, self.spec.columns) for rule in rules)

    def _filters(self, where: str | None) -> tuple[tuple[Expression, bool], ...]:
        """Expressions with what null counts as: a constraint is kept by null, a condition is not."""
        constraints = tuple((rule, True) for rule in self._constraints)
        return constraints if where is None else (*constraints, (self.codec.evidence(where)[1], False))

    def _check_yield(self, reached: int, proposed: int, where: str | None) -> None:
        if where is None and proposed >= BLOCK and reached < LOWEST_YIELD * proposed:
            names = ", ".join(rule.name for rule in self.spec.constraints if rule.severity == "error")
            raise PolicyRefusedError(
                f"fewer than {LOWEST_YIELD:.0%} of the drawn rows satisfy the constraints ({names}); the "
                "model does not know them: remove derived columns from it or choose another generator"
            )


def _satisfied(table: Table, filters: tuple[tuple[Expression, bool], ...]) -> BoolArray:
    """Rows of the table that every filter keeps, shape (n,)."""
    kept = np.ones(len(table), dtype=bool)
    for expression, null_keeps in filters:
        result = table.evaluate(expression)
        kept &= np.where(result.missing, null_keeps, result.values.astype(bool))
    return kept
