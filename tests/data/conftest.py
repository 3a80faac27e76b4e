"""Small tables and files for the tests of the data room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthrec.data.sources import Reading, read_table
from synthrec.data.table import Table
from synthrec.errors import InputError
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

MakeSpec = Callable[..., TableSpec]


@pytest.fixture
def make_spec() -> MakeSpec:
    """A table spec from columns given by kind or by their whole text; missing is allowed by default."""

    def make(columns: Mapping[str, Any], **settings: Any) -> TableSpec:
        full = {
            name: {"null": {"allowed": True}} | ({"kind": column} if isinstance(column, str) else column)
            for name, column in columns.items()
        }
        return TableSpec.model_validate({"columns": full, "one_row_per_person": True} | settings)

    return make


@pytest.fixture
def read_csv_text(tmp_path: Path) -> Callable[..., Reading]:
    """Read bytes or text as a CSV file."""

    def read(content: bytes | str, spec: TableSpec, **options: Any) -> Reading:
        path = tmp_path / "records.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, "t", spec, **options)

    return read


@pytest.fixture
def column_of(make_spec: MakeSpec, read_csv_text: Callable[..., Reading]) -> Callable[..., list[Any]]:
    """The values of one column whose cells are given as CSV texts."""

    def column(cells: list[str], **column: Any) -> list[Any]:
        spec = make_spec({"x": column, "row": "integer"})
        lines = [f"{cell},{number}" for number, cell in enumerate(cells, start=1)]
        table = read_csv_text("\n".join(["x,row", *lines]) + "\n", spec).table
        return list(table.data.column("x").to_pylist())

    return column


@pytest.fixture
def faults_of() -> Callable[[Callable[[], object]], list[str]]:
    """The faults that a call raises, as text, file names left out."""

    def faults(call: Callable[[], object]) -> list[str]:
        with pytest.raises(InputError) as caught:
            call()
        return [f"{fault.where}: {fault.found}" for fault in caught.value.faults]

    return faults


@pytest.fixture
def people(make_spec: MakeSpec) -> Callable[..., Table]:
    """Visits of `persons` persons, one to four each, in random order."""

    def make(persons: int, *, seed: int = 1) -> Table:
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(persons), rng.integers(1, 5, persons))
        rng.shuffle(who)
        spec = make_spec({"who": "id", "cost": "integer"}, one_row_per_person=False, person="who")
        vectors = {
            "who": Vector.full(who.astype(np.int32), tuple(f"P{number}" for number in range(persons))),
            "cost": Vector.full(rng.integers(0, 1000, len(who))),
        }
        return Table.from_vectors("visits", spec, vectors)

    return make
