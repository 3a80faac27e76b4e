from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from synthrec.data.table import Records, Table
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.model import Schema

Make = Callable[..., Records]


def _schema(columns: dict[str, Any], **more: Any) -> Schema:
    table = {"one_row_per_person": True, "columns": columns, **more.pop("table", {})}
    return Schema.model_validate(
        {"synthrec": 1, "schema": {"name": "t"}, "tables": {"t": table, **more.pop("tables", {})}, **more}
    )


@pytest.fixture
def schema() -> Callable[..., Schema]:
    """A schema with a root table ``t`` of the given columns."""
    return _schema


@pytest.fixture
def make() -> Make:
    """The records of such a schema: n roots in one chunk."""

    def records(
        columns: dict[str, Any],
        n: int = 100,
        *,
        seed: int = 1,
        params: dict[str, Any] | None = None,
        **more: Any,
    ) -> Records:
        engine = RuleEngine(_schema(columns, **more), params)
        chunks = list(engine.stream(n, streams=Streams(seed), chunk_rows=10**9))
        return {name: Table.concat([chunk[name] for chunk in chunks]) for name in chunks[0]}

    return records


@pytest.fixture
def column(make: Make) -> Callable[..., list[Any]]:
    """The values of one column made on its own."""

    def values(definition: dict[str, Any], n: int = 100, **more: Any) -> list[Any]:
        return make({"x": definition}, n, **more)["t"].data["x"].to_pylist()

    return values
