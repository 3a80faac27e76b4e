"""Rows of a mixture, with or without evidence: exact in both cases.

Given the component, columns are independent but for the links, so the probability of the evidence in
component k is a product over unlinked columns and over parents with their children,

    sum_a P_k(parent = a) e_parent(a) prod_children f_child(a, k),

with e(a) the probability of the allowed levels within group a, and f the probability of the child's allowed
levels given the parent's group (from the link's table, or from component k where that row is empty).
Components are drawn in proportion to these products, then every column from its restricted distribution: no
row is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synthrec.codec.base import CodeArray
from synthrec.errors import InternalError
from synthrec.generators.base import Evidence
from synthrec.generators.marginals.drawing import BITS, Inversion, Uniforms, uniforms
from synthrec.generators.marginals.links import Link, family
from synthrec.generators.marginals.mixture import Mixture
from synthrec.privacy.counts import FloatArray
from synthrec.schema.vector import BoolArray

_TILE = 8_192
"""Rows drawn at once: what a tile touches stays in the cache."""

_TOP = 2**BITS - 1


@dataclass(frozen=True, eq=False)
class _Column:
    """How one column is drawn: a group given component or parent, then a level given the group."""

    groups: Inversion
    levels: Inversion | None
    """None where every group is one level and carries its number."""
    link: Link | None
    linked: BoolArray | None
    """Whether the link's table knows the parent's group, shape (groups of the parent,)."""
    loading: float
    """How often it shares the row's uniform within groups; turned round where negative."""

    def within(self, rng: np.random.Generator, shared: Uniforms | None, size: int) -> Uniforms:
        """The uniforms that choose levels within groups, shape (size,)."""
        own = uniforms(rng, size)
        if shared is None or not self.loading:
            return own
        common = shared if self.loading > 0 else ~shared
        return np.where(uniforms(rng, size) < np.uint32(abs(self.loading) * _TOP), common, own)


@dataclass(frozen=True, eq=False)
class Conditioned:
    """A mixture under evidence."""

    weights: FloatArray
    """Probability of each component under the evidence, shape (C,); all 0 where it is impossible."""
    columns: tuple[_Column, ...]
    order: tuple[int, ...]
    """Columns, children last."""
    pick: Inversion

    @classmethod
    def on(cls, mixture: Mixture, evidence: Evidence) -> Conditioned:
        """The mixture given the evidence.

        Raises:
            InternalError: the evidence does not fit the domain.
        """
        allowed = _telling(mixture, evidence)
        restricted, weights = _restricted(mixture, allowed)
        columns = tuple(
            _column(mixture, j, restricted[j], allowed.get(j)) for j in range(len(mixture.domain))
        )
        order = sorted(range(len(columns)), key=lambda j: j in mixture.links)
        return cls(weights, columns, tuple(order), Inversion.of_rows(weights[None]))

    @property
    def effective_components(self) -> float:
        """(sum w)**2 / sum w**2 of the component weights (Kish 1965); 0 where the evidence is impossible."""
        total = self.weights.sum()
        return float(total * total / np.square(self.weights).sum()) if total > 0 else 0.0

    @property
    def is_coupled(self) -> bool:
        """Whether any column follows the common draw within its groups."""
        return any(column.loading for column in self.columns)

    def rows(self, rng: np.random.Generator, count: int) -> CodeArray:
        """Rows, int32 of shape (d, count); `count` rows are drawn tile by tile from one stream."""
        codes = np.empty((len(self.columns), count), dtype=np.int32)
        for start in range(0, count, _TILE):
            self._fill(codes[:, start : start + _TILE], rng)
        return codes

    def _fill(self, codes: CodeArray, rng: np.random.Generator) -> None:
        size = codes.shape[1]
        component = self.pick.draw(np.zeros(size, np.int32), uniforms(rng, size))
        groups: dict[int, CodeArray] = {}
        shared = uniforms(rng, size) if self.is_coupled else None
        for j in self.order:
            column = self.columns[j]
            row = component
            if column.link is not None and column.linked is not None:
                parent = groups[column.link.parent]
                row = np.where(column.linked[parent], parent + np.int32(len(self.weights)), component)
            groups[j] = column.groups.draw(row, uniforms(rng, size))
            levels = column.levels
            if levels is None:
                codes[j] = groups[j]
            else:
                codes[j] = levels.draw(groups[j], column.within(rng, shared, size))


def _telling(mixture: Mixture, evidence: Evidence) -> dict[int, BoolArray]:
    """Allowed levels by column position, of columns where not every level is allowed."""
    names, sizes = mixture.domain.names, mixture.domain.sizes
    found = {}
    for name, allowed in evidence.allowed.items():
        if name not in names or allowed.shape != (sizes[names.index(name)],):
            raise InternalError(f"evidence on column {name!r} does not fit the model's domain")
        if not allowed.all():
            found[names.index(name)] = allowed
    return found


def _restricted(mixture: Mixture, allowed: Mapping[int, BoolArray]) -> tuple[list[FloatArray], FloatArray]:
    """Shares of groups by component with the evidence multiplied in, and the weight of each component."""
    passing = [_passing(mixture, j, allowed.get(j)) for j in range(len(mixture.domain))]
    shares = [
        component.astype(np.float64) * keep
        for component, keep in zip(mixture.components, passing, strict=True)
    ]
    log_weights = np.zeros(mixture.count)
    for j in range(len(shares)):
        if j in mixture.links:
            continue
        for child in family(mixture.links, j):
            shares[j] = shares[j] * _child_factor(mixture.links[child], passing[child], shares[child])
        with np.errstate(divide="ignore"):
            log_weights += np.log(shares[j].sum(1))
    top = log_weights.max()
    weights = np.exp(log_weights - top) if np.isfinite(top) else np.zeros(mixture.count)
    return shares, weights


def _passing(mixture: Mixture, column: int, allowed: BoolArray | None) -> FloatArray:
    """Probability of the allowed levels within each group, shape (size,)."""
    grouping = mixture.groupings[column]
    if allowed is None:
        return np.ones(grouping.size)
    return np.bincount(grouping.groups, grouping.within * allowed, grouping.size).astype(np.float64)


def _child_factor(link: Link, passing: FloatArray, shares: FloatArray) -> FloatArray:
    """Probability of the child's evidence given component and the parent's group, shape (C, groups)."""
    known = link.table.sum(1) > 0
    return np.where(known, link.table @ passing, shares.sum(1)[:, None])


def _column(mixture: Mixture, j: int, shares: FloatArray, allowed: BoolArray | None) -> _Column:
    grouping = mixture.groupings[j]
    link = mixture.links.get(j)
    rows, linked = shares, None
    if link is not None:
        linked = link.table.sum(1) > 0
        rows = np.concatenate([shares, link.table * _passing(mixture, j, allowed)])
    levels = None
    if not np.array_equal(grouping.groups, np.arange(len(grouping.groups))):
        within = grouping.within if allowed is None else grouping.within * allowed
        levels = Inversion.of_groups(grouping.groups, within)
    loading = float(mixture.loadings[j]) if levels is not None else 0.0
    return _Column(Inversion.of_rows(rows), levels, link, linked, loading)
