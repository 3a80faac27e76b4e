"""A fit under a differential privacy claim: plan from the schema, charge, then read; the charge stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from synthrec.codec.codec import Codec
from synthrec.data.keys import open_keys
from synthrec.data.persons import person_column
from synthrec.errors import BudgetExceededError, ConfigError, InternalError, UserError
from synthrec.generators.base import Fitted
from synthrec.generators.found_domains import FoundDomains
from synthrec.generators.manifest import Claim, LedgerHead
from synthrec.generators.private import PrivateGenerator
from synthrec.generators.registry import private_generator
from synthrec.privacy.accountant import epsilon
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.entries import Entry, Kind
from synthrec.privacy.events import Plan
from synthrec.privacy.expected_error import PERSONS, column_error
from synthrec.privacy.ledger import Ledger, Receipt
from synthrec.privacy.plan_document import plan_document
from synthrec.privacy.selfaudit import self_audit
from synthrec.release.card import Guarantee, Mechanism
from synthrec.rng import Streams
from synthrec.runs.context import Run
from synthrec.runs.inputs import RealInput, modelled_table
from synthrec.runs.recipe import Recipe, settings_of
from synthrec.schema.model import Column, Schema, TableSpec

LEAVERS = (0,)
"""Extreme persons whom the self-audit of a fit leaves out, one replay each; tests leave out each of them."""

DEFAULT_DELTA = "1e-6"
"""Delta of a claim where none is given."""


@dataclass(frozen=True, eq=False)
class PlannedFit:
    """All that a fit under a claim will do with private rows, known before it reads any."""

    schema: Schema
    generator: PrivateGenerator
    plan: Plan
    budget: Budget
    """What the plan costs: the epsilon of its accountant, and the delta asked for."""
    population: str

    @property
    def label(self) -> str:
        """What the ledger calls the run."""
        return f"fit {self.generator.name} {self.schema.info.name} {self.schema.info.version}"


@dataclass(frozen=True, eq=False)
class OpenCharge:
    """A charge that stands in the ledger, and the ledger."""

    ledger: Ledger
    receipt: Receipt


def parse_budget(epsilon_text: str | float | Decimal, delta_text: str | float | Decimal | None) -> Budget:
    """A budget from what a user wrote, exactly.

    Raises:
        ConfigError: not numbers, or no budget.
    """
    try:
        return Budget(Decimal(str(epsilon_text)), Decimal(str(delta_text or DEFAULT_DELTA)))
    except InvalidOperation:
        raise ConfigError("epsilon and delta are numbers, for example --epsilon 1 --delta 1e-6") from None


def planned_fit(schema: Schema, recipe: Recipe, budget: Budget) -> PlannedFit:
    """The plan of a fit, from schema, recipe and budget alone.

    Raises:
        ConfigError: no population or bound on rows per person is declared, a domain is learned, or the
            generator does not learn under differential privacy.
    """
    name, spec = modelled_table(schema)
    population = recipe.population or schema.info.source.population
    if population is None:
        raise ConfigError(
            "a claim needs to know whose budget it spends; name it: `source: {population: …}` in the schema, "
            "or --population NAME"
        )
    _check_unit(name, spec)
    learner: PrivateGenerator = private_generator(recipe.generator)
    if recipe.dp_bounds:
        learner = FoundDomains(learner)
    plan = learner.plan(spec, budget, settings_of(schema, recipe))
    return PlannedFit(schema, learner, plan, Budget(epsilon(plan, budget.delta), budget.delta), population)


@contextmanager
def charged(planned: PlannedFit, run: Run) -> Iterator[OpenCharge]:
    """Charge the plan durably before anything private is read.

    Broken off anywhere, the charge stands; it is given back only where the input was refused before the
    curator opened the records, and the ledger shows that.

    Raises:
        BudgetExceededError: the policy's ceiling does not leave that much; nothing was charged or read.
    """
    keys = open_keys(run.home, create=True)
    with Ledger.open(run.home, keys) as ledger:
        receipt = ledger.reserve(
            planned.population, planned.budget, planned.plan, planned.label, run.policy.budget
        )
        try:
            yield OpenCharge(ledger, receipt)
        except UserError as error:
            _give_back(ledger, receipt, error)
            raise


def _give_back(ledger: Ledger, receipt: Receipt, error: UserError) -> None:
    with suppress(InternalError):
        ledger.release(receipt, f"input refused before any answer: {type(error).__name__}")


def learn_privately(
    planned: PlannedFit, charge: OpenCharge, given: RealInput, run: Run
) -> tuple[Codec, Fitted]:
    """Learn codec and density through a curator, once the ledger knows which records it opens.

    Raises:
        BudgetExceededError: under another name, these records were charged up to the ceiling.
        InternalError: the self-audit of noise and sensitivity failed; there is no model and no claim.
    """
    name, spec = modelled_table(planned.schema)
    try:
        charge.ledger.read(charge.receipt, source=given.fingerprint, ceiling=run.policy.budget)
    except BudgetExceededError:
        charge.ledger.release(charge.receipt, "the records' account leaves too little; nothing was answered")
        raise
    curator = Curator(given.real.train, planned.plan)
    codec, fitted = planned.generator.fit(spec, name, curator, streams=Streams.fresh())
    if not self_audit(curator, planned.generator, spec, name, LEAVERS).holds:
        raise InternalError(
            "the self-audit found noise or sensitivity other than planned; no model is kept; it stays charged"
        )
    return codec, fitted


def claim_of(planned: PlannedFit, charge: OpenCharge) -> Claim:
    """What model and card say of the claim."""
    account = charge.ledger.account(planned.population)
    spent = account.spent or planned.budget
    return Claim(
        epsilon=str(planned.budget.epsilon),
        delta=str(planned.budget.delta),
        max_rows_per_person=planned.plan.max_rows_per_person,
        plan=plan_document(planned.plan),
        population=planned.population,
        population_epsilon=str(spent.epsilon),
        population_delta=str(spent.delta),
        looks_without_claim=len(account.looks),
    )


def guarantee(claim: Claim) -> Guarantee:
    """The claim of a model as a card tells it."""
    said = claim.model_dump(exclude={"plan"})
    return Guarantee(**said, mechanisms=tuple(_mechanism(event) for event in claim.plan["events"]))


def _mechanism(event: Mapping[str, Any]) -> Mechanism:
    named = {name: event[name] for name in ("name", "mechanism", "noise_multiplier")}
    detail = {name: value for name, value in event.items() if name not in named}
    return Mechanism(**named, detail=detail)


@dataclass(frozen=True)
class Entered:
    """A reading without a claim that the ledger knows of."""

    head: LedgerHead
    fits: int
    """Fits of these records or their population so far, this reading included if it is one.

    Inputs that were refused or whose reading was broken off are none: nothing was learned from them.
    """


def enter_look(given: RealInput, opening: Entry, label: str, run: Run) -> Entered:
    """Enter that records are about to be used without a claim, after the opening of their files."""
    keys = open_keys(run.home, create=True)
    with Ledger.open(run.home, keys) as ledger:
        name, kind = opening.population, opening.details()["look"]
        ledger.look(name, kind, label, source=given.fingerprint, opening=opening)
        looks = ledger.account(name, given.fingerprint).looks
        fits = (entry for entry in looks if entry.kind == Kind.LOOK and entry.details()["look"] == "fit")
        return Entered(head_of(ledger), sum(1 for _ in fits))


def head_of(ledger: Ledger) -> LedgerHead:
    """The head of a ledger as models and cards remember it."""
    return LedgerHead(sequence=ledger.head.sequence, hash=ledger.head.hash)


@dataclass(frozen=True, eq=False)
class PlanReport:
    """What a fit under a claim would do and cost; nothing was read."""

    planned: PlannedFit
    remaining: tuple[Decimal, Decimal]
    """(epsilon, delta) that would remain for the population."""
    ledger: Path
    why: tuple[str, ...]
    """The reason for the generator, where it was left to synthrec."""

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        planned = self.planned
        return {
            "population": planned.population,
            "epsilon": str(planned.budget.epsilon),
            "delta": str(planned.budget.delta),
            "remaining": {"epsilon": str(self.remaining[0]), "delta": str(self.remaining[1])},
            "generator": planned.generator.name,
            "why": list(self.why),
            "expected_error": self.expected_error(),
            "plan": plan_document(planned.plan),
        }

    def expected_error(self) -> dict[str, Any]:
        """Mean error of a share by number of persons, and how many persons a column needs."""
        plan, table = self.planned.plan, modelled_table(self.planned.schema)[1]
        columns, pairs = column_error(plan, ONE_WAY_EVENTS), column_error(plan, TWO_WAY_EVENTS)
        told: dict[str, Any] = {}
        if columns is not None:
            told["column_share"] = {str(n): columns.share(n) for n in PERSONS}
            told["persons_needed"] = columns.persons_needed(_cells(table))
        if pairs is not None:
            told["pair_share"] = {str(n): pairs.share(n) for n in PERSONS}
        return told


ONE_WAY_EVENTS, TWO_WAY_EVENTS = ("one_way", "levels"), ("two_way", "pairs")
"""Names of the events that count columns and pairs of columns, whatever the generator."""

MOST_CELLS = 24
"""Cells of a column that are counted on: finer ones are merged where noise hides them."""


def _cells(spec: TableSpec) -> float:
    """Cells of a column on average."""
    sizes = [_size(spec.columns[name]) for name in spec.modelled]
    return sum(sizes) / max(len(sizes), 1)


def _size(column: Column) -> int:
    listed = column.domain.labels if column.domain else ()
    known = 2 if column.kind == "boolean" else len(listed) or MOST_CELLS
    return min(known, MOST_CELLS) + column.null.allowed


def foretold(planned: PlannedFit, why: tuple[str, ...], run: Run) -> PlanReport:
    """What would be charged, and what would remain; `why` is told along.

    Raises:
        BudgetExceededError: the ceiling does not leave that much.
    """
    with Ledger.open(run.home, open_keys(run.home, create=True)) as ledger:
        account, ceiling = ledger.account(planned.population), run.policy.budget
        account.refuse_excess(planned.budget, ceiling)
        left = account.remaining(ceiling)
        rest = left[0] - planned.budget.epsilon, left[1] - planned.budget.delta
        return PlanReport(planned, rest, ledger.path, why)


def _check_unit(name: str, spec: TableSpec) -> None:
    if person_column(spec) is not None and spec.max_rows_per_person is None:
        raise ConfigError(
            f"table {name}: a claim is for a person, so it needs the most rows that one person may give; "
            "declare `max_rows_per_person:`, best 1 or 2"
        )
