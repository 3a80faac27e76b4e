"""The ground truth: which rows belong to which instance, beside the records and never in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthrec.data.table import Records, Table
from synthrec.digests import canonical
from synthrec.scenarios.design import FloatArray
from synthrec.scenarios.inject import Mark
from synthrec.scenarios.model import Scenario
from synthrec.schema.model import Column, Scalar, TableSpec, label
from synthrec.schema.vector import IntArray, Vector

TEXT = Column(kind="string")
WHOLE = Column(kind="integer")
LABELS = TableSpec(
    description="One row per record of an instance and step, by the key of the record's table.",
    columns={
        "table": TEXT,
        "key": TEXT,
        "scenario": TEXT,
        "instance": WHOLE,
        "role": TEXT,
        "step": WHOLE,
        "severity": Column(kind="float"),
    },
)
INSTANCES = TableSpec(
    description="One row per instance, with what was drawn for it.",
    columns={
        "scenario": TEXT,
        "instance": WHOLE,
        "table": TEXT,
        "key": TEXT,
        "tier": TEXT,
        "severity": Column(kind="float"),
        "params": TEXT,
    },
)

Part = tuple[Scenario, FloatArray, Mark, "IntArray | None"]
"""Scenario, severity by instance, rows, and the final position of each slot; None where that is the slot."""


@dataclass(frozen=True)
class Instance:
    """One instance for the side file."""

    scenario: str
    number: int
    table: str
    key: str
    tier: str
    severity: float
    params: Mapping[str, Scalar]


def label_table(parts: Sequence[Part], records: Records | None = None) -> Table:
    """The labels of a block; scenario by scenario, step by step, in the order of the records."""
    made = [_labels(part, records or {}) for part in parts if len(part[2].slots)]
    empty = {name: _column([], column) for name, column in LABELS.columns.items()}
    tables = [Table.from_vectors("labels", LABELS, columns) for columns in made or [empty]]
    return Table.concat(tables)


def instance_rows(instances: Sequence[Instance]) -> Table:
    """The side file of instances."""
    columns: dict[str, list[Scalar]] = {
        "scenario": [item.scenario for item in instances],
        "instance": [item.number for item in instances],
        "table": [item.table for item in instances],
        "key": [item.key for item in instances],
        "tier": [item.tier for item in instances],
        "severity": [item.severity for item in instances],
        "params": [canonical(dict(item.params)).decode() for item in instances],
    }
    vectors = {name: _column(columns[name], column) for name, column in INSTANCES.columns.items()}
    return Table.from_vectors("instances", INSTANCES, vectors)


def _labels(part: Part, records: Records) -> dict[str, Vector]:
    scenario, severity, mark, positions = part
    rows = mark.slots if positions is None else positions[mark.slots]
    order = np.argsort(rows, kind="stable")
    rows, instances = rows[order], mark.instances[order]
    table = records[mark.table]
    key = table.vector(table.spec.primary_key[0]).take(rows)
    fixed = {"table": mark.table, "scenario": scenario.scenario.name, "role": mark.role}
    texts = {name: _column([text], TEXT).take(np.zeros(len(rows), np.int64)) for name, text in fixed.items()}
    return {
        **texts,
        "key": _text(key),
        "instance": Vector.full(instances.astype(np.int64) + 1),
        "step": Vector.full(np.full(len(rows), mark.step, np.int64)),
        "severity": Vector.full(severity[instances]),
    }


def _text(key: Vector) -> Vector:
    if key.levels is not None:
        return _column([key.levels[code] for code in key.values.tolist()], TEXT)
    return _column([label(value) for value in key.values.tolist()], TEXT)


def _column(values: Sequence[Scalar], column: Column) -> Vector:
    if column.kind == "string":
        levels = tuple(dict.fromkeys(map(str, values)))
        position = {text: i for i, text in enumerate(levels)}
        return Vector.full(np.array([position[str(value)] for value in values], np.int32), levels)
    return Vector.full(np.array(values, np.float64 if column.kind == "float" else np.int64))
