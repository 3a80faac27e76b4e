"""Whose privacy is spent: the entries of a ledger as one account per population.

Populations under which the same source was ever entered share one account: a new name buys no new budget.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, Protocol

from synthrec.errors import BudgetExceededError, ConfigError
from synthrec.privacy.budget import Budget
from synthrec.privacy.entries import Entry, Kind

State = Literal["reserved", "read", "committed", "released"]

_EXACT = decimal.Context(
    prec=500, Emin=-10_000, Emax=10_000, traps=[decimal.Inexact, decimal.InvalidOperation]
)


class Ceiling(Protocol):
    """The most that may be spent on one population; a `Budget` is one."""

    @property
    def epsilon(self) -> Decimal:
        """Largest sum of epsilon."""

    @property
    def delta(self) -> Decimal:
        """Largest sum of delta."""


@dataclass(frozen=True)
class Charge:
    """One reservation and what became of it."""

    entry: Entry
    budget: Budget
    state: State
    """``reserved``: nothing was read; ``read``: running or broken off, charged in full."""
    model_digest: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it is charged: everything is, except what was given back unread."""
        return self.state != "released"


@dataclass(frozen=True)
class Account:
    """What was done with the records of one population."""

    populations: tuple[str, ...]
    """Every name it goes by."""
    charges: tuple[Charge, ...]
    looks: tuple[Entry, ...]
    """Readings without a claim; of those that ended before any record was used, the opening of the files."""

    @property
    def spent(self) -> Budget | None:
        """Exact sum of all charges, or None where there is none.

        Basic composition (Dwork and Roth 2014, Theorem 3.16). Stopping at a fixed ceiling on the sum stays
        valid when every budget is chosen after seeing the results before it (Rogers, Roth, Ullman and
        Vadhan 2016, Privacy odometers and filters).
        """
        budgets = [charge.budget for charge in self.charges if charge.counts]
        if not budgets:
            return None
        return Budget(total(one.epsilon for one in budgets), total(one.delta for one in budgets))

    def without(self, sequence: int) -> Account:
        """The account as if one reservation had not been made."""
        return replace(self, charges=tuple(one for one in self.charges if one.entry.sequence != sequence))

    def remaining(self, ceiling: Ceiling) -> tuple[Decimal, Decimal]:
        """(epsilon, delta) under the ceiling; zero where a stricter ceiling is already passed."""
        spent = self.spent
        if spent is None:
            return ceiling.epsilon, ceiling.delta
        return (
            max(Decimal(0), total((ceiling.epsilon, -spent.epsilon))),
            max(Decimal(0), total((ceiling.delta, -spent.delta))),
        )

    def refuse_excess(self, asked: Budget, ceiling: Ceiling) -> None:
        """Refuse a request that does not fit, however little it overshoots.

        Raises:
            BudgetExceededError: with what is spent, what remains and what was asked.
        """
        spent = [charge.budget for charge in self.charges if charge.counts]
        epsilon = total([*(one.epsilon for one in spent), asked.epsilon])
        delta = total([*(one.delta for one in spent), asked.delta])
        if epsilon <= ceiling.epsilon and delta <= ceiling.delta:
            return
        left = self.remaining(ceiling)
        raise BudgetExceededError(
            f"population {self.populations[0]}: asked for epsilon {asked.epsilon}, delta {asked.delta}; "
            f"{len(spent)} run(s) spent epsilon {total(one.epsilon for one in spent)}, "
            f"delta {total(one.delta for one in spent)}; epsilon {left[0]}, delta {left[1]} remain under the "
            f"ceiling of epsilon {ceiling.epsilon}, delta {ceiling.delta}; ask for no more than remains, or "
            "have the policy's `budget` reviewed"
        )


def account(entries: Sequence[Entry], population: str, source: str | None = None) -> Account:
    """The account of a population, with all populations that share a source with it."""
    names = _linked(entries, {population} | ({source} if source else set()))
    mine = [entry for entry in entries if entry.population in names]
    others = sorted({entry.population for entry in mine} - {population})
    became = outcomes(entries)
    charges = tuple(
        _charge(entry, budget, became.get(entry.sequence)) for entry in mine if (budget := entry.budget)
    )
    looks = tuple(one for one in mine if one.kind == Kind.LOOK or _is_broken_off(one, became))
    return Account((population, *others), charges, looks)


def attempts(entries: Sequence[Entry], model_digest: str, before: int | None = None) -> int:
    """Audits of draws of a model that did not pass, whether they failed, were broken off or still run."""
    became = outcomes(entries)
    audits = (entry for entry in entries[: None if before is None else before - 1] if entry.kind == Kind.LOOK)
    return sum(
        entry.details().get("model_digest") == model_digest and entry.sequence not in became
        for entry in audits
    )


def accounts(entries: Sequence[Entry]) -> tuple[Account, ...]:
    """All accounts, in the order in which they were first entered."""
    found: list[Account] = []
    for population in dict.fromkeys(entry.population for entry in entries):
        if not any(population in one.populations for one in found):
            found.append(account(entries, population))
    return tuple(found)


def population_id(declared: str | None, fingerprint: str) -> str:
    """The declared name, else the keyed fingerprint of the records themselves."""
    return declared or fingerprint


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum.

    Raises:
        ConfigError: more digits than can be added exactly.
    """
    result = Decimal(0)
    try:
        for amount in amounts:
            result = _EXACT.add(result, amount)
    except (decimal.Inexact, decimal.InvalidOperation):
        raise ConfigError(
            "the budget has too many digits to be added exactly; give a shorter number"
        ) from None
    return result


def outcomes(entries: Iterable[Entry]) -> dict[int, Entry]:
    """The newest entry that follows each other one, by the sequence of that."""
    return {entry.reservation: entry for entry in entries if entry.reservation is not None}


def _is_broken_off(entry: Entry, became: Mapping[int, Entry]) -> bool:
    return entry.kind == Kind.OPEN and entry.sequence not in became


_STATES: dict[str, State] = {Kind.READ: "read", Kind.COMMIT: "committed", Kind.RELEASE: "released"}


def _charge(reservation: Entry, budget: Budget, became: Entry | None) -> Charge:
    if became is None:
        return Charge(reservation, budget, "reserved")
    return Charge(reservation, budget, _STATES[became.kind], became.details().get("model_digest"))


def _linked(entries: Sequence[Entry], names: set[str]) -> set[str]:
    """Names of populations and sources that hang together with those given."""
    pairs = [{entry.population, entry.source or entry.population} for entry in entries]
    while True:
        wider = names.union(*(pair for pair in pairs if pair & names))
        if wider == names:
            return names
        names = wider
