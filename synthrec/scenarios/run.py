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
from synthrec.rules.chunks import Block
from synthrec.rules.engine import BLOCK_ROOTS, RuleEngine
from synthrec.rules.params import vectors
from synthrec.scenarios.bind import Bound
from synthrec.scenarios.design import Drawn, draw
from synthrec.scenarios.desk import Desk
from synthrec.scenarios.finish import Finished, Finisher
from synthrec.scenarios.inject import BlockStreams, Cases, Mark, inject
from synthrec.scenarios.labels import Instance, instance_rows, label_table
from synthrec.scenarios.model import Prevalence
from synthrec.scenarios.selection import choose, wanted
from synthrec.scenarios.survey import Place, Survey
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
    block_roots: int = BLOCK_ROOTS
    """Root entities made at a time; with fewer than usual, few are made sooner, and others."""
    keys: dict[str, dict[int, str]] = field(default_factory=dict)
    """By scenario, filled while blocks are written: the key of each instance's unit."""

    @cached_property
    def engine(self) -> RuleEngine:
        """What makes the records."""
        return RuleEngine(self.schema, self.params, block_roots=self.block_roots)

    @cached_property
    def donors(self) -> Block:
        """Records of unseen persons: one block of another seed, from which emitted rows are copied."""
        seed = int(self.streams.sampling("scenario:donors").integers(2**SEED_BITS))
        return next(self.engine.whole_blocks(self.block_roots, streams=Streams(seed)))

    @cached_property
    def reference(self) -> Records:
        """The same as records: what the rules make without scenarios."""
        return self.donors.records(0, len(next(iter(self.donors.ends.values()))) - 1)

    @cached_property
    def realised(self) -> tuple[Realised, ...]:
        """Exactly as many instances as asked for, and their parameters.

        Raises:
            ConfigError: fewer units are eligible; with both numbers.
        """
        found, taken = [], set[int]()
        for request, survey in zip(self.requests, self._surveys(), strict=True):
            all_units, candidates = int(survey.sizes.sum()), survey.candidates
            count = wanted(request.prevalence, all_units)
            chosen = choose(candidates.without(taken), count, survey.sizes, request.bound.name)
            taken.update(candidates.roots[np.searchsorted(candidates.units, chosen)].tolist())
            drawn = draw(request.bound.scenario, request.tier, count, self.streams)
            found.append(Realised(request, all_units, len(candidates.units), count, chosen, drawn))
        return tuple(found)

    def stream(self) -> Iterator[tuple[Records, Table]]:
        """Blocks of records, each with the labels of its rows."""
        if not self.requests:
            yield from ((records, label_table(())) for records in self._plain_blocks())
            return
        finisher = Finisher(self.schema, [request.bound for request in self.requests], self.streams)
        units: Counter[str] = Counter()
        for block, desk in enumerate(self._desks()):
            written = [(realised, self._write(desk, realised, block, units)) for realised in self.realised]
            units.update({name: sheet.read for name, sheet in desk.sheets.items()})
            yield self._labelled(finisher.finished(desk, _roots_of(desk, written)), written)

    def _plain_blocks(self) -> Iterator[Records]:
        return self.engine.blocks(self.rows, streams=self.streams)

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

    def _write(self, desk: Desk, realised: Realised, block: int, before: Mapping[str, int]) -> list[Mark]:
        bound = realised.request.bound
        cases = _cases(realised, before[bound.unit], desk.sheets[bound.unit].read)
        if not len(cases.units):
            return []
        return inject(desk, bound, cases, self._unseen, BlockStreams(self.streams, bound.name, block))

    def _labelled(self, finished: Finished, written: Sequence[Written]) -> tuple[Records, Table]:
        parts = [
            (realised.request.bound.scenario, realised.drawn.severity, mark, finished.positions[mark.table])
            for realised, marks in written
            for mark in marks
        ]
        for realised, marks in written:
            for mark in marks[:1]:
                kept = self.keys.setdefault(realised.request.bound.name, {})
                table = finished.records[mark.table]
                key = table.vector(table.spec.primary_key[0])
                rows = key.take(finished.positions[mark.table][mark.slots])
                kept.update((int(i), str(_plain(rows, j))) for j, i in enumerate(mark.instances))
        return finished.records, label_table(parts, finished.records)

    @cached_property
    def _unseen(self) -> Desk:
        return Desk(self.donors, self.schema, self._param_vectors)

    def _desks(self) -> Iterator[Desk]:
        blocks = (self._only,) if self.rows <= self.block_roots else self._blocks()
        for block in blocks:
            yield Desk(block, self.schema, self._param_vectors)

    @cached_property
    def _only(self) -> Block:
        """The block of a run that has one, which is kept from the first pass to the second."""
        return next(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        return self.engine.whole_blocks(self.rows, streams=self.streams)

    @cached_property
    def _param_vectors(self) -> Mapping[str, Vector]:
        return vectors(self.engine.params)

    def _surveys(self) -> list[Survey]:
        surveys = [Survey(request.bound, request.prevalence) for request in self.requests]
        for block, desk in enumerate(self._desks()):
            place = Place(self.streams, block, block * self.block_roots)
            for survey in surveys:
                survey.add(desk, place)
        return surveys


Written = tuple[Realised, list[Mark]]
"""One scenario in one block, and the rows of its instances."""


def _roots_of(desk: Desk, written: Sequence[Written]) -> IntArray:
    """The root entities of a block that have an instance."""
    units = [(marks[0].table, marks[0].slots) for _, marks in written if marks]
    roots = [list(desk.line(table, slots).values())[-1] for table, slots in units]
    return np.concatenate(roots) if roots else np.zeros(0, np.int64)


def _cases(realised: Realised, start: int, units: int) -> Cases:
    """The instances whose units are in a block."""
    low, high = np.searchsorted(realised.chosen, [start, start + units])
    numbers = np.arange(low, high)
    params = {name: vector.take(numbers) for name, vector in realised.drawn.values.items()}
    return Cases(realised.chosen[low:high] - start, numbers, params, realised.drawn.severity[low:high])


def _plain(vector: Vector, row: int) -> str | int | float:
    value: str | int | float = vector.values[row].item()
    return vector.levels[int(value)] if vector.levels is not None else value
