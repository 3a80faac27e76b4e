"""What a file's writer holds does not grow with the file."""

from __future__ import annotations

import numpy as np

from synthrec.data.sinks import GROUP_ROWS, RowGroups
from synthrec.data.table import Table
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import Vector

SPEC = TableSpec.model_validate({"columns": {"id": {"kind": "id"}}})
ROWS = 50_000


def keys(start):
    texts = tuple(map(str, range(start, start + ROWS)))
    return Table.from_vectors("t", SPEC, {"id": Vector.full(np.arange(ROWS, dtype=np.int32), texts)})


def test_the_keys_of_earlier_groups_are_let_go():
    groups = RowGroups()
    written = [group for start in range(0, 12 * ROWS, ROWS) for group in groups.add(keys(start))]
    (rest,) = groups.rest()
    assert [len(group) for group in written] == [GROUP_ROWS] * (12 * ROWS // GROUP_ROWS)
    sizes = [len(group.data["id"].chunk(0).dictionary) for group in [*written, rest]]
    assert max(sizes) <= GROUP_ROWS + 2 * ROWS
    texts = [text for group in [*written, rest] for text in group.data["id"].to_pylist()]
    assert texts == list(map(str, range(12 * ROWS)))
