"""Write the instances of one scenario into one block of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.errors import ConfigError
from synthrec.rng import Streams
from synthrec.rules.amounts import evaluate
from synthrec.rules.rows import Maker, Rows, replaced
from synthrec.scenarios.bind import Bound, BoundStep, copies, partners
from synthrec.scenarios.design import FloatArray
from synthrec.scenarios.desk import Desk, Seeing, true
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.spec_base import MOMENTS
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


def inject(desk: Desk, bound: Bound, cases: Cases, donors: Desk, streams: BlockStreams) -> list[Mark]:
    """Write the instances of a block; which rows they are."""
    return _Writing(desk, bound, cases, donors, streams).marks()


def eligible(desk: Desk, bound: Bound) -> tuple[BoolArray, BoolArray | None]:
    """Which units may have an instance, and which rows may be its anchor."""
    sheet = desk.sheets[bound.unit]
    rows = desk.rows(bound.unit, np.arange(sheet.read))
    units = true(bound.where, rows)
    if bound.anchor is None or bound.scenario.anchor is None:
        return units, None
    table = bound.scenario.anchor.table
    slots = np.arange(desk.sheets[table].read)
    owners = desk.places(table, bound.unit)[slots]
    anchors = true(bound.anchor, _placed(desk, bound, table, slots, rows, owners))
    return units & (np.bincount(owners[anchors], minlength=sheet.read) > 0), anchors


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
        return self.of(purpose).random(units)


class _Writing:
    """The instances of one scenario while they are written."""

    def __init__(self, desk: Desk, bound: Bound, cases: Cases, donors: Desk, streams: BlockStreams) -> None:
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
        rows = self._desk.rows(self._bound.unit, self._cases.units)
        rows.made |= {**self._cases.params, "severity": Vector.full(self._cases.severity)}
        self._hang(rows)
        self._draw(rows, self._bound.let, "let")
        return rows

    def _hang(self, rows: Rows) -> None:
        """Choose the anchor of each instance, evenly among its unit's eligible rows."""
        _, fitting = eligible(self._desk, self._bound)
        if fitting is None or self._bound.scenario.anchor is None:
            return
        table, unit = self._bound.scenario.anchor.table, self._bound.unit
        slots = np.flatnonzero(fitting)
        owners = self._desk.places(table, unit)[slots]
        low, high = (np.searchsorted(owners, self._cases.units, side) for side in ("left", "right"))
        share = self._streams.per_unit("anchor", self._desk.sheets[unit].read)[self._cases.units]
        self._anchors = slots[low + np.floor(share * (high - low)).astype(np.int64)]
        hung = _placed(self._desk, self._bound, table, self._anchors, rows, np.arange(rows.count))
        rows.made |= {f"anchor.{name}": hung.made[name] for name in self._desk.sheets[table].vectors}
        rows.made |= {f"anchor.{name}": hung.made[f"row.{name}"] for name in ("before", "after")}

    def _draw(self, rows: Rows, makers: Mapping[str, Maker], purpose: str) -> None:
        for name, maker in makers.items():
            rows.made[name] = maker.draw(rows, self._streams.of(f"{purpose}.{name}"))

    def _step(self, step: BoundStep) -> Iterator[Mark]:
        active = true(step.when, self._instances)
        if step.step.emit is not None:
            yield from self._emit(step, active)
        else:
            change = self._change_units if step.step.table == self._bound.unit else self._change_rows
            slots, above = change(step, active)
            yield self._mark(step, step.step.table, above, slots)

    def _mark(self, step: BoundStep, table: str, above: IntArray, slots: IntArray) -> Mark:
        return Mark(table, step.step.role, step.number + 1, self._cases.numbers[above], slots)

    # --- new rows -------------------------------------------------------------------------------------------

    def _emit(self, step: BoundStep, active: BoolArray) -> Iterator[Mark]:
        table = step.step.table
        repeat = evaluate(step.repeat, self._instances)
        counts = np.where(active & ~repeat.missing, np.maximum(repeat.values, 0), 0).astype(np.int64)
        above = np.repeat(np.arange(len(counts)), counts)
        picks, parents = self._alike(step, len(above)), self._parents(table)[above]
        copied = self._copied(table, picks, parents)
        rows = self._new_rows(table, copied, above, parents)
        self._draw(rows, step.makers, f"{step.number}")
        given = self._desk.sheets[table].spec.columns.keys() | step.step.set.keys()
        columns = {name: rows.made[name] if name in given else copied[name] for name in copied}
        slots = self._desk.sheets[table].append(columns, parents)
        yield self._mark(step, table, above, slots)
        time = self._bound.times.get(table)
        if time is not None:
            moved = _days(columns[time], self._bound, table) - _days(copied[time], self._bound, table)
            yield from self._bring(step, Brought(table, picks, slots, above, moved))

    def _new_rows(self, table: str, copied: Mapping[str, Vector], above: IntArray, parents: IntArray) -> Rows:
        desk, unit = self._desk, self._bound.unit
        index, counts = _index(above), np.bincount(above, minlength=len(self._cases.units))
        owned = np.bincount(desk.places(table, unit), minlength=len(desk.sheets[unit]))
        before = owned[self._cases.units][above] + index
        places = {"row.index": index, "row.before": before, "row.after": counts[above] - 1 - index}
        made = {**copied, **{name: Vector.full(values) for name, values in places.items()}}
        line = desk.line(desk.above[table][0], parents)
        return Seeing(table, len(above), desk.params, self._instances, above, made, desk=desk, line=line)

    def _parents(self, table: str) -> IntArray:
        """By instance the row under which new rows of a table stand: the unit's, or that of the anchor."""
        parent, anchor = self._desk.above[table][0], self._bound.scenario.anchor
        if parent == self._bound.unit or anchor is None or self._anchors is None:
            return self._cases.units
        return self._desk.line(anchor.table, self._anchors)[parent]

    def _alike(self, step: BoundStep, count: int) -> IntArray:
        """Rows of unseen persons, drawn evenly among those that the step likes."""
        table = step.step.table
        if not count:
            return np.zeros(0, np.int64)
        rows = self._donors.rows(table, np.arange(len(self._donors.sheets[table])))
        pool = np.flatnonzero(true(step.like, rows))
        if not len(pool):
            raise ConfigError(f"scenario {self._bound.name}: no row of {table} is like {step.step.like!r}")
        return pool[(self._streams.of(f"{step.number}:like").random(count) * len(pool)).astype(np.int64)]

    def _copied(self, table: str, picks: IntArray, parents: IntArray) -> dict[str, Vector]:
        """All columns of donors' rows, with what they copy from above; new rows have no other side."""
        columns = self._donors.sheets[table].take(picks)
        line = self._desk.line(self._desk.above[table][0], parents)
        for name, source, column in copies(self._desk.sheets[table].table):
            columns[name] = self._desk.sheets[source].vectors[column].take(line[source])
        absent = np.ones(len(picks), dtype=bool)
        for name in partners(self._desk.sheets[table].table):
            columns[name] = Vector(np.zeros_like(columns[name].values), absent, columns[name].levels)
        return columns

    def _bring(self, step: BoundStep, top: Brought) -> Iterator[Mark]:
        """The rows below donors' rows come along, their dates moved by as many days."""
        for name, sheet in self._desk.sheets.items():
            if sheet.table.generate.per != top.table:
                continue
            rows, which = _below(self._donors.sheets[name].above, top.picks)
            columns = self._copied(name, rows, top.slots[which])
            for column, content in sheet.table.columns.items():
                if content.kind in MOMENTS:
                    old = columns[column]
                    shift = top.moved[which] * (1 if content.kind == "date" else MICROSECONDS_PER_DAY)
                    columns[column] = Vector(old.values.astype(np.int64) + shift, old.missing)
            slots = sheet.append(columns, top.slots[which])
            yield self._mark(step, name, top.above[which], slots)
            yield from self._bring(step, Brought(name, rows, slots, top.above[which], top.moved[which]))

    # --- other values ---------------------------------------------------------------------------------------

    def _change_units(self, step: BoundStep, active: BoolArray) -> tuple[IntArray, IntArray]:
        above = np.flatnonzero(active)
        units = self._cases.units[above]
        rows = self._desk.rows(self._bound.unit, units)
        rows.made |= {name: vector.take(above) for name, vector in self._instances.made.items()}
        self._draw(rows, step.makers, f"{step.number}")
        self._desk.sheets[self._bound.unit].change(units, {name: rows.made[name] for name in step.step.set})
        for name in step.step.set:
            self._instances.made[name] = replaced(self._instances.made[name], above, rows.made[name])
        return units, above

    def _change_rows(self, step: BoundStep, active: BoolArray) -> tuple[IntArray, IntArray]:
        table = step.step.table
        slots, above = self._touched(step)
        kept = active[above]
        slots, above = slots[kept], above[kept]
        rows = _placed(self._desk, self._bound, table, slots, self._instances, above)
        if step.rows is not None:
            kept = true(step.rows, rows)
            slots, above = slots[kept], above[kept]
            rows = _placed(self._desk, self._bound, table, slots, self._instances, above)
        self._draw(rows, step.makers, f"{step.number}")
        self._desk.sheets[table].change(slots, {name: rows.made[name] for name in step.step.set})
        return slots, above

    def _touched(self, step: BoundStep) -> tuple[IntArray, IntArray]:
        """Slots that a step may change, ordered by instance: the anchors, or all rows of the units."""
        anchor, table = self._bound.scenario.anchor, step.step.table
        if step.rows is None and self._anchors is not None and anchor and anchor.table == table:
            return self._anchors, np.arange(len(self._anchors))
        owners = self._desk.places(table, self._bound.unit)
        slots: NDArray[np.intp] = np.flatnonzero(np.isin(owners, self._cases.units))
        slots = slots[np.argsort(owners[slots], kind="stable")]
        return slots, np.searchsorted(self._cases.units, owners[slots])


@dataclass(frozen=True, eq=False)
class Brought:
    """Rows that were emitted, or came along with such."""

    table: str
    picks: IntArray
    """Slots of the donors' rows."""
    slots: IntArray
    above: IntArray
    """Position of each row's instance."""
    moved: IntArray
    """Days from the donor's date to the new one."""


def _placed(desk: Desk, bound: Bound, table: str, slots: IntArray, parent: Rows, above: IntArray) -> Rows:
    """Rows of a table under rows of the unit, with their places among all rows of the same unit."""
    rows = desk.rows(table, slots, parent, above)
    before, after = _places(desk.places(table, bound.unit))
    places = {"row.before": before[slots], "row.after": after[slots], "row.index": _index(above)}
    rows.made |= {name: Vector.full(values) for name, values in places.items()}
    return rows


def _places(owners: IntArray) -> tuple[IntArray, IntArray]:
    """How many rows of the same unit stand before and after each row, by slot."""
    order = np.argsort(owners, kind="stable")
    before = np.empty(len(owners), np.int64)
    before[order] = _index(owners[order])
    return before, np.bincount(owners)[owners] - 1 - before if len(owners) else before


def _index(groups: IntArray) -> IntArray:
    """Number of each row within its group; groups are ascending."""
    return np.arange(len(groups)) - np.searchsorted(groups, groups)


def _below(above: IntArray, slots: IntArray) -> tuple[IntArray, IntArray]:
    """The rows under some rows, and the position of each one's parent among these."""
    order = np.argsort(above, kind="stable")
    low, high = (np.searchsorted(above[order], slots, side) for side in ("left", "right"))
    which = np.repeat(np.arange(len(slots)), high - low)
    return order[low[which] + _index(which)], which


def _days(moments: Vector, bound: Bound, table: str) -> IntArray:
    """The days on which some moments of a table are."""
    kind = bound.schema.tables[table].columns[bound.times[table]].kind
    return moments.values.astype(np.int64) // (1 if kind == "date" else MICROSECONDS_PER_DAY)
