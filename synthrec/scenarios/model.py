"""The scenario format: who has the event, how often, how it varies, and what it does to the records.

Reading order: `Scenario` → `Select`, `Prevalence`, `Param`, `Severity`, `Design` → `Step`. All are frozen;
the `digest` names what a scenario says. Columns are made as in a schema: by an expression or a `generate:`
part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from synthrec.schema.asset_model import AssetModel, AssetPart
from synthrec.schema.generate_model import Helper

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=2_000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Helpers = dict[Annotated[str, Field(pattern=r"^_[A-Za-z0-9_]+$")], Helper]

Spread = Literal["sobol", "random", "grid"]

SPREAD = 0.15
"""Half the width of the window of severities around a tier, as a share of the whole range."""


def _as_generate(raw: Any) -> Any:
    """An expression stands for ``{expr: …}``; other single values for ``{const: …}``."""
    if isinstance(raw, Mapping):
        return raw
    return {"expr": raw} if isinstance(raw, str) else {"const": raw}


Make = Annotated[dict[str, Any], BeforeValidator(_as_generate)]


class Info(AssetPart):
    """Name, version and meaning."""

    name: Name
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    """Another major version where the same seed no longer gives the same instances."""
    title: Text
    description: Text
    intent: Literal["edge_case", "stress", "environment", "rare_event", "failure_mode", "data_quality"]
    cite: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Where the figures come from; ``assumption`` and the reason where nowhere."""
    limits: tuple[Text, ...] = ()


class Targets(AssetPart):
    """The schema whose records it changes."""

    schema_name: Name = Field(alias="schema")
    major: Annotated[int, Field(strict=True, ge=0)] = 1
    """Major version of the schema that it is written for."""


class Select(AssetPart):
    """Which units may have it: root entities, by their own columns and their numbers of children."""

    where: Text = "true"
    """Over the unit's columns; ``TABLE.count`` is the number of its rows in a child table."""
    weight: Text | None = None
    """How likely, compared with other units; alike by default."""


class Anchor(AssetPart):
    """The row of a child table at which an instance hangs; a unit without such a row cannot have it."""

    table: Text
    where: Text = "true"


class Prevalence(AssetPart):
    """How many units have it: exactly so many; the unit is named, because rates without one mislead."""

    rate: Unit | None = None
    count: Annotated[int, Field(strict=True, ge=0)] | None = None
    per: Text
    """The table of the unit."""
    stratify: Text | None = None
    """A column of the unit: each of its values has the same share of cases, to the nearest case."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.rate is None) == (self.count is None):
            raise ValueError("give either rate or count")
        return self


class Param(AssetPart):
    """What varies between instances: a number in a range, or one of some values."""

    type: Literal["integer", "float", "choice"] = "float"
    range: tuple[Finite, Finite] | None = None
    scale: Literal["linear", "log"] = "linear"
    values: tuple[Text, ...] = ()
    weights: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = ()
    unit: str | None = None

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if (self.type == "choice") != bool(self.values) or (self.type == "choice") == (
            self.range is not None
        ):
            raise ValueError("a choice has values and no range, a number has a range and no values")
        if self.weights and len(self.weights) != len(self.values):
            raise ValueError("as many weights as values")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError("a range runs from a smaller to a larger number")
        if self.range is not None and self.scale == "log" and self.range[0] <= 0:
            raise ValueError("a log scale needs numbers above 0")
        return self


class Severity(AssetPart):
    """How hard it shows, from 0 to 1: where in their ranges the mapped parameters stand."""

    maps: dict[Name, Literal["up", "down"]] = Field(default_factory=dict)
    """``up``: the upper end of the range is the severe one."""
    tiers: dict[Name, Unit] = Field(min_length=1)
    default: Name

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.default not in self.tiers:
            raise ValueError(f"the default is one of the tiers {', '.join(self.tiers)}")
        return self


class Design(AssetPart):
    """How parameters are spread over instances."""

    kind: Spread = "sobol"
    """``sobol``: scrambled Sobol points; ``grid``: all combinations of `levels` values, in turn."""
    levels: Annotated[int, Field(strict=True, ge=2, le=100)] = 5


class Step(AssetPart):
    """New rows, or other values in rows that are there; columns are made in the order of the file."""

    role: Name
    """What the rows are in the event; on the labels."""
    emit: Text | None = None
    """The child table that gets rows; each is a copy of a row of another, unseen person that is `like` it."""
    change: Text | None = None
    """The table whose rows are changed."""
    when: Text | None = None
    """Over the instance: which instances have the step; all by default."""
    repeat: Text = "1"
    """Over the instance: how many rows are emitted."""
    like: Text = "true"
    """Over the rows of the table: which rows emitted ones are copied from."""
    rows: Text | None = None
    """Over the rows of the unit: which are changed; the anchor, or else all, by default."""
    let: Helpers = Field(default_factory=dict)
    set: dict[Text, Make] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.emit is None) == (self.change is None):
            raise ValueError("a step has either emit or change")
        if self.emit is not None and self.rows is not None:
            raise ValueError("rows is for change; emitted rows are told by repeat and like")
        if self.change is not None and {"repeat", "like"} & self.model_fields_set:
            raise ValueError("repeat and like are for emit")
        return self

    @property
    def table(self) -> str:
        """The table it acts on."""
        return str(self.emit or self.change)


class Coverage(AssetPart):
    """What the records are asked to cover: pairs of factors of one table."""

    table: Text
    factors: dict[Name, Text] = Field(min_length=2)
    """By name an expression with few different values: a label, a truth value, or ``band(x, [edges])``."""


class Scenario(AssetModel):
    """A whole scenario file."""

    synthrec: Literal[1]
    scenario: Info
    targets: Targets
    mode: Literal["inject", "reweight"]
    """``inject`` writes instances into records; ``reweight`` changes params of the schema for all of them."""
    unit: Text | None = None
    """The root table: what "has" an instance."""
    select: Select = Select()
    anchor: Anchor | None = None
    prevalence: Prevalence | None = None
    params: dict[Name, Param] = Field(default_factory=dict)
    severity: Severity
    design: Design = Design()
    let: Helpers = Field(default_factory=dict)
    """Hidden values of each instance, which all steps may use."""
    steps: tuple[Step, ...] = ()
    companions: tuple[Name, ...] = ()
    """Shipped scenarios of harmless look-alikes, which are written, too, unless they are refused."""
    order: dict[Text, Text] = Field(default_factory=dict)
    """By table the column by which a unit's rows are put in order where the schema names none."""
    recompute: tuple[Text, ...] = ()
    """Columns, as ``table.column``, that are made anew from the schema's own rule afterwards: balances."""
    reweight: dict[Name, Text] = Field(default_factory=dict)
    """Params of the schema, each by an expression over all of them and `severity`."""
    coverage: Coverage | None = None

    @model_validator(mode="after")
    def _mode(self) -> Self:
        has = bool(self.unit), self.prevalence is not None, bool(self.steps), not self.reweight
        if self.mode == "inject" and not all(has):
            raise ValueError("inject has unit, prevalence and steps, and no reweight")
        if self.mode == "reweight" and (any(has) or self.anchor or self.params):
            raise ValueError("reweight has reweight, and no unit, prevalence, steps, anchor or params")
        return self

    @model_validator(mode="after")
    def _mapped(self) -> Self:
        numbers = {name for name, param in self.params.items() if param.range is not None}
        if self.mode == "inject" and not set(self.severity.maps) <= numbers:
            raise ValueError(f"severity maps params that are numbers: {', '.join(sorted(numbers)) or 'none'}")
        return self

    @cached_property
    def label(self) -> str:
        """``name@version``."""
        return f"{self.scenario.name}@{self.scenario.version}"

    def tier(self, name: str | None) -> str:
        """A tier by name, the default one for None.

        Raises:
            KeyError: there is no such tier.
        """
        found = self.severity.default if name is None else name
        if found not in self.severity.tiers:
            raise KeyError(found)
        return found
