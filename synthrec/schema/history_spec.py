"""Histories: the states that a parent runs through, one row per spell in a state.

A semi-Markov process (Cinlar 1969): on entering a state the next one is drawn by weight, then the time until
then. Expressions are over the parent's columns, the attributes of the history, and the clock: `_elapsed`,
days since the start, and `_spells`, the number of earlier spells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from synthrec.schema.dist_spec import Dist
from synthrec.schema.model import Column, Model
from synthrec.schema.spec_base import Amount, Moment, Path

CLOCK = {"_elapsed": Column(kind="float"), "_spells": Column(kind="integer")}


def _unwrapped(value: Any) -> Any:
    """A distribution is written as elsewhere: ``{dist: {…}}``."""
    return value["dist"] if isinstance(value, dict) and set(value) == {"dist"} else value


Sojourn = Annotated[Amount | Dist, BeforeValidator(_unwrapped)]


class Transition(Model):
    """One way out of a state."""

    to: str
    weight: Amount = 1
    when: str | None = None
    """A guard: the transition is possible where it is true."""
    days: Sojourn
    """Time in the state before the transition."""
    set: dict[str, str] = Field(default_factory=dict)
    """Effects: attributes and their new values."""

    def expressions(self) -> Iterator[tuple[Path, str, str]]:
        """Path, source and the kind that it has to yield."""
        if isinstance(self.weight, str):
            yield ("weight",), self.weight, "number"
        if self.when is not None:
            yield ("when",), self.when, "boolean"
        if isinstance(self.days, str):
            yield ("days",), self.days, "number"
        elif isinstance(self.days, Dist):
            yield from ((("days", "dist", *path), text, "number") for path, text in self.days.expressions())
        yield from ((("set", name), source, "number") for name, source in self.set.items())


class History(Model):
    """States, the ways between them, and the window in which they are observed.

    A state without a way out lasts until the end of the window, and so does one whose ways are all barred.
    """

    fields: ClassVar = frozenset({"state", "next", "from", "to"})
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    initial: dict[str, Amount] = Field(min_length=1)
    """Relative weight of each first state."""
    attributes: dict[Annotated[str, Field(pattern=r"^_[A-Za-z0-9_]+$")], float] = Field(default_factory=dict)
    """Numbers that effects change, with their first values."""
    states: dict[str, tuple[Transition, ...]] = Field(min_length=1)
    most_spells: int = Field(default=200, ge=1, le=10_000)

    @model_validator(mode="after")
    def _known(self) -> History:
        if unknown := {*self.initial, *self._targets()} - set(self.states):
            raise ValueError(f"unknown states {', '.join(sorted(unknown))}")
        effects = {name for ways in self.states.values() for way in ways for name in way.set}
        if unknown := effects - set(self.attributes):
            raise ValueError(f"effects on unknown attributes {', '.join(sorted(unknown))}")
        return self

    def _targets(self) -> set[str]:
        return {way.to for ways in self.states.values() for way in ways}

    def unreachable(self) -> tuple[str, ...]:
        """States that no way leads to; a constant weight of 0 is no way."""
        open_ = [state for state, weight in self.initial.items() if weight != 0]
        reached: set[str] = set()
        while open_:
            state = open_.pop()
            if state not in reached:
                reached.add(state)
                open_ += [way.to for way in self.states[state] if way.weight != 0]
        return tuple(state for state in self.states if state not in reached)

    def moments(self) -> Iterator[tuple[Path, Moment]]:
        """Both ends of the window, each with its path."""
        yield ("from",), self.start
        yield ("to",), self.end

    def expressions(self) -> Iterator[tuple[Path, str, str]]:
        """Path, source and the kind that it has to yield."""
        for name, weight in self.initial.items():
            if isinstance(weight, str):
                yield ("initial", name), weight, "number"
        for name, ways in self.states.items():
            for i, way in enumerate(ways):
                for path, source, kind in way.expressions():
                    yield ("states", name, i, *path), source, kind

    @property
    def clock(self) -> dict[str, Column]:
        """The names that expressions may use beside the parent's columns."""
        return CLOCK | dict.fromkeys(self.attributes, Column(kind="float"))
