"""Rare categories: do categories that few persons have come out more often if these are in train?

A category of a declared or public domain says nothing by coming out. One that could only be learned from
records points at the few who have it; a learned domain names only what eleven persons share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synthrec.data.learn import MIN_PERSONS
from synthrec.data.table import Records, Table
from synthrec.schema.model import TableSpec
from synthrec.validation.attacks import strata
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.holders import FewHolders, learned_columns, named_keys
from synthrec.validation.attacks.strata import LEAK
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.exhibits import Listing
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk

_METHOD = (
    f"a / n - b / k: of all n train and k holdout persons, a and b have a category that fewer than "
    f"{MIN_PERSONS} persons of both sides share and that comes out, over the columns with learned categories;"
    " 99 % limits by MOVER (Zou and Donner 2008) from Clopper-Pearson limits"
)


class RareCategories:
    """Categories of learned domains that fewer than eleven persons have."""

    check = "P11"
    title = "Do categories that few persons have come out more often if these are training persons?"

    def __init__(self, real: RealData) -> None:
        self._table, self._train_rows = real.name, len(real.train)
        self._persons = Persons.of(real.train_persons, real.holdout_persons)
        self.columns = learned_labels(real.train.spec)
        held = named_keys(Table.concat([real.train, real.holdout]), self.columns)
        self._each = {
            name: FewHolders(keys, self._persons.of_row[rows], self._persons)
            for name, (keys, rows) in held.items()
        }
        empty = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
        keys, owners = map(np.concatenate, zip(empty, *held.values(), strict=True))
        self._all = FewHolders(keys, self._persons.of_row[owners], self._persons)
        self._rows = 0

    def add(self, records: Records) -> None:
        """Mark the rare categories that occur in a chunk."""
        chunk = records[self._table]
        for name, (keys, _) in named_keys(chunk, self.columns).items():
            self._each[name].mark(keys)
            self._all.mark(keys)
        self._rows += len(chunk)

    def result(self) -> CheckResult:
        """The share of training persons exposed beyond chance, and evidence over the numbers of holders."""
        reason = self._inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        leak = min(1.0, LEAK * self._rows / self._train_rows)
        return CheckResult(
            self.check,
            self.title,
            (self._excess(),),
            bound="excess",
            p_value=strata.p_value(self._all.strata(leak)),
            exhibits=(_listing(dict(self._by_column())),),
        )

    def _inapplicable(self) -> str | None:
        if not self.columns:
            return NothingAtRisk.LEARNED
        return without_sides(self._persons, self._rows)

    def _excess(self) -> Measure:
        hits, persons = self._all.hits, self._persons
        everyone = Hits(hits.train_hits, hits.holdout_hits, persons.train, persons.count - persons.train)
        found = everyone.excess_share()
        return Measure("excess", found.value, found.low, found.high, persons.count, 0.0, _METHOD)

    def _by_column(self) -> Iterator[tuple[str, Hits]]:
        for name, holders in self._each.items():
            yield name, holders.hits


def learned_labels(spec: TableSpec) -> tuple[str, ...]:
    """Columns of categories that nobody declared."""
    return tuple(name for name in learned_columns(spec) if not spec.columns[name].is_numeric)


def without_sides(persons: Persons, rows: int) -> str | None:
    """Why nothing can be compared, in words: a side or the synthetic rows are missing."""
    if persons.train == 0:
        return "there are no training rows"
    if persons.train == persons.count:
        return "there are no holdout rows"
    return None if rows else "there are no synthetic rows"


def _listing(found: dict[str, Hits]) -> Listing:
    rows = tuple(
        (name, hits.train, hits.train_hits, hits.holdout, hits.holdout_hits) for name, hits in found.items()
    )
    return Listing(
        "Rare categories",
        f"Persons with a category of fewer than {MIN_PERSONS} persons, and those whose category comes out.",
        ("column", "train", "come out", "holdout", "come out"),
        rows,
    )
