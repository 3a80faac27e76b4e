"""What every `generate:` spec is made of: its base class, numbers or expressions, weights, moments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from synthrec.schema.model import Model, Scalar

Path = tuple[str | int, ...]
Amount = int | float | Decimal | str
"""A number, or an expression."""
Weights = Annotated[dict[Scalar, Amount], Field(min_length=1)]
"""Relative weight of each value; they need not sum to 1."""


def _iso_or_expression(value: Any) -> Any:
    """ISO 8601 text is a date or datetime, as after a trip through JSON; other text is an expression."""
    for kind in (dt.date, dt.datetime):
        if isinstance(value, str):
            try:
                value = kind.fromisoformat(value)
            except ValueError:
                continue
    return value


Moment = Annotated[dt.datetime | dt.date | str, BeforeValidator(_iso_or_expression)]
"""A date or datetime, or an expression."""


class Spec(Model):
    """One way to make a column."""

    kinds: ClassVar[frozenset[str] | None] = None
    """Column kinds it can make; None for all."""

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """The expressions within, each with its path."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, str) and name in self.amounts():
                yield (field.alias or name,), value

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns it names outside expressions, each with its path."""
        return iter(())

    def amounts(self) -> frozenset[str]:
        """The fields in which text is an expression."""
        return frozenset()

    def conditions(self) -> frozenset[str]:
        """Those of them whose expression is true or false instead of a number."""
        return frozenset()


NUMBERS = frozenset({"integer", "decimal", "float"})
MOMENTS = frozenset({"date", "datetime"})
TEXTS = frozenset({"category", "code", "string", "id", "text"})


def weight_expressions(weights: Mapping[Scalar, Amount]) -> Iterator[tuple[Path, str]]:
    """The weights that depend on the row, each with its path."""
    return ((("weights", str(key)), value) for key, value in weights.items() if isinstance(value, str))


def numeric(weights: dict[Scalar, Amount]) -> dict[Scalar, Amount]:
    """The weights, refused where one is no number of at least 0."""
    if any(isinstance(weight, str) or weight < 0 for weight in weights.values()):
        raise ValueError("the weights of a table are numbers of at least 0")
    return weights


When = tuple[Scalar | tuple[Scalar, ...], ...]
"""One value, or several, for each column of a combination."""
