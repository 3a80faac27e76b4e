"""An exact number of rows of a rule schema with a flag or value, asked for from outside the schema."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from synthrec.errors import ConfigError
from synthrec.schema.model import Schema

USAGE = "--prevalence of a rule schema is COLUMN=COUNT, or COLUMN=RATE with a rate below 1"


@dataclass(frozen=True)
class Exact:
    """A rate or count for one column."""

    table: str
    column: str
    kind: Literal["rate", "count"]
    number: int | Decimal

    @property
    def sentence(self) -> str:
        """What was asked for, for the card."""
        share = f"{self.number:,} rows" if self.kind == "count" else f"a share of {self.number} of the rows"
        return f"{self.table}.{self.column} was asked to hold in exactly {share} that are eligible"

    @property
    def settings(self) -> dict[str, str]:
        """The column and what was asked for, as a setting of the draw."""
        return {f"prevalence of {self.table}.{self.column}": f"{self.kind} {self.number}"}

    def put_into(self, schema: Schema) -> Schema:
        """The schema with the number in the place of what it says itself."""
        table = schema.tables[self.table]
        column = table.columns[self.column]
        made = self._generate(column.generate or {})
        columns = {**table.columns, self.column: column.model_copy(update={"generate": made})}
        tables = {**schema.tables, self.table: table.model_copy(update={"columns": columns})}
        return schema.model_copy(update={"tables": tables})

    def _generate(self, generate: Mapping[str, Any]) -> dict[str, Any]:
        spec = generate.get("prevalence")
        if spec is None:
            spec = _from_chance(generate["bernoulli"]["p"])
        rest = {key: value for key, value in spec.items() if key not in {"rate", "count"}}
        return {"prevalence": {**rest, self.kind: self.number}}


def _from_chance(p: str | float) -> dict[str, Any]:
    """Who is likely to be chosen where each had a chance p of its own: the odds are the weight."""
    return {"weight": f"({p}) / max(1 - ({p}), 1e-12)"} if isinstance(p, str) else {}


def parse_exact(schema: Schema, text: str) -> Exact:
    """``COLUMN=COUNT``, ``TABLE.COLUMN=COUNT`` or the same with a rate.

    Raises:
        ConfigError: it is none of them, or no such column, or one that is not made by chance.
    """
    name, _, number = text.rpartition("=")
    table, column = _column(schema, name.strip())
    spec = schema.tables[table].columns[column].generate or {}
    if "missing" in spec or not {"bernoulli", "prevalence"} & set(spec):
        raise ConfigError(f"{table}.{column} is not made by bernoulli or prevalence; {USAGE}")
    if spec.get("prevalence", {}).get("by"):
        raise ConfigError(f"{table}.{column} has a number for each stratum; change them in the schema")
    try:
        found = Decimal(number)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0 or (found >= 1 and found != found.to_integral_value()):
        raise ConfigError(USAGE)
    if found == found.to_integral_value():
        return Exact(table, column, "count", int(found))
    return Exact(table, column, "rate", found)


def _column(schema: Schema, name: str) -> tuple[str, str]:
    places = [(table, column) for table, spec in schema.tables.items() for column in spec.columns]
    fitting = [place for place in places if name in {place[1], ".".join(place)}]
    if len(fitting) > 1:
        raise ConfigError(f"{name} stands in several tables; write {' or '.join(map('.'.join, fitting))}")
    if not fitting:
        close = difflib.get_close_matches(name, [column for _, column in places], n=1)
        hint = f"did you mean {close[0]}?" if close else USAGE
        raise ConfigError(f"schema {schema.info.name} has no column {name!r}; {hint}")
    return fitting[0]
