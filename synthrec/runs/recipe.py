"""How to learn: the generator, its settings, and whose privacy is at stake."""

from __future__ import annotations

from dataclasses import dataclass

from synthrec.errors import ConfigError
from synthrec.runs.inputs import modelled_table
from synthrec.schema.model import Schema

AUTO = "auto"
"""Let synthrec choose the generator."""


@dataclass(frozen=True)
class Recipe:
    """How to learn."""

    generator: str
    stratify: bool
    population: str | None


def chosen(generator: str, *, under_claim: bool) -> tuple[str, tuple[str, ...]]:
    """The generator to use, and a note that says why where it was left to synthrec."""
    if generator != AUTO:
        return generator, ()
    if under_claim:
        return "marginals", (
            "generator marginals: under a claim, noisy marginals keep the most fidelity per epsilon",
        )
    return "copula", ("generator copula: without a claim, it is the quickest that is faithful",)


def settings_of(schema: Schema, recipe: Recipe) -> dict[str, str]:
    """The settings of the generator.

    Raises:
        ConfigError: stratified fitting was asked for, and the table declares no target.
    """
    if not recipe.stratify:
        return {}
    target = modelled_table(schema)[1].target
    if target is None:
        raise ConfigError(
            "--stratify fits each level of the target apart; name one: `target: COLUMN` in the table"
        )
    return {"stratify": target}
