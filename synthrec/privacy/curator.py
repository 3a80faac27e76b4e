"""The curator: private rows behind a fixed plan, each event of which is answered once and noised.

Answers are person-weighted. A person with n rows gives each of them the weight 1/n, so that no person moves a
count vector by more than 1 in L1, hence in L2, whatever the bound K on rows per person is. Weights are whole
numbers: a person is lcm(1..K) units (2**24, rounded down, where that is more), noise is drawn on the scale of
units, and the sum is divided back. With one row per person these are plain counts of rows; otherwise they are
not row frequencies, and what is made from them says so.

The curator checks itself while it answers: every release carries probe cells that no data touch, and every
query is put to the extreme persons of the schema, with and without each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum, sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Table
from synthrec.errors import InternalError
from synthrec.privacy import discovery
from synthrec.privacy.counts import Count, FloatArray, Query
from synthrec.privacy.entropy import OS, Entropy
from synthrec.privacy.events import CountsEvent, DiscoveryEvent, Event, Plan, VectorEvent
from synthrec.privacy.extremes import SLACK, extreme_persons
from synthrec.privacy.people import People, PersonRows, weight_scale
from synthrec.privacy.probes import PROBES, Probes, SampleSizes
from synthrec.privacy.transcript import UNHEARD, Transcript
from synthrec.schema.vector import IntArray

CHUNK = 2**20
"""Rows whose cells are computed at once."""

GRID = 2**20
"""Units per clipping norm of a vector sum."""

LARGEST_CELLS = 2**26
"""Cells of a single count vector beyond which a query is refused."""

RowVectors = Callable[[Table], NDArray[np.floating]]
"""Features of each row, shape (n, m), from that row and from released answers alone."""

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True, eq=False)
class WeightedRows:
    """Rows with the persons behind them."""

    table: Table
    people: People

    @classmethod
    def of(cls, table: Table, limit: int) -> WeightedRows:
        """Rows of a table with at most `limit` rows per person."""
        return cls(table, People.of(table, limit))

    @cached_property
    def chunks(self) -> tuple[tuple[Table, IntArray], ...]:
        """The rows in slices of at most CHUNK with their weights; the same slices at every call."""
        weights = self.people.weights()
        if len(self.table) <= CHUNK:
            return ((self.table, weights),)
        starts = range(0, len(self.table), CHUNK)
        return tuple((self.table.slice(at, CHUNK), weights[at : at + CHUNK]) for at in starts)

    def counts(self, query: Query) -> IntArray:
        """Units of each cell, int64 of shape (size,)."""
        return sum_counts(query, self.chunks)

    def held(self, column: str) -> discovery.Units:
        """Units of persons by value of a column of labels."""
        return discovery.held(self.table, column, self.people.weights())

    def vector_sum(self, vectors: RowVectors, clip: float) -> IntArray:
        """Σ over persons of their mean row vector, clipped to L2 norm `clip`, in clip / GRID; shape (m,)."""
        rows = self.person_rows(vectors)
        people = self.people
        if not len(people):
            return np.zeros(rows.values.shape[1], dtype=np.int64)
        means = np.add.reduceat(rows.values.astype(np.float64), people.starts[:-1]) / people.sizes[:, None]
        units: IntArray = np.trunc(clipped(means, clip) * (GRID / clip)).astype(np.int64).sum(0)
        return units

    def person_rows(self, vectors: RowVectors) -> PersonRows:
        """Finite float32 features of every row, by person."""
        values = finite(vectors(self.table))
        if values.ndim != 2 or len(values) != len(self.table):
            raise InternalError("row features need one row of numbers for each row of the table")
        return PersonRows(self.people, values.astype(np.float32)[self.people.order])


class Curator:
    """Private rows that answer the events of one plan.

    Args:
        table: The rows, at most `plan.max_rows_per_person` of each person.
        plan: What may be asked.
        entropy: Source of noise and masks; anything but the system's voids a claim.
        transcript: Who hears exact and noised answers; only the self-audit on made-up persons does.

    Raises:
        InternalError: a person has more rows than the plan's bound.
    """

    is_private = True

    def __init__(
        self, table: Table, plan: Plan, *, entropy: Entropy = OS, transcript: Transcript = UNHEARD
    ) -> None:
        limit = plan.max_rows_per_person
        self.plan = plan
        self.entropy = entropy
        self.transcript = transcript
        self._rows = WeightedRows.of(table, limit)
        self._extremes = [
            WeightedRows.of(part, limit) for part in extreme_persons(table.name, table.spec, limit)
        ]
        self._scale = weight_scale(limit)
        self._opened: set[str] = set()
        self._probes: dict[str, Probes] = {}
        self.sample_sizes = SampleSizes()
        self._bounded = True

    def open(self, name: str, kind: type[Kind]) -> Kind:
        """Begin an event of the plan; it cannot be begun again.

        Raises:
            InternalError: the plan has no such event of this kind, or it was begun before.
        """
        found = [event for event in self.plan.events if event.name == name and isinstance(event, kind)]
        if not found:
            raise InternalError(f"the plan has no {kind.__name__} named {name}")
        if name in self._opened:
            raise InternalError(f"event {name} was answered before")
        self._opened.add(name)
        return found[0]

    def release(
        self, event: str, queries: Sequence[Query], shares: Sequence[float] | None = None
    ) -> list[Count]:
        """Answer the queries of one event of the plan, together and once; see `Counts.release`."""
        opened = self.open(event, CountsEvent)
        if len(queries) > opened.tables:
            raise InternalError(f"event {event} has {opened.tables} tables, {len(queries)} were asked for")
        parts = checked_shares(len(queries), shares)
        probes = self.probes(event)
        each = -(-PROBES // max(len(queries), 1))
        return [
            self._noised(event, query, opened.noise_multiplier / sqrt(part), probes, each)
            for query, part in zip(queries, parts, strict=True)
        ]

    def _noised(self, event: str, query: Query, sigma: float, probes: Probes, extra: int) -> Count:
        self._check_sensitivity([rows.counts(query) for rows in self._extremes], self._scale)
        units = np.append(self._rows.counts(query), np.zeros(extra, dtype=np.int64))
        noised = units + self.entropy.integers(sigma * self._scale, len(units))
        answer = self.transcript.answered(event, units / self._scale, noised / self._scale)
        probes.add(answer[query.size :], sigma, 1 / self._scale)
        return Count(answer[: query.size], sigma)

    def sum(self, event: str, vectors: RowVectors, clip: float) -> FloatArray:
        """The noised sum over persons of their clipped mean row vectors, shape (m,); once.

        Rounding towards zero on a grid of clip / 2**20 keeps the norm; noise has deviation
        `noise_multiplier` * clip on every entry.

        Args:
            event: Name of a `VectorEvent` of the plan.
            vectors: Row vectors of m entries.
            clip: L2 norm to which a person's mean vector is clipped.
        """
        opened = self.open(event, VectorEvent)
        self._check_sensitivity(
            [rows.vector_sum(lambda table: vectors(table) * SLACK, clip) for rows in self._extremes], GRID
        )
        exact = self._rows.vector_sum(vectors, clip)
        units = np.append(exact, np.zeros(PROBES, dtype=np.int64))
        noised = units + self.entropy.integers(opened.noise_multiplier * GRID, len(units))
        answer = self.transcript.answered(event, units / GRID, noised / GRID)
        self.probes(event).add(answer[len(exact) :], opened.noise_multiplier, 1 / GRID)
        return np.asarray(answer[: len(exact)] * clip)

    def discover(self, event: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """The values that enough persons share, by noised counts above a threshold; once.

        Args:
            event: Name of a `DiscoveryEvent` of the plan.
            columns: Columns of labels, at most `tables` of them.
        """
        opened = self.open(event, DiscoveryEvent)
        if len(columns) > opened.tables:
            raise InternalError(f"event {event} has {opened.tables} columns, {len(columns)} were asked for")
        least = discovery.threshold(opened, self.plan.max_rows_per_person) * self._scale
        return [self._discovered(opened, column, least) for column in columns]

    def _discovered(self, event: DiscoveryEvent, column: str, least: float) -> tuple[str, ...]:
        everyone, *without_one = (rows.held(column) for rows in self._extremes)
        most = max(discovery.moved(everyone, other) for other in without_one)
        self.report_bound(holds=most <= self._scale * (1 + 1e-6))
        found, sigma = self._rows.held(column), discovery.deviation(event)
        exact = np.append([found[label] for label in sorted(found)], np.zeros(PROBES)).astype(np.int64)
        noised = exact + self.entropy.integers(sigma * self._scale, len(exact))
        shown = (noised > least) | (np.arange(len(exact)) >= len(found))
        answer = self.transcript.answered(event.name, exact[shown] / self._scale, noised[shown] / self._scale)
        self.probes(event.name).add(answer[-PROBES:], sigma, 1 / self._scale)
        return discovery.above(found, noised[: len(found)], least)

    def person_rows(self, vectors: RowVectors) -> PersonRows:
        """Private features by person, for DP-SGD alone."""
        return self._rows.person_rows(vectors)

    def extreme_rows(self, vectors: RowVectors) -> PersonRows:
        """Features of the extreme persons of the schema; not private."""
        return self._extremes[0].person_rows(vectors)

    def probes(self, event: str) -> Probes:
        """The noise probes of an event."""
        return self._probes.setdefault(event, Probes())

    def report_bound(self, *, holds: bool) -> None:
        """Take the result of a sensitivity check of DP-SGD."""
        self._bounded &= holds

    @property
    def is_calibrated(self) -> bool:
        """Whether noise and sampling of every event so far were what the plan claims."""
        return all(probes.holds for probes in self._probes.values()) and self.sample_sizes.holds

    @property
    def is_bounded(self) -> bool:
        """Whether no extreme person moved any answer so far by more than one unit of its claim."""
        return self._bounded

    def _check_sensitivity(self, answers: Sequence[IntArray], unit: int) -> None:
        """Hold the answer on all extreme persons against those without one of them."""
        everyone, *without_one = (answer.astype(np.float64) for answer in answers)
        moved = max((float(np.linalg.norm(everyone - other)) for other in without_one), default=0.0)
        self.report_bound(holds=moved <= unit * (1 + 1e-6))


@dataclass(frozen=True, eq=False)
class ExactCounts:
    """Exact counts of rows, without privacy; queries and events as behind a plan."""

    table: Table
    is_private = False

    def release(
        self,
        event: str,  # noqa: ARG002
        queries: Sequence[Query],
        shares: Sequence[float] | None = None,
    ) -> list[Count]:
        """Exact row counts; see `Counts.release`."""
        checked_shares(len(queries), shares)
        chunks = ((self.table, np.ones(len(self.table), dtype=np.int64)),)
        return [Count(sum_counts(query, chunks).astype(np.float64), 0.0) for query in queries]


def sum_counts(query: Query, chunks: Sequence[tuple[Table, IntArray]]) -> IntArray:
    """Sum of the integer weights of the rows in each cell, int64 of shape (size,).

    Weights are summed exactly below 2**53 units per chunk and cell, which `People` and CHUNK guarantee.

    Raises:
        InternalError: a query without cells or with too many, or a row outside them.
    """
    if not 0 < query.size <= LARGEST_CELLS:
        raise InternalError(f"a query of {query.size} cells")
    total = np.zeros(query.size, dtype=np.int64)
    for table, weights in chunks:
        cells = query.cells(table)
        if cells.shape != weights.shape or (len(cells) and not 0 <= cells.min() <= cells.max() < query.size):
            raise InternalError("a query must give every row one of its cells")
        total += np.bincount(cells, weights, query.size).astype(np.int64)
    return total


def persons(counts: Sequence[Count]) -> float:
    """Number of persons (rows, where counts are exact) from the totals of count vectors; at least 1.

    Totals are averaged with weights 1 / variance; the variance of a total is size * sigma**2.
    """
    variances = np.array([max(len(count.values) * count.sigma**2, 1e-12) for count in counts])
    totals = np.array([count.values.sum() for count in counts])
    return max(float((totals / variances).sum() / (1 / variances).sum()), 1.0) if len(counts) else 1.0


def checked_shares(queries: int, shares: Sequence[float] | None) -> list[float]:
    """Positive shares of an event's precision that do not exceed 1.

    Raises:
        InternalError: they do, or there is not one for each query.
    """
    if shares is None:
        return [1 / queries] * queries
    parts = [float(share) for share in shares]
    if len(parts) != queries or not all(0 < part <= 1 for part in parts):
        raise InternalError("each query needs a share above 0 and at most 1")
    total = fsum(parts)
    if total > 1 + 1e-9:
        raise InternalError("the shares of an event exceed 1")
    return [part / max(total, 1.0) for part in parts]


def finite(values: NDArray[np.floating]) -> FloatArray:
    """NaN as 0, what is too large for float32 as its largest numbers."""
    wide = np.asarray(values, dtype=np.float64)
    return np.clip(np.nan_to_num(wide, nan=0.0), -3e38, 3e38)


def clipped(vectors: FloatArray, norm: float) -> FloatArray:
    """Vectors scaled to an L2 norm of at most `norm`, shape (n, m); no overflow on the way."""
    largest = np.maximum(np.abs(vectors).max(1, initial=0.0), 1e-300)[:, None]
    lengths = largest * np.linalg.norm(vectors / largest, axis=1, keepdims=True)
    return np.asarray(vectors * (norm / np.maximum(lengths, norm)))
