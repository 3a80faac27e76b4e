"""Noise and sampling masks from the operating system's entropy; nothing here can be seeded."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from synthrec.errors import InternalError
from synthrec.privacy.discrete_gaussian import Deviation, sample
from synthrec.privacy.random_bytes import OS_BYTES, RandomBytes, words64
from synthrec.schema.vector import BoolArray, IntArray

_STEP = 2.0**-32


def discrete_gaussian(sigma: float, size: int, source: RandomBytes = OS_BYTES) -> IntArray:
    """Independent discrete Gaussians, P(n) proportional to exp(-n**2 / (2 s**2)), int64 of shape (size,).

    Exact for a rational s >= sigma that is at most one part in 2**30 above it; 2**-8 <= sigma <= 2**39.

    Args:
        sigma: Deviation, in steps of the lattice.
        size: How many.
        source: Random bytes; anything but the operating system's voids a claim.

    Raises:
        InternalError: sigma out of range.
    """
    return sample(Deviation.at_least(sigma), size, source)


def gaussian(shape: tuple[int, ...], source: RandomBytes = OS_BYTES) -> NDArray[np.float64]:
    """Independent standard Gaussians: exact discrete Gaussians on a grid of 2**-32.

    They are meant for sums of floats, whose own rounding the grid does not cover.
    """
    steps = discrete_gaussian(1 / _STEP, prod(shape), source)
    return (steps.astype(np.float64) * _STEP).reshape(shape)


def poisson_mask(n: int, q: float, source: RandomBytes = OS_BYTES) -> BoolArray:
    """Which of n persons are in one Poisson sample, each independently; bool of shape (n,).

    The probability is q rounded down to a multiple of 2**-63.

    Raises:
        InternalError: q outside [0, 1].
    """
    if not 0 <= q <= 1:
        raise InternalError(f"a sampling rate of {q}")
    return np.asarray((words64(source, n) >> np.uint64(1)) < np.uint64(int(q * 2**63)))
