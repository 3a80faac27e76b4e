"""Where one copula falls short: pairs of columns whose joint shares a normal dependence cannot express."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import Codes
from synthrec.generators.copula.correspondence import grouping
from synthrec.generators.copula.marginals import FloatArray
from synthrec.generators.copula.stratum import NORMAL_STEP, Stratum, on_grid

GROUPS = 12
"""Levels are merged to at most this many groups to compare tables."""

MOST_ROWS, FEWEST_DRAWS = 8_192, 4_096


def misfit(codes: Codes, stratum: Stratum, rng: np.random.Generator) -> FloatArray:
    """How badly the pairs of each column are met, in standard units, shape (d,).

    For each pair the total variation between the training rows and a draw of the copula, less what sampling
    alone would give, ½ Σ √(2/π · p (1/n + 1/m)) (the mean absolute deviation of a normal); a column's pairs
    are summed and divided by √(d - 1), so that noise has the same size in narrow and wide tables.
    """
    values = codes.values[:: -(-len(codes) // MOST_ROWS)]
    draws = max(len(values), FEWEST_DRAWS)
    width = len(codes.domain)
    drawn = stratum.levels(on_grid(rng.standard_normal((width, draws), dtype=np.float32), NORMAL_STEP))
    real, model = [], []
    for j in range(width):
        groups = grouping(codes, j, GROUPS)
        real.append(groups[values[:, j]])
        model.append(groups[drawn[j]])
    excess = np.zeros((width, width))
    for i in range(width):
        for j in range(i):
            excess[i, j] = excess[j, i] = _excess(
                _shares(real[i], real[j]), _shares(model[i], model[j]), noise(codes)
            )
    return np.asarray(excess.sum(1) / np.sqrt(max(width - 1, 1)))


def noise(codes: Codes) -> float:
    """√(1/n + 1/m) of the comparison of these rows with a draw."""
    rows = -(-len(codes) // -(-len(codes) // MOST_ROWS))
    return float(np.sqrt(1 / rows + 1 / max(rows, FEWEST_DRAWS)))


def _shares(first: NDArray[np.intp], second: NDArray[np.intp]) -> FloatArray:
    return np.bincount(first * GROUPS + second, minlength=GROUPS**2) / len(first)


def _excess(real: FloatArray, model: FloatArray, scale: float) -> float:
    by_chance = np.sqrt((real + model) / np.pi).sum() * scale
    return float(0.5 * (np.abs(real - model).sum() - by_chance))
