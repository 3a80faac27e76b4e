"""The exchangeability test: do more training persons turn up than if they were like the holdout?

Persons went to train or holdout by a random split that the generator never saw. Take the persons who are
alone with some values, `train` of them in train and `holdout` in holdout. If nothing leaks, those who turn up
in the synthetic records are a random part of them all: given their total, the number from train is
hypergeometric. Binomial(total, train / (train + holdout)) has the heavier tail more than one above the mean
(the tests enumerate it), so that the binomial test with the actual split ratio errs on the safe side for the
generator. No fixed margin, no equal sides needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, bdtrik

from synthrec.validation.result import NothingAtRisk
from synthrec.validation.stats import (
    Estimate,
    critical_hits,
    difference,
    poisson_count,
    proportion,
    tail,
)

ENOUGH_POWER = 0.9
_SLICES = 256
_LARGEST_SCALE = 2.0**20


@dataclass(frozen=True)
class Hits:
    """Unique persons of both sides, and how many of them turned up in the synthetic records."""

    train_hits: int
    holdout_hits: int
    train: int
    holdout: int

    @property
    def unique(self) -> int:
        """Unique persons on both sides."""
        return self.train + self.holdout

    @property
    def total_hits(self) -> int:
        """Hits on both sides."""
        return self.train_hits + self.holdout_hits

    @property
    def share(self) -> float:
        """The share of the unique persons who are in train."""
        return self.train / self.unique

    @property
    def p_value(self) -> float:
        """P(at least so many hits from train) if nothing leaks."""
        return float(tail(np.array([self.train_hits]), np.array([self.holdout_hits]), self.share)[0])

    def inapplicable(self, rows: int) -> str | None:
        """Why `rows` synthetic rows say nothing, in words; None where the test can run."""
        if self.train == 0:
            return NothingAtRisk.UNIQUE
        if self.holdout == 0:
            return "no holdout person is alone with such values: there is nothing to compare with"
        return None if rows else "there are no synthetic rows"

    def excess_hits(self) -> Estimate:
        """Train hits beyond chance: a - b * train / holdout, by MOVER from Garwood's Poisson limits."""
        chance = poisson_count(self.holdout_hits).times(self.train / self.holdout)
        return difference(poisson_count(self.train_hits), chance)

    def excess_share(self) -> Estimate:
        """Share hit of the train persons less that of the holdout, by MOVER from Clopper-Pearson limits."""
        found = proportion(self.train_hits, self.train)
        return difference(found, proportion(self.holdout_hits, self.holdout))

    @property
    def chance_width(self) -> float:
        """Upper limit of the excess share if the hits fell by chance on train and holdout."""
        train, holdout = self.train * self.chance(), self.holdout * self.chance()
        return difference(proportion(train, self.train), proportion(holdout, self.holdout)).high

    def chance(self, scale: float = 1.0, smooth: float = 0.0) -> float:
        """Probability that chance hits a person: the pooled rate of both sides.

        Args:
            scale: Factor on the synthetic rows.
            smooth: Added to the hits, and twice to the persons, so that no rate is 0 or 1.
        """
        rate = (self.total_hits + smooth) / (self.unique + 2 * smooth)
        return float(1 - (1 - rate) ** scale)

    def power(self, exposure: float, alpha: float, scale: float = 1.0) -> float:
        """Probability that the test rejects if a leak exposes each train person with a given probability.

        Hits by chance come at the pooled rate of both sides. The holdout hits are integrated out over 256
        equal slices of their binomial distribution; given them, the tail of the train hits is exact.

        Args:
            exposure: Probability that the leak exposes a train person, in [0, 1].
            alpha: Level of the test.
            scale: Factor on the persons of both sides and on the synthetic rows.
        """
        if self.train == 0 or self.holdout == 0:
            return 0.0
        train, holdout = round(self.train * scale), round(self.holdout * scale)
        chance = self.chance(scale)
        slices = (np.arange(_SLICES) + 0.5) / _SLICES
        others, weights = np.unique(_quantiles(slices, holdout, chance), return_counts=True)
        needed = np.minimum(critical_hits(others, self.share, alpha), train + 1)
        return float(weights @ bdtrc(needed - 1.0, train, chance + (1 - chance) * exposure)) / _SLICES


def _quantiles(levels: NDArray[np.float64], trials: int, share: float) -> NDArray[np.int64]:
    """The smallest k with P(X <= k) >= level, per level, for X ~ Binomial(trials, share)."""
    upper = np.ceil(np.nan_to_num(bdtrik(levels, trials, share)))  # NaN: even P(X = 0) exceeds the level
    lower = np.maximum(upper - 1, 0)
    return np.where(bdtr(lower, trials, share) >= levels, lower, upper).astype(np.int64)


def scale_for_power(power: Callable[[float], float]) -> float | None:
    """The smallest factor from 1 on, to 2 %, at which a power is enough; None if no doubling reaches it."""
    high = 1.0
    while power(high) < ENOUGH_POWER:
        high *= 2
        if high > _LARGEST_SCALE:
            return None
    low = max(1.0, high / 2)
    while high / low > 1.02:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if power(middle) >= ENOUGH_POWER else (middle, high)
    return high
