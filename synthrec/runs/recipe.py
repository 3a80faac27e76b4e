"""How to learn: the generator, its settings, and whose privacy is at stake."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from synthrec.errors import ConfigError
from synthrec.runs.inputs import modelled_table
from synthrec.schema.model import Schema

SPARE = 1.25
"""Rows of a bank over those of the release: some may break constraints."""

AUTO = "auto"
"""Let synthrec choose the generator."""

LEAST_ROWS, MOST_COLUMNS = 20_000, 60
"""A mixture is fitted to tables of at least so many rows and at most so many columns, where nobody chose.

Of fewer rows it remembers more than a copula does: with eight near-continuous columns and 7,200 rows two of
three fits with finer groups failed the copy tests.
"""


@dataclass(frozen=True)
class Recipe:
    """How to learn."""

    generator: str
    stratify: bool
    population: str | None
    release_rows: int | None = None
    """Rows of the release, where they are known."""
    dp_bounds: bool = False
    """Whether learned domains are found under the claim."""

    def resolved(self, schema: Schema, rows: int | None) -> tuple[Recipe, tuple[str, ...]]:
        """The recipe with a generator, and a note that says why where that was left to synthrec.

        Args:
            schema: What the records are.
            rows: How many there are; None under a claim, where nobody may look.
        """
        if self.generator != AUTO:
            return self, ()
        name, why = self._chosen(len(modelled_table(schema)[1].modelled), rows)
        return replace(self, generator=name), (f"generator {name}: {why}",)

    def _chosen(self, columns: int, rows: int | None) -> tuple[str, str]:
        if rows is None:
            return "marginals", "under a claim, noisy marginals keep the most fidelity per epsilon"
        if self.stratify:
            return "copula", "it fits each level of the target apart"
        if columns > MOST_COLUMNS:
            return "copula", f"{columns} columns have more pairs than a mixture is quickly fitted to"
        if rows < LEAST_ROWS:
            return "copula", f"of {rows:,} rows it remembers the least"
        return "marginals", f"with {rows:,} rows and {columns} columns it is the most faithful"


def refuse_bounds_without_claim(*, dp_bounds: bool) -> None:
    """Bounds are found under a claim, or learned without one.

    Raises:
        ConfigError: they are to be found and there is no claim.
    """
    if dp_bounds:
        raise ConfigError(
            "--dp-bounds finds learned domains under a claim; give --epsilon E, or leave it out: without a "
            "claim they are learned from at least eleven persons"
        )


def settings_of(schema: Schema, recipe: Recipe) -> dict[str, str | int]:
    """The settings of the generator.

    Raises:
        ConfigError: stratified fitting was asked for, and the table declares no target.
    """
    if not recipe.stratify:
        return _bank(recipe)
    target = modelled_table(schema)[1].target
    if target is None:
        raise ConfigError(
            "--stratify fits each level of the target apart; name one: `target: COLUMN` in the table"
        )
    return {"stratify": target}


def _bank(recipe: Recipe) -> dict[str, str | int]:
    """What a generator that keeps rows and no model is told of the release."""
    if recipe.release_rows is None or not recipe.generator.startswith("sdv-"):
        return {}
    return {"bank_rows": math.ceil(SPARE * recipe.release_rows)}
