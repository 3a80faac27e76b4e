"""One Gaussian copula: cuts per column and the factor of the latent correlation matrix.

Latent values are sums of products on a dyadic grid (factor in steps of 2^-22, normals in steps of 2^-20), so
that every partial sum is exact in float64: the same seed gives the same rows whatever the number of rows at
once, the BLAS library and its threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeArray, Codes
from synthrec.generators.copula.hermite import coefficients, latent_correlation, repaired
from synthrec.generators.copula.marginals import FloatArray, Marginal, scores
from synthrec.generators.copula.orders import refined_orders

FACTOR_STEP = 2.0**-22
NORMAL_STEP = 2.0**-20
MAX_COLUMNS = 1024
"""Up to here |Σ factor · normal| < 2^9 with steps of 2^-42: 51 bits of the 53 of a float64."""

_ROWS = 65_536

_SMALL_PRODUCT = 2**18
"""Multiplications up to which OpenBLAS stays on the calling thread."""


@dataclass(frozen=True, eq=False)
class Stratum:
    """A Gaussian copula of d columns."""

    marginals: tuple[Marginal, ...]
    factor: FloatArray
    """Lower-triangular Cholesky factor of the latent correlations, on the grid, shape (d, d)."""

    @classmethod
    def fit(cls, codes: Codes, orders: Sequence[CodeArray]) -> Stratum:
        """The copula of the rows, orders first, then moments."""
        domain = codes.domain
        counts = [np.bincount(codes.values[:, j], minlength=size) for j, size in enumerate(domain.sizes)]
        marginals = tuple(map(Marginal.of, counts, refined_orders(codes, orders)))
        return cls(marginals, _factor(codes.values, marginals, counts))

    def levels(self, normals: FloatArray) -> CodeArray:
        """Codes of independent normals on the grid, (d, n) to (d, n)."""
        latent = _product(self.factor, normals)
        codes = np.empty(latent.shape, dtype=np.int32)
        for j, marginal in enumerate(self.marginals):
            codes[j] = marginal.levels(latent[j])
        return codes


def on_grid(values: NDArray[np.floating], step: float) -> FloatArray:
    """The nearest multiples of a power of two."""
    return np.asarray(np.rint(values.astype(np.float64) / step) * step)


def _product(factor: FloatArray, normals: FloatArray) -> FloatArray:
    """The product factor @ normals, in pieces that BLAS does on one thread where d is small.

    Waking its threads for a small product costs more processor time than the product itself.
    """
    latent = np.empty(normals.shape)
    step = max(_SMALL_PRODUCT // factor.size, 256)
    for start in range(0, normals.shape[1], step):
        piece = slice(start, start + step)
        np.matmul(factor, normals[:, piece], out=latent[:, piece])
    return latent


def _factor(
    values: CodeArray, marginals: Sequence[Marginal], counts: Sequence[NDArray[np.intp]]
) -> FloatArray:
    tables, series = [], []
    for marginal, count in zip(marginals, counts, strict=True):
        share = count[marginal.order] / count.sum()
        position = scores(marginal, share)
        position -= share @ position
        series.append(coefficients(marginal.cuts, position))
        tables.append(_by_level(marginal.order, position))
    correlation = latent_correlation(_covariance(values, tables), np.stack(series))
    return on_grid(np.linalg.cholesky(repaired(correlation)), FACTOR_STEP)


def _by_level(order: CodeArray, position: FloatArray) -> FloatArray:
    table = np.empty_like(position)
    table[order] = position
    return table


def _covariance(values: CodeArray, tables: Sequence[FloatArray]) -> FloatArray:
    """Mean products of the centred scores, shape (d, d), summed over blocks of rows."""
    total = np.zeros((len(tables), len(tables)))
    for start in range(0, len(values), _ROWS):
        block = values[start : start + _ROWS]
        scored = np.stack([table[block[:, j]] for j, table in enumerate(tables)])
        total += scored @ scored.T
    return np.asarray(total / len(values))
