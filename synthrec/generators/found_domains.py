"""A private generator for tables whose domains nobody states: they are found first, under the same claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Any

from synthrec.codec.codec import Codec, learned_columns
from synthrec.generators.base import Fitted
from synthrec.generators.private import PrivateGenerator
from synthrec.privacy.accountant import calibrated
from synthrec.privacy.bounds import MagnitudeQuery, found_domain, widest_domain
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, DiscoveryEvent, Event, Plan
from synthrec.privacy.gaussian_bound import gaussian_mu
from synthrec.rng import Streams
from synthrec.schema.model import Column, Domain, TableSpec

if TYPE_CHECKING:
    from synthrec.privacy.curator import Curator

BOUNDS, CATEGORIES = "bounds", "categories"
"""Names of the events."""

SHARES = {BOUNDS: 0.05, CATEGORIES: 0.3}
"""Share of the precision (1 / noise multiplier squared) that each of them gets; fixed public defaults.

Bounds need no more than an order of magnitude. The threshold of categories decides which values exist at all,
an error that nothing later repairs, and the noise of all else grows by less than a quarter.
"""

DELTA_SHARE = 0.1
"""Share of delta that the discovery of categories spends."""


@dataclass(frozen=True)
class FoundDomains:
    """Finds bounds and categories of learned domains, then lets a generator learn within them."""

    inner: PrivateGenerator

    @property
    def name(self) -> str:
        """Name in the registry."""
        return self.inner.name

    def plan(self, spec: TableSpec, budget: Budget, settings: Mapping[str, Any]) -> Plan:
        """The two events, and those of the generator for the widest domains; see `PrivateGenerator.plan`."""
        numbers, labels = _learned(spec)
        if not numbers and not labels:
            return self.inner.plan(spec, budget, settings)
        widest = _with_domains(spec, {name: _widest(spec.columns[name]) for name in (*numbers, *labels)})
        inner = self.inner.plan(widest, budget, settings)
        own = _events(numbers, labels, float(budget.delta) * DELTA_SHARE)
        left = 1 - sum(SHARES[event.name] for event in own)
        whole = gaussian_mu(float(budget.epsilon), float(budget.delta))

        def make(precision: float) -> Plan:
            first = [
                replace(event, noise_multiplier=1 / (precision * whole * sqrt(SHARES[event.name])))
                for event in own
            ]
            rest = [
                replace(event, noise_multiplier=event.noise_multiplier / (precision * sqrt(left)))
                for event in inner.events
            ]
            return Plan((*first, *rest), inner.max_rows_per_person)

        names = [event.name for event in (*own, *inner.events)]
        return calibrated(dict.fromkeys(names, 1 / len(names)), budget, make)

    def fit(
        self, spec: TableSpec, table_name: str, curator: Curator, *, streams: Streams
    ) -> tuple[Codec, Fitted]:
        """Find the domains, then fit; the codec's spec has them. See `PrivateGenerator.fit`."""
        return self.inner.fit(found(spec, curator), table_name, curator, streams=streams)


def found(spec: TableSpec, curator: Curator) -> TableSpec:
    """The table with its learned domains found through the curator."""
    numbers, labels = _learned(spec)
    domains: dict[str, Domain] = {}
    if numbers:
        counts = curator.release(BOUNDS, [MagnitudeQuery(name) for name in numbers])
        pairs = zip(numbers, counts, strict=True)
        domains |= {name: found_domain(count, spec.columns[name]) for name, count in pairs}
    if labels:
        values = curator.discover(CATEGORIES, labels)
        pairs_of_values = zip(labels, values, strict=True)
        domains |= {name: _listed(spec.columns[name], labels) for name, labels in pairs_of_values}
    return _with_domains(spec, domains)


def _learned(spec: TableSpec) -> tuple[list[str], list[str]]:
    """Columns of numbers and of labels with learned domains."""
    learned = learned_columns(spec)
    numbers = [name for name in learned if spec.columns[name].is_numeric]
    return numbers, [name for name in learned if name not in numbers]


def _events(numbers: list[str], labels: list[str], delta: float) -> list[Event]:
    events: list[Event] = [CountsEvent(BOUNDS, 1.0, len(numbers))] if numbers else []
    return [*events, DiscoveryEvent(CATEGORIES, 1.0, len(labels), delta)] if labels else events


def _widest(column: Column) -> Domain:
    return widest_domain(column) if column.is_numeric else _listed(column, ())


def _listed(column: Column, values: tuple[str, ...]) -> Domain:
    """The values found, and the label of all others."""
    stated = column.domain or Domain(source="learned")
    kept = tuple(value for value in values if not stated.labels or value in stated.labels)
    other = () if stated.other in kept else (stated.other,)
    return Domain(values=(*kept, *other), other=stated.other, source="dp")


def _with_domains(spec: TableSpec, domains: Mapping[str, Domain]) -> TableSpec:
    columns = {
        name: column.model_copy(update={"domain": domains[name]}) if name in domains else column
        for name, column in spec.columns.items()
    }
    return spec.model_copy(update={"columns": columns})
