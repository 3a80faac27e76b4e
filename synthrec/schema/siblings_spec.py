"""Columns that follow a parent's rows: a series that remembers, and shares of a total."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import model_validator

from synthrec.schema.spec_base import Amount, Path, Spec


class Ar(Spec):
    """A series along a parent's rows: a mean, and a normal deviation that remembers the one before.

    The correlation of neighbours is `phi`; or it halves every `half_life` days between the moments `at`
    (Ornstein-Uhlenbeck). The first deviation is stationary, so that all rows have the same `sd`.
    """

    kinds: ClassVar = frozenset({"integer", "decimal", "float"})
    mean: Amount = 0
    sd: Amount = 1
    phi: Amount | None = None
    half_life: Amount | None = None
    at: str | None = None

    @model_validator(mode="after")
    def _one_memory(self) -> Ar:
        if (self.phi is None) == (self.half_life is None):
            raise ValueError("give phi, or half_life and at")
        if (self.half_life is None) != (self.at is None):
            raise ValueError("half_life and at go together")
        return self

    def references(self) -> Iterator[tuple[Path, str]]:
        """The column of the moments."""
        return iter(()) if self.at is None else iter([(("at",), self.at)])

    def amounts(self) -> frozenset[str]:
        """All numbers."""
        return frozenset({"mean", "sd", "phi", "half_life"})


class Split(Spec):
    """Shares of a total of the parent by weight, which add up to it exactly, in units of the column.

    Each share is its exact part, rounded down or up. Where the total is not above the sum of the weights, and
    these are in units of the column, no share is above its weight.
    """

    kinds: ClassVar = frozenset({"integer", "decimal"})
    total: Amount
    weights: Amount = 1

    def amounts(self) -> frozenset[str]:
        """Total and weights."""
        return frozenset({"total", "weights"})
