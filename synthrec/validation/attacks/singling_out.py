"""Singling out: do questions read off synthetic rows fit exactly one real person, of train more than others?

After Giomi and others (2023, Anonymeter, arXiv:2211.10459, section 4.1): an attacker who sees a value, or up
to four of them, that only one synthetic row has, claims that exactly one person has them as well. The claim
is held against the persons of train and holdout together. If nothing leaks, whoever is singled out is of
train with the share of train, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks.excess import Try, evidence
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.queries import Cells, Queries, coded, multivariate, some, univariate
from synthrec.validation.attacks.suspects import Sides
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.exhibits import Listing
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk
from synthrec.validation.sample import RowSample

ROWS = 5_000
"""Rows at most: of each side, and synthetic ones."""

ASKED = 4_000
"""Queries that are made at a time, of which those count that isolate a synthetic row."""

ROUNDS = 10
"""As often are queries of several values made at most, until there are enough valid ones."""

VALID = 2_000
"""So many valid queries of several values are asked for. Where values are too coarse for so many, the few
there are stand against this number: who asks finds few to single out."""

_METHOD = (
    f"(a - b n / k) / q: the q valid queries of both kinds (isolating a row; q >= {VALID:,}) single out a "
    "of n training persons and b of k of the holdout, each counted once; 99 % limits by MOVER (Zou and "
    f"Donner 2008) from exact Poisson limits (Garwood 1936); at most {ROWS:,} rows of each side and synthetic"
)


class SinglingOut:
    """Queries of one value, and of up to four."""

    check = "P5"
    title = "Do values that isolate a synthetic row single out training persons more than persons never seen?"

    def __init__(self, real: RealData) -> None:
        self._sides = Sides.of(real, ROWS)
        self._sample = RowSample(real.name, ROWS)

    def add(self, records: Records) -> None:
        """Sample the rows of a chunk."""
        self._sample.add(records)

    def result(self) -> CheckResult:
        """Excess of training persons singled out per query, and evidence over both kinds of queries."""
        reason = self._inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        real, synthetic = coded(self._sides.rows, self._sample.table)
        made = [(name, queries) for name, queries in self._queries(synthetic) if len(queries)]
        singled = [queries.singled_out(real, self._sides.persons) for _, queries in made]
        asked = [
            (name, persons_hit(found, self._sides.member), len(found))
            for (name, _), found in zip(made, singled, strict=True)
        ]
        if not asked:
            return CheckResult(self.check, self.title, (), not_applicable=NothingAtRisk.ISOLATED)
        return CheckResult(
            self.check,
            self.title,
            (_excess(np.concatenate(singled), self._sides.member),),
            bound="excess",
            p_value=evidence([Try(name, hits) for name, hits, _ in asked]),
            exhibits=(_listing(asked),),
        )

    def _inapplicable(self) -> str | None:
        member = self._sides.member
        if not self._sample.seen:
            return "there are no synthetic rows"
        if not member.any():
            return "there are no training rows"
        return "there are no holdout rows" if member.all() else None

    def _queries(self, cells: Cells) -> Iterator[tuple[str, Queries]]:
        """Both kinds, those only that isolate one synthetic row."""
        ordered = ordered_columns(self._sides.rows)
        rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
        yield "one value", isolating(some(univariate(cells, ordered), ASKED, rng), cells)
        found = isolating(multivariate(cells, ordered, ASKED, rng), cells)
        for _ in range(ROUNDS - 1):
            if len(found) >= VALID:
                break
            more = isolating(multivariate(cells, ordered, ASKED, rng), cells)
            found = Queries.joined([found, more])
        yield "up to four values", found


def isolating(queries: Queries, cells: Cells) -> Queries:
    """Those queries that fit exactly one row."""
    return queries.take(queries.singled_out(cells, np.arange(cells.shape[1])) >= 0)


def persons_hit(singled: IntArray, member: BoolArray) -> Hits:
    """Persons of both sides, and those of them who are singled out by some query."""
    persons = np.unique(singled[singled >= 0])
    train = int(member[persons].sum())
    return Hits(train, len(persons) - train, int(member.sum()), int((~member).sum()))


def ordered_columns(table: Table) -> BoolArray:
    """Which modelled columns are of numbers, so that ranges make sense."""
    return np.array([table.spec.columns[name].is_numeric for name in table.spec.modelled], dtype=bool)


def _excess(singled: IntArray, member: BoolArray) -> Measure:
    """Per valid query of either kind."""
    estimate = persons_hit(singled, member).excess_hits().times(1 / max(VALID, len(singled)))
    return Measure("excess", estimate.value, estimate.low, estimate.high, len(singled), 0.0, _METHOD)


def _listing(asked: list[tuple[str, Hits, int]]) -> Listing:
    rows = tuple((name, count, hits.train_hits, hits.holdout_hits) for name, hits, count in asked)
    return Listing(
        "Singling out",
        "Queries that isolate a synthetic row, and the real persons that they single out.",
        ("query", "valid queries", "training persons", "holdout persons"),
        rows,
    )
