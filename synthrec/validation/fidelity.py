"""Fidelity: how close are columns and pairs of columns to the training rows, and how close could they be?

Similarity is 1 - TVD, the total variation distance between binned distributions: the share of the mass that
is in the right bin. Its baseline is the similarity of the holdout; two samples of one population differ too,
the more the smaller they are, so the expected value depends on the rows on both sides.

Limits: exchanging a synthetic row moves a TVD by at most 1/m, exchanging a person with k of the n training
rows by at most k/n; so does it move a mean, minimum or maximum of TVDs. McDiarmid's inequality (1989) then
bounds the distance from the expected value, whatever the distributions are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.data.learn import MIN_PERSONS, persons_per_level
from synthrec.data.table import Records
from synthrec.schema.vector import IntArray, Vector
from synthrec.validation.bin_names import names_of
from synthrec.validation.binning import BinArray, Binning, LabelBins, NumericBins
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.exhibits import Bars, Exhibit, Grid
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import bounded_differences

PAIRS = 300
"""Pairs compared at most; in wider tables this many are chosen, always the same for a number of columns."""

SHOWN = 6
"""Columns whose distributions the steward is shown: those that differ most."""

Counts = NDArray[np.int64]

_METHOD = (
    "1 - total variation distance to the training rows, over at most 20 quantile bins (heavy values alone) "
    "or 50 labels fixed on the training rows; 99 % limits by bounded differences (McDiarmid 1989); baseline: "
    "the same for the holdout, whose expected value grows with its rows"
)


@dataclass(frozen=True, eq=False)
class Similar:
    """One distribution: its similarity, and the counts that it rests on."""

    value: float
    synthetic: Counts
    train: Counts


class Margins(Protocol):
    """Some distributions of one table that are compared, each a column or a pair."""

    names: tuple[str, ...]

    def count(self, bins: BinArray) -> list[Counts]:
        """Rows per bin of each distribution, from the bins of the cells, shape (columns, n)."""

    def exhibits(self, found: Sequence[Similar]) -> tuple[Exhibit, ...]:
        """What the steward may see of them."""


class Columns:
    """The distribution of every column."""

    def __init__(self, binning: Binning, real: RealData) -> None:
        self.names = tuple(f"column {name}" for name in binning.columns)
        self._binning, self._real, self._sizes = binning, real, binning.sizes

    def count(self, bins: BinArray) -> list[Counts]:
        """Rows per bin of each column."""
        return [np.bincount(row, minlength=size) for row, size in zip(bins, self._sizes, strict=True)]

    def exhibits(self, found: Sequence[Similar]) -> tuple[Exhibit, ...]:
        """The columns that differ most, bin by bin, worst first."""
        named = zip(self._binning.columns.items(), found, strict=True)
        worst = sorted(named, key=lambda item: item[1].value)[:SHOWN]
        return tuple(_bars(name, self._told(name, bins), similar) for (name, bins), similar in worst)

    def _told(self, name: str, bins: NumericBins | LabelBins) -> tuple[str, ...]:
        vector, column = self._real.train.vector(name), self._real.train.spec.columns[name]
        return names_of(bins, column, common_labels(vector, self._real.train_persons))


class Pairs:
    """The joint distribution of pairs of columns."""

    def __init__(self, binning: Binning) -> None:
        names = self._columns = tuple(binning.columns)
        self._pairs = chosen_pairs(len(names))
        self._sizes = binning.sizes
        self.names = tuple(f"pair {names[first]}, {names[second]}" for first, second in self._pairs)

    def count(self, bins: BinArray) -> list[Counts]:
        """Rows per pair of bins of each pair of columns."""
        sizes = self._sizes
        return [
            np.bincount(bins[first] * sizes[second] + bins[second], minlength=sizes[first] * sizes[second])
            for first, second in self._pairs
        ]

    def exhibits(self, found: Sequence[Similar]) -> tuple[Exhibit, ...]:
        """A map of all pairs."""
        values: list[list[float | None]] = [[None] * len(self._columns) for _ in self._columns]
        for (first, second), similar in zip(self._pairs, found, strict=True):
            values[first][second] = values[second][first] = similar.value
        worst = min(zip(found, self.names, strict=True), key=lambda item: item[0].value, default=None)
        text = f"The worst, {worst[1]}: {worst[0].value:.3f}." if worst else "There is one column only."
        rows = tuple(map(tuple, values))
        return (Grid("Similarity of pairs", text, self._columns, self._columns, rows),)


class Fidelity:
    """Similarity of some distributions to the training rows: of each, their mean and the worst."""

    def __init__(self, check: str, title: str, real: RealData, binning: Binning, margins: Margins) -> None:
        self.check, self.title = check, title
        self._table, self._binning, self._margins = real.name, binning, margins
        self._train = margins.count(binning.of(real.train))
        self._holdout = margins.count(binning.of(real.holdout))
        self._synthetic = [np.zeros_like(counts) for counts in self._train]
        self._persons = real.train_persons
        self._rows, self._holdout_rows = 0, len(real.holdout)

    def add(self, records: Records) -> None:
        """Count a chunk."""
        table = records[self._table]
        counts = self._margins.count(self._binning.of(table))
        self._synthetic = [sums + more for sums, more in zip(self._synthetic, counts, strict=True)]
        self._rows += len(table)

    def result(self) -> CheckResult:
        """Mean, worst and single similarities, each beside the holdout's."""
        if self._rows == 0 or len(self._persons) == 0:
            reason = "there are no synthetic rows" if self._rows == 0 else "there are no training rows"
            return CheckResult(self.check, self.title, (), not_applicable=reason)
        found = [similarity(*pair) for pair in zip(self._synthetic, self._train, strict=True)]
        floor = [similarity(*pair) for pair in zip(self._holdout, self._train, strict=True)]
        measures = [
            self._measure("mean", _mean(found), _mean(floor)),
            self._measure("worst", min(found, default=1.0), min(floor, default=1.0)),
            *map(self._measure, self._margins.names, found, floor),
        ]
        counted = zip(found, self._synthetic, self._train, strict=True)
        exhibits = self._margins.exhibits([Similar(*each) for each in counted])
        return CheckResult(self.check, self.title, tuple(measures), bound="mean", exhibits=exhibits)

    def _measure(self, name: str, value: float, floor: float) -> Measure:
        half = half_width(self._rows, self._persons)
        baseline = floor if self._holdout_rows else None
        return Measure(
            name, value, max(0.0, value - half), min(1.0, value + half), self._rows, baseline, _METHOD
        )


def similarity(counts: Counts, reference: Counts) -> float:
    """1 - total variation distance between two distributions given as counts; 0 where one has no rows."""
    if counts.sum() == 0 or reference.sum() == 0:
        return 0.0
    return 1.0 - float(np.abs(counts / counts.sum() - reference / reference.sum()).sum()) / 2


def half_width(rows: int, persons: IntArray) -> float:
    """One-sided 99 % half-width of a similarity between `rows` synthetic rows and the rows of `persons`."""
    per_person = np.bincount(persons) / len(persons)
    return bounded_differences(1 / rows + float(per_person @ per_person))


def chosen_pairs(columns: int) -> list[tuple[int, int]]:
    """All pairs of columns, or 300 of them chosen by the audit's fixed seed, in ascending order."""
    pairs = list(combinations(range(columns), 2))
    if len(pairs) <= PAIRS:
        return pairs
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    return [pairs[place] for place in sorted(rng.choice(len(pairs), PAIRS, replace=False))]


def fidelity_checks(real: RealData) -> tuple[Fidelity, Fidelity]:
    """Fidelity of columns and of pairs, on one binning."""
    binning = Binning.learn(real.train)
    return (
        Fidelity(
            "fidelity.columns",
            "Is each column distributed as in the training rows?",
            real,
            binning,
            Columns(binning, real),
        ),
        Fidelity(
            "fidelity.pairs",
            "Is each pair of columns distributed together as in the training rows?",
            real,
            binning,
            Pairs(binning),
        ),
    )


def common_labels(vector: Vector, persons: IntArray) -> frozenset[str]:
    """Labels that at least 11 persons hold; `persons` of shape (n,)."""
    levels = vector.levels
    if levels is None:
        return frozenset()
    present = ~vector.missing
    held = persons_per_level(vector.values[present].astype(np.int64), persons[present], len(levels))
    return frozenset(
        level for level, count in zip(levels, held.tolist(), strict=True) if count >= MIN_PERSONS
    )


def _mean(values: list[float]) -> float:
    """The mean; 1 where there is nothing that could differ."""
    return float(np.mean(values)) if values else 1.0


def _bars(name: str, labels: Sequence[str], similar: Similar) -> Bars:
    """Shares of the bins that hold any row."""
    held = np.flatnonzero(similar.train + similar.synthetic)
    shares = [
        (series, tuple((counts[held] / max(1, counts.sum())).tolist()))
        for series, counts in (("training rows", similar.train), ("synthetic rows", similar.synthetic))
    ]
    text = (
        f"Similarity {similar.value:.3f}; shares of the rows by bin of the training values, bounds rounded."
    )
    return Bars(f"Column {name}", text, tuple(labels[place] for place in held.tolist()), tuple(shares))
