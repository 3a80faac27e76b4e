"""The `generate:` parts of a schema: a closed set of ways to make a column, each named by its single key.

Wherever a number is asked for, an expression over the row's columns, its ancestors' columns (``patient.age``)
and the schema's params may stand. `synthrec.rules` executes the specs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import prod
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from synthrec.schema.correlated_spec import Block, Correlated
from synthrec.schema.dist_spec import Dist
from synthrec.schema.events_spec import Given
from synthrec.schema.fitted_spec import Fitted, FittedBlock
from synthrec.schema.graph_spec import Partner
from synthrec.schema.id_number_spec import IdNumber
from synthrec.schema.model import Column, Domain, Kind, Model, Null, Scalar
from synthrec.schema.predictor_spec import Logit, Softmax
from synthrec.schema.prevalence_spec import Prevalence
from synthrec.schema.siblings_spec import Ar, Split
from synthrec.schema.spec_base import (
    MOMENTS,
    NUMBERS,
    TEXTS,
    Amount,
    Moment,
    Path,
    Spec,
    Weights,
    When,
    numeric,
    weight_expressions,
)


class Const(Spec):
    """The same value in every row."""

    value: Scalar


class Sequence(Spec):
    """Consecutive numbers in row order, as integers or as ``prefix`` and zero-padded digits."""

    kinds: ClassVar = TEXTS | {"integer"}
    prefix: str = ""
    width: int = Field(default=0, ge=0, le=18)
    start: int = Field(default=1, ge=0)


class Category(Spec):
    """One of some values, by weights that may depend on the row."""

    kinds: ClassVar = TEXTS | NUMBERS | {"boolean"}
    weights: Weights

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Weights that depend on the row."""
        return weight_expressions(self.weights)


class Row(Model):
    """The weights for some combinations of the `by` columns; a list in `when` names several values."""

    when: When
    weights: Annotated[Weights, AfterValidator(numeric)]


class Table(Spec):
    """A conditional probability table: weights by the values of other columns."""

    kinds: ClassVar = Category.kinds
    by: tuple[str, ...] = Field(min_length=1)
    rows: tuple[Row, ...] = Field(min_length=1)
    default: Annotated[Weights, AfterValidator(numeric)] | None = None

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns it depends on."""
        return ((("by", i), name) for i, name in enumerate(self.by))


class Entry(Model):
    """The value for some combinations of the `by` columns."""

    when: When
    value: Scalar


class Lookup(Spec):
    """A value fixed by the values of other columns."""

    by: tuple[str, ...] = Field(min_length=1)
    rows: tuple[Entry, ...] = Field(min_length=1)
    default: Scalar | None = None

    def references(self) -> Iterator[tuple[Path, str]]:
        """The columns it depends on."""
        return ((("by", i), name) for i, name in enumerate(self.by))


class Expr(Spec):
    """An expression over other columns."""

    source: str

    def amounts(self) -> frozenset[str]:
        """The source itself."""
        return frozenset({"source"})


class Between(Spec):
    """A date or datetime, uniform between two moments, both included."""

    kinds: ClassVar = MOMENTS
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")

    def amounts(self) -> frozenset[str]:
        """Both ends."""
        return frozenset({"start", "end"})


UNITS = ("days", "hours", "minutes", "seconds")


class Offset(Spec):
    """A moment some whole days (hours, minutes, seconds) after another."""

    kinds: ClassVar = MOMENTS
    origin: Moment = Field(alias="from")
    days: Amount | Dist | None = None
    hours: Amount | Dist | None = None
    minutes: Amount | Dist | None = None
    seconds: Amount | Dist | None = None

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, raw: Any) -> Any:
        """A distribution is written as elsewhere: ``days: {dist: {…}}``."""
        if not isinstance(raw, Mapping):
            return raw
        return {key: _dist(value) if key in UNITS else value for key, value in raw.items()}

    @model_validator(mode="after")
    def _one_unit(self) -> Offset:
        if sum(getattr(self, unit) is not None for unit in UNITS) != 1:
            raise ValueError(f"give exactly one of {', '.join(UNITS)}")
        return self

    @property
    def unit(self) -> str:
        """The unit in which the distance is given."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def distance(self) -> Amount | Dist:
        """The distance in `unit`."""
        amount: Amount | Dist = getattr(self, self.unit)
        return amount

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """The origin and the distance."""
        yield from super().expressions()
        if isinstance(self.distance, Dist):
            for path, source in self.distance.expressions():
                yield (self.unit, "dist", *path), source

    def amounts(self) -> frozenset[str]:
        """The origin and a plain distance."""
        return frozenset({"origin", *UNITS})


def _dist(value: Any) -> Any:
    return value["dist"] if isinstance(value, Mapping) and set(value) == {"dist"} else value


class Part(Model):
    """One component of a mixture."""

    weight: Amount
    make: Dist | Const | Expr

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        """A component is written flat: ``{weight: 0.1, const: 0}``."""
        if not isinstance(raw, Mapping) or "make" in raw or len(raw) != 2 or "weight" not in raw:
            return raw
        key = next(key for key in raw if key != "weight")
        if key not in {"dist", "const", "expr"}:
            raise ValueError(f"a part is a dist, const or expr, not {key!r}")
        return {"weight": raw["weight"], "make": build(str(key), raw[key])}


class Mixture(Spec):
    """One of several distributions or values per row, by weight."""

    kinds: ClassVar = NUMBERS
    parts: tuple[Part, ...] = Field(min_length=1)

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """Weights, and what is in the components."""
        for i, part in enumerate(self.parts):
            if isinstance(part.weight, str):
                yield ("parts", i, "weight"), part.weight
            for path, source in part.make.expressions():
                yield ("parts", i, *path), source


SCANS = ("sum", "previous", "next")


class Scan(Spec):
    """A value from the row's siblings, in the order in which they are made.

    ``sum`` adds up an expression over the siblings so far, this row included, from `from` on (days, where the
    column is a date); ``previous`` and ``next`` give its value in the neighbouring row, missing at the ends.
    """

    kinds: ClassVar = frozenset({"integer", "decimal", "float", "boolean", "date", "category", "code"})
    sum: str | None = None
    previous: str | None = None
    next: str | None = None
    start: Moment | int | float | Decimal = Field(default=0, alias="from")
    reset: str | None = None
    """Where the value of this expression changes from one row to the next, a sum starts anew."""

    @model_validator(mode="after")
    def _one(self) -> Scan:
        if sum(getattr(self, name) is not None for name in SCANS) != 1:
            raise ValueError(f"give exactly one of {', '.join(SCANS)}")
        if self.reset is not None and self.sum is None:
            raise ValueError("reset goes with sum")
        return self

    @property
    def over(self) -> tuple[str, str]:
        """Which scan, and the expression it runs over."""
        name = next(name for name in SCANS if getattr(self, name) is not None)
        return name, getattr(self, name)

    def amounts(self) -> frozenset[str]:
        """The expression and the start."""
        return frozenset({*SCANS, "start", "reset"})


class Copy(Spec):
    """The value of a column of the row's parent or a further ancestor, ``patient.patient_id``."""

    column: str

    def references(self) -> Iterator[tuple[Path, str]]:
        """The column that is copied."""
        return iter([((), self.column)])


class Bernoulli(Spec):
    """True with probability p."""

    kinds: ClassVar = frozenset({"boolean"})
    p: Amount

    def amounts(self) -> frozenset[str]:
        """The probability."""
        return frozenset({"p"})


MAX_TEXTS = 100_000
"""Texts that one template may have."""


class Template(Spec):
    """Text put together from own vocabularies, each part drawn evenly: ``{pattern: "{given} {family}"}``."""

    kinds: ClassVar = TEXTS
    pattern: str
    parts: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]]

    @model_validator(mode="after")
    def _known_parts(self) -> Template:
        names = self.names
        if sorted(names) != sorted(self.parts):
            raise ValueError("the pattern and `parts` name different parts; each part stands once in both")
        if prod(len(texts) for texts in self.parts.values()) > MAX_TEXTS:
            raise ValueError(f"more than {MAX_TEXTS} different texts")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The parts in the order in which the pattern names them."""
        return tuple(piece.split("}")[0] for piece in self.pattern.split("{")[1:])


class Missing(Spec):
    """The share of values that are taken away."""

    rate: Amount

    def amounts(self) -> frozenset[str]:
        """The rate."""
        return frozenset({"rate"})


SPECS: Mapping[str, type[Spec]] = {
    "const": Const,
    "sequence": Sequence,
    "dist": Dist,
    "category": Category,
    "table": Table,
    "lookup": Lookup,
    "expr": Expr,
    "date": Between,
    "offset": Offset,
    "mixture": Mixture,
    "scan": Scan,
    "copy": Copy,
    "partner": Partner,
    "bernoulli": Bernoulli,
    "prevalence": Prevalence,
    "id_number": IdNumber,
    "logit": Logit,
    "softmax": Softmax,
    "correlated": Correlated,
    "fitted": Fitted,
    "template": Template,
    "given": Given,
    "ar": Ar,
    "split": Split,
}
SIBLINGS = (Scan, Ar, Split)
"""Specs that look along a parent's rows."""
_SINGLE = {"const": "value", "expr": "source", "copy": "column", "partner": "column", "given": "field"}


def build(key: str, value: Any) -> Spec:
    """The spec of one key and what stands under it.

    Raises:
        pydantic.ValidationError: the value does not have the shape of that kind.
    """
    return SPECS[key].model_validate({_SINGLE[key]: value} if key in _SINGLE else value)


class Generate(Model):
    """How one column is made: one spec, and the share of values taken away afterwards."""

    key: str
    make: Spec
    missing: Missing | None = None

    def expressions(self) -> Iterator[tuple[Path, str]]:
        """All expressions, each with its path under `generate`."""
        for path, source in self.make.expressions():
            yield (self.key, *(() if self.key in _SINGLE else path)), source
        for path, source in self.missing.expressions() if self.missing else ():
            yield ("missing", *path), source

    def references(self) -> Iterator[tuple[Path, str]]:
        """All columns named outside expressions, each with its path under `generate`."""
        return (((self.key, *path), name) for path, name in self.make.references())


class Helper(Model):
    """A hidden column: other columns may use it, but it is never exported."""

    kind: Kind
    scale: int | None = Field(default=None, ge=0, le=9)
    values: tuple[Scalar, ...] | None = None
    """Labels of a category."""
    generate: dict[str, Any]

    @property
    def column(self) -> Column:
        """The helper as a column."""
        domain = Domain(values=self.values, source="public") if self.values else None
        return Column(
            kind=self.kind, scale=self.scale, domain=domain, null=Null(allowed=True), generate=self.generate
        )


class TableGenerate(Model):
    """How the rows of a table come about: how many per parent, in which order, with which hidden columns."""

    per: str | None = None
    """The parent table; None for the root."""
    count: dict[str, Any] | None = None
    """How many rows each parent has; a `generate` spec over the parent's columns."""
    events: dict[str, Any] | None = None
    """Rows as events in time, in place of a count; see `synthrec.schema.events_spec`."""
    history: dict[str, Any] | None = None
    """Rows as the spells of a history, in place of a count; see `synthrec.schema.history_spec`."""
    correlated: dict[str, Block] = Field(default_factory=dict)
    """Blocks of columns that are correlated and keep their own margins."""
    fitted: dict[str, FittedBlock] = Field(default_factory=dict)
    """Blocks of columns that a fitted model fills together."""
    order_by: str | None = None
    """Column by which the rows of one parent are sorted before sequences number them."""
    helpers: dict[Annotated[str, Field(pattern=r"^_[A-Za-z0-9_]+$")], Helper] = Field(default_factory=dict)
