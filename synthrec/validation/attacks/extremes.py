"""Real extremes: do the most extreme values of a column come out exactly more often if they are in train?

A bound that is read off the records, or a distribution clamped to them, brings back exactly the values by
which its few holders stand out. Only columns whose bounds nobody declared are at risk. An end at which many
share one value, such as nought hours, has nobody who stands out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.data.learn import MIN_PERSONS
from synthrec.data.table import Records, Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.attacks import strata
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.holders import FewHolders, learned_columns, named_keys, sides
from synthrec.validation.attacks.membership import smallest
from synthrec.validation.attacks.rare import without_sides
from synthrec.validation.attacks.strata import LEAK
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.cells import KeyArray
from synthrec.validation.exhibits import Listing
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk

FIRST = MIN_PERSONS - 1
"""Training persons at each end beyond what a learned bound may show: it comes from the eleventh."""
EXTREME = 0.025
"""Share of the persons at each end who are bounded, at least the former: with 2,000 on a side, 50 of each."""

_METHOD = (
    "a / n - b / k: of the n train and k holdout persons among the 2.5 % at each end of a column with "
    "learned bounds, a and b have there a value that fewer than 11 persons share and that comes out exactly; "
    "99 % limits by MOVER (Zou and Donner 2008) from Clopper-Pearson limits"
)


@dataclass(frozen=True, eq=False)
class Tier:
    """The persons within some rank of either end of any column, and their values there."""

    train: int
    holdout: int
    holders: FewHolders

    @property
    def hits(self) -> Hits:
        """All these persons, and those of them with such a value that came out."""
        found = self.holders.hits
        return Hits(found.train_hits, found.holdout_hits, self.train, self.holdout)


class Extremes:
    """The most extreme values of numbers and dates with learned bounds, at both ends."""

    check = "P12"
    title = (
        "Do extreme values of training persons come out exactly, more often than those of persons never seen?"
    )

    def __init__(self, real: RealData) -> None:
        self._table, self._train_rows, self._rows = real.name, len(real.train), 0
        self._persons = persons = Persons.of(real.train_persons, real.holdout_persons)
        self.columns = learned_numbers(real.train.spec)
        both = Table.concat([real.train, real.holdout])
        near = min(persons.count // 4, math.ceil(FIRST * persons.count / max(1, persons.train)))
        wide = max(near, math.ceil(EXTREME * persons.count))
        self._tiers = [_tier(both, self.columns, persons, most) for most in (near, wide)]

    def add(self, records: Records) -> None:
        """Mark the extreme values that occur in a chunk."""
        chunk = records[self._table]
        for keys, _ in named_keys(chunk, self.columns).values():
            for tier in self._tiers:
                tier.holders.mark(keys)
        self._rows += len(chunk)

    def result(self) -> CheckResult:
        """The excess share of extreme persons whose value comes out, and evidence on two tiers."""
        reason = self._inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        leak = min(1.0, LEAK * self._rows / self._train_rows)
        hits = self._tiers[-1].hits
        found = hits.excess_share()
        excess = Measure("excess", found.value, found.low, found.high, hits.unique, 0.0, _METHOD)
        p_value = smallest(strata.p_value(tier.holders.strata(leak)) for tier in self._tiers)
        exhibits = (_listing(self._tiers),)
        return CheckResult(
            self.check, self.title, (excess,), bound="excess", p_value=p_value, exhibits=exhibits
        )

    def _inapplicable(self) -> str | None:
        if not self.columns:
            return NothingAtRisk.LEARNED
        missing = without_sides(self._persons, self._rows)
        if missing is not None:
            return missing
        last = self._tiers[-1]
        if last.train == 0:
            return NothingAtRisk.COMMON
        return None if last.holdout else "no holdout person has an extreme value to compare with"


def learned_numbers(spec: TableSpec) -> tuple[str, ...]:
    """Columns of numbers, dates and datetimes whose bounds nobody declared."""
    return tuple(name for name in learned_columns(spec) if spec.columns[name].is_numeric)


def extreme_rows(values: NDArray[np.generic], persons: IntArray, most: int) -> BoolArray:
    """The rows of the `most` lowest and highest persons, ties included, shape (n,).

    An end at which ties bring in more than twice as many has only what is beyond the tied value.

    Args:
        values: Model numbers, none missing, shape (n,).
        persons: Whose rows they are, shape (n,).
        most: Persons at each end.
    """
    ranks = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return np.asarray(_low(ranks, persons, most) | _low(-ranks, persons, most))


def _low(ranks: IntArray, persons: IntArray, most: int) -> BoolArray:
    """The rows of the `most` lowest persons, ties included unless these are more than as many again."""
    if most == 0 or len(ranks) == 0:
        return np.zeros(len(ranks), dtype=bool)
    order = np.argsort(ranks, kind="stable")
    first = np.sort(np.unique(persons[order], return_index=True)[1])
    last = ranks[order[first[min(most, len(first)) - 1]]]
    within = np.asarray(ranks <= last)
    if len(np.unique(persons[within])) <= 2 * most:
        return within
    return np.asarray(ranks < last)


def _tier(both: Table, columns: tuple[str, ...], persons: Persons, most: int) -> Tier:
    keys: list[KeyArray] = [np.zeros(0, dtype=np.uint64)]
    owners: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for name, (cells, rows) in named_keys(both, columns).items():
        mine = persons.of_row[rows]
        extreme = extreme_rows(both.vector(name).values[rows], mine, most)
        keys.append(cells[extreme])
        owners.append(mine[extreme])
    everyone = np.concatenate(owners)
    return Tier(*sides(everyone, persons), FewHolders(np.concatenate(keys), everyone, persons))


def _listing(tiers: list[Tier]) -> Listing:
    names = (f"the {FIRST} most extreme training persons at an end", "the 2.5 % most extreme at an end")
    rows = tuple(
        (name, hits.train, hits.train_hits, hits.holdout, hits.holdout_hits)
        for name, hits in zip(names, (tier.hits for tier in tiers), strict=True)
    )
    text = "Persons with an extreme value in some column, and those of them whose value comes out exactly."
    return Listing("Real extremes", text, ("who", "train", "come out", "holdout", "come out"), rows)
