"""Makers of a flag or value that an exact number of a run's rows has, by stratum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, evaluate, impossible
from synthrec.rules.categories import Sampler, sampler
from synthrec.rules.children import root_of
from synthrec.rules.choices import Combinations
from synthrec.rules.quotas import Census, Cut, KeyQuota, Quota, RateQuota, chosen, exponential_keys, members
from synthrec.rules.rows import Rows
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.prevalence_spec import Prevalence, Stratum
from synthrec.schema.scalars import constants
from synthrec.schema.vector import BoolArray, IntArray, Vector

Cuts = Mapping[str, Sequence[Cut | None]]
"""By a maker's place in the schema: the cut of each stratum with a count."""


@dataclass(frozen=True)
class Size:
    """How many rows of one stratum."""

    kind: Literal["rate", "count"]
    amount: Amount

    def number(self, params: Rows, where: str) -> Fraction:
        """The rate or count, given the params.

        Raises:
            SchemaError: it is missing, negative, above 1 as a rate or no whole number as a count.
        """
        number = Fraction(repr(float(self.amount.present(params, where)[0])))
        if number < 0 or (number > 1 if self.kind == "rate" else number.denominator > 1):
            wanted = "a rate from 0 to 1" if self.kind == "rate" else "a whole number of at least 0"
            raise impossible(where, f"a {self.kind} of {float(number):g}", f"give {wanted}")
        return number


@dataclass(frozen=True, eq=False)
class PrevalenceMaker:
    """The value in exactly so many eligible rows of each stratum; others by weight elsewhere."""

    values: Vector
    """The others, then the value itself."""
    others: Sampler
    sizes: tuple[Size, ...]
    """Of each stratum."""
    combinations: Combinations | None
    """The stratum of each combination of labels; None where there is a single stratum."""
    condition: Expression | None
    weight: Amount
    where: str

    @classmethod
    def of(cls, make: Prevalence, target: Target) -> PrevalenceMaker:
        """From its spec."""
        sizes, combinations = _strata(make, target)
        return cls(
            values=constants([*make.others, make.value], target.column),
            others=sampler(np.array([float(weight) for weight in make.others.values()])),
            sizes=sizes,
            combinations=combinations,
            condition=None if make.where is None else compile_expression(make.where, target.names),
            weight=Amount.of(1.0 if make.weight is None else make.weight, target.names),
            where=target.where,
        )

    @property
    def names(self) -> frozenset[str]:
        """The columns of strata, condition and weight."""
        by = self.combinations.by if self.combinations else ()
        return self.weight.names.union(by, self.condition.names if self.condition else ())

    @property
    def counts(self) -> bool:
        """Whether some stratum has a count, which is drawn over the whole run."""
        return any(size.kind == "count" for size in self.sizes)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:
        """One uniform draw per row for its key, then one for what it has if it is not chosen."""
        strata, keys = self.keys(rows, rng)
        mask = chosen(strata, keys, rows.run.quotas[self.where])
        return self.values.take(np.where(mask, len(self.values) - 1, self.others.draw(rows.count, rng)))

    def keys(self, rows: Rows, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """The stratum of each row, -1 where it is not eligible, and its key."""
        weights = self.weight.present(rows, self.where)
        if bad := int((~(weights >= 0)).sum()):
            raise impossible(self.where, f"negative weights in {bad} rows", "use exp(x) or max(x, 0)")
        strata = self.combinations.rows(rows) if self.combinations else np.zeros(rows.count, np.int64)
        keys = exponential_keys(rng.random(rows.count), weights)
        return np.where(self._eligible(rows) & (weights > 0), strata, -1), keys

    def _eligible(self, rows: Rows) -> BoolArray:
        eligible = root_of(rows) < rows.run.wanted
        if self.condition is None:
            return eligible
        held = evaluate(self.condition, rows)
        return np.asarray(eligible & held.values.astype(bool) & ~held.missing)

    def quotas(self, params: Rows, cuts: Sequence[Cut | None] | None) -> tuple[Quota, ...]:
        """What each stratum takes in one pass over the run; `cuts` are those of the counts."""
        known = cuts or [None] * len(self.sizes)
        return tuple(
            RateQuota(size.number(params, self.where)) if cut is None else KeyQuota(cut.threshold, cut.ties)
            for size, cut in zip(self.sizes, known, strict=True)
        )

    def censuses(self, params: Rows) -> tuple[Census | None, ...]:
        """What finds the cut of each stratum with a count."""
        return tuple(
            Census(int(size.number(params, self.where))) if size.kind == "count" else None
            for size in self.sizes
        )

    def cuts(self, censuses: Sequence[Census | None]) -> tuple[Cut | None, ...]:
        """The cuts after a pass over the whole run.

        Raises:
            SchemaError: more rows are asked for than are eligible.
        """
        for census in censuses:
            if census is not None and census.k > census.eligible:
                raise impossible(
                    self.where,
                    f"a count of {census.k} with {census.eligible} eligible rows",
                    "ask for fewer, make more rows, or widen where, weight or the stratum",
                )
        return tuple(None if census is None else census.cut() for census in censuses)


def counted(strata: IntArray, keys: FloatArray, censuses: Sequence[Census | None]) -> None:
    """Add a block's keys to the census of each stratum."""
    for rows, census in zip(members(strata, len(censuses)), censuses, strict=True):
        if census is not None:
            census.add(keys[rows])


def _strata(make: Prevalence, target: Target) -> tuple[tuple[Size, ...], Combinations | None]:
    """One stratum per row of the spec, and one per combination of labels that no row names."""
    named = [_size(part, target) for part in make.rows]
    if not make.by:
        return (_size(make, target),), None
    combinations = Combinations.of(make, target, -1)
    known = combinations.cells[tuple(slice(size - 1) for size in combinations.cells.shape)]
    unnamed = int((known < 0).sum())
    known[known < 0] = np.arange(len(named), len(named) + unnamed)
    return (*named, *([_size(make, target)] * unnamed if unnamed else ())), combinations


def _size(part: Prevalence | Stratum, target: Target) -> Size:
    if part.count is not None:
        return Size("count", Amount.of(part.count, target.names))
    assert part.rate is not None  # noqa: S101  (a spec gives one of the two)
    return Size("rate", Amount.of(part.rate, target.names))
