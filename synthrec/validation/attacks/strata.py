"""The exchangeability test over strata: a hit weighs the more, the less chance would have made it.

In a dense region many rows match by chance and a few copies drown. So unique persons are grouped by how
crowded it is around them, decided on train and holdout together. Given the hits per stratum, those from train
are independent Binomial(total_s, share_s) if nothing leaks; the statistic sum w_s * a_s has an exact tail.
The weights log(1 + leak rate / chance rate) make it the likelihood-ratio test of a `LEAK` (Neyman and Pearson
1933, for Poisson counts); they are made from totals alone, so the tail stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from synthrec.schema.vector import IntArray
from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.cells import AUDIT_SEED
from synthrec.validation.stats import weighted_tail

LEAK = 0.01
"""The leak that a test must be able to see: this share of the synthetic rows are verbatim training rows."""

_FINEST_WEIGHT = 16
_DRAWS = 4_000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Stratum:
    """Persons of like isolation, and the probability that a `LEAK` exposes one of those in train."""

    hits: Hits
    exposure: float

    @property
    def leaked(self) -> float:
        """Train persons that a `LEAK` is expected to expose."""
        return self.hits.train * self.exposure

    @property
    def informative(self) -> bool:
        """Whether both sides are there to be compared."""
        return self.hits.train > 0 and self.hits.holdout > 0


def merged(strata: Sequence[Stratum]) -> Stratum:
    """All strata as one."""
    hits = [stratum.hits for stratum in strata]
    union = Hits(
        sum(each.train_hits for each in hits),
        sum(each.holdout_hits for each in hits),
        sum(each.train for each in hits),
        sum(each.holdout for each in hits),
    )
    leaked = sum(stratum.leaked for stratum in strata)
    return Stratum(union, leaked / union.train if union.train else 0.0)


def p_value(strata: Sequence[Stratum]) -> float:
    """P(at least so weighty train hits) if nothing leaks; 1 where no stratum can be compared."""
    useful = [stratum for stratum in strata if stratum.informative]
    if len(useful) == 1:
        return useful[0].hits.p_value
    weights = _weights(useful, scale=1.0).tolist()
    totals = [stratum.hits.total_hits for stratum in useful]
    shares = [stratum.hits.share for stratum in useful]
    seen = sum(weight * stratum.hits.train_hits for weight, stratum in zip(weights, useful, strict=True))
    return weighted_tail(weights, totals, shares, seen)


def power(strata: Sequence[Stratum], alpha: float, scale: float = 1.0) -> float:
    """Probability that the test rejects at `alpha` under a `LEAK`; see `Hits.power` for one stratum.

    For several, 4,000 draws of a fixed seed, each against the critical value of the weighted sum to third
    order (Cornish and Fisher 1938), half the largest weight being added for its lattice.
    """
    useful = [stratum for stratum in strata if stratum.informative]
    if len(useful) == 1:
        return useful[0].hits.power(useful[0].exposure, alpha, scale)
    if not useful:
        return 0.0
    weights, shares = _weights(useful, scale), np.array([stratum.hits.share for stratum in useful])
    train, holdout = _draws(useful, scale)
    critical = _critical(weights, train + holdout, shares, alpha)
    return float(np.mean(train @ weights - weights.max() / 2 >= critical))


def _weights(strata: Sequence[Stratum], scale: float) -> IntArray:
    """Whole weights of the strata, at most 16."""
    chance = np.array([stratum.hits.chance(scale, smooth=0.5) for stratum in strata])
    leak = np.array([stratum.exposure for stratum in strata]) * (1 - chance)
    gains = np.log1p(leak / chance)
    weights = np.rint(_FINEST_WEIGHT * gains / max(gains.max(initial=0.0), 1e-300))
    return np.asarray(weights, dtype=np.int64)


def _draws(strata: Sequence[Stratum], scale: float) -> tuple[IntArray, IntArray]:
    """Train and holdout hits under a `LEAK`, each int64 of shape (draws, strata)."""
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    size = (_DRAWS, len(strata))
    chance = np.array([stratum.hits.chance(scale) for stratum in strata])
    exposed = chance + (1 - chance) * np.array([stratum.exposure for stratum in strata])
    train = rng.binomial([round(stratum.hits.train * scale) for stratum in strata], exposed, size)
    holdout = rng.binomial([round(stratum.hits.holdout * scale) for stratum in strata], chance, size)
    return train, holdout


def _critical(weights: IntArray, totals: IntArray, shares: FloatArray, alpha: float) -> FloatArray:
    """Upper `alpha` point of sum w_s * Binomial(totals_s, shares_s) for every draw, to third order."""
    mean = totals @ (weights * shares)
    variance = totals @ (weights**2 * shares * (1 - shares))
    third = totals @ (weights**3 * shares * (1 - shares) * (1 - 2 * shares))
    z = -float(ndtri(alpha))
    skewness = third / np.maximum(variance, 1e-9) ** 1.5
    return np.asarray(mean + np.sqrt(variance) * (z + (z**2 - 1) / 6 * skewness))
