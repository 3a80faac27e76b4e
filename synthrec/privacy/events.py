"""What one run does with private rows, said so fully that an accountant needs nothing else.

The plan of a run is fixed before it reads: it follows from the schema, the budget and the settings alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CountsEvent:
    """Integer counts with discrete Gaussian noise on every cell.

    One person moves each of the `tables` count vectors by at most `1` in L2 norm, in units of a person; table
    t gets noise of standard deviation sigma_t, and sum_t 1 / sigma_t**2 = 1 / noise_multiplier**2.
    """

    name: str
    noise_multiplier: float
    tables: int
    """Largest number of count vectors that the event may release."""
    mechanism: Literal["discrete_gaussian"] = "discrete_gaussian"


@dataclass(frozen=True)
class SampledGaussianEvent:
    """DP-SGD: `steps` sums of person gradients clipped to norm 1, persons Poisson-sampled."""

    name: str
    noise_multiplier: float
    sampling_rate: float
    steps: int
    mechanism: Literal["poisson_sampled_gaussian"] = "poisson_sampled_gaussian"


@dataclass(frozen=True)
class VectorEvent:
    """A sum of vectors, a person's part clipped to L2 norm 1, with discrete Gaussian noise."""

    name: str
    noise_multiplier: float
    mechanism: Literal["gaussian_sum"] = "gaussian_sum"


@dataclass(frozen=True)
class DiscoveryEvent:
    """Values whose noised count of persons exceeds a threshold; `delta` is the chance that one does alone.

    One person moves the counts of each of the `tables` columns by at most 1 in L2 norm; all columns share the
    precision 1 / noise_multiplier**2 alike.
    """

    name: str
    noise_multiplier: float
    tables: int
    """Columns whose values are looked for."""
    delta: float
    """Part of the claim's delta that this event spends."""
    mechanism: Literal["thresholded_discrete_gaussian"] = "thresholded_discrete_gaussian"


Event = CountsEvent | SampledGaussianEvent | VectorEvent | DiscoveryEvent


@dataclass(frozen=True)
class Plan:
    """All events of one run, in the order in which they read."""

    events: tuple[Event, ...]
    max_rows_per_person: int
    adjacency: Literal["add_remove_person"] = "add_remove_person"

    def event(self, name: str) -> Event:
        """The event of that name."""
        return next(event for event in self.events if event.name == name)
