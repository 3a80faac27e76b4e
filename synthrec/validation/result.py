"""What a check says: measures with intervals, a verdict, and the reason in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from synthrec.data.table import Table
from synthrec.schema.vector import BoolArray
from synthrec.validation.exhibits import Exhibit


class Verdict(StrEnum):
    """Three-way: a check that cannot tell says so, and the gate treats that as no."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class NothingAtRisk(StrEnum):
    """Why an attack need not run: reasons that are good news, the only ones with which it passes."""

    UNIQUE = "no training person is alone with any values: nobody can be singled out by a copy"
    LEARNED = "no domain was learned from records: the schema declares every category and bound"
    COMMON = "every value that could give somebody away is shared by many persons"
    ALONE = "there is one column: nothing can be linked to it or inferred from it"
    ISOLATED = "no value, and no four of them, isolates a synthetic row: nobody can be singled out by one"
    IDENTIFIERS = "no column holds identifiers of real people: keys and identifiers are minted"


@dataclass(frozen=True)
class Measure:
    """One number about synthetic records: value, one-sided 99 % bounds, n, and what it is read against."""

    name: str
    value: float
    low: float
    high: float
    n: int
    """Persons, rows or queries the value rests on."""
    baseline: float | None
    """The same figure between real and real (holdout), where there is one."""
    method: str
    """How value and bounds were computed, with the source of the formula."""


class Culprits(Protocol):
    """What synthetic rows must not repeat; it holds keys of real records and is kept in memory only."""

    def among(self, table: Table) -> BoolArray:
        """Which rows do, bool of shape (n,)."""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check before the policy speaks: evidence, bound and power, no decision."""

    check: str
    """Short id, e.g. ``P2`` or ``fidelity.pairs``."""
    title: str
    """What it asks, in plain words."""
    measures: tuple[Measure, ...]
    bound: str | None = None
    """Name of the measure that is limited: risk by its upper bound, fidelity by its value."""
    p_value: float | None = None
    """Evidence of a leak: probability of a result at least this bad if nothing leaks."""
    power: float | None = None
    """Probability that the test would have seen a 1 % leak."""
    persons_needed: int | None = None
    """Persons (train and holdout together) for which bound and power would suffice."""
    not_applicable: str | None = None
    """Why the check did not run; None when it ran. A `NothingAtRisk` passes, other words do not."""
    steward: dict[str, object] | None = None
    """Details for the steward's eyes only; never on a card."""
    exhibits: tuple[Exhibit, ...] = ()
    """Figures and tables for the steward's report; never on a card or in a public report."""
    culprits: Culprits | None = field(default=None, compare=False, repr=False)
    """What the rows behind the evidence have in common, where drawing them again can repair the release."""

    def measure(self, name: str) -> Measure:
        """The measure of that name."""
        return next(measure for measure in self.measures if measure.name == name)


@dataclass(frozen=True)
class Finding:
    """A check result judged under a policy or profile."""

    result: CheckResult
    verdict: Verdict
    blocking: bool
    limit: float | None
    reason: str
    """One sentence: why this verdict, and what would change it."""
    measure: str | None = None
    """Name of the measure that was judged; None when there was none to judge."""
    sense: Literal["at most", "at least"] = "at most"
    """Which side of the limit is good."""
