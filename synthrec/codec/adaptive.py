"""A codec whose bins follow the data, learned from counts alone: noisy ones under differential privacy.

For every wide numeric column three events are released, each for all of them at once: `octaves` finds where
the rows are, `refine` measures again with the heavy octaves cut, `heaps` counts round numbers by magnitude
and single values. Everything else is post-processing: the fine grid, the levels of a bin, and the groups in
which a marginals engine cleans its histograms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthrec.codec import cleaner
from synthrec.codec.atoms import atoms, candidates, most_points
from synthrec.codec.bins import FINE_BINS, Bins
from synthrec.codec.cleaner import CellGroups, FloatArray
from synthrec.codec.codec import Codec, learned_columns
from synthrec.codec.granularity import (
    WEAK_LEVEL,
    HeapTable,
    divisors,
    level_of,
    level_points,
    level_shares,
    magnitude_bins,
    whole_weights,
)
from synthrec.codec.heaped import HeapedCodec
from synthrec.codec.lattice_queries import CellQuery, LatticeColumn, LevelQuery, PointQuery
from synthrec.codec.numeric import NumericCodec, heap_points
from synthrec.codec.octaves import (
    FINE_CELLS,
    FINE_SIGMAS,
    Measured,
    fine_edges,
    measured_again,
    measured_octaves,
    octave_borders,
    refined_borders,
)
from synthrec.data.learn import MIN_PERSONS
from synthrec.errors import ConfigError
from synthrec.privacy.counts import Count, Counts
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import IntArray

OCTAVES, REFINE, HEAPS = "octaves", "refine", "heaps"

EXACT_CELLS = 256
"""Cells of a fine grid without noise."""
UNIT_CELLS = 48
"""Unit-bin columns of at least so many points are cleaned by octaves, too."""
ONE_WAY_SHARE, OCTAVE_SHARE = 0.14, 0.03
"""Shares of the precision from which the noise of a later 1-way count is foretold."""


@dataclass(frozen=True, eq=False)
class Wide:
    """What was released of one wide column, and what followed from it."""

    chain: tuple[int, ...]
    groups: CellGroups
    alone: IntArray
    """Mask of the bins that are single values of their own, int64 0 or 1, shape (f,)."""
    masses: FloatArray
    """Rows expected in the bins, shape (f,)."""
    table: HeapTable

    def weights(self, histogram: FloatArray | None = None) -> IntArray:
        """Level weights of the bins, fitted to their rows where these are given; shape (f, levels)."""
        points = level_points(self.groups.edges, self.chain)
        magnitudes = np.where(self.alone, -1, self.table.magnitudes[self.groups.of_cell])
        return whole_weights(level_shares(self.masses, magnitudes, points, self.table, histogram))


@dataclass(frozen=True, eq=False)
class AdaptiveCodec:
    """A codec with what a marginals engine needs beside it: the groups in which histograms are cleaned."""

    codec: Codec
    wide: Mapping[str, Wide]
    groups: Mapping[str, CellGroups]
    """Groups of the columns to be cleaned by them; other columns are cleaned by plain projection."""

    def clean(self, column: str, count: Count, total: float | None = None) -> FloatArray:
        """A released histogram of a column's levels, cleaned (see `cleaner.clean`)."""
        return cleaner.clean(count.values, count.sigma, self.groups.get(column), total=total)

    def informed(self, histograms: Mapping[str, FloatArray]) -> Codec:
        """The codec with the level weights of its bins fitted again to cleaned histograms; costs nothing.

        Args:
            histograms: Cleaned counts of levels by column; those of wide columns are used.
        """
        columns = dict(self.codec.columns)
        for name, wide in self.wide.items():
            codec = columns[name]
            if name in histograms and isinstance(codec, HeapedCodec):
                weights = wide.weights(histograms[name][: len(wide.masses)])
                columns[name] = replace(codec, weights=weights)
        return replace(self.codec, columns=columns)


def adaptive_codec(
    spec: TableSpec, name: str, counts: Counts, *, one_way_sigma: float | None = None
) -> AdaptiveCodec:
    """The codec of a table, learned through the events `octaves`, `refine` and `heaps`.

    Args:
        spec: The table; every domain is public or declared.
        name: Its name in the schema.
        counts: Answers the events; not asked where no column is wide.
        one_way_sigma: Standard deviation of the 1-way counts to come; by default it is foretold from that of
            the octaves by the default shares.

    Raises:
        ConfigError: a domain is learned.
        InputError: a column that cannot be coded, with its repair.
    """
    learned = learned_columns(spec)
    if learned:
        raise ConfigError(
            f"table {name}: the domains of {', '.join(learned)} are learned from the data, which no private "
            "fit may do; declare them (source: public or declared), let them be found under the "
            "claim (--dp-bounds), or fit without a claim"
        )
    return adapted(Codec.declared(spec, name), counts, one_way_sigma=one_way_sigma)


def adapted(codec: Codec, counts: Counts, *, one_way_sigma: float | None = None) -> AdaptiveCodec:
    """A codec with the wide columns of stated domains learned from counts; the others stay as they are."""
    readers = [LatticeColumn(name, found) for name, found in _wide(codec).items()]
    wide, columns = {}, dict(codec.columns)
    if readers:
        learner = _Learner(codec.spec, readers, counts, one_way_sigma)
        wide = dict(zip((reader.name for reader in readers), learner.learn(), strict=True))
        for reader in readers:
            columns[reader.name] = _heaped(reader.codec, wide[reader.name], counts)
    groups = {name: found.groups for name, found in wide.items()}
    unit = {
        name: _unit_groups(found)
        for name, found in codec.columns.items()
        if name not in wide and isinstance(found, NumericCodec) and _is_unit(found)
    }
    return AdaptiveCodec(replace(codec, columns=columns), wide, {**groups, **unit})


def wide_columns(spec: TableSpec, name: str) -> tuple[str, ...]:
    """The columns that the events release: numeric ones of more than 256 lattice points.

    Raises:
        InputError: a column that cannot be coded.
    """
    return tuple(_wide(Codec.declared(spec, name)))


def event_tables(spec: TableSpec, name: str) -> dict[str, int]:
    """Count vectors of each event, at most; empty where no column is wide."""
    wide = len(wide_columns(spec, name))
    return {OCTAVES: wide, REFINE: wide, HEAPS: 2 * wide} if wide else {}


def _wide(codec: Codec) -> dict[str, NumericCodec]:
    """The columns of stated bounds and more points than get unit bins."""
    return {
        name: found
        for name, found in codec.columns.items()
        if isinstance(found, NumericCodec)
        and name not in codec.learned
        and found.bins.last - found.bins.first >= FINE_BINS
    }


def _is_unit(codec: NumericCodec) -> bool:
    return len(codec.bins) >= UNIT_CELLS and codec.bins.last - codec.bins.first + 1 == len(codec.bins)


def _unit_groups(codec: NumericCodec) -> CellGroups:
    """Octaves of a column of unit bins; nothing was measured of them."""
    borders = octave_borders(codec.bins.first, codec.bins.last)
    size = len(borders) - 1
    return CellGroups(codec.bins.edges, borders, np.zeros(size), np.full(size, np.inf))


def _heaped(codec: NumericCodec, wide: Wide, counts: Counts) -> HeapedCodec:
    return HeapedCodec(
        codec.lattice,
        Bins.between(wide.groups.edges),
        codec.has_missing,
        codec.outside,
        wide.chain,
        wide.weights(),
        "noisy counts" if counts.is_private else "counts",
    )


@dataclass(frozen=True)
class _Learner:
    """The three events over all wide columns."""

    spec: TableSpec
    readers: Sequence[LatticeColumn]
    counts: Counts
    one_way_sigma: float | None

    def learn(self) -> list[Wide]:
        single = [heap_points(self._column(reader), reader.codec.lattice) for reader in self.readers]
        first = self._octaves(single)
        second = self._refined(first)
        return self._heaps(first, second, single)

    def _column(self, reader: LatticeColumn) -> Column:
        return self.spec.columns[reader.name]

    def _octaves(self, single: Sequence[Sequence[int]]) -> list[Measured]:
        bins = [reader.codec.bins for reader in self.readers]
        borders = [
            octave_borders(item.first, item.last, alone) for item, alone in zip(bins, single, strict=True)
        ]
        released = self._cells(OCTAVES, borders)
        return [
            measured_octaves(cells, count.values[:-1], count.sigma)
            for cells, count in zip(borders, released, strict=True)
        ]

    def _refined(self, first: Sequence[Measured]) -> list[Measured]:
        borders = [refined_borders(item, float(item.sigmas[0])) for item in first]
        released = self._cells(REFINE, borders)
        return [
            measured_again(item, cells, count.values[:-1], count.sigma)
            for item, cells, count in zip(first, borders, released, strict=True)
        ]

    def _cells(self, event: str, borders: Sequence[IntArray]) -> list[Count]:
        queries = [CellQuery(*pair) for pair in zip(self.readers, borders, strict=True)]
        return self.counts.release(event, queries)

    def _heaps(
        self, first: Sequence[Measured], second: Sequence[Measured], single: Sequence[Sequence[int]]
    ) -> list[Wide]:
        chains = [self._chain(reader) for reader in self.readers]
        levels = [
            LevelQuery(reader, item.borders, magnitude_bins(item), chain)
            for reader, item, chain in zip(self.readers, second, chains, strict=True)
        ]
        most = most_points(len(self.readers), is_private=self.counts.is_private)
        points = [
            PointQuery(reader, candidates(item, chain, most))
            for reader, item, chain in zip(self.readers, second, chains, strict=True)
        ]
        released = self.counts.release(HEAPS, [*levels, *points])
        size = len(self.readers)
        return [
            self._wide(
                first[place],
                second[place],
                single[place],
                (levels[place], released[place]),
                (points[place], released[size + place]),
            )
            for place in range(size)
        ]

    def _chain(self, reader: LatticeColumn) -> tuple[int, ...]:
        bins = reader.codec.bins
        return divisors(self._column(reader), reader.codec.lattice, max(abs(bins.first), abs(bins.last)))

    def _wide(
        self,
        first: Measured,
        second: Measured,
        single: Sequence[int],
        heaps: tuple[LevelQuery, Count],
        singles: tuple[PointQuery, Count],
    ) -> Wide:
        """The post-processing of one column's releases."""
        query, released = heaps
        points, counted = singles
        found = atoms(points.points, counted.values[:-1], counted.sigma, second.rows, self._least_rows)
        values, rows = points.points[found], counted.values[found]
        exact = released.sigma == 0
        sigma = self._one_way_sigma(float(first.sigmas[0]))
        edges = fine_edges(
            second,
            first.borders,
            MIN_PERSONS if exact else FINE_SIGMAS * sigma,
            [*values.tolist(), *single],
            EXACT_CELLS if exact else FINE_CELLS,
        )
        groups = second.groups(edges)
        alone = np.isin(edges[:-1], values) | (groups.widths[groups.of_cell] == 1)
        table = _without(query, released, values, rows, max(WEAK_LEVEL * released.sigma, self._least_rows))
        masses = _expected(second, groups, alone, values, rows)
        return Wide(query.chain, groups, alone, masses, table)

    @property
    def _least_rows(self) -> float:
        """Exact counts tell of a value only where it has eleven persons for certain."""
        if self.counts.is_private:
            return 0.0
        if self.spec.person is None or self.spec.one_row_per_person:
            return MIN_PERSONS
        return MIN_PERSONS * (self.spec.max_rows_per_person or math.inf)

    def _one_way_sigma(self, octave_sigma: float) -> float:
        if self.one_way_sigma is not None:
            return self.one_way_sigma
        tables = len(self.spec.modelled) / len(self.readers)
        return octave_sigma * math.sqrt(tables * OCTAVE_SHARE / ONE_WAY_SHARE)


def _without(
    query: LevelQuery, released: Count, values: IntArray, rows: FloatArray, least: float
) -> HeapTable:
    """The released table without the rows of the atoms."""
    counts = released.values[:-1].reshape(query.shape).copy()
    cells = np.searchsorted(query.borders, values, side="right") - 1
    np.subtract.at(counts, (query.magnitudes[cells], level_of(values, query.chain)), rows)
    return HeapTable(query.magnitudes, counts, least)


def _expected(
    measured: Measured, groups: CellGroups, alone: IntArray, values: IntArray, rows: FloatArray
) -> FloatArray:
    """Rows of the bins that are no single values: those of their cell without its atoms, spread evenly."""
    cells = np.searchsorted(measured.borders, values, side="right") - 1
    size = len(measured.counts)
    left = np.maximum(measured.rows * measured.shares - np.bincount(cells, weights=rows, minlength=size), 0.0)
    widths = np.where(alone, 0, np.diff(groups.edges))
    points = np.bincount(groups.of_cell, weights=widths, minlength=size)
    return left[groups.of_cell] * widths / np.maximum(points, 1)[groups.of_cell]
