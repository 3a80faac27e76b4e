"""Exact draws of a Gaussian copula under evidence: sets of allowed levels, hence unions of latent intervals.

Within a stratum the evidence columns are ordered rarest first and the latent vector is z = L e with L the
Cholesky factor in that order. e_1 is drawn from its normal truncated to I_1; each later evidence coordinate
from its normal truncated to the part that takes z_k into I_k given the earlier ones: the proposals of the GHK
simulator (Geweke 1991; Hajivassiliou & McFadden 1998; Keane 1994). Such a proposal has density
φ(e) 1{z ∈ I} / (P(I_1) Π_{k≥2} P(I_k | e_<k)); accepting it with probability Π_{k≥2} P(I_k | e_<k) leaves
φ(e) 1{z ∈ I} / P(I_1), which is the wanted density up to a constant: the draw is exact. A stratum s is
proposed with probability ∝ w_s P_s(I_1), so the constants cancel over strata, too. The other columns follow
given the accepted e.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from synthrec.codec.base import CodeArray, CodeDomain
from synthrec.errors import InternalError
from synthrec.generators.base import Evidence
from synthrec.generators.copula.marginals import FloatArray, Marginal
from synthrec.generators.copula.stratum import Stratum
from synthrec.rng import BLOCK, Streams
from synthrec.schema.vector import BoolArray

MAX_BLOCKS = 200
"""Blocks of BLOCK proposals after which a draw ends."""

_TILE = 4_096


@dataclass(frozen=True, eq=False)
class _Known:
    """Evidence on one column of a stratum."""

    column: int
    low: FloatArray
    """Lower ends of the allowed latent intervals, shape (m, 1)."""
    high: FloatArray

    @property
    def probability(self) -> float:
        """P(z in the union of the intervals)."""
        return float((ndtr(self.high) - ndtr(self.low)).sum())

    @classmethod
    def of(cls, column: int, marginal: Marginal, allowed: BoolArray) -> _Known:
        """The union of the cells of the allowed levels, neighbours joined."""
        wide = np.diff(marginal.cuts) > 0
        positions = np.flatnonzero(allowed[marginal.order] & wide)
        low, high = marginal.cuts[positions], marginal.cuts[positions + 1]
        first = np.concatenate([[True], low[1:] > high[:-1]])[: len(low)]
        last = np.concatenate([first[1:], [True]])[: len(low)]
        return cls(column, low[first][:, None], high[last][:, None])

    def truncated(
        self, uniforms: FloatArray, mean: FloatArray, scale: float
    ) -> tuple[FloatArray, FloatArray]:
        """Standard normals e with mean + scale · e in the union, and the probability of the union."""
        below = ndtr((self.low - mean) / scale)
        masses = ndtr((self.high - mean) / scale) - below
        filled = np.cumsum(masses, axis=0)
        target = uniforms * filled[-1]
        piece = np.minimum((filled <= target).sum(0), len(masses) - 1)
        rows = np.arange(len(uniforms))
        drawn = ndtri(below[piece, rows] + target - (filled - masses)[piece, rows])
        return np.where(np.isfinite(drawn), drawn, 0.0), filled[-1]


@dataclass(frozen=True, eq=False)
class _ConditionedStratum:
    """One copula with its evidence columns first."""

    stratum: Stratum
    known: tuple[_Known, ...]
    columns: NDArray[np.intp]
    """All columns, those with evidence first, rarest first, shape (d,)."""
    factor: FloatArray
    """Cholesky factor in that order, shape (d, d)."""

    @classmethod
    def of(cls, stratum: Stratum, evidence: Sequence[tuple[int, BoolArray]]) -> _ConditionedStratum:
        known = [_Known.of(j, stratum.marginals[j], allowed) for j, allowed in evidence]
        known.sort(key=lambda part: part.probability)
        first = [part.column for part in known]
        columns = np.array(first + [j for j in range(len(stratum.marginals)) if j not in first])
        correlation = stratum.factor @ stratum.factor.T
        return cls(stratum, tuple(known), columns, np.linalg.cholesky(correlation[np.ix_(columns, columns)]))

    @property
    def first_probability(self) -> float:
        """P(I_1): 1 without evidence, 0 where some evidence is impossible."""
        return self.known[0].probability if self.known else 1.0

    def propose(self, uniforms: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Evidence coordinates e (k, n) by truncated normals, and the probability to accept each, (n,)."""
        drawn = np.empty_like(uniforms)
        accept = np.ones(uniforms.shape[1])
        for k, part in enumerate(self.known):
            mean = np.zeros(uniforms.shape[1])
            for before in range(k):
                mean += self.factor[k, before] * drawn[before]
            drawn[k], probability = part.truncated(uniforms[k], mean, self.factor[k, k])
            if k:
                accept *= probability
        return drawn, accept

    def complete(self, drawn: FloatArray, normals: FloatArray) -> CodeArray:
        """Codes (d, n) from accepted evidence coordinates (k, n) and fresh normals (d - k, n)."""
        latent = self.factor @ np.concatenate([drawn, normals])
        codes = np.empty(latent.shape, dtype=np.int32)
        for position, j in enumerate(self.columns):
            codes[j] = self.stratum.marginals[j].levels(latent[position])
        return codes


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Copulas under evidence."""

    strata: tuple[_ConditionedStratum, ...]
    weights: FloatArray
    """Probability to propose each stratum, shape (S,)."""
    evidence: tuple[tuple[int, BoolArray], ...]
    columns: int

    @classmethod
    def on(
        cls, domain: CodeDomain, weights: FloatArray, strata: Sequence[Stratum], evidence: Evidence
    ) -> Conditioned:
        """The copulas given the evidence; columns on which every level is allowed say nothing."""
        telling = _positions(domain, evidence)
        parts = tuple(_ConditionedStratum.of(stratum, telling) for stratum in strata)
        proposal = weights * np.array([part.first_probability for part in parts])
        return cls(parts, proposal, telling, len(domain))

    def stream(self, streams: Streams) -> Iterator[CodeArray]:
        """Accepted rows block by block, (d, m) each; nothing where the evidence has probability 0."""
        if self.weights.sum() <= 0:
            return
        for block in range(MAX_BLOCKS):
            codes = self._block(streams, block)
            if codes.shape[1]:
                yield codes

    def _block(self, streams: Streams, block: int) -> CodeArray:
        rng = streams.sampling("copula:where", block)
        tiles = [self._tile(rng) for _ in range(0, BLOCK, _TILE)]
        return np.concatenate(tiles, axis=1)

    def _tile(self, rng: np.random.Generator) -> CodeArray:
        uniforms = rng.random((len(self.evidence) + 2, _TILE))
        chosen = np.searchsorted(
            np.cumsum(self.weights)[:-1] / self.weights.sum(), uniforms[-1], side="right"
        )
        codes = np.empty((self.columns, _TILE), dtype=np.int32)
        kept = np.zeros(_TILE, dtype=bool)
        for number, part in enumerate(self.strata):
            rows = np.flatnonzero(chosen == number)
            if not len(rows):
                continue
            drawn, accept = part.propose(uniforms[:-2, rows])
            accepted = np.flatnonzero(uniforms[-2, rows] < accept)
            normals = rng.standard_normal((self.columns - len(drawn), len(accepted)))
            rows = rows[accepted]
            codes[:, rows] = part.complete(drawn[:, accepted], normals)
            kept[rows] = True
        return self._satisfying(codes[:, kept])

    def _satisfying(self, codes: CodeArray) -> CodeArray:
        """The rows whose levels are all allowed: rounding at the border of a cell must not break evidence."""
        satisfied = np.ones(codes.shape[1], dtype=bool)
        for j, allowed in self.evidence:
            satisfied &= allowed[codes[j]]
        return codes[:, satisfied]


def _positions(domain: CodeDomain, evidence: Evidence) -> tuple[tuple[int, BoolArray], ...]:
    """Column positions and allowed levels, of the columns where not every level is allowed."""
    telling = []
    for name, allowed in evidence.allowed.items():
        if name not in domain.names or allowed.shape != (domain.sizes[domain.names.index(name)],):
            raise InternalError(f"evidence on column {name!r} does not fit the model's domain")
        if not allowed.all():
            telling.append((domain.names.index(name), allowed))
    return tuple(telling)
