"""Direct identifiers: do keys, identifiers or recognisable numbers of real people come out?

Two ways to find them: columns whose role or kind says so, by their whole values, and detectors for e-mail
addresses, telephone numbers, IBANs and the like in any text that nobody published in advance. A cell that
the schema's own counter puts in this row, whatever the records, is none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synthrec.codec.mint import Mint, MissingMint, build_mint
from synthrec.data.learn import MIN_PERSONS
from synthrec.data.table import Records, Table, to_vector
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.attacks import strata
from synthrec.validation.attacks.detectors import identifiers, is_open, is_published
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.holders import FewHolders, named_keys
from synthrec.validation.attacks.membership import smallest
from synthrec.validation.attacks.rare import without_sides
from synthrec.validation.attacks.strata import LEAK
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.cells import KeyArray, column_keys, text_key
from synthrec.validation.exhibits import Listing
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk

Found = Mapping[str, tuple[KeyArray, IntArray]]
"""By column or detector: keys of identifiers and the rows they are in."""

_EXCESS = (
    f"a / n - b / k: of all n train and k holdout persons, a and b have an identifier that fewer than "
    f"{MIN_PERSONS} persons share and that comes out, in the column or form with the highest upper limit; "
    "99 % limits by MOVER (Zou and Donner 2008) from Clopper-Pearson limits; the count itself where b is 0"
)
_CERTAIN = (
    "share of the training persons with such an identifier in columns and forms in which none of the "
    "holdout comes out, so that chance explains nothing: a count, not an estimate"
)


class Identifiers:
    """Whole values of identifying columns, and identifiers recognised in open texts."""

    check = "P0"
    title = "Do direct identifiers of real people come out?"

    def __init__(self, real: RealData) -> None:
        spec, self._table, self._train_rows = real.train.spec, real.name, len(real.train)
        self._persons = persons = Persons.of(real.train_persons, real.holdout_persons)
        self._whole, self._texts = identifying(spec), tuple(n for n, c in spec.columns.items() if is_open(c))
        both = Table.concat([real.train, real.holdout])
        found = {**named_keys(both, self._whole), **detected(both, self._texts)}
        self._groups = {
            name: FewHolders(keys, persons.of_row[rows], persons) for name, (keys, rows) in found.items()
        }
        self._rows = 0

    def add(self, records: Records) -> None:
        """Mark the identifiers that occur in a chunk."""
        chunk = records[self._table]
        whole = {name: self._not_counted(chunk, name) for name in self._whole}
        found = {name: keys for name, (keys, _) in detected(chunk, self._texts).items()}
        for name, keys in {**whole, **found}.items():
            if name in self._groups:
                self._groups[name].mark(keys)
        self._rows += len(chunk)

    def result(self) -> CheckResult:
        """The worst excess of persons whose identifier comes out, and evidence over columns and forms."""
        reason = self._inapplicable()
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        leak = min(1.0, LEAK * self._rows / self._train_rows)
        found = {name: group.hits for name, group in self._groups.items()}
        p_values = [strata.p_value(group.strata(leak)) for group in self._groups.values()]
        return CheckResult(
            self.check,
            self.title,
            (self._excess(found), self._certain(found)),
            bound="excess",
            p_value=smallest(p_values) if p_values else 1.0,
            exhibits=(_listing(found),),
        )

    def _inapplicable(self) -> str | None:
        if not (self._whole or self._texts):
            return NothingAtRisk.IDENTIFIERS
        return without_sides(self._persons, self._rows)

    def _excess(self, found: Mapping[str, Hits]) -> Measure:
        persons, holdout = self._persons, self._persons.count - self._persons.train
        worst = (0.0, 0.0, 0.0)
        for hits in found.values():
            share = Hits(hits.train_hits, hits.holdout_hits, persons.train, holdout).excess_share()
            exact = hits.holdout_hits == 0
            limits = (share.value,) * 3 if exact else (share.value, share.low, share.high)
            worst = max(worst, limits, key=lambda each: each[2])
        return Measure("excess", *worst, persons.count, 0.0, _EXCESS)

    def _certain(self, found: Mapping[str, Hits]) -> Measure:
        hits = sum(each.train_hits for each in found.values() if each.holdout_hits == 0)
        share = min(1.0, hits / self._persons.train)
        return Measure("without chance", share, share, share, self._persons.train, 0.0, _CERTAIN)

    def _not_counted(self, chunk: Table, name: str) -> KeyArray:
        """Keys of the cells that are not what the schema's counter puts in these rows."""
        column, vector = chunk.spec.columns[name], chunk.vector(name)
        salt = np.uint64(text_key(name))
        keys, missing = column_keys(vector, column, salt), vector.missing
        counter = _counter(name, column)
        if counter is not None:
            minted = to_vector(counter.mint(self._rows, len(chunk)), column)
            missing = missing | (keys == column_keys(minted, column, salt))
        return keys[~missing]


def identifying(spec: TableSpec) -> tuple[str, ...]:
    """Columns whose role or kind says that whole values point at somebody, unless these are published."""
    return tuple(
        name
        for name, column in spec.columns.items()
        if (column.role in {"key", "direct_identifier"} or column.kind == "id") and not is_published(column)
    )


def detected(table: Table, columns: tuple[str, ...]) -> Found:
    """By detector, the keys of what it finds in some columns of text, and the rows; one key in any column."""
    found: dict[str, tuple[list[KeyArray], list[IntArray]]] = {}
    for column in columns:
        for name, (levels, keys) in _in_levels(table.vector(column)).items():
            places, rows = _spread(levels, table.vector(column))
            collected = found.setdefault(name, ([], []))
            collected[0].append(keys[places])
            collected[1].append(rows)
    return {name: (np.concatenate(keys), np.concatenate(rows)) for name, (keys, rows) in found.items()}


def _in_levels(vector: Vector) -> Mapping[str, tuple[IntArray, KeyArray]]:
    """By detector, the levels in which it finds something, repeated or not, and the keys of that."""
    found: dict[str, list[tuple[int, int]]] = {}
    texts = vector.levels or ()
    for level in np.unique(vector.values[~vector.missing].astype(np.int64)).tolist():
        for name, spelling in identifiers(texts[level]):
            found.setdefault(name, []).append((level, text_key(f"{name} {spelling}")))
    return {
        name: (np.array([level for level, _ in pairs]), np.array([key for _, key in pairs], dtype=np.uint64))
        for name, pairs in found.items()
    }


def _spread(levels: IntArray, vector: Vector) -> tuple[IntArray, IntArray]:
    """Every row with each place of its level among ascending `levels`: places and rows."""
    rows = np.flatnonzero(~vector.missing)
    codes = vector.values[rows].astype(np.int64)
    first, last = np.searchsorted(levels, codes, "left"), np.searchsorted(levels, codes, "right")
    repeated = np.repeat(np.arange(len(rows)), last - first)
    starts = np.repeat(first - np.concatenate([[0], np.cumsum(last - first)[:-1]]), last - first)
    return starts + np.arange(len(repeated)), rows[repeated]


def _counter(name: str, column: Column) -> Mint | None:
    """What makes a column anew by row number; None where nothing can."""
    if not column.is_minted:
        return None
    try:
        mint = build_mint(name, column)
    except ValueError:
        return None
    return None if isinstance(mint, MissingMint) else mint


def _listing(found: Mapping[str, Hits]) -> Listing:
    rows = tuple(
        (name, hits.train, hits.train_hits, hits.holdout, hits.holdout_hits) for name, hits in found.items()
    )
    text = (
        "Persons with an identifier that few share, by column or form, and those whose identifier comes out."
    )
    return Listing("Direct identifiers", text, ("where", "train", "come out", "holdout", "come out"), rows)
