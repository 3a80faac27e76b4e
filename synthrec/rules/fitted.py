"""Columns that a fitted model fills: row k of the table takes row k of the model's endless sample.

The rows of a model come about as a whole, before any column is made, and stand: where a row is drawn anew,
only what rules make changes. So the model's rows are the same whatever the rules beside them are, and none
of them is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synthrec.errors import ConfigError
from synthrec.rules.amounts import Target
from synthrec.rules.children import root_of
from synthrec.rules.numbers import from_labels
from synthrec.rules.rows import Rows
from synthrec.schema.fitted_checks import filled
from synthrec.schema.fitted_spec import Fitted
from synthrec.schema.model import Column
from synthrec.schema.rule_tables import RuleTable
from synthrec.schema.vector import Vector

Place = tuple[str, str]
"""Table and block."""


class ModelRows(Protocol):
    """The endless sample of a fitted model."""

    def columns(self, start: int, stop: int) -> Mapping[str, Vector]:
        """Rows [start, stop) by column; the same rows however they are asked for."""

    def allow(self, rows: int) -> None:
        """Refuse a sample of so many rows where no more than some may be released.

        Raises:
            PolicyRefusedError: they are too many.
        """


Models = Mapping[Place, ModelRows]


@dataclass(frozen=True)
class Filling:
    """One block of a table."""

    rows: ModelRows
    columns: Mapping[str, str]
    """The columns that it fills, and the model's column behind each."""

    def given(self, rows: Rows, first: int) -> dict[str, Vector]:
        """The columns of some rows of the table, of which `first` is the number of the first one."""
        wanted = np.searchsorted(root_of(rows), rows.run.wanted, side="left")
        self.rows.allow(first + int(wanted))
        made = self.rows.columns(first, first + rows.count)
        return {_key(name): made[source] for name, source in self.columns.items()}


def fillings(table: RuleTable, models: Models) -> tuple[Filling, ...]:
    """The blocks of a table.

    Raises:
        ConfigError: nobody has opened the model of a block.
    """
    return tuple(_fillings(table, models))


def _fillings(table: RuleTable, models: Models) -> Iterator[Filling]:
    for block, columns in filled(table).items():
        if (table.name, block) not in models:
            raise ConfigError(
                f"{', '.join(columns)} of {table.name} come from a fitted model, which `synthrec sample` "
                "alone opens, and holds to its approval; draw records of this schema with it"
            )
        yield Filling(models[table.name, block], columns)


def _key(column: str) -> str:
    """The name under which a column is given; no event or spell gives anything of such a name."""
    return f"fitted\0{column}"


@dataclass(frozen=True)
class FittedMaker:
    """A column of a model's row."""

    key: str
    column: Column
    names = frozenset[str]()

    @classmethod
    def of(cls, make: Fitted, target: Target) -> FittedMaker:  # noqa: ARG003  (the block knows the model's name)
        """From its spec."""
        return cls(_key(target.name), target.column)

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002
        """What came about with the rows."""
        return from_labels(rows.given[self.key], self.column)
