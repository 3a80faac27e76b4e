"""Noise and sampling masks from the operating system's entropy; nothing here can be seeded."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from synthrec.schema.vector import BoolArray, IntArray


def discrete_gaussian(sigma: float, size: int) -> IntArray:
    """Independent discrete Gaussians on the integers, P(k) proportional to exp(-k**2 / (2 sigma**2))."""
    words = np.frombuffer(os.urandom(8 * 16), dtype=np.uint64)
    return np.rint(np.random.Generator(np.random.PCG64(words)).normal(0, sigma, size)).astype(np.int64)


def gaussian(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Independent standard Gaussians of the given shape."""
    return discrete_gaussian(float(2**30), int(np.prod(shape))).reshape(shape) / 2.0**30


def poisson_mask(n: int, q: float) -> BoolArray:
    """Which of n persons are in one Poisson sample, each independently with probability q."""
    return np.frombuffer(os.urandom(8 * n), dtype=np.uint64) / 2.0**64 < q
