"""How well a score tells members from others: AUC, hit rates at few false alarms, and an exact test.

Scores are of persons, one each, higher for likelier members.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import ndtri

from synthrec.schema.vector import BoolArray
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.stats import ALPHA, Estimate, FloatArray, difference, proportion

AUC_METHOD = (
    "P(score of a training person > of a holdout person), ties one half; limits by the normal distribution "
    "with the placement variance (DeLong, DeLong and Clarke-Pearson 1988), or that of exchangeable persons, "
    "(m + n + 1) / (12 m n), where it is larger"
)
RATE_METHOD = (
    "share of training persons with a score above the threshold that this share of the holdout exceeds, ties "
    "shared linearly; limits of the excess by MOVER (Zou and Donner 2008) from Clopper-Pearson limits"
)
_POINTS = np.unique(np.concatenate([np.geomspace(0.001, 1, 31), np.linspace(0, 1, 41)]))


@dataclass(frozen=True, eq=False)
class Roc:
    """The scores of two groups of persons, ascending: members, shape (m,), and others, shape (n,)."""

    members: FloatArray
    others: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, member: BoolArray) -> Self:
        """The curve of one score, given who is a member."""
        return cls(np.sort(scores[member]), np.sort(scores[~member]))

    @cached_property
    def auc(self) -> Estimate:
        """The area under the curve with its limits; nothing is known without two persons on each side."""
        m, n = len(self.members), len(self.others)
        if min(m, n) < 2:
            return Estimate(0.5, 0.0, 1.0)
        placed, others_placed = _placements(self.members, self.others), _placements(self.others, self.members)
        variance = placed.var(ddof=1) / m + others_placed.var(ddof=1) / n
        half = float(ndtri(1 - ALPHA)) * math.sqrt(max(variance, (m + n + 1) / (12 * m * n)))
        value = float(placed.mean())
        return Estimate(value, max(0.0, value - half), min(1.0, value + half))

    def rate(self, false_alarms: float) -> Estimate:
        """The share of members found where a given share of the others is taken for members."""
        m, n = len(self.members), len(self.others)
        if min(m, n) == 0:
            return Estimate(false_alarms, 0.0, 1.0)
        found = self._rate(false_alarms)
        excess = difference(proportion(found * m, m), proportion(false_alarms * n, n))
        return Estimate(found, max(0.0, false_alarms + excess.low), min(1.0, false_alarms + excess.high))

    def curve(self) -> tuple[tuple[float, float], ...]:
        """Points of the curve, false alarms ascending from 0 to 1."""
        return tuple((float(at), self._rate(float(at))) for at in _POINTS)

    def _rate(self, false_alarms: float) -> float:
        """Linear interpolation over the others who share the threshold."""
        n, wanted = len(self.others), false_alarms * len(self.others)
        threshold = self.others[max(0, n - 1 - math.floor(wanted))]
        above, reached = _above(self.others, threshold)
        found, tied = _above(self.members, threshold)
        part = (wanted - above) / (reached - above)
        return float(found + min(1.0, part) * (tied - found)) / len(self.members)

    def p_value(self, fractions: Sequence[float]) -> float:
        """Evidence that the highest scores are members': smallest p over top fractions, times their number.

        The persons with the highest scores, whoever they are, are a random part of all if nothing leaks;
        whoever shares the last score that a fraction needs is taken in. The correction is Bonferroni's.
        """
        ordered = np.sort(np.concatenate([self.members, self.others]))
        if not len(ordered):
            return 1.0
        lasts = (ordered[-math.ceil(fraction * len(ordered))] for fraction in fractions)
        return min(1.0, len(fractions) * min(self._top(float(last)).p_value for last in lasts))

    def _top(self, last: float) -> Hits:
        sides = (self.members, self.others)
        found = (_above(side, last)[1] for side in sides)
        return Hits(*found, *map(len, sides))


def _placements(scores: FloatArray, among: FloatArray) -> FloatArray:
    """The share of `among` below each score, ties one half; both ascending."""
    twice = np.searchsorted(among, scores, "left") + np.searchsorted(among, scores, "right")
    return np.asarray(twice / (2 * len(among)))


def _above(ascending: FloatArray, threshold: float) -> tuple[int, int]:
    """How many scores are above a threshold, and how many reach it."""
    n = len(ascending)
    right, left = (int(np.searchsorted(ascending, threshold, side)) for side in ("right", "left"))
    return n - right, n - left
