"""Replicated uniques and correct disclosures: what quasi-identifiers in the synthetic records give away.

repU: persons who are unique on the quasi-identifiers, and so is a synthetic row with the same values. DiSCO:
disclosive in synthetic, correct in original; all synthetic rows with a person's quasi-identifiers agree on a
target, and it is the person's. Both are from Raab, Nowok and Dibben (2024, Practical privacy metrics for
synthetic data, arXiv:2406.16826). Safe records do both, too, because the population does: so each is read
against the same share of the holdout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Records, Table
from synthrec.schema.vector import BoolArray
from synthrec.validation.attacks.battery import set_keys
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.attacks.holders import sides
from synthrec.validation.attacks.membership import smallest
from synthrec.validation.attacks.quasi import Knowledge, knowledge
from synthrec.validation.attacks.rare import without_sides
from synthrec.validation.attacks.uniques import KeyIndex, Persons, others
from synthrec.validation.binning import Binning
from synthrec.validation.cells import CellKeys, KeyArray, total
from synthrec.validation.exhibits import Listing
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure, NothingAtRisk

Bins = NDArray[np.int16]

_LIMITS = (
    "; on the columns with the highest upper limit, 99 % limits by MOVER (Zou and Donner 2008) from "
    "Clopper-Pearson limits, valid for those with the largest true excess without correction"
)
_REPLICATED = (
    "repU of the training persons less repU of the holdout: the share of persons alone with their "
    "quasi-identifiers whom exactly one synthetic row repeats (Raab, Nowok and Dibben 2024)" + _LIMITS
)
_DISCLOSED = (
    "DiSCO of the training persons less DiSCO of the holdout: the share of persons with whose "
    "quasi-identifiers all synthetic rows hold the person's own value of a target, numbers in 20 bins (Raab, "
    "Nowok and Dibben 2024)" + _LIMITS
)


@dataclass(frozen=True)
class Trial:
    """What became of the persons on some known columns: repU, or DiSCO of a target."""

    what: str
    hits: Hits


class Matches:
    """The synthetic rows with the known values of real rows: how many, and what they say of the targets."""

    def __init__(self, known: Knowledge, cells: KeyArray, bins: Bins, persons: Persons) -> None:
        """Look for the values of real rows.

        Args:
            known: The columns.
            cells: Keys of the real cells, uint64 of shape (columns, n), train before holdout.
            bins: Bins of the real cells, of the same shape.
            persons: The persons of the rows.
        """
        self.known, self._persons = known, persons
        keys = set_keys(known.known, cells, total(cells))
        found, self._places = np.unique(keys, return_inverse=True)
        self._index, self._alone = KeyIndex(found), others(keys, persons) == 0
        self._count = np.zeros(len(found), dtype=np.int64)
        self._bins = bins[list(known.targets)]
        shape = (len(known.targets), len(found))
        self._lowest = np.full(shape, np.iinfo(np.int16).max, dtype=np.int16)
        self._highest = np.full(shape, -1, dtype=np.int16)

    def add(self, cells: KeyArray, rows: KeyArray, bins: Bins) -> None:
        """Take in a chunk of synthetic rows: keys of cells and of whole rows, and bins of the cells."""
        found, places = self._index.find(set_keys(self.known.known, cells, rows))
        self._count += np.bincount(places, minlength=len(self._count))
        for number, target in enumerate(self.known.targets):
            values = bins[target, found]
            np.minimum.at(self._lowest[number], places, values)
            np.maximum.at(self._highest[number], places, values)

    def replicated(self) -> Hits:
        """Persons, and those alone with their values and matched by exactly one synthetic row."""
        return self._hits(self._alone & (self._count == 1)[self._places])

    def disclosed(self, number: int) -> Hits:
        """Persons, and those of whom a target is told, and truly."""
        lowest, highest = self._lowest[number][self._places], self._highest[number][self._places]
        return self._hits((lowest == highest) & (lowest == self._bins[number]))

    def _hits(self, rows: BoolArray) -> Hits:
        persons = self._persons
        found = sides(persons.of_row[rows], persons)
        return Hits(*found, persons.train, persons.count - persons.train)


class Replicated:
    """repU and DiSCO on the declared quasi-identifiers, or on random columns where none are declared."""

    check = "P9"
    title = (
        "Do the synthetic rows single out training persons by quasi-identifiers, or tell a secret of theirs?"
    )

    def __init__(self, real: RealData) -> None:
        spec, both = real.train.spec, Table.concat([real.train, real.holdout])
        self._table, self._cells, self._binning = real.name, CellKeys(spec), Binning.learn(both)
        self._names, self._rows = spec.modelled, 0
        self._persons = Persons.of(real.train_persons, real.holdout_persons)
        cells, bins = self._cells.of(both), self._bins(both)
        self._matches = [Matches(known, cells, bins, self._persons) for known in knowledge(spec)]

    def add(self, records: Records) -> None:
        """Match the rows of a chunk."""
        chunk = records[self._table]
        cells, bins = self._cells.of(chunk), self._bins(chunk)
        rows = total(cells)
        for matches in self._matches:
            matches.add(cells, rows, bins)
        self._rows += len(chunk)

    def result(self) -> CheckResult:
        """The worst excess of repU and of DiSCO, and evidence over all column sets and targets."""
        reason = without_sides(self._persons, self._rows) if self._matches else NothingAtRisk.UNIQUE
        if reason is not None:
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        replicated = [Trial(self._what(m.known), m.replicated()) for m in self._matches]
        disclosed = [
            self._disclosed(m, number) for m in self._matches for number in range(len(m.known.targets))
        ]
        kinds = [trials for trials in (replicated, disclosed) if trials]
        return CheckResult(
            self.check,
            self.title,
            (_worst("repU excess", replicated, _REPLICATED), _worst("DiSCO excess", disclosed, _DISCLOSED)),
            bound="DiSCO excess",
            p_value=smallest(smallest(trial.hits.p_value for trial in trials) for trials in kinds),
            exhibits=(_listing("Replicated uniques", replicated), _listing("Correct disclosures", disclosed)),
        )

    def _bins(self, table: Table) -> Bins:
        return self._binning.of(table).astype(np.int16)

    def _disclosed(self, matches: Matches, number: int) -> Trial:
        target = self._names[matches.known.targets[number]]
        return Trial(f"{target} by {self._what(matches.known)}", matches.disclosed(number))

    def _what(self, known: Knowledge) -> str:
        return ", ".join(self._names[column] for column in known.known)


def _worst(name: str, trials: list[Trial], method: str) -> Measure:
    """The excess with the highest upper limit; none where there is nothing to be told."""
    if not trials:
        return Measure(name, 0.0, 0.0, 0.0, 0, 0.0, method)
    found = [(trial.hits.excess_share(), trial.hits) for trial in trials]
    excess, hits = max(found, key=lambda pair: pair[0].high)
    return Measure(name, excess.value, excess.low, excess.high, hits.unique, 0.0, method)


def _listing(title: str, trials: list[Trial]) -> Listing:
    rows = tuple(
        (trial.what, hits.train_hits / hits.train, hits.holdout_hits / hits.holdout, hits.p_value)
        for trial in trials
        for hits in (trial.hits,)
    )
    text = f"Share of persons whom the synthetic rows give away, on {len(rows)} choices of columns."
    return Listing(title, text, ("columns", "train", "holdout", "p-value"), rows)
