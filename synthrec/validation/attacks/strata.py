"""The exchangeability test over strata: a hit weighs the more, the less chance would have made it.

In a dense region many rows match by chance and a few copies drown. So unique persons are grouped by how
crowded it is around them, decided on train and holdout together. Given the hits per stratum, those from train
are independent Binomial(total_s, share_s) if nothing leaks; the statistic sum w_s * a_s has an exact tail.
The weights log(1 + leak rate / chance rate) make it the likelihood-ratio test of a `LEAK` (Neyman and Pearson
1933, for Poisson counts); they are made from totals alone, so the tail stays exact. The strata are given from
the most isolated to the most crowded, and the chance rates are taken to grow that way.
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
_EXACT_DRAWS = 500
_FEW_HITS = 500
"""Mean hits per draw up to which every draw is tested exactly."""
_PRIOR_HITS = 2
"""Hits by chance that are added to the strata by their size, so that none has a rate of 0."""

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
    if not useful:
        return 1.0
    totals = np.array([stratum.hits.total_hits for stratum in useful])
    train = np.array([stratum.hits.train_hits for stratum in useful])
    return _tail(useful, train, totals, 1.0)


def power(strata: Sequence[Stratum], alpha: float, rows: int, scale: float = 1.0) -> float:
    """Probability that the test rejects at `alpha` under a `LEAK`; see `Hits.power` for one stratum.

    For several, the share of draws of a fixed seed in which the test as a whole rejects. Where hits are many,
    or persons are scaled, each of 4,000 draws is held against the critical value of the weighted sum to third
    order instead (Cornish and Fisher 1938), half the largest weight being added for its lattice.

    Args:
        strata: Persons and hits, from the most isolated to the most crowded.
        alpha: Level of the test.
        rows: Synthetic rows that are verbatim under the `LEAK`.
        scale: Factor on the persons of both sides and on the synthetic rows.
    """
    useful = [stratum for stratum in strata if stratum.informative]
    if len(useful) == 1:
        return useful[0].hits.power(useful[0].exposure, alpha, scale)
    if not useful:
        return 0.0
    train, holdout = _draws(useful, rows, scale)
    if scale == 1.0 and (train + holdout).sum(axis=1).mean() <= _FEW_HITS:
        pairs = zip(train[:_EXACT_DRAWS], (train + holdout)[:_EXACT_DRAWS], strict=True)
        return float(np.mean([_tail(useful, mine, totals, scale) <= alpha for mine, totals in pairs]))
    shares = np.array([stratum.hits.share for stratum in useful])
    seen = np.array([round(stratum.hits.total_hits * scale) for stratum in useful])
    weights = _weights(useful, seen, scale)
    critical = _critical(weights, train + holdout, shares, alpha)
    return float(np.mean(train @ weights - weights.max() / 2 >= critical))


def _tail(strata: Sequence[Stratum], train: IntArray, totals: IntArray, scale: float) -> float:
    """P(at least so weighty train hits | total hits), both of shape (strata,).

    Neighbours of one weight are one stratum: the split of more persons is nearer to that of all.
    """
    weights = _weights(strata, totals, scale)
    part = np.cumsum(np.diff(weights, prepend=weights[:1]) != 0)
    members = np.bincount(part, [stratum.hits.train for stratum in strata])
    persons = np.bincount(part, [stratum.hits.unique for stratum in strata])
    together = np.bincount(part, totals).astype(np.int64).tolist()
    each = weights[np.diff(part, prepend=-1) > 0].tolist()
    return weighted_tail(each, together, (members / persons).tolist(), int(weights @ train))


def _weights(strata: Sequence[Stratum], totals: IntArray, scale: float) -> IntArray:
    """Whole weights of the strata, at most 16, from the total hits of each."""
    unique = scale * np.array([stratum.hits.unique for stratum in strata], dtype=np.float64)
    leaked = scale * np.array([stratum.leaked for stratum in strata])
    chance = ascending(np.maximum(totals - leaked, 0) + _PRIOR_HITS * unique / unique.sum(), unique)
    leak = np.array([stratum.exposure for stratum in strata]) * (1 - np.minimum(chance, 1))
    gains = np.log1p(leak / chance)
    weights = np.rint(_FINEST_WEIGHT * gains / max(gains.max(initial=0.0), 1e-300))
    return np.asarray(weights, dtype=np.int64)


def ascending(hits: FloatArray, persons: FloatArray) -> FloatArray:
    """The rates nearest to hits / persons that never fall: pool adjacent violators (Ayer and others 1955).

    Args:
        hits: Hits of each stratum, shape (strata,).
        persons: Persons of each, positive.
    """
    pools: list[tuple[float, float, int]] = []
    for pool in zip(hits.tolist(), persons.tolist(), [1] * len(hits), strict=True):
        last = pool
        while pools and pools[-1][0] * last[1] >= last[0] * pools[-1][1]:
            before = pools.pop()
            last = (before[0] + last[0], before[1] + last[1], before[2] + last[2])
        pools.append(last)
    return np.repeat([found / many for found, many, _ in pools], [count for _, _, count in pools])


def _draws(strata: Sequence[Stratum], rows: int, scale: float) -> tuple[IntArray, IntArray]:
    """Train and holdout hits under a `LEAK`, each int64 of shape (draws, strata).

    The leaked rows fall on the strata as on all training rows, and chance hits whom the leak leaves.
    """
    rng = np.random.Generator(np.random.PCG64DXSM(AUDIT_SEED))
    size = (_DRAWS, len(strata))
    chance = np.array([stratum.hits.chance(scale) for stratum in strata])
    persons = np.array([round(stratum.hits.train * scale) for stratum in strata])
    leaked = np.minimum(_leaked(strata, round(rows * scale), scale, rng), persons)
    train = leaked + rng.binomial(persons - leaked, chance)
    holdout = rng.binomial([round(stratum.hits.holdout * scale) for stratum in strata], chance, size)
    return train, holdout


def _leaked(strata: Sequence[Stratum], rows: int, scale: float, rng: np.random.Generator) -> IntArray:
    """How many of the leaked rows expose a person of each stratum, shape (draws, strata)."""
    expected = scale * np.array([stratum.leaked for stratum in strata])
    shares = expected / max(rows, expected.sum())
    return rng.multinomial(rows, [*shares, max(0.0, 1 - shares.sum())], _DRAWS)[:, :-1]


def _critical(weights: IntArray, totals: IntArray, shares: FloatArray, alpha: float) -> FloatArray:
    """Upper `alpha` point of sum w_s * Binomial(totals_s, shares_s) for every draw, to third order."""
    mean = totals @ (weights * shares)
    variance = totals @ (weights**2 * shares * (1 - shares))
    third = totals @ (weights**3 * shares * (1 - shares) * (1 - 2 * shares))
    z = -float(ndtri(alpha))
    skewness = third / np.maximum(variance, 1e-9) ** 1.5
    return np.asarray(mean + np.sqrt(variance) * (z + (z**2 - 1) / 6 * skewness))
