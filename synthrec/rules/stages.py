"""The stages in which the columns of a table are made, so that an exact prevalence outlives redraws.

An exact prevalence is never drawn anew, nor is what its strata, condition and weight depend on once it
stands. Those columns are made and held to the checks first; without one there is a single stage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from synthrec.rules.prevalence import PrevalenceMaker
from synthrec.rules.rows import Maker, Rows
from synthrec.schema.vector import BoolArray


@dataclass(frozen=True)
class Check:
    """A rule that every row must keep."""

    where: str
    """Its place in the schema."""
    rule: str
    names: frozenset[str]
    """The columns it looks at."""
    violated: Callable[[Rows], BoolArray]
    """Where the rule is broken, shape (n,)."""
    repair: str = "make the columns so that the rule holds, e.g. by offset or clip()"
    """What to do where no redraw helps."""


@dataclass(frozen=True)
class Stage:
    """Some columns of a table: first those of an exact prevalence, then others, which may be drawn anew."""

    exact: Mapping[str, PrevalenceMaker]
    makers: Mapping[str, Maker]
    """In executable order."""
    checks: tuple[Check, ...]
    """Those whose columns all stand after this stage and not before."""

    @property
    def earlier(self) -> frozenset[str]:
        """What its makers read and earlier stages made, or other tables."""
        return frozenset[str]().union(*(maker.names for maker in self.makers.values())) - set(self.makers)


def stages(made: Mapping[str, Maker], checks: Iterable[Check]) -> tuple[Stage, ...]:
    """Makers in executable order, and the checks of their columns, by stage."""
    number = _numbers(made)
    last = max(number.values(), default=0)
    due = [(max((number[name] for name in check.names), default=last), check) for check in checks]
    return tuple(
        Stage(
            exact={name: maker for name, maker in _of(made, number, stage) if _is_exact(maker)},  # type: ignore[misc]
            makers={name: maker for name, maker in _of(made, number, stage) if not _is_exact(maker)},
            checks=tuple(check for when, check in due if when == stage),
        )
        for stage in range(last + 1)
    )


def _of(made: Mapping[str, Maker], number: Mapping[str, int], stage: int) -> list[tuple[str, Maker]]:
    return [(name, maker) for name, maker in made.items() if number[name] == stage]


def _is_exact(maker: Maker) -> bool:
    return isinstance(maker, PrevalenceMaker)


def _numbers(made: Mapping[str, Maker]) -> dict[str, int]:
    """The stage of each column: as early as it can be where an exact prevalence needs it, else the last."""
    least: dict[str, int] = {}
    for name, maker in made.items():
        before = max((least[other] for other in maker.names & set(made)), default=0)
        least[name] = before + 1 if _is_exact(maker) else before
    needed: set[str] = set()
    for name in reversed(list(made)):
        if name in needed or _is_exact(made[name]):
            needed |= {name, *(made[name].names & set(made))}
    last = max(least.values(), default=0)
    return {name: least[name] if name in needed else last for name in made}
