"""Noise calibration on probes: coordinates of a release that no data touch.

Their values are the noise itself, so the realised variance can be held against the claimed one. Of N probes
the sum of squares over the claimed variance is chi-square with N degrees of freedom (Gaussian noise); for the
discrete Gaussian the degrees of freedom follow from its kurtosis (Satterthwaite 1946, Biometrics 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

PROBES = 4_096
"""Probes per event: noise 10 % too small is found with probability above 0.999."""

FALSE_ALARM = 5e-4
"""Chance that correct noise is called too small: the upper 99.95 % bound of the realised deviation."""

_COARSE = 8.0
"""Up to this many grid steps of deviation, moments are summed exactly instead of taken as Gaussian."""


@dataclass
class Probes:
    """Squared probes of one event, in units of the claimed variance."""

    squares: float = 0.0
    count: int = 0
    _spread: float = field(default=0.0, repr=False)

    def add(self, values: NDArray[np.floating], sigma: float, step: float = 0.0) -> None:
        """Take probes of a claimed deviation `sigma`; `step` is the grid of discrete noise, else 0."""
        variance, kurtosis = _moments(sigma / step) if step else (1.0, 3.0)
        scale = variance * sigma**2
        self.squares += float(np.square(values, dtype=np.float64).sum() / scale) if scale else 0.0
        self.count += len(values)
        self._spread += len(values) * (kurtosis - 1)

    @property
    def holds(self) -> bool:
        """Whether the upper bound of the realised deviation reaches the claimed one."""
        if not self.count:
            return True
        freedom = 2 * self.count**2 / self._spread
        least = 2 * gammaincinv(freedom / 2, FALSE_ALARM) / freedom
        return bool(self.squares / self.count >= least)


def _moments(parameter: float) -> tuple[float, float]:
    """Variance over parameter**2 and kurtosis of the discrete Gaussian on the integers."""
    if parameter > _COARSE:
        return 1.0, 3.0
    z = np.arange(-100, 101, dtype=np.float64)
    mass = np.exp(-0.5 * (z / parameter) ** 2)
    mass /= mass.sum()
    second, fourth = float(mass @ z**2), float(mass @ z**4)
    if second == 0:
        return 0.0, 3.0
    return second / parameter**2, fourth / second**2


@dataclass
class SampleSizes:
    """Sizes of Poisson samples, which vary as binomial numbers do; shuffled or fixed batches do not."""

    squares: float = 0.0
    count: int = 0
    _spread: float = field(default=0.0, repr=False)

    def add(self, chosen: int, persons: int, rate: float) -> None:
        """Take the size of one sample of `persons` persons, each chosen at `rate`."""
        variance = persons * rate * (1 - rate)
        if variance > 0:
            self.squares += (chosen - persons * rate) ** 2 / variance
            self.count += 1
            self._spread += 2 + (1 - 6 * rate * (1 - rate)) / variance

    @property
    def holds(self) -> bool:
        """Whether the dispersion lies within its central 99.9 % (chi-square, binomial kurtosis)."""
        if not self.count:
            return True
        freedom = 2 * self.count**2 / self._spread
        low, high = (2 * gammaincinv(freedom / 2, p) / freedom for p in (FALSE_ALARM, 1 - FALSE_ALARM))
        return bool(low <= self.squares / self.count <= high)
