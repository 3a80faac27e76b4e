"""Numbers that a spec asks for: constants, or expressions over the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from synthrec.errors import Fault, SchemaError
from synthrec.rules.rows import Rows
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Column
from synthrec.schema.vector import BoolArray, Vector

FloatArray = NDArray[np.float64]
Names = Mapping[str, Column]


@dataclass(frozen=True)
class Member:
    """The innovations that make up the normal score of a correlated column, and the factor of each."""

    innovations: tuple[str, ...]
    factors: tuple[float, ...]


@dataclass(frozen=True)
class Target:
    """What a maker is for: the column, the names in scope, and its place in the schema for faults."""

    column: Column
    names: Names
    where: str
    member: Member | None = None
    """Its place in a block of correlated columns."""
    name: str = ""
    """Of the column, where it is one of a table."""


def impossible(where: str, found: str, repair: str) -> SchemaError:
    """A schema that turned out impossible to execute."""
    return SchemaError([Fault("schema", 0, 0, where, found, repair)])


def evaluate(expression: Expression, rows: Rows) -> Vector:
    """The value of an expression in every row."""
    result = expression.evaluate(rows.vectors(expression.names))
    return result if len(result) == rows.count else result.take(np.zeros(rows.count, np.int64))


@dataclass(frozen=True)
class Amount:
    """A number for all rows, or one per row."""

    constant: float = 0.0
    expression: Expression | None = None

    @classmethod
    def of(cls, value: float | Decimal | str, names: Names) -> Amount:
        """From a schema's number or expression."""
        return (
            cls(expression=compile_expression(value, names)) if isinstance(value, str) else cls(float(value))
        )

    @property
    def names(self) -> frozenset[str]:
        """The columns it reads."""
        return self.expression.names if self.expression else frozenset()

    def evaluate(self, rows: Rows) -> tuple[float | FloatArray, BoolArray | None]:
        """The number, and where it is missing (None: nowhere)."""
        if self.expression is None:
            return self.constant, None
        result = evaluate(self.expression, rows)
        missing = result.missing if result.missing.any() else None
        return result.values.astype(np.float64), missing

    def present(self, rows: Rows, where: str) -> FloatArray:
        """The number in every row, shape (n,).

        Raises:
            SchemaError: it is missing somewhere.
        """
        values, missing = self.evaluate(rows)
        if missing is not None:
            count = int(missing.sum())
            raise impossible(
                where, f"the expression is missing in {count} of {rows.count} rows", "use coalesce(x, 0)"
            )
        return np.broadcast_to(np.asarray(values, np.float64), rows.count)
