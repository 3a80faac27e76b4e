"""Exactly k of the eligible units: a seeded permutation draw, never rejection.

Every unit draws a key, from the stream of the scenario alone; the k smallest have the event. With weights
the keys are exponential with rate w, whose k smallest are a draw without replacement with probabilities
proportional to the weights (Efraimidis & Spirakis 2006). Neither another scenario nor a longer chunk changes
a key.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from synthrec.errors import ConfigError
from synthrec.scenarios.design import FloatArray
from synthrec.scenarios.model import Prevalence
from synthrec.schema.vector import IntArray


@dataclass(frozen=True, eq=False)
class Candidates:
    """The eligible units of a run, in the order of the records."""

    units: IntArray
    """Number of the unit within the run."""
    roots: IntArray
    """Number of the root entity above it, or that it is."""
    keys: FloatArray
    strata: IntArray
    """Stratum of each; all 0 without strata."""

    def without(self, taken: Collection[int]) -> Candidates:
        """The candidates of whose root entities no earlier scenario has taken one."""
        free = ~np.isin(self.roots, np.fromiter(taken, np.int64, len(taken)))
        return Candidates(self.units[free], self.roots[free], self.keys[free], self.strata[free])


def wanted(prevalence: Prevalence, units: int) -> int:
    """The number of instances among so many units, eligible or not; a rate to the nearest whole one."""
    if prevalence.count is not None:
        return prevalence.count
    return round(Fraction(str(prevalence.rate or 0)) * units)


def choose(candidates: Candidates, count: int, sizes: IntArray, name: str) -> IntArray:
    """Numbers of exactly `count` units, ascending.

    Args:
        candidates: The eligible units.
        count: How many are wanted.
        sizes: Units of each stratum in the run, eligible or not; shape (strata,).
        name: Of the scenario, for the message.

    Raises:
        ConfigError: fewer are eligible, in all or in one stratum; with both numbers.
    """
    chosen = [
        _smallest(candidates, stratum, share, name, len(sizes))
        for stratum, share in enumerate(shares(count, sizes).tolist())
    ]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def shares(count: int, sizes: IntArray) -> IntArray:
    """So many cases split over strata in proportion to their sizes; largest remainders first."""
    total = int(sizes.sum())
    if not total:
        return np.zeros(len(sizes), np.int64) if len(sizes) > 1 else np.array([count])
    exact = count * sizes / total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: count - int(whole.sum())]] += 1
    return whole


def _smallest(candidates: Candidates, stratum: int, count: int, name: str, strata: int) -> IntArray:
    inside = np.flatnonzero(candidates.strata == stratum)
    if count > len(inside):
        where = "" if strata == 1 else f" in stratum {stratum + 1} of {strata}"
        raise ConfigError(
            f"scenario {name}: {count:,} instances asked for and {len(inside):,} units eligible{where}; "
            "ask for fewer, or for more rows"
        )
    order = np.argsort(candidates.keys[inside], kind="stable")[:count]
    return candidates.units[inside[order]]
