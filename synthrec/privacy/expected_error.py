"""How far released counts will be off, told from the plan alone: before anything is read or spent.

A count of noise deviation s is off by s sqrt(2 / pi) on average, and a share of n persons by that over n. The
total variation distance of a histogram of k cells is half the sum of its k errors; cleaning a histogram only
brings it nearer, so this is what to expect at worst.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from synthrec.privacy.events import CountsEvent, Plan

MOST_DISTANCE = 0.1
"""Expected total variation distance of a column above which its release is mostly noise; our own limit."""

PERSONS = (100, 1_000, 10_000, 100_000)
"""Numbers of persons for which errors are told."""

MEAN_OF_NORMAL = math.sqrt(2 / math.pi)


@dataclass(frozen=True)
class ExpectedError:
    """The noise of one event's tables, which share its precision alike."""

    deviation: float
    """Standard deviation of the noise on a count, in persons."""

    @classmethod
    def of(cls, event: CountsEvent) -> ExpectedError:
        """The error of the counts of an event."""
        return cls(event.noise_multiplier * math.sqrt(max(event.tables, 1)))

    def share(self, persons: int) -> float:
        """Mean absolute error of one cell's share."""
        return self.deviation * MEAN_OF_NORMAL / persons

    def distance(self, cells: float, persons: int) -> float:
        """Expected total variation distance of a histogram."""
        return cells * self.share(persons) / 2

    def persons_needed(self, cells: float) -> int:
        """Persons for which the expected distance is MOST_DISTANCE."""
        return math.ceil(cells * self.deviation * MEAN_OF_NORMAL / 2 / MOST_DISTANCE)


def column_error(plan: Plan, names: Sequence[str]) -> ExpectedError | None:
    """The error of the first of the named events that the plan has."""
    found = (event for name in names for event in plan.events if event.name == name)
    return next((ExpectedError.of(event) for event in found if isinstance(event, CountsEvent)), None)
