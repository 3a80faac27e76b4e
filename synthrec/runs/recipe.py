"""How to learn: the generator, its settings, and whose privacy is at stake."""

from __future__ import annotations

import math
from dataclasses import dataclass

from synthrec.errors import ConfigError
from synthrec.runs.inputs import modelled_table
from synthrec.schema.model import Schema

SPARE = 1.25
"""Rows of a bank over those of the release: some may break constraints."""

AUTO = "auto"
"""Let synthrec choose the generator."""


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


def chosen(generator: str, *, under_claim: bool) -> tuple[str, tuple[str, ...]]:
    """The generator to use, and a note that says why where it was left to synthrec."""
    if generator != AUTO:
        return generator, ()
    if under_claim:
        return "marginals", (
            "generator marginals: under a claim, noisy marginals keep the most fidelity per epsilon",
        )
    return "copula", ("generator copula: without a claim, it is the quickest that is faithful",)


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
