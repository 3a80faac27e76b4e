"""Check what makes the rows of a table: its `events` or its `history`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synthrec.errors import SchemaError
from synthrec.schema.events_spec import Events
from synthrec.schema.expressions import compile_expression
from synthrec.schema.history_spec import History
from synthrec.schema.model import Column
from synthrec.schema.scalars import constants
from synthrec.schema.spec_base import Moment, Path

Problem = tuple[Path, str, str]
RowSource = Events | History
SOURCES: Mapping[str, type[RowSource]] = {"events": Events, "history": History}
GIVEN_LABELS = frozenset({"stream", "side", "state", "next"})
GIVEN_NUMBERS = frozenset({"shared"})
"""What comes about with rows as labels, and as numbers; all else are moments."""
_DATETIME = Column(kind="datetime")


def parse_source(key: str, raw: Mapping[str, Any]) -> RowSource:
    """The `events` or the `history` of a table.

    Raises:
        pydantic.ValidationError: it does not have the shape of that kind.
    """
    return SOURCES[key].model_validate(raw)


def source_problems(source: RowSource, names: Mapping[str, Column]) -> Iterator[Problem]:
    """Everything wrong with a source of rows whose parent has these names; paths relative to it."""
    for path, moment in source.moments():
        yield from _moment(path, moment, names)
    scope = {**names, **source.clock} if isinstance(source, History) else names
    for path, text, kind in source.expressions():
        first = isinstance(source, History) and path[0] == "initial"
        yield from _expression(path, text, kind, names if first else scope)
    if isinstance(source, History):
        for state in source.unreachable():
            yield ("states", state), "a state that is never reached", "add a way to it, or remove it"


def _moment(path: Path, moment: Moment, names: Mapping[str, Column]) -> Iterator[Problem]:
    if not isinstance(moment, str):
        try:
            constants([moment], _DATETIME)
        except ValueError as error:
            yield path, str(error), "write a date or a datetime"
        return
    try:
        kind = compile_expression(moment, names).kind
    except SchemaError as error:
        yield from ((path, fault.found, fault.repair) for fault in error.faults)
        return
    if kind not in {"date", "datetime"}:
        yield path, f"an expression that yields a {kind}", "write a date or a datetime"


def _expression(path: Path, text: str, wanted: str, names: Mapping[str, Column]) -> Iterator[Problem]:
    try:
        kind = compile_expression(text, names).kind
    except SchemaError as error:
        yield from ((path, fault.found, fault.repair) for fault in error.faults)
        return
    if kind != wanted:
        yield path, f"an expression that yields a {kind}", f"write a {wanted}"
