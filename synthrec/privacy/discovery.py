"""Which values a column holds, where no list of them is public: noised counts above a threshold.

Only values that somebody has are noised, and a value is released where its noised count of persons exceeds

    t = 2 + s z,    z = Phi^-1(1 - delta / (m K)),

with s the deviation of the noise, m columns and at most K rows per person. The count of a value that one
person alone has is at most 1, so it exceeds t with a probability of at most delta / (m K): the discrete
Gaussian's tail is below that of the continuous one a lattice step, here at most a person, further in
(Canonne, Kamath and Steinke 2020, Proposition 25). A person brings at most K such values per column; so but
for an event of probability delta the release is one of values that others have, too, which is a Gaussian
release of counts (Korolova et al. 2009, Releasing Search Queries and Clicks Privately, section 4; Wilkins et
al. 2024, Exact Privacy Analysis of the Gaussian Sparse Histogram Mechanism). docs/privacy.md has the proof.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import ndtri

from synthrec.data.learn import sorted_labels
from synthrec.data.table import Table
from synthrec.privacy.events import DiscoveryEvent
from synthrec.schema.vector import IntArray

Units = dict[str, int]
"""Units of persons that hold each value."""


def threshold(event: DiscoveryEvent, rows_per_person: int) -> float:
    """The count of persons that a noised count must exceed."""
    alone = event.delta / (event.tables * rows_per_person)
    return 2 + deviation(event) * float(-ndtri(alone))


def deviation(event: DiscoveryEvent) -> float:
    """Standard deviation of the noise of one column's counts, in persons; columns share alike."""
    return event.noise_multiplier * sqrt(event.tables)


def held(table: Table, column: str, weights: IntArray) -> Units:
    """Units of persons by value, of values that some row has."""
    vector = table.vector(column)
    rows = np.flatnonzero(~vector.missing)
    levels = vector.levels or ()
    units = np.bincount(vector.values[rows].astype(np.int64), weights[rows], len(levels)).astype(np.int64)
    return {level: int(count) for level, count in zip(levels, units, strict=True) if count}


def moved(one: Units, other: Units) -> float:
    """L2 distance of two counts of the same values."""
    return float(
        np.sqrt(sum((one.get(key, 0) - other.get(key, 0)) ** 2 for key in one.keys() | other.keys()))
    )


def above(found: Units, noised: IntArray, least: float) -> tuple[str, ...]:
    """The values whose noised units exceed `least`, in an order that does not tell of the counts."""
    return sorted_labels(label for label, units in zip(sorted(found), noised, strict=True) if units > least)
