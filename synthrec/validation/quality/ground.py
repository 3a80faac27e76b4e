"""What every measure of quality stands on: synthetic and training rows, equally many, against the holdout.

The holdout is the reference of both, so that the training rows show what other real rows reach: the floor. A
maker that repeats its training rows reaches the floor and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from synthrec.data.persons import person_column, person_ids
from synthrec.data.table import Records, Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.binning import BinArray, Binning
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.exhibits import Exhibit
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.sample import RowSample

MOST = 10_000
"""Most rows of each kind that are looked at."""

SAMPLED = f"; at most {MOST:,} rows of each kind, as many synthetic as training rows"
"""What the method of every measure says of its rows."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of one kind, and whose they are."""

    table: Table
    persons: IntArray
    """Dense person numbers, shape (n,)."""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.table)

    @cached_property
    def vectors(self) -> dict[str, Vector]:
        """The modelled columns by name."""
        return {name: self.table.vector(name) for name in self.table.spec.modelled}

    def take(self, rows: IntArray) -> Rows:
        """The rows at the given positions."""
        persons = np.unique(self.persons[rows], return_inverse=True)[1]
        return Rows(self.table.take(rows), persons)

    def some(self, most: int, number: int = 0) -> Rows:
        """At most so many of the rows, chosen at random, in their order; another choice per number."""
        if len(self) <= most:
            return self
        return self.take(np.sort(fixed_rng(number).choice(len(self), most, replace=False)))


@dataclass(frozen=True, eq=False)
class Sides:
    """Synthetic and training rows, equally many, and the holdout that both are compared with."""

    synthetic: Rows
    train: Rows
    holdout: Rows

    @property
    def spec(self) -> TableSpec:
        """What the rows are."""
        return self.holdout.table.spec

    @cached_property
    def binning(self) -> Binning:
        """Bins fixed on the holdout, so that neither of the compared sides is favoured."""
        return Binning.learn(self.holdout.table)

    @cached_property
    def bins(self) -> tuple[BinArray, BinArray, BinArray]:
        """The bins of synthetic, training and holdout rows, each of shape (columns, n)."""
        synthetic, train, holdout = (
            self.binning.of(side.table) for side in (self.synthetic, self.train, self.holdout)
        )
        return synthetic, train, holdout


@dataclass(frozen=True)
class Answer:
    """What a question found."""

    measures: tuple[Measure, ...]
    bound: str
    """Name of the measure that a profile limits first."""
    exhibits: tuple[Exhibit, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question about quality, and how it is answered."""

    check: str
    """Id of the check."""
    title: str
    answer: Callable[[Sides], Answer | str]
    """The measures; or in words why there are none."""


class Ground:
    """The rows that all questions about one release share, sampled while the records pass by."""

    def __init__(self, real: RealData) -> None:
        self._real = real
        self._sample = RowSample(real.name, MOST)
        self._chunks = 0
        self._sides: Sides | None = None

    def add(self, number: int, records: Records) -> None:
        """Take in the chunk of that number, from 1; one that another check has shown is passed over."""
        if number > self._chunks:
            self._sample.add(records)
            self._chunks, self._sides = number, None

    def inapplicable(self) -> str | None:
        """Why nothing can be compared, in words."""
        if not self._chunks or not self._sample.seen:
            return "there are no synthetic rows"
        if not len(self._real.train):
            return "there are no training rows"
        if not len(self._real.holdout):
            return "there are no holdout rows"
        return None if self._real.train.spec.modelled else "the table has no modelled column"

    @property
    def sides(self) -> Sides:
        """The rows of all kinds."""
        if self._sides is None:
            synthetic = Rows(self._sample.table, synthetic_persons(self._sample.table))
            train = Rows(self._real.train, self._real.train_persons)
            holdout = Rows(self._real.holdout, self._real.holdout_persons)
            most = min(len(synthetic), len(train), MOST)
            self._sides = Sides(synthetic.some(most), train.some(most), holdout.some(MOST))
        return self._sides


class QualityCheck:
    """A question put to the rows of a ground."""

    def __init__(self, question: Question, ground: Ground) -> None:
        self.check, self.title = question.check, question.title
        self._answer, self._ground, self._chunks = question.answer, ground, 0

    def add(self, records: Records) -> None:
        """Keep some rows of a chunk."""
        self._chunks += 1
        self._ground.add(self._chunks, records)

    def result(self) -> CheckResult:
        """The figures of the synthetic rows, each beside that of the training rows."""
        with threadpool_limits(1, user_api="blas"):
            answer = self._ground.inapplicable() or self._answer(self._ground.sides)
        if isinstance(answer, str):
            return CheckResult(self.check, self.title, (), not_applicable=answer)
        return CheckResult(self.check, self.title, answer.measures, answer.bound, exhibits=answer.exhibits)


def synthetic_persons(table: Table) -> IntArray:
    """Dense person numbers of rows that may fail to say whose they are: such a row is a person of its own."""
    column = person_column(table.spec)
    if column is None or not table.vector(column).missing.any():
        return person_ids(table)
    named = ~table.vector(column).missing
    persons = np.empty(len(table), dtype=np.int64)
    persons[named] = person_ids(table.take(named)) if named.any() else 0
    first = int(persons[named].max()) + 1 if named.any() else 0
    persons[~named] = first + np.arange(int((~named).sum()))
    return persons


def fixed_rng(number: int = 0) -> np.random.Generator:
    """A generator that is the same in every audit, so that nobody can choose a lucky one; one per number."""
    return np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED).jumped(number))
