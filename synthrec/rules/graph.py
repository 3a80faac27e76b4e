"""Events between two parents of one block: the graph of their contacts, and what happens along its edges.

Every event is two rows, one under each of the two, with the same time. The graph is an erased configuration
model (Molloy and Reed 1995; Newman 2010, section 13.2): each parent has a Poisson number of stubs, stubs are
joined in pairs at random, within a community or among all; loops and repeated edges are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthrec.rules.amounts import Amount, FloatArray, Target, evaluate, impossible
from synthrec.rules.children import root_of
from synthrec.rules.numbers import from_labels
from synthrec.rules.poisson import PoissonStream
from synthrec.rules.rows import Rows
from synthrec.schema import graph_spec as spec
from synthrec.schema.expressions import Expression, compile_expression
from synthrec.schema.model import LABEL_KINDS, Column
from synthrec.schema.vector import BoolArray, IntArray, Vector

SIDES = ("from", "to")


@dataclass(frozen=True, eq=False)
class Edges:
    """Contacts of parents, each pair once and never of one with itself."""

    first: IntArray
    """Position of the lower parent, shape (edges,)."""
    second: IntArray
    """Position of the higher one, shape (edges,)."""


def joined(stubs: IntArray, community: IntArray, inside: BoolArray, rng: np.random.Generator) -> Edges:
    """Join stubs in pairs, those `inside` within their community and the others among all.

    Args:
        stubs: Position of the parent of each stub, shape (n,).
        community: Community of each stub, shape (n,).
        inside: Which seek their pair in the community, shape (n,).
        rng: Random stream.
    """
    pools = np.where(inside, community, -1)
    order = np.lexsort((rng.random(len(stubs)), pools))
    position = np.arange(len(stubs)) - np.searchsorted(pools[order], pools[order])
    left = np.flatnonzero((position % 2 == 0)[:-1] & (np.diff(pools[order]) == 0))
    ends = np.stack([stubs[order[left]], stubs[order[left + 1]]])
    ends = np.unique(np.sort(ends[:, ends[0] != ends[1]], axis=0), axis=1)
    return Edges(ends[0], ends[1])


@dataclass(frozen=True, eq=False)
class Meetings:
    """What rows between two parents have beside their time."""

    partners: IntArray
    """Position of the parent at the other side."""
    sides: IntArray
    """0 for the side from which it comes about, 1 for the other."""
    shared: FloatArray
    """A uniform number that both rows of an event have."""


@dataclass(frozen=True, eq=False)
class Happened:
    """The rows of one stream of events, parent by parent."""

    counts: IntArray
    """Rows per parent, shape (parents,)."""
    times: IntArray
    meetings: Meetings | None = None
    """For events between two parents, which are two rows each."""


@dataclass(frozen=True, eq=False)
class MeetingStream:
    """A Poisson process on every edge and direction of a graph of contacts."""

    process: PoissonStream
    degree: Amount
    within: Amount
    community: Expression | None
    span: int | None
    where: str

    @classmethod
    def of(cls, between: spec.Between, process: PoissonStream, target: Target) -> MeetingStream:
        """From its spec; the process has the rate of one contact in one direction."""
        community = None if between.community is None else compile_expression(between.community, target.names)
        degree, within = (Amount.of(value, target.names) for value in (between.degree, between.within))
        return cls(process, degree, within, community, between.span, f"{target.where}.between")

    def edges(self, parent: Rows, rng: np.random.Generator) -> Edges:
        """The contacts of all parents of a block."""
        degree, within = (amount.present(parent, self.where) for amount in (self.degree, self.within))
        if bad := int((~((degree >= 0) & (degree < parent.count))).sum()):
            found = f"{bad} degrees below 0, or not below the {parent.count} parents of a block"
            raise impossible(self.where, found, "use clip(x, 0, 100)")
        if bad := int((~((within >= 0) & (within <= 1))).sum()):
            raise impossible(self.where, f"{bad} shares outside 0 to 1", "use clip(x, 0, 1)")
        stubs = np.repeat(np.arange(parent.count), rng.poisson(degree))
        inside = rng.random(len(stubs)) < within[stubs]
        return joined(stubs, self._communities(parent)[stubs], inside, rng)

    def _communities(self, parent: Rows) -> IntArray:
        """A number of at least 0 for each parent; those without a label are one community."""
        stretch = np.arange(parent.count) // (self.span or parent.count)
        if self.community is None:
            return stretch
        label = evaluate(self.community, parent)
        labels = len(label.levels or ())
        return np.where(label.missing, labels, label.values) + (labels + 1) * stretch

    def happened(
        self,
        parent: Rows,
        window: tuple[IntArray, IntArray],
        graph: np.random.Generator,
        rng: np.random.Generator,
    ) -> Happened:
        """The events within the windows of both sides."""
        edges = self.edges(parent, graph)
        one = np.concatenate([edges.first, edges.second])
        other = np.concatenate([edges.second, edges.first])
        start = np.maximum(window[0][one], window[0][other])
        end = np.maximum(np.minimum(window[1][one], window[1][other]), start)
        counts, times = self.process.drawn(self.process.weekly(parent, rng)[one], start, end, rng)
        edge, shared = np.repeat(np.arange(len(one)), counts), rng.random(len(times))
        return _both_sides(parent.count, one[edge], other[edge], times, shared)


def _both_sides(
    parents: int, one: IntArray, other: IntArray, times: IntArray, shared: FloatArray
) -> Happened:
    owner, partner = np.concatenate([one, other]), np.concatenate([other, one])
    times, shared = np.tile(times, 2), np.tile(shared, 2)
    order = np.lexsort((times, owner))
    sides = np.repeat(np.arange(2), len(one))
    counts = np.bincount(owner, minlength=parents).astype(np.int64)
    return Happened(counts, times[order], Meetings(partner[order], sides[order], shared[order]))


@dataclass(frozen=True)
class PartnerMaker:
    """A column of the parent at the other side of a row."""

    source: str
    column: Column
    where: str

    @classmethod
    def of(cls, make: spec.Partner, target: Target) -> PartnerMaker:
        """From its spec."""
        return cls(make.column, target.column, target.where)

    @property
    def names(self) -> frozenset[str]:
        """The column that is looked up."""
        return frozenset({self.source})

    def draw(self, rows: Rows, rng: np.random.Generator) -> Vector:  # noqa: ARG002 - the protocol's
        """The other side's value; missing where there is none, or a key of a root beyond the run."""
        assert rows.parent is not None  # noqa: S101  (the checks of a schema see to it)
        partner = rows.given["partner"]
        found = rows.parent.vector(self.source.partition(".")[2]).take(partner.values.astype(np.int64))
        absent = partner.missing | found.missing
        if self.column.role == "key":
            absent |= root_of(rows.parent)[partner.values.astype(np.int64)] >= rows.run.wanted
        vector = Vector(np.where(absent, found.values.dtype.type(0), found.values), absent, found.levels)
        return from_labels(vector, self.column) if self.column.kind in LABEL_KINDS else vector
