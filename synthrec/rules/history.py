"""Semi-Markov histories: all parents step from state to state together until their windows end.

In each step those still under way (the active set) draw the next state by weight, then the time until then;
transitions with a false guard have weight 0. Effects apply on transition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Names, Target, evaluate, impossible
from synthrec.rules.categories import draw_weighted
from synthrec.rules.numeric import AmountNumbers, DistMaker, Numbers
from synthrec.rules.rows import Rows
from synthrec.rules.sources import Draws, Origin, Window
from synthrec.schema import history_spec as spec
from synthrec.schema.dist_spec import Dist
from synthrec.schema.expression_types import MICROSECONDS_PER_DAY
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Column
from synthrec.schema.vector import BoolArray, IntArray, Vector


@dataclass(frozen=True, eq=False)
class Way:
    """One transition."""

    to: int
    weight: Amount
    guard: Expression | None
    days: Numbers
    effects: dict[str, Amount]

    @classmethod
    def of(cls, way: spec.Transition, to: int, target: Target) -> Way:
        """From its spec."""
        length = Target(Column(kind="float"), target.names, target.where)
        days = way.days
        return cls(
            to,
            Amount.of(way.weight, target.names),
            None if way.when is None else compile_expression(way.when, target.names),
            DistMaker.of(days, length)
            if isinstance(days, Dist)
            else AmountNumbers(Amount.of(days, target.names)),
            {name: Amount.of(source, target.names) for name, source in way.set.items()},
        )

    def chance(self, rows: Rows, where: str) -> FloatArray:
        """Weight in every row, 0 where the guard bars the way."""
        weight = self.weight.present(rows, where)
        if bad := int((~(weight >= 0)).sum()):
            raise impossible(where, f"{bad} negative weights", "use max(x, 0)")
        if self.guard is None:
            return weight
        guard = evaluate(self.guard, rows)
        return np.where(guard.values.astype(bool) & ~guard.missing, weight, 0.0)


@dataclass(eq=False)
class _Course:
    """How far the parents have come."""

    parent: Rows
    start: IntArray
    end: IntArray
    now: IntArray
    state: IntArray
    count: IntArray
    """Spells that are over."""
    attributes: dict[str, FloatArray]
    spells: _Spells


@dataclass(eq=False)
class _Spells:
    """The spells that are over, step by step."""

    parent: list[IntArray] = field(default_factory=list)
    state: list[IntArray] = field(default_factory=list)
    following: list[IntArray] = field(default_factory=list)
    start: list[IntArray] = field(default_factory=list)
    end: list[IntArray] = field(default_factory=list)

    def add(self, who: IntArray, course: _Course, following: IntArray, end: IntArray) -> None:
        self.parent.append(who)
        self.state.append(course.state[who])
        self.following.append(following)
        self.start.append(course.now[who])
        self.end.append(end)

    def origin(self, parents: int, states: tuple[str, ...]) -> Origin:
        """All spells, each parent's in order of time."""
        parent = np.concatenate([np.zeros(0, np.int64), *self.parent])
        order = np.argsort(parent, kind="stable")
        following = np.concatenate([np.zeros(0, np.int64), *self.following])[order]
        codes = np.concatenate([np.zeros(0, np.int64), *self.state])[order].astype(np.int32)
        last = following < 0
        given = {
            "state": Vector.full(codes, states),
            "next": Vector(np.where(last, 0, following).astype(np.int32), last, states),
            "from": Vector.full(np.concatenate([np.zeros(0, np.int64), *self.start])[order]),
            "to": Vector.full(np.concatenate([np.zeros(0, np.int64), *self.end])[order]),
        }
        return Origin(np.bincount(parent, minlength=parents).astype(np.int64), given)


@dataclass(frozen=True, eq=False)
class HistorySource:
    """The histories of all parents."""

    window: Window
    states: tuple[str, ...]
    initial: dict[int, Amount]
    attributes: dict[str, float]
    ways: tuple[tuple[Way, ...], ...]
    """The ways out of each state."""
    most: int
    where: str

    @classmethod
    def of(cls, history: spec.History, target: Target) -> HistorySource:
        """From its spec; `target` is the parent's scope."""
        states = tuple(history.states)
        scope: Names = {**target.names, **history.clock}
        inner = Target(target.column, scope, target.where)
        return cls(
            Window.of(history.start, history.end, target),
            states,
            {states.index(name): Amount.of(weight, target.names) for name, weight in history.initial.items()},
            dict(history.attributes),
            tuple(
                tuple(Way.of(way, states.index(way.to), inner) for way in ways)
                for ways in history.states.values()
            ),
            history.most_spells,
            target.where,
        )

    def rows(self, parent: Rows, draws: Draws) -> Origin:
        """One row per spell.

        Raises:
            SchemaError: some parents are still under way after the most spells, or a number is impossible.
        """
        rng = draws("history")
        course = self._begin(parent, rng)
        active = np.flatnonzero(course.end > course.start)
        for _ in range(self.most):
            active = self._step(course, active, rng)
            if not len(active):
                return course.spells.origin(parent.count, self.states)
        found = f"{len(active)} of {parent.count} parents still under way after {self.most} spells"
        raise impossible(self.where, found, "make the spells longer, or raise most_spells")

    def _begin(self, parent: Rows, rng: np.random.Generator) -> _Course:
        start, end = self.window.evaluate(parent)
        matrix = np.column_stack([amount.present(parent, self.where) for amount in self.initial.values()])
        if bad := int((~((matrix >= 0).all(axis=1) & (matrix.sum(axis=1) > 0))).sum()):
            raise impossible(self.where, f"impossible first weights in {bad} rows", "never all 0")
        first = np.array(list(self.initial))[draw_weighted(matrix, rng)]
        attributes = {name: np.full(parent.count, value) for name, value in self.attributes.items()}
        none = np.zeros(parent.count, np.int64)
        return _Course(parent, start, end, start.copy(), first, none, attributes, _Spells())

    def _step(self, course: _Course, active: IntArray, rng: np.random.Generator) -> IntArray:
        """One transition of each active parent; those whose window has not ended go on."""
        going: list[IntArray] = [np.zeros(0, np.int64)]
        state = course.state[active]
        for number, ways in enumerate(self.ways):
            who = active[state == number]
            if len(who):
                going.append(self._leave(course, who, ways, rng))
        return np.sort(np.concatenate(going))

    def _leave(
        self, course: _Course, who: IntArray, ways: tuple[Way, ...], rng: np.random.Generator
    ) -> IntArray:
        """What becomes of those in one state: who moves on before the end of the window."""
        end = course.end[who]
        rows = _moment(course, who)
        choice = self._chosen(ways, rows, rng)
        leaving = end.copy()
        for number, way in enumerate(ways):
            mine = choice == number
            leaving[mine] = course.now[who][mine] + self._sojourn(way, rows, mine, rng)
        moves = (choice >= 0) & (leaving < end)
        to = np.array([way.to for way in ways] or [0])
        course.spells.add(who, course, np.where(moves, to[choice], -1), np.minimum(leaving, end))
        for number, way in enumerate(ways):
            _move(course, rows, who, (choice == number) & moves, way, self.where)
        course.now[who[moves]] = leaving[moves]
        course.count[who[moves]] += 1
        return who[moves]

    def _chosen(self, ways: tuple[Way, ...], rows: Rows, rng: np.random.Generator) -> IntArray:
        """The way each row takes; -1 where none is open."""
        if not ways:
            return np.full(rows.count, -1)
        matrix = np.column_stack([way.chance(rows, self.where) for way in ways])
        barred: BoolArray = matrix.sum(axis=1) <= 0
        matrix[barred] = 1.0
        return np.where(barred, -1, draw_weighted(matrix, rng))

    def _sojourn(self, way: Way, rows: Rows, mine: BoolArray, rng: np.random.Generator) -> IntArray:
        """Microseconds in the state for the rows that take a way."""
        days, missing = way.days.floats(rows, rng)
        if bad := int(((days < 0) | missing)[mine].sum()):
            raise impossible(self.where, f"{bad} sojourns missing or below 0 days", "use max(x, 0)")
        return np.asarray(np.rint(np.minimum(days[mine], 4e6) * MICROSECONDS_PER_DAY), np.int64)


def _moment(course: _Course, who: IntArray) -> Rows:
    """The parents as they are now, with the clock and their attributes."""
    parent = course.parent
    elapsed = (course.now - course.start)[who] / MICROSECONDS_PER_DAY
    clock = {"_elapsed": Vector.full(elapsed), "_spells": Vector.full(course.count[who])}
    attributes = {name: Vector.full(values[who]) for name, values in course.attributes.items()}
    return _Now(parent.table, len(who), parent.params, made=clock | attributes, origin=parent, who=who)


def _move(course: _Course, rows: Rows, who: IntArray, mine: BoolArray, way: Way, where: str) -> None:
    """Enter the next state; effects see the attributes as they were."""
    if not mine.any():
        return
    new = {name: amount.present(rows, where)[mine] for name, amount in way.effects.items()}
    for name, values in new.items():
        course.attributes[name][who[mine]] = values
    course.state[who[mine]] = way.to


@dataclass(eq=False)
class _Now(Rows):
    """Some parents at one moment: columns of theirs, and what the history adds."""

    origin: Rows | None = None
    who: IntArray | None = None

    def vector(self, name: str) -> Vector:
        if name not in self.made:
            self.made[name] = cast("Rows", self.origin).vector(name).take(cast("IntArray", self.who))
        return self.made[name]
