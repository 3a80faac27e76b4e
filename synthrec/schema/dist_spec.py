"""The spec of a named distribution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from synthrec.schema.spec_base import NUMBERS, Amount, Path, Spec

DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "normal": ("mean", "sd"),
    "lognormal": ("mu", "sigma"),
    "gamma": ("shape", "scale"),
    "beta": ("a", "b"),
    "uniform": ("low", "high"),
    "exponential": ("mean",),
    "weibull": ("shape", "scale"),
    "pareto": ("shape", "scale"),
    "integers": ("low", "high"),
    "poisson": ("mean",),
    "negbin": ("mean", "dispersion"),
    "binomial": ("n", "p"),
}
"""Parameters of each distribution; `synthrec.rules.distributions` gives the parametrisation."""


class Dist(Spec):
    """A named distribution, truncated to [min, max] and to the column's domain."""

    kinds: ClassVar = NUMBERS
    name: Literal[
        "normal",
        "lognormal",
        "gamma",
        "beta",
        "uniform",
        "exponential",
        "weibull",
        "pareto",
        "integers",
        "poisson",
        "negbin",
        "binomial",
    ]
    parameters: dict[str, Amount]
    min: Amount | None = None
    max: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, raw: Any) -> Any:
        """Parameters stand beside the name: ``{name: normal, mean: 0, sd: 1}``."""
        if not isinstance(raw, Mapping) or "parameters" in raw:
            return raw
        own = {"name", "min", "max"}
        return {key: raw[key] for key in raw if key in own} | {
            "parameters": {key: raw[key] for key in raw if key not in own}
        }

    @model_validator(mode="after")
    def _complete(self) -> Dist:
        wanted, given = set(DISTRIBUTIONS[self.name]), set(self.parameters)
        if wanted != given:
            raise ValueError(f"{self.name} takes {', '.join(DISTRIBUTIONS[self.name])}")
        return self

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Parameters and bounds."""
        items = {**self.parameters, "min": self.min, "max": self.max}
        return (((name,), value) for name, value in items.items() if isinstance(value, str))
