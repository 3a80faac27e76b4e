"""Plan and fit of CTGAN under differential privacy.

Most of the precision goes into the marginals, as in the marginals engine. The generator is trained on rows
drawn from the mixture that was fitted to them, which costs nothing; conditions, batches and normalisations
come from these rows alone. What is left of the precision trains a critic on persons by DP-SGD, and the
generator follows it. One person is one sample of the critic: there are no packs (PacGAN's unit would be the
pack), no gradient penalty, no normalisation across rows, and no early stop on real rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import log1p, sqrt
from typing import Any, ClassVar

import numpy as np

from synthrec.codec.adaptive import adaptive_codec
from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.errors import ConfigError
from synthrec.generators.ctgan.conditions import Conditions, RowsByGroup
from synthrec.generators.ctgan.fitted import CtganFitted
from synthrec.generators.ctgan.generator import calibrated as with_shares
from synthrec.generators.ctgan.layout import Layout, Single
from synthrec.generators.marginals.fitted import MarginalsFitted
from synthrec.generators.marginals.generator import Rows, check_spec, fit_counts, released_tables
from synthrec.generators.marginals.measurement import OneWay, measure_one_way
from synthrec.generators.marginals.queries import Reader
from synthrec.generators.marginals.recipe import shares
from synthrec.privacy.accountant import calibrated
from synthrec.privacy.budget import Budget
from synthrec.privacy.curator import Curator
from synthrec.privacy.events import CountsEvent, Event, Plan, SampledGaussianEvent
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec

CRITIC = "critic"
CRITIC_SHARE = 0.2
"""Share of the precision that the critic gets; a fixed public default."""

SAMPLING_RATE, STEPS = 0.04, 100

ROWS = 20_000
"""Rows of the mixture that the generator is trained on."""

MOST_STEPS, ROWS_PER_STEP = 450, 50
"""Steps of that training, and released persons that each of them takes."""


@dataclass(frozen=True)
class PrivateCtgan:
    """CTGAN under differential privacy."""

    name: ClassVar[str] = "ctgan"

    def plan(self, spec: TableSpec, budget: Budget, settings: Mapping[str, Any]) -> Plan:
        """The marginals of the marginals engine, and the critic's steps; see `PrivateGenerator.plan`."""
        if settings:
            raise ConfigError(f"ctgan under a claim takes no settings, not {', '.join(sorted(settings))}")
        check_spec(spec)
        tables = released_tables(spec)
        parts = _shares(tables)
        return calibrated(parts, budget, partial(_plan, tables, parts, spec.max_rows_per_person or 1))

    def fit(
        self, spec: TableSpec, table_name: str, curator: Curator, *, streams: Streams
    ) -> tuple[Codec, CtganFitted]:
        """Release the marginals, train on their mixture, refine; see `PrivateGenerator.fit`."""
        adaptive = adaptive_codec(spec, table_name, curator)
        codec, domain = adaptive.codec, adaptive.codec.domain
        reader = Reader(codec.encode)
        one_way = measure_one_way(curator, reader, domain, adaptive.clean)
        target = domain.names.index(spec.target) if spec.target in domain.names else None
        mixture = fit_counts(Rows(curator, reader), domain, one_way, target, streams)
        fitted = _trained(mixture, one_way, curator, reader, streams)
        return adaptive.informed(dict(zip(domain.names, one_way.counts, strict=True))), fitted


def _shares(tables: Mapping[str, int]) -> dict[str, float]:
    """Share of each event, the critic's last; all together 1."""
    marginals = shares(len(tables) - 2, tables["two_way"])
    return {**{name: part * (1 - CRITIC_SHARE) for name, part in marginals.items()}, CRITIC: CRITIC_SHARE}


def _plan(tables: Mapping[str, int], parts: Mapping[str, float], limit: int, precision: float) -> Plan:
    """The events at a total precision mu; sampled steps have about mu**2 = q**2 T (exp(1 / sigma**2) - 1)."""
    events: list[Event] = [
        CountsEvent(name, 1 / (precision * sqrt(part)), tables[name])
        for name, part in parts.items()
        if name != CRITIC
    ]
    noise = 1 / sqrt(log1p(precision**2 * parts[CRITIC] / (SAMPLING_RATE**2 * STEPS)))
    return Plan((*events, SampledGaussianEvent(CRITIC, noise, SAMPLING_RATE, STEPS)), limit)


def _trained(
    mixture: MarginalsFitted, one_way: OneWay, curator: Curator, reader: Reader, streams: Streams
) -> CtganFitted:
    from synthrec.generators.ctgan.training import Material, Training  # noqa: PLC0415
    from synthrec.generators.ctgan_dp.critic import refine  # noqa: PLC0415

    layout = Layout(mixture.domain, mixture.mixture.groupings)
    groups = layout.groups(mixture.sample(0, ROWS, streams=Streams(streams.seed)).values)
    counts = layout.counts(groups)
    material = Material(
        layout,
        RowsByGroup(layout, groups),
        Conditions.by_logarithm(layout, counts),
        Conditions.as_they_are(layout, _released(layout, one_way)),
    )
    rng = streams.sampling("ctgan:fit")
    training = Training(material, rng, int(rng.integers(2**63)))
    steps = int(np.clip(one_way.rows / ROWS_PER_STEP, 1, MOST_STEPS))
    while training.steps < steps:
        training.step(training.steps / steps)

    def indicators(table: Table) -> Single:
        return layout.indicators(layout.groups(reader.codes(table)))

    refine(training, curator, CRITIC, indicators, one_way.rows)
    network = with_shares(training.network(), material.drawn, streams.sampling("ctgan:calibrate"))
    return CtganFitted(network, material.drawn, steps)


def _released(layout: Layout, one_way: OneWay) -> list[np.ndarray]:
    """The noised and cleaned counts of groups."""
    pairs = zip(layout.groupings, one_way.counts, strict=True)
    return [np.bincount(grouping.groups, count, grouping.size) for grouping, count in pairs]
