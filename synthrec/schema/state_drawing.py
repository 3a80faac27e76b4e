"""Histories as drawings: states on a circle, an arrow for each way between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from synthrec.schema.history_spec import History, Transition
from synthrec.schema.rule_tables import RuleTable

STATE, MARGIN = 34, 40
"""Radius of a state, and the space around a drawing, in pixels."""


@dataclass(frozen=True)
class Machine:
    """One state machine and where it stands."""

    table: str
    history: History
    top: int

    @property
    def radius(self) -> int:
        """Of the circle on which the states stand."""
        return max(90, 20 * len(self.history.states))

    @property
    def side(self) -> int:
        """Width and height of the drawing."""
        return 2 * (self.radius + STATE + MARGIN)

    def centre(self, state: str) -> tuple[float, float]:
        """Where a state stands, the first one at the top."""
        turn = 2 * math.pi * list(self.history.states).index(state) / len(self.history.states)
        middle = self.side / 2
        return middle + self.radius * math.sin(turn), self.top + middle - self.radius * math.cos(turn)


def machines(tables: Mapping[str, RuleTable], top: int) -> tuple[Machine, ...]:
    """The state machines of a schema, one below the other from `top` on."""
    found: list[Machine] = []
    for name, table in tables.items():
        if isinstance(table.source, History):
            below = found[-1].top + found[-1].side if found else top
            found.append(Machine(name, table.source, below))
    return tuple(found)


def drawn(machine: Machine) -> Iterator[str]:
    """The parts of the SVG."""
    title = f"{escape(machine.table)}: states"
    yield f'<text x="{MARGIN}" y="{machine.top + 16}" font-weight="bold">{title}</text>'
    for state, ways in machine.history.states.items():
        for way in ways:
            yield _arrow(machine, state, way)
    for state in machine.history.states:
        x, y = machine.centre(state)
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{STATE}" fill="#fff" stroke="#456"/>'
        yield f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{escape(state)}</text>'


def _arrow(machine: Machine, state: str, way: Transition) -> str:
    """A curve that leaves room for the way back; the tip stands at the rim of the state."""
    (x, y), (u, v) = machine.centre(state), machine.centre(way.to)
    length = math.hypot(u - x, v - y) or 1.0
    across = (-(v - y) / length, (u - x) / length)
    bend = (x + u) / 2 + 24 * across[0], (y + v) / 2 + 24 * across[1]
    reach = math.hypot(u - bend[0], v - bend[1]) or 1.0
    tip = u - (u - bend[0]) * STATE / reach, v - (v - bend[1]) * STATE / reach
    curve = f"M{x:.0f},{y:.0f} Q{bend[0]:.0f},{bend[1]:.0f} {tip[0]:.0f},{tip[1]:.0f}"
    guard = "" if way.when is None else f", when {way.when}"
    told = escape(f"{state} to {way.to}: weight {way.weight}{guard}")
    return f'<path d="{curve}" fill="none" stroke="#456" marker-end="url(#tip)"><title>{told}</title></path>'
