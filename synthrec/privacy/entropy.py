"""Where noise and Poisson masks come from: the entropy of the operating system, never a seed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthrec.privacy import noise
from synthrec.schema.vector import BoolArray, IntArray

FloatArray = NDArray[np.float64]


class Entropy(Protocol):
    """A source of noise."""

    def integers(self, sigma: float, size: int) -> IntArray:
        """Discrete Gaussian draws of parameter sigma, int64 of shape (size,)."""

    def reals(self, sigma: float, size: int) -> FloatArray:
        """Gaussian draws of standard deviation sigma, shape (size,)."""

    def chosen(self, rate: float, size: int) -> BoolArray:
        """Each of `size` persons by an independent coin of probability `rate`, shape (size,)."""


class SystemEntropy:
    """The only source under a claim; it has no state that could be kept or stored."""

    def integers(self, sigma: float, size: int) -> IntArray:
        """Discrete Gaussian draws of parameter sigma, int64 of shape (size,)."""
        return noise.discrete_gaussian(sigma, size)

    def reals(self, sigma: float, size: int) -> FloatArray:
        """Gaussian draws of standard deviation sigma, shape (size,); floating point, a stated limit."""
        return sigma * noise.gaussian((size,))

    def chosen(self, rate: float, size: int) -> BoolArray:
        """Each of `size` persons by an independent coin of probability `rate`, shape (size,)."""
        return noise.poisson_mask(size, rate)


OS = SystemEntropy()
