"""Fitting: from counts, exact or noised, to a mixture; and the plan of the noised ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from synthrec.codec.adaptive import adaptive_codec, event_tables
from synthrec.codec.base import CodeDomain, Codes
from synthrec.codec.codec import Codec, learned_columns
from synthrec.errors import ConfigError
from synthrec.generators.blockwise import check_size
from synthrec.generators.marginals.coupling import loadings
from synthrec.generators.marginals.fitted import MarginalsFitted
from synthrec.generators.marginals.fitting import Single, Targets, fit_member
from synthrec.generators.marginals.links import find_links
from synthrec.generators.marginals.measurement import (
    OneWay,
    group_columns,
    measure_one_way,
    measure_pairs,
    targets_of,
)
from synthrec.generators.marginals.mixture import Mixture, matched
from synthrec.generators.marginals.queries import CellCounts, CodeCounts, Reader
from synthrec.generators.marginals.recipe import FINE, MIXED_FIT, NOISY, ONE_WAY, TWO_WAY, Effort, shares
from synthrec.privacy.accountant import calibrated
from synthrec.privacy.budget import Budget
from synthrec.privacy.counts import Count, Counts, FloatArray
from synthrec.privacy.events import CountsEvent, Plan
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec

MAX_COLUMNS = 200
"""More columns make more pairs than are worth counting."""


@dataclass(frozen=True)
class MarginalsGenerator:
    """The marginals engine without differential privacy: exact counts, larger mixtures."""

    name: ClassVar[str] = "marginals"

    def fit(self, codes: Codes, *, streams: Streams) -> MarginalsFitted:
        """Learn from the 1- and 2-way marginals; the same rows and streams give the same model.

        Raises:
            InputError: fewer than MIN_ROWS rows, no column, or more than MAX_COLUMNS.
        """
        check_size(codes, MAX_COLUMNS)
        counts, reader = CodeCounts(codes), Reader(lambda table: codes)  # noqa: ARG005
        one_way = measure_one_way(counts, reader, codes.domain, _as_counted)
        return fit_counts(Rows(counts, reader), codes.domain, one_way, None, streams)


@dataclass(frozen=True)
class PrivateMarginals:
    """The marginals engine under differential privacy."""

    name: ClassVar[str] = "marginals"

    def plan(self, spec: TableSpec, budget: Budget, settings: Mapping[str, Any]) -> Plan:
        """Histograms of columns and of pairs of columns, by fixed shares of the precision.

        Raises:
            ConfigError: a setting (there is none), or a table that cannot be measured.
        """
        if settings:
            raise ConfigError(
                f"generator marginals does not take these settings: {', '.join(sorted(settings))}"
            )
        check_spec(spec)
        tables = released_tables(spec)
        parts = shares(len(tables) - 2, tables[TWO_WAY])

        def make(precision: float) -> Plan:
            events = [
                CountsEvent(name, 1 / (precision * float(np.sqrt(share))), tables[name])
                for name, share in parts.items()
            ]
            return Plan(tuple(events), spec.max_rows_per_person or 1)

        return calibrated(parts, budget, make)

    def fit(
        self, spec: TableSpec, table_name: str, curator: Counts, *, streams: Streams
    ) -> tuple[Codec, MarginalsFitted]:
        """Release the marginals, through the codec's events first, and fit the mixture to them."""
        adaptive = adaptive_codec(spec, table_name, curator)
        codec, domain = adaptive.codec, adaptive.codec.domain
        reader = Reader(codec.encode)
        one_way = measure_one_way(curator, reader, domain, adaptive.clean)
        target = domain.names.index(spec.target) if spec.target in domain.names else None
        fitted = fit_counts(Rows(curator, reader), domain, one_way, target, streams)
        return adaptive.informed(dict(zip(domain.names, one_way.counts, strict=True))), fitted


@dataclass(frozen=True, eq=False)
class Rows:
    """Counted rows and how their codes are read."""

    counts: CellCounts
    reader: Reader


def fit_counts(
    rows: Rows, domain: CodeDomain, one_way: OneWay, target: int | None, streams: Streams
) -> MarginalsFitted:
    """From 1-way counts: group, measure pairs, fit, and put the parts together."""
    groupings = group_columns(one_way, domain)
    pairs = measure_pairs(rows.counts, rows.reader, groupings, one_way.rows, target)
    targets = targets_of(one_way, groupings, pairs)
    components = _fit_mixture(targets, streams)
    if not rows.counts.is_private:
        components = matched(components, targets.shares, targets.offsets)
    parts = np.split(np.ascontiguousarray(components.T), targets.offsets[1:-1], axis=1)
    apart = Mixture(domain, groupings, tuple(parts), find_links(pairs), np.zeros(len(domain)))
    return MarginalsFitted(replace(apart, loadings=loadings(apart)))


def _fit_mixture(targets: Targets, streams: Streams) -> Single:
    """Components of several fits side by side, (D, C); small fits unless the first leaves structure behind.

    One thread: the matrices are small, and the sums then do not depend on the machine's number of cores.
    """
    with threadpool_limits(1, user_api="blas"):
        if targets.expected:
            first = fit_member(targets, NOISY, streams.sampling("marginals:fit", 0))
            if first.loss <= MIXED_FIT * targets.expected:
                return np.concatenate([first.components, *_members(targets, NOISY, streams, 1)], axis=1)
        return np.concatenate(_members(targets, FINE, streams, 0), axis=1)


def _members(targets: Targets, effort: Effort, streams: Streams, first: int) -> list[Single]:
    return [
        fit_member(targets, effort, streams.sampling("marginals:fit", number)).components
        for number in range(first, effort.members)
    ]


def released_tables(spec: TableSpec) -> dict[str, int]:
    """Count vectors of each event, in the order in which they read."""
    columns = len(spec.modelled)
    return {**event_tables(spec, "table"), ONE_WAY: columns, TWO_WAY: columns * (columns - 1) // 2}


def check_spec(spec: TableSpec) -> None:
    """Refuse a table that cannot be measured under a claim.

    Raises:
        ConfigError: domains are learned from the rows, or there are no columns or too many.
    """
    learned = learned_columns(spec)
    if learned:
        raise ConfigError(
            f"domains learned from the rows ({', '.join(learned)}) have no privacy bound: declare them "
            "(source: public or declared), let them be found under the claim (--dp-bounds), or make no claim"
        )
    if not 1 <= len(spec.modelled) <= MAX_COLUMNS:
        raise ConfigError(f"{len(spec.modelled)} modelled columns; model 1 to {MAX_COLUMNS}")


def _as_counted(column: str, count: Count, rows: float) -> FloatArray:  # noqa: ARG001
    return count.values
