"""The spec of a flag or value that an exact number of rows has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from synthrec.schema.model import LABEL_KINDS, Model, Scalar
from synthrec.schema.spec_base import Amount, Path, Spec, Weights, When, numeric

Size = tuple[Path, Amount]
"""A rate or count, with its path."""


class Stratum(Model):
    """How many rows of some combinations of the `by` columns, taken together: a rate or a count."""

    when: When
    rate: Amount | None = None
    count: Amount | None = None

    @model_validator(mode="after")
    def _one(self) -> Stratum:
        if (self.rate is None) == (self.count is None):
            raise ValueError("give a rate or a count")
        return self


def _not() -> dict[Scalar, Amount]:
    return {False: 1}


class Prevalence(Spec):
    """`value` in exactly so many of the eligible rows of a run, by stratum if asked for; `others` elsewhere.

    A row is eligible where `where` is true and `weight` above 0. A rate is one of the eligible rows, rounded
    half up to whole rows; with `by` it holds in each combination that no entry of `rows` names. A rate or
    count may be an expression over the schema's params.
    """

    kinds: ClassVar = LABEL_KINDS | {"boolean"}
    rate: Amount | None = None
    count: Amount | None = None
    by: tuple[str, ...] = ()
    rows: tuple[Stratum, ...] = ()
    where: str | None = None
    weight: Amount | None = None
    value: Scalar = True
    others: Annotated[Weights, AfterValidator(numeric)] = Field(default_factory=_not)

    @model_validator(mode="after")
    def _sized(self) -> Prevalence:
        if self.rate is not None and self.count is not None:
            raise ValueError("give a rate or a count, not both")
        if self.rate is None and self.count is None and not self.rows:
            raise ValueError("give a rate or a count")
        if self.rows and not self.by:
            raise ValueError("rows say how many per stratum: name its columns in `by`")
        if self.by and self.count is not None:
            raise ValueError("a count beside `by`: give a rate, or counts in rows")
        return self

    @property
    def default(self) -> Amount | None:
        """What holds for combinations that no row names."""
        return self.rate if self.count is None else self.count

    def sizes(self) -> Iterator[Size]:
        """All rates and counts."""
        for i, part in enumerate((self, *self.rows)):
            place: Path = ("rows", i - 1) if i else ()
            for name in ("rate", "count"):
                size = getattr(part, name)
                if size is not None:
                    yield (*place, name), size

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Sizes, the condition and the weight."""
        yield from super().expressions()
        yield from ((path, size) for path, size in self.sizes() if isinstance(size, str))

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns of the strata."""
        return ((("by", i), name) for i, name in enumerate(self.by))

    def amounts(self) -> frozenset[str]:
        """The condition and the weight."""
        return frozenset({"where", "weight"})

    def conditions(self) -> frozenset[str]:
        """The condition."""
        return frozenset({"where"})

    def impossible_sizes(self) -> Iterator[tuple[Path, str, str]]:
        """Rates outside [0, 1] and counts that are no whole numbers of at least 0."""
        for path, size in self.sizes():
            if isinstance(size, str):
                continue
            number = Decimal(str(size))
            if path[-1] == "rate" and not 0 <= number <= 1:
                yield path, f"a rate of {size}", "give one from 0 to 1"
            if path[-1] == "count" and (number < 0 or number != number.to_integral_value()):
                yield path, f"a count of {size}", "give a whole number of at least 0"
