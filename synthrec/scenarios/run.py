"""A run of scenarios: one pass to find who may have them, one to write them.

Every scenario reads its own random streams and one root entity has at most one instance, earlier scenarios of
the run first. So a scenario that is added at the end changes no instance of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.rng import SEED_BITS, Streams
from synthrec.rules.amounts import evaluate
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.rules.params import vectors
from synthrec.scenarios.bind import Bound
from synthrec.scenarios.design import Drawn, draw
from synthrec.scenarios.inject import BlockStreams, Cases, Desk, Mark, inject
from synthrec.scenarios.labels import Instance, instance_rows, label_table
from synthrec.scenarios.model import Prevalence
from synthrec.scenarios.selection import Candidates, choose, wanted
from synthrec.schema.model import Scalar, Schema
from synthrec.schema.vector import IntArray, Vector


@dataclass(frozen=True, eq=False)
class Request:
    """One scenario as it is asked for."""

    bound: Bound
    prevalence: Prevalence
    tier: str


@dataclass(frozen=True, eq=False)
class Realised:
    """What one scenario came to."""

    request: Request
    units: int
    eligible: int
    requested: int
    chosen: IntArray
    """Numbers of the units, ascending; instance i is the i-th."""
    drawn: Drawn


@dataclass(eq=False)
class ScenarioRun:
    """Records of a rule schema with instances of scenarios in them."""

    schema: Schema
    params: Mapping[str, Scalar]
    requests: Sequence[Request]
    rows: int
    streams: Streams
    keys: dict[str, dict[int, str]] = field(default_factory=dict)
    """By scenario, filled while blocks are written: the key of each instance's unit."""

    @cached_property
    def engine(self) -> RuleEngine:
        """What makes the records."""
        return RuleEngine(self.schema, self.params)

    @cached_property
    def donors(self) -> Records:
        """Records of unseen persons: one block of another seed, from which emitted rows are copied."""
        seed = int(self.streams.sampling("scenario:donors").integers(2**SEED_BITS))
        return next(self.engine.blocks(BLOCK_ROOTS, streams=Streams(seed)))

    @cached_property
    def realised(self) -> tuple[Realised, ...]:
        """Exactly as many instances as asked for, and their parameters.

        Raises:
            ConfigError: fewer units are eligible; with both numbers.
        """
        found, taken = [], set[int]()
        for request, survey in zip(self.requests, self._surveys(), strict=True):
            count = wanted(request.prevalence, self.rows)
            free = survey.candidates.without(taken)
            chosen = choose(free, count, survey.sizes, request.bound.name)
            taken.update(chosen.tolist())
            drawn = draw(request.bound.scenario, request.tier, count, self.streams)
            found.append(Realised(request, self.rows, len(survey.candidates.units), count, chosen, drawn))
        return tuple(found)

    def stream(self) -> Iterator[tuple[Records, Table]]:
        """Blocks of records, each with the labels of its rows."""
        numbers: Counter[str] = Counter()
        for block, records in enumerate(self.engine.blocks(self.rows, streams=self.streams)):
            if not self.requests:
                yield records, label_table(())
                continue
            yield self._block(block, records, numbers)

    def instances(self) -> Table:
        """One row per instance: its unit, severity and parameters; complete when `stream` is at its end."""
        return instance_rows(tuple(self._instances()))

    def _instances(self) -> Iterator[Instance]:
        for realised in self.realised:
            keys = self.keys.get(realised.request.bound.name, {})
            values = realised.drawn.values
            for i, severity in enumerate(realised.drawn.severity.tolist()):
                params = {name: _plain(vector, i) for name, vector in values.items()}
                bound = realised.request.bound
                yield Instance(
                    bound.name, i + 1, bound.unit, keys.get(i, ""), realised.request.tier, severity, params
                )

    def _block(self, block: int, records: Records, numbers: Counter[str]) -> tuple[Records, Table]:
        desk = Desk(records, self.requests[0].bound, self._param_vectors)
        written = [(realised, self._write(desk, realised, block)) for realised in self.realised]
        finished, positions = self._finish(desk, numbers)
        for name, table in finished.items():
            numbers[name] += len(table)
        parts = [
            (realised.request.bound.scenario, realised.drawn.severity, mark, positions.get(mark.table))
            for realised, marks in written
            for mark in marks
        ]
        self._remember(desk, written)
        return finished, label_table(parts, finished)

    def _write(self, desk: Desk, realised: Realised, block: int) -> list[Mark]:
        cases = _cases(realised, block * BLOCK_ROOTS, desk.unit.count)
        bound = realised.request.bound
        if not len(cases.units):
            return []
        return inject(desk, bound, cases, self.donors, BlockStreams(self.streams, bound.name, block))

    def _finish(self, desk: Desk, numbers: Mapping[str, int]) -> tuple[dict[str, Table], dict[str, IntArray]]:
        unit = self.requests[0].bound.unit
        spec = self.schema.tables[unit]
        finished = dict(desk.records)
        finished[unit] = Table.from_vectors(unit, spec, {name: desk.unit.made[name] for name in spec.columns})
        positions: dict[str, IntArray] = {}
        for name, sheet in desk.sheets.items():
            recompute = {
                column: maker
                for request in self.requests
                for column, maker in request.bound.recompute.get(name, {}).items()
            }
            first = numbers[name] if name in self._growing else None
            finished[name], positions[name] = sheet.finished(desk.unit, recompute, first, self._by.get(name))
        return finished, positions

    def _remember(self, desk: Desk, written: Sequence[tuple[Realised, list[Mark]]]) -> None:
        unit = self.requests[0].bound.unit
        key = desk.unit.made[self.schema.tables[unit].primary_key[0]]
        for realised, marks in written:
            for mark in marks[:1]:
                kept = self.keys.setdefault(realised.request.bound.name, {})
                rows = key.take(mark.slots)
                kept.update((int(i), str(_plain(rows, j))) for j, i in enumerate(mark.instances))

    @cached_property
    def _growing(self) -> frozenset[str]:
        """Tables that get rows somewhere in the run."""
        steps = (bound.step for request in self.requests for bound in request.bound.steps)
        return frozenset(step.table for step in steps if step.emit is not None)

    @cached_property
    def _by(self) -> Mapping[str, str]:
        """Columns that order rows, by table, as the first scenario says that says so."""
        orders = (request.bound.scenario.order for request in reversed(self.requests))
        return {table: column for order in orders for table, column in order.items()}

    @cached_property
    def _param_vectors(self) -> Mapping[str, Vector]:
        return vectors(self.engine.params)

    def _surveys(self) -> list[_Survey]:
        surveys = [_Survey(request) for request in self.requests]
        if not any(wanted(request.prevalence, self.rows) for request in self.requests):
            return surveys
        for block, records in enumerate(self.engine.blocks(self.rows, streams=self.streams)):
            desk = Desk(records, self.requests[0].bound, self._param_vectors)
            for survey in surveys:
                survey.add(desk, block, self.streams)
        return surveys


class _Survey:
    """Who may have a scenario, found block by block."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._parts: list[Candidates] = []
        self._levels: dict[object, int] = {}
        self._sizes: Counter[int] = Counter()

    @property
    def candidates(self) -> Candidates:
        """All of them, in the order of the records."""
        parts = self._parts
        if not parts:
            return Candidates(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))
        units, keys, strata = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("units", "keys", "strata")
        )
        return Candidates(units, keys, strata)

    @property
    def sizes(self) -> IntArray:
        """Units by stratum, eligible or not."""
        return np.array([self._sizes[i] for i in range(len(self._levels))] or [0], np.int64)

    def add(self, desk: Desk, block: int, streams: Streams) -> None:
        """Look at one block."""
        bound = self._request.bound
        eligible, _ = desk.eligible(bound)
        keys = -np.log1p(-BlockStreams(streams, bound.name, block).per_unit("select", desk.unit.count))
        if bound.weight is not None:
            weight = evaluate(bound.weight, desk.unit)
            positive = ~weight.missing & np.greater(weight.values, 0)
            eligible = eligible & positive
            keys = keys / np.where(positive, weight.values.astype(np.float64), 1.0)
        strata = self._strata(desk)
        self._sizes.update(strata.tolist())
        rows = np.flatnonzero(eligible)
        self._parts.append(Candidates(rows + block * BLOCK_ROOTS, keys[rows], strata[rows]))

    def _strata(self, desk: Desk) -> IntArray:
        column = self._request.prevalence.stratify
        if column is None:
            self._levels.setdefault(None, 0)
            return np.zeros(desk.unit.count, np.int64)
        vector = desk.unit.made[column]
        values = np.where(vector.missing, -1, vector.values)
        distinct, codes = np.unique(values, return_inverse=True)
        labels = [
            None if v == -1 else (vector.levels[int(v)] if vector.levels else v) for v in distinct.tolist()
        ]
        table = np.array([self._levels.setdefault(text, len(self._levels)) for text in labels], np.int64)
        return table[codes]


def _cases(realised: Realised, start: int, units: int) -> Cases:
    """The instances whose units are in a block."""
    low, high = np.searchsorted(realised.chosen, [start, start + units])
    numbers = np.arange(low, high)
    params = {name: vector.take(numbers) for name, vector in realised.drawn.values.items()}
    return Cases(realised.chosen[low:high] - start, numbers, params, realised.drawn.severity[low:high])


def _plain(vector: Vector, row: int) -> str | int | float:
    value: str | int | float = vector.values[row].item()
    return vector.levels[int(value)] if vector.levels is not None else value
