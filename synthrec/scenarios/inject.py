"""Write the instances of one scenario into one block of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.data.table import Records, Table
from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.amounts import evaluate
from synthrec.rules.engine import BLOCK_ROOTS
from synthrec.rules.rows import Maker, Rows, replaced
from synthrec.scenarios.bind import Bound, BoundStep
from synthrec.scenarios.design import FloatArray
from synthrec.scenarios.sheet import Sheet
from synthrec.schema.expressions import Expression
from synthrec.schema.rule_tables import rule_tables
from synthrec.schema.vector import BoolArray, IntArray, Vector

CASE = "case"
"""Role of the unit's own row."""


@dataclass(frozen=True, eq=False)
class Mark:
    """Rows that belong to instances: what the labels tell."""

    table: str
    role: str
    step: int
    """Number of the step, from 1; 0 for the unit's own row."""
    instances: IntArray
    """Number of each row's instance."""
    slots: IntArray


@dataclass(frozen=True, eq=False)
class Cases:
    """The instances of a scenario in one block."""

    units: IntArray
    """Positions of their units in the block, ascending."""
    numbers: IntArray
    """Their numbers within the scenario."""
    params: Mapping[str, Vector]
    severity: FloatArray


class Desk:
    """One block of records, open for writing."""

    def __init__(self, records: Records, bound: Bound, params: Mapping[str, Vector]) -> None:
        rules = rule_tables(bound.schema)
        table = records[bound.unit]
        self.records = records
        self.unit = Rows(bound.unit, len(table), params, made=table.vectors())
        keys = self.unit.made[bound.schema.tables[bound.unit].primary_key[0]]
        self.sheets = {
            name: Sheet.of(records[name], rules[name], bound.unit, keys) for name in bound.children
        }
        self.rows_read = {name: len(sheet) for name, sheet in self.sheets.items()}
        for name, sheet in self.sheets.items():
            counts = np.bincount(sheet.owners, minlength=len(table))
            self.unit.made[f"{name}.count"] = Vector.full(counts)

    def eligible(self, bound: Bound) -> tuple[BoolArray, BoolArray | None]:
        """Which units may have an instance, and which rows may be its anchor."""
        units = true(bound.where, self.unit)
        if bound.anchor is None or bound.scenario.anchor is None:
            return units, None
        name = bound.scenario.anchor.table
        anchors = true(bound.anchor, self.under(name, np.arange(self.rows_read[name]), self.unit))
        owners = self.sheets[name].owners[: self.rows_read[name]]
        return units & (np.bincount(owners[anchors], minlength=self.unit.count) > 0), anchors

    def under(self, table: str, slots: IntArray, parent: Rows, parents: IntArray | None = None) -> Rows:
        """Some rows of a child table under rows of the unit, at `parents` where these are not the block's."""
        sheet = self.sheets[table]
        made = {name: vector.take(slots) for name, vector in sheet.vectors.items()}
        above = sheet.owners[slots] if parents is None else parents
        before, after = _places(sheet.owners)
        made["row.before"], made["row.after"] = Vector.full(before[slots]), Vector.full(after[slots])
        made["row.index"] = Vector.full(_index(above))
        return Rows(table, len(slots), parent.params, parent, above, made)


def inject(
    desk: Desk, bound: Bound, cases: Cases, donors: Mapping[str, Table], streams: BlockStreams
) -> list[Mark]:
    """Write the instances of a block; which rows they are."""
    return _Writing(desk, bound, cases, donors, streams).marks()


@dataclass(frozen=True)
class BlockStreams:
    """The random streams of one scenario in one block."""

    streams: Streams
    name: str
    block: int

    def of(self, purpose: str) -> np.random.Generator:
        """The stream of one purpose."""
        return self.streams.sampling(f"scenario:{self.name}:{purpose}", self.block)

    def per_unit(self, purpose: str, units: int) -> FloatArray:
        """One uniform number per unit of the block, the same however many units there are."""
        return self.of(purpose).random(BLOCK_ROOTS)[:units]


def true(expression: Expression, rows: Rows) -> BoolArray:
    """Where a condition holds; null does not."""
    result = evaluate(expression, rows)
    return result.values.astype(bool) & ~result.missing


class _Writing:
    """The instances of one scenario while they are written."""

    def __init__(
        self, desk: Desk, bound: Bound, cases: Cases, donors: Mapping[str, Table], streams: BlockStreams
    ) -> None:
        self._desk = desk
        self._bound = bound
        self._cases = cases
        self._donors = donors
        self._streams = streams
        self._anchors: IntArray | None = None
        self._instances = self._made()

    def marks(self) -> list[Mark]:
        """Run all steps."""
        return [
            Mark(self._bound.unit, CASE, 0, self._cases.numbers, self._cases.units),
            *(mark for step in self._bound.steps for mark in self._step(step)),
        ]

    def _made(self) -> Rows:
        units = self._cases.units
        made = {name: vector.take(units) for name, vector in self._desk.unit.made.items()}
        made |= self._cases.params
        made["severity"] = Vector.full(self._cases.severity)
        rows = Rows(self._bound.unit, len(units), self._desk.unit.params, made=made)
        self._hang(rows)
        self._draw(rows, self._bound.let, "let")
        return rows

    def _hang(self, rows: Rows) -> None:
        """Choose the anchor of each instance, evenly among its unit's eligible rows."""
        _, eligible = self._desk.eligible(self._bound)
        if eligible is None or self._bound.scenario.anchor is None:
            return
        table = self._bound.scenario.anchor.table
        sheet, slots = self._desk.sheets[table], np.flatnonzero(eligible)
        low, high = (
            np.searchsorted(sheet.owners[slots], self._cases.units, side) for side in ("left", "right")
        )
        share = self._streams.per_unit("anchor", self._desk.unit.count)[self._cases.units]
        self._anchors = slots[low + np.floor(share * (high - low)).astype(np.int64)]
        hung = self._desk.under(table, self._anchors, rows, np.arange(rows.count))
        for name in sheet.spec.columns:
            rows.made[f"anchor.{name}"] = hung.made[name]
        rows.made |= {f"anchor.{name}": hung.made[f"row.{name}"] for name in ("before", "after")}

    def _draw(self, rows: Rows, makers: Mapping[str, Maker], purpose: str) -> None:
        for name, maker in makers.items():
            rows.made[name] = maker.draw(rows, self._streams.of(f"{purpose}.{name}"))

    def _step(self, step: BoundStep) -> Iterator[Mark]:
        active = true(step.when, self._instances)
        if step.step.emit is not None:
            slots, above = self._emit(step, active)
        elif step.step.table == self._bound.unit:
            slots, above = self._change_units(step, active)
        else:
            slots, above = self._change_rows(step, active)
        yield Mark(step.step.table, step.step.role, step.number + 1, self._cases.numbers[above], slots)

    def _emit(self, step: BoundStep, active: BoolArray) -> tuple[IntArray, IntArray]:
        table = step.step.table
        sheet = self._desk.sheets[table]
        repeat = evaluate(step.repeat, self._instances)
        counts = np.where(active & ~repeat.missing, np.maximum(repeat.values, 0), 0).astype(np.int64)
        above = np.repeat(np.arange(len(counts)), counts)
        made = self._copied(step, len(above))
        for name, source in self._bound.copies[table].items():
            made[name] = self._instances.vector(source).take(above)
        index = _index(above)
        before = np.bincount(sheet.owners, minlength=self._desk.unit.count)[self._cases.units][above] + index
        places = {"row.index": index, "row.before": before, "row.after": counts[above] - 1 - index}
        made |= {name: Vector.full(values) for name, values in places.items()}
        rows = Rows(table, len(above), self._instances.params, self._instances, above, made)
        self._draw(rows, step.makers, f"{step.number}")
        columns = {name: rows.made[name] for name in sheet.spec.columns if name not in sheet.sequences}
        return sheet.append(columns, self._cases.units[above]), above

    def _copied(self, step: BoundStep, count: int) -> dict[str, Vector]:
        """Rows of unseen persons, drawn evenly among those that the step likes."""
        donors = self._donors[step.step.table]
        if not count:
            return {name: vector.take(np.zeros(0, np.int64)) for name, vector in donors.vectors().items()}
        rows = Rows(step.step.table, len(donors), self._instances.params, made=donors.vectors())
        pool = np.flatnonzero(true(step.like, rows))
        if not len(pool):
            raise ConfigError(
                f"scenario {self._bound.name}: no row of {step.step.table} is like {step.step.like!r}"
            )
        picks = pool[(self._streams.of(f"{step.number}:like").random(count) * len(pool)).astype(np.int64)]
        return {name: vector.take(picks) for name, vector in donors.vectors().items()}

    def _change_units(self, step: BoundStep, active: BoolArray) -> tuple[IntArray, IntArray]:
        above = np.flatnonzero(active)
        made = {name: vector.take(above) for name, vector in self._instances.made.items()}
        rows = Rows(self._bound.unit, len(above), self._instances.params, made=made)
        self._draw(rows, step.makers, f"{step.number}")
        units = self._cases.units[above]
        for name in step.step.set:
            self._desk.unit.made[name] = replaced(self._desk.unit.made[name], units, rows.made[name])
            self._instances.made[name] = replaced(self._instances.made[name], above, rows.made[name])
        return units, above

    def _change_rows(self, step: BoundStep, active: BoolArray) -> tuple[IntArray, IntArray]:
        sheet = self._desk.sheets[step.step.table]
        slots, above = self._touched(step, sheet)
        kept = active[above]
        slots, above = slots[kept], above[kept]
        rows = self._desk.under(step.step.table, slots, self._instances, above)
        if step.rows is not None:
            kept = true(step.rows, rows)
            slots, above = slots[kept], above[kept]
            rows = self._desk.under(step.step.table, slots, self._instances, above)
        self._draw(rows, step.makers, f"{step.number}")
        sheet.change(slots, {name: rows.made[name] for name in step.step.set})
        return slots, above

    def _touched(self, step: BoundStep, sheet: Sheet) -> tuple[IntArray, IntArray]:
        """Slots that a step may change, ordered by instance: the anchors, or all rows of the units."""
        anchor = self._bound.scenario.anchor
        if step.rows is None and self._anchors is not None and anchor and anchor.table == step.step.table:
            return self._anchors, np.arange(len(self._anchors))
        slots: NDArray[np.intp] = np.flatnonzero(np.isin(sheet.owners, self._cases.units))
        slots = slots[np.argsort(sheet.owners[slots], kind="stable")]
        return slots, np.searchsorted(self._cases.units, sheet.owners[slots])


def _places(owners: IntArray) -> tuple[IntArray, IntArray]:
    """How many rows of the same unit stand before and after each row, by slot."""
    order = np.argsort(owners, kind="stable")
    before = np.empty(len(owners), np.int64)
    before[order] = _index(owners[order])
    return before, np.bincount(owners)[owners] - 1 - before if len(owners) else before


def _index(groups: IntArray) -> IntArray:
    """Number of each row within its group; groups are ascending."""
    return np.arange(len(groups)) - np.searchsorted(groups, groups)
