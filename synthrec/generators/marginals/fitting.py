"""The mixture: components of independent columns whose mean 1- and 2-way marginals meet the targets.

The softmax parametrisation and the moment loss follow Relaxed Tabular (Aydore et al. 2021, section 4) and RAP
(Liu et al. 2021, GEM with a fixed product generator); the optimiser is Adam (Kingma and Ba 2015, Algorithm 1)
with a cosine rate (Loshchilov and Hutter 2017, equation 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthrec.generators.marginals.recipe import Effort

Single = NDArray[np.float32]

_RATE, _LAST_RATE = 0.2, 0.01
_DECAY_MEAN, _DECAY_SQUARE, _SMALL = 0.9, 0.999, 1e-8
_SPREAD = 0.7
"""Standard deviation of the starting logits around the 1-way marginals."""
_LEAST_SHARE = 1e-5


@dataclass(frozen=True, eq=False)
class Targets:
    """Measured shares of the D coarse levels of all columns, side by side, and their weights."""

    offsets: NDArray[np.intp]
    """First level of each column, and D, shape (d + 1,)."""
    shares: Single
    """1-way shares, shape (D,)."""
    share_weight: float
    pairs: Single
    """2-way shares, symmetric, shape (D, D); 0 where not measured."""
    weights: Single
    """Weights of the 2-way shares, symmetric, shape (D, D); 0 where not measured."""
    expected: float
    """Loss that the noise of the 2-way shares alone would leave; 0 where exact."""


@dataclass(frozen=True, eq=False)
class Member:
    """One fit."""

    components: Single
    """Shares of the D levels in each of C components, shape (D, C)."""
    loss: float


def fit_member(targets: Targets, effort: Effort, rng: np.random.Generator) -> Member:
    """Minimise sum w (PP'/C - G)^2 / 2 + w1 sum (mean P - h)^2 over the logits of P, shape (D, C)."""
    descent = _Descent(targets, effort, rng)
    for step in range(effort.steps):
        descent.move(step)
    return Member(descent.components(), descent.loss())


class _Descent:
    """Adam on the logits; buffers are reused from step to step."""

    def __init__(self, targets: Targets, effort: Effort, rng: np.random.Generator) -> None:
        self._targets, self._steps = targets, effort.steps
        shape = (len(targets.shares), effort.components)
        start = np.log(np.maximum(targets.shares, _LEAST_SHARE))[:, None]
        self._logits = start + np.float32(_SPREAD) * rng.standard_normal(shape, dtype=np.float32)
        self._mean, self._square = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self._starts = targets.offsets[:-1]
        self._widths = np.diff(targets.offsets)

    def components(self) -> Single:
        """The softmax of the logits, column by column, shape (D, C)."""
        top = np.maximum.reduceat(self._logits, self._starts, axis=0)
        powers: Single = np.exp(self._logits - np.repeat(top, self._widths, axis=0))
        powers /= np.repeat(np.add.reduceat(powers, self._starts, axis=0), self._widths, axis=0)
        return powers

    def loss(self) -> float:
        shares = self.components()
        pairs, single = self._residuals(shares)
        weighted = float(np.vdot(pairs * self._targets.weights, pairs)) / 2
        return weighted + self._targets.share_weight * float(np.vdot(single, single))

    def _residuals(self, shares: Single) -> tuple[Single, Single]:
        count = np.float32(shares.shape[1])
        pairs = shares @ shares.T
        pairs /= count
        pairs -= self._targets.pairs
        return pairs, shares.mean(axis=1) - self._targets.shares

    def _gradient(self) -> Single:
        """Of the loss in the logits: through PP'/C, then through each column's softmax."""
        shares = self.components()
        pairs, single = self._residuals(shares)
        pairs *= self._targets.weights
        slope = pairs @ shares
        slope += (np.float32(self._targets.share_weight) * single)[:, None]
        slope *= np.float32(2 / shares.shape[1])
        slope *= shares
        total = np.repeat(np.add.reduceat(slope, self._starts, axis=0), self._widths, axis=0)
        slope -= shares * total
        return slope

    def move(self, step: int) -> None:
        slope = self._gradient()
        self._mean *= np.float32(_DECAY_MEAN)
        self._mean += np.float32(1 - _DECAY_MEAN) * slope
        self._square *= np.float32(_DECAY_SQUARE)
        slope *= slope
        slope *= np.float32(1 - _DECAY_SQUARE)
        self._square += slope
        cosine = (1 + np.cos(np.pi * step / self._steps)) / 2
        rate = (_LAST_RATE + (_RATE - _LAST_RATE) * cosine) / (1 - _DECAY_MEAN ** (step + 1))
        scale = np.sqrt(self._square / np.float32(1 - _DECAY_SQUARE ** (step + 1)))
        scale += np.float32(_SMALL)
        self._logits -= np.float32(rate) * self._mean / scale
