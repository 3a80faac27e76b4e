"""What a run covers: instances realised (C1), ranges of parameters filled (C2), pairs of factors met (C3).

A pair of values is feasible where the run or an independent draw of the same rules has met it: what the
rules cannot make is no gap. Two factors at a time find nearly all failures that records can trigger (Kuhn,
Wallace & Gallo 2004). Full coverage is no merit by itself: noise has it, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import qmc

from synthrec.data.table import Records, Table
from synthrec.scenarios.design import FloatArray
from synthrec.scenarios.run import Realised, ScenarioRun
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import Schema, label
from synthrec.schema.vector import BoolArray, IntArray, Vector

BINS = 10
MOST_POINTS = 2_048
"""Points of which the discrepancy is computed; its cost is quadratic."""


@dataclass(frozen=True)
class Realisation:
    """C1: asked for and there, of one scenario."""

    scenario: str
    version: str
    digest: str
    mode: str
    tier: str
    severity: float
    design: str
    unit: str | None
    units: int
    """Of the run."""
    eligible: int
    requested: int
    realised: int
    rows: Mapping[str, int]
    """Labelled rows by role."""


@dataclass(frozen=True)
class RangeCoverage:
    """C2: how much of the window that its tier leaves to it a parameter has filled."""

    scenario: str
    parameter: str
    bins: int
    """Equal parts of the window; no more than instances, and than values of a choice."""
    hit: int


@dataclass(frozen=True)
class Evenness:
    """C2: centred L2 discrepancy of a design, in that of independent points; below 1 is more even."""

    scenario: str
    ratio: float


@dataclass(frozen=True)
class PairCoverage:
    """C3: pairs of values of two declared factors of one table."""

    scenario: str
    table: str
    factors: int
    combinations: int
    """All pairs of values that occur."""
    feasible: int
    covered: int
    by_instances: int
    """Pairs on rows of instances."""
    by_instances_alone: int
    """Pairs that neither other rows nor the independent draw have."""


@dataclass(frozen=True)
class CoverageReport:
    """All of it."""

    realisation: tuple[Realisation, ...]
    ranges: tuple[RangeCoverage, ...]
    evenness: tuple[Evenness, ...]
    pairs: tuple[PairCoverage, ...]


@dataclass(eq=False)
class PairCount:
    """Pairs met so far of the factors that one scenario declares."""

    scenario: str
    table: str
    factors: Mapping[str, Expression]
    _codes: dict[str, dict[str, int]] = field(default_factory=dict)
    _met: dict[str, set[tuple[int, int, int, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, realised: Realised, schema: Schema) -> PairCount | None:
        """The counter of a scenario's factors; None where it declares none."""
        scenario = realised.request.bound.scenario
        if scenario.coverage is None:
            return None
        columns = schema.tables[scenario.coverage.table].columns
        factors = {
            name: compile_expression(text, columns) for name, text in scenario.coverage.factors.items()
        }
        return cls(scenario.scenario.name, scenario.coverage.table, factors)

    def add(self, table: Table, which: str) -> None:
        """Note the pairs of some rows, as those of the run, of instances, or of the reference."""
        codes = [self._coded(name, table.evaluate(factor)) for name, factor in self.factors.items()]
        met = self._met.setdefault(which, set())
        for i, j in combinations(range(len(codes)), 2):
            present = (codes[i] >= 0) & (codes[j] >= 0)
            width = int(codes[j].max(initial=0)) + 1
            distinct = np.unique(codes[i][present] * width + codes[j][present])
            met.update((i, j, *divmod(pair, width)) for pair in distinct.tolist())

    def result(self) -> PairCoverage:
        """What was met."""
        run, own, other, reference = (
            self._met.get(which, set()) for which in ("run", "instances", "others", "reference")
        )
        sizes = [len(self._codes.get(name, {})) for name in self.factors]
        return PairCoverage(
            self.scenario,
            self.table,
            len(self.factors),
            sum(prod(pair) for pair in combinations(sizes, 2)),
            len(run | reference),
            len(run),
            len(own),
            len(own - other - reference),
        )

    def _coded(self, name: str, vector: Vector) -> IntArray:
        """Values as numbers that stay the same from block to block; -1 where missing."""
        known = self._codes.setdefault(name, {})
        distinct, rows = np.unique(vector.values, return_inverse=True)
        texts = [vector.levels[int(v)] if vector.levels else label(v) for v in distinct.tolist()]
        present = np.zeros(len(distinct), bool)
        present[rows[~vector.missing]] = True
        numbers = [known.setdefault(t, len(known)) if p else -1 for t, p in zip(texts, present, strict=True)]
        coded = np.array(numbers, np.int64)[rows] if len(rows) else np.zeros(0, np.int64)
        return np.where(vector.missing, -1, coded)


@dataclass(eq=False)
class Coverage:
    """Watches a run block by block."""

    run: ScenarioRun
    _rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _pairs: list[PairCount] | None = None

    @property
    def pairs(self) -> list[PairCount]:
        """The counters of all scenarios that declare factors; each has seen the independent draw."""
        if self._pairs is None:
            counts = (PairCount.of(realised, self.run.schema) for realised in self.run.realised)
            self._pairs = [count for count in counts if count is not None]
            for count in self._pairs:
                count.add(self.run.reference[count.table], "reference")
        return self._pairs

    def add(self, records: Records, labels: Table) -> None:
        """See one block and its labels."""
        frame = labels.data.group_by(["scenario", "role"]).aggregate([("key", "count")])
        for row in frame.to_pylist():
            place = (str(row["scenario"]), str(row["role"]))
            self._rows[place] = self._rows.get(place, 0) + int(row["key_count"])
        for count in self.pairs:
            table = records[count.table]
            own = _labelled(table, labels, count.scenario)
            count.add(table, "run")
            count.add(table.take(own), "instances")
            count.add(table.take(~own), "others")

    def report(self) -> CoverageReport:
        """All figures; complete when the run is."""
        realised = self.run.realised
        return CoverageReport(
            tuple(self._realisation(item) for item in realised),
            tuple(part for item in realised for part in _ranges(item)),
            tuple(part for item in realised for part in _evenness(item)),
            tuple(count.result() for count in self.pairs),
        )

    def _realisation(self, item: Realised) -> Realisation:
        scenario, tier = item.request.bound.scenario, item.request.tier
        name = scenario.scenario.name
        rows = {role: number for (of, role), number in sorted(self._rows.items()) if of == name}
        return Realisation(
            scenario=name,
            version=scenario.scenario.version,
            digest=scenario.digest,
            mode=scenario.mode,
            tier=tier,
            severity=scenario.severity.tiers[tier],
            design=scenario.design.kind,
            unit=item.request.bound.unit,
            units=item.units,
            eligible=item.eligible,
            requested=item.requested,
            realised=rows.get("case", 0),
            rows={role: number for role, number in rows.items() if role != "case"},
        )


def _labelled(table: Table, labels: Table, scenario: str) -> BoolArray:
    """Rows of a table that belong to instances of a scenario."""
    ours = pc.and_(pc.equal(labels.data["scenario"], scenario), pc.equal(labels.data["table"], table.name))
    keys = labels.data.filter(ours)["key"].cast(pa.string())
    key = table.data[table.spec.primary_key[0]].cast(pa.string())
    found: BoolArray = np.asarray(
        pc.is_in(key, value_set=keys.combine_chunks()).to_numpy(zero_copy_only=False)
    )
    return found.astype(bool)


def _ranges(item: Realised) -> Iterator[RangeCoverage]:
    scenario, count = item.request.bound.scenario, len(item.chosen)
    for i, (name, param) in enumerate(scenario.params.items()):
        bins = min(BINS, max(count, 1), _values(item, name) or BINS)
        if param.type == "choice":
            hit = len(np.unique(item.drawn.values[name].values))
            yield RangeCoverage(scenario.scenario.name, name, len(param.values), hit)
        else:
            hit = len(np.unique(np.floor(item.drawn.points[:, i] * bins)))
            yield RangeCoverage(scenario.scenario.name, name, bins, hit)


def _values(item: Realised, name: str) -> int:
    """How many values an integer parameter can take; 0 where that is no limit."""
    param = item.request.bound.scenario.params[name]
    return int(param.range[1] - param.range[0]) + 1 if param.type == "integer" and param.range else 0


def _evenness(item: Realised) -> Iterator[Evenness]:
    points = item.drawn.points[:MOST_POINTS]
    if len(points) > 1 and points.shape[1]:
        name = item.request.bound.name
        yield Evenness(name, evenness(points))


def evenness(points: FloatArray) -> float:
    """Squared centred L2 discrepancy of points, in that expected of as many independent ones."""
    return float(qmc.discrepancy(points, method="CD")) / iid_discrepancy(*points.shape)


def iid_discrepancy(count: int, dimensions: int) -> float:
    """Expected squared centred L2 discrepancy of independent uniform points (Hickernell 1998, eq. 5.1)."""
    return ((5 / 4) ** dimensions - (13 / 12) ** dimensions) / count


def render(report: CoverageReport) -> str:
    """The report as Markdown."""
    return "\n\n".join(part for part in _sections(report) if part) + "\n"


def _sections(report: CoverageReport) -> Iterator[str]:
    yield "# Coverage of scenarios"
    yield "## Instances asked for and realised\n\n" + _table(
        ("scenario", "tier", "unit", "units", "eligible", "requested", "realised", "rows by role"),
        (
            (
                f"{r.scenario} {r.version}",
                r.tier,
                r.unit,
                r.units,
                r.eligible,
                r.requested,
                r.realised,
                _roles(r),
            )
            for r in report.realisation
        ),
    )
    yield "## Ranges of parameters\n\n" + _table(
        ("scenario", "parameter", "parts of its window", "hit"),
        ((r.scenario, r.parameter, r.bins, r.hit) for r in report.ranges),
    )
    if report.evenness:
        yield (
            "Centred discrepancy of the design against independent points (below 1 is more even): "
            + "; ".join(f"{e.scenario} {e.ratio:.3f}" for e in report.evenness)
        )
    yield "## Pairs of factors\n\n" + _table(
        ("scenario", "table", "factors", "feasible pairs", "covered", "on instances", "on instances alone"),
        (
            (p.scenario, p.table, p.factors, p.feasible, p.covered, p.by_instances, p.by_instances_alone)
            for p in report.pairs
        ),
    )
    yield (
        "A pair is feasible where this run or an independent draw of the same rules has met it. Coverage "
        "says what there is to test with, and nothing of how real it is."
    )


def _roles(item: Realisation) -> str:
    return ", ".join(f"{number:,} {role}" for role, number in item.rows.items()) or "none"


def _table(head: Sequence[str], rows: Iterator[tuple[object, ...]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
