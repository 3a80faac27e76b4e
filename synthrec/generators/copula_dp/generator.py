"""Plan and fit of the copula under differential privacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import hypot, log1p, sqrt
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.adaptive import HEAPS, OCTAVES, REFINE, adaptive_codec, event_tables
from synthrec.codec.base import CodeDomain
from synthrec.codec.codec import Codec, learned_columns
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.generators.copula.fitted import CopulaFitted
from synthrec.generators.copula.hermite import coefficients, latent_correlation, repaired
from synthrec.generators.copula.marginals import FloatArray, Marginal, scores
from synthrec.generators.copula.stratum import FACTOR_STEP, MAX_COLUMNS, Stratum, on_grid
from synthrec.generators.copula_dp.groups import grouped
from synthrec.generators.copula_dp.orders import Pairs, group_orders
from synthrec.generators.copula_dp.queries import Coarse, Encoder, LevelQuery, PairQuery
from synthrec.privacy.accountant import calibrated
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator, RowVectors, persons
from synthrec.privacy.events import CountsEvent, Event, Plan, SampledGaussianEvent, VectorEvent
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec

Method = Literal["dp_sgd", "closed_form"]

LEVELS, PAIRS, CORRELATION = "levels", "pairs", "correlation"
"""Names of the events."""

SHARES = {LEVELS: 0.25, PAIRS: 0.40, CORRELATION: 0.35}
"""Shares of the precision mu**2 of Gaussian privacy (Dong, Roth and Su 2022); fixed public defaults."""

WIDE_SHARES = {OCTAVES: 0.03, REFINE: 0.03, HEAPS: 0.04}
"""Shares of the events of the adaptive codec, where a column is wide; the others divide what is left."""

SAMPLING_RATE, STEPS = 0.1, 150

TRACE, MOST_TRACES = 0.1, 0.005
"""Least count of a stated value in deviations of its noise, and most share of rows that all traces have."""

PRODUCT_CLIP, LEAST_PRODUCT_CLIP = 1.56, 6.0
"""Clipping norm of a person's products of scores: over the root of their number, and for few of them."""

SETTINGS = {"stratify": None, "strata": 1}
"""What the fitted copula says of itself; the method is in the plan."""

_SMALLEST_DEVIATION = 0.01
_UNITS = 2.0**40


@dataclass(frozen=True)
class PrivateCopula:
    """One Gaussian copula from three events; see `synthrec.generators.copula_dp`."""

    name: ClassVar[str] = "copula"

    method: Method = "dp_sgd"

    def plan(self, spec: TableSpec, budget: Budget, settings: Mapping[str, Any]) -> Plan:
        """The largest precision within the budget, in fixed shares; see `PrivateGenerator.plan`."""
        method = settings.get("method", self.method)
        if method not in {"dp_sgd", "closed_form"} or set(settings) - {"method"}:
            raise ConfigError("the copula under privacy has one setting, method: dp_sgd or closed_form")
        width = len(spec.modelled)
        if not 1 <= width <= MAX_COLUMNS:
            raise ConfigError(f"the copula models 1 to {MAX_COLUMNS} columns, not {width}")
        if learned := learned_columns(spec):
            raise ConfigError(
                f"the domains of {', '.join(learned)} would be learned from the data: declare them, "
                "learn them under the budget with --dp-bounds, or fit without a claim"
            )
        tables = event_tables(spec, "table") | _tables(width)
        limit = 1 if spec.one_row_per_person else spec.max_rows_per_person or 1
        return calibrated(_shares(tables), budget, partial(_plan, tables, limit, method))

    def fit(
        self,
        spec: TableSpec,
        table_name: str,
        curator: Curator,
        *,
        streams: Streams,  # noqa: ARG002
    ) -> tuple[Codec, CopulaFitted]:
        """Learn cuts, orders and latent correlations from three releases; see `PrivateGenerator.fit`."""
        noise = curator.plan.event(LEVELS).noise_multiplier * sqrt(len(spec.modelled))
        adaptive = adaptive_codec(spec, table_name, curator, one_way_sigma=noise)
        domain = adaptive.codec.domain
        encoder = Encoder(adaptive.codec.columns)
        released = curator.release(LEVELS, [LevelQuery(encoder, column) for column in domain.names])
        number = persons(released)
        counts = {
            name: adaptive.clean(name, count, number)
            if name in adaptive.groups
            else _with_traces(adaptive.clean(name, count, number), count.sigma)
            for name, count in zip(domain.names, released, strict=True)
        }
        codec = adaptive.informed(counts)
        shares = [count / count.sum() for count in counts.values()]
        orders = _orders(curator, domain, encoder, shares, number)
        columns = [_Column.of(share, order) for share, order in zip(shares, orders, strict=True)]
        covariance = _covariance(curator, encoder, domain.names, columns, number)
        latent = latent_correlation(covariance, np.stack([column.series for column in columns]))
        factor = on_grid(np.linalg.cholesky(repaired(latent)), FACTOR_STEP)
        stratum = Stratum(tuple(column.marginal for column in columns), factor)
        return codec, CopulaFitted(domain, SETTINGS, np.ones(1), (stratum,))


@dataclass(frozen=True, eq=False)
class _Column:
    """A column as cut normal, its score by level, their deviation and their Hermite series."""

    marginal: Marginal
    by_level: FloatArray
    deviation: float
    series: FloatArray

    @classmethod
    def of(cls, shares: FloatArray, order: NDArray[np.intp]) -> _Column:
        marginal = Marginal.of(np.rint(shares * _UNITS).astype(np.int64), order.astype(np.int32))
        position = scores(marginal, shares[order])
        position -= shares[order] @ position
        by_level = np.empty_like(position)
        by_level[order] = position
        deviation = max(sqrt(float(shares @ by_level**2)), _SMALLEST_DEVIATION)
        return cls(marginal, by_level, deviation, coefficients(marginal.cuts, position))


def _with_traces(counts: FloatArray, sigma: float) -> FloatArray:
    """Counts of few stated values, none impossible: a value whose count is lost in noise keeps a trace."""
    trace = min(TRACE * sigma, MOST_TRACES * float(counts.sum()) / len(counts))
    return np.maximum(counts, trace)


def _tables(width: int) -> dict[str, int]:
    """Count vectors of the copula's own events; a single column has no pairs."""
    pairs = width * (width - 1) // 2
    return {LEVELS: width, PAIRS: pairs, CORRELATION: 0} if pairs else {LEVELS: width}


def _shares(tables: Mapping[str, int]) -> dict[str, float]:
    """Share of each event; all together 1."""
    wide = {name: share for name, share in WIDE_SHARES.items() if name in tables}
    own = {name: share for name, share in SHARES.items() if name in tables}
    left = (1 - sum(wide.values())) / sum(own.values())
    return wide | {name: share * left for name, share in own.items()}


def _plan(tables: Mapping[str, int], limit: int, method: Method, precision: float) -> Plan:
    """The events at a total precision mu, in the order in which they read."""
    parts = {name: precision * sqrt(share) for name, share in _shares(tables).items()}
    events: list[Event] = [
        CountsEvent(name, 1 / part, tables[name]) for name, part in parts.items() if name != CORRELATION
    ]
    if CORRELATION in parts:
        events.append(_correlation_event(parts[CORRELATION], method))
    return Plan(tuple(events), limit)


def _correlation_event(precision: float, method: Method) -> Event:
    """The last event; sampled steps have about mu**2 = q**2 T (exp(1 / sigma**2) - 1)."""
    if method == "closed_form":
        return VectorEvent(CORRELATION, 1 / precision)
    noise = 1 / sqrt(log1p(precision**2 / (SAMPLING_RATE**2 * STEPS)))
    return SampledGaussianEvent(CORRELATION, noise, SAMPLING_RATE, STEPS)


def _orders(
    curator: Curator, domain: CodeDomain, encoder: Encoder, shares: list[FloatArray], number: float
) -> list[NDArray[np.intp]]:
    """Levels of each column in latent order: value order, or what the pairs say."""
    if len(domain) == 1:
        return [np.arange(domain.sizes[0])]
    coarse = [
        Coarse(column, grouped(share, ordered=ordered, missing=missing))
        for column, share, ordered, missing in zip(
            domain.names, shares, domain.ordered, domain.missing, strict=True
        )
    ]
    couples = list(combinations(range(len(domain)), 2))
    counts = curator.release(PAIRS, [PairQuery(encoder, coarse[i], coarse[j]) for i, j in couples])
    merged = [
        np.bincount(item.groups, share).astype(np.float64) for item, share in zip(coarse, shares, strict=True)
    ]
    residuals = {
        (i, j): count.values.reshape(coarse[i].size, coarse[j].size) / number - np.outer(merged[i], merged[j])
        for (i, j), count in zip(couples, counts, strict=True)
    }
    nominal = [j for j, size in enumerate(domain.sizes) if not domain.ordered[j] and size > 2]
    found = group_orders(Pairs(merged, residuals, counts[0].sigma / number), nominal)
    return [_level_order(coarse[j].groups, found.get(j)) for j in range(len(domain))]


def _level_order(groups: NDArray[np.int64], order: NDArray[np.intp] | None) -> NDArray[np.intp]:
    if order is None:
        return np.arange(len(groups))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.argsort(rank[groups], kind="stable")


def _covariance(
    curator: Curator, encoder: Encoder, names: tuple[str, ...], columns: list[_Column], number: float
) -> FloatArray:
    """Covariances of the scores, shape (d, d)."""
    deviations = np.array([column.deviation for column in columns])
    scale = np.outer(deviations, deviations)
    if len(columns) == 1:
        return scale

    def standardised(table: Table) -> FloatArray:
        levels = [encoder.levels(table, name) for name in names]
        return np.stack(
            [c.by_level[level] / c.deviation for c, level in zip(columns, levels, strict=True)], 1
        )

    if any(isinstance(event, VectorEvent) for event in curator.plan.events):
        return _released_products(curator, standardised, len(columns), number) * scale
    from synthrec.generators.copula_dp.likelihood import trained_correlation  # noqa: PLC0415

    return trained_correlation(curator, CORRELATION, standardised, len(columns), number) * scale


def _released_products(curator: Curator, rows: RowVectors, width: int, number: float) -> FloatArray:
    first, second = np.triu_indices(width, 1)
    clip = hypot(PRODUCT_CLIP * sqrt(len(first)), LEAST_PRODUCT_CLIP)

    def products(table: Table) -> FloatArray:
        z = rows(table)
        return np.asarray(z[:, first] * z[:, second])

    means = np.clip(curator.sum(CORRELATION, products, clip) / number, -1, 1)
    matrix = np.eye(width)
    matrix[first, second] = matrix[second, first] = means
    return matrix
