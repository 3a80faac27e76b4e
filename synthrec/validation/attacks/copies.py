"""Exact row copies: are whole rows of training persons reproduced more often than rows of the holdout?"""

from __future__ import annotations

import numpy as np

from synthrec.data.table import Records
from synthrec.validation.attacks.battery import Battery, Trial, whole_rows
from synthrec.validation.attacks.culprits import unique_values
from synthrec.validation.attacks.strata import LEAK, Stratum, merged
from synthrec.validation.attacks.uniques import Persons
from synthrec.validation.cells import CellKeys
from synthrec.validation.real import RealData
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import difference, poisson_count

_METHOD = (
    "share of verbatim training rows among the synthetic rows that would explain a - b r, where a train and "
    "b holdout persons with a row of their own turn up and r such train persons come to one of the holdout; "
    "99 % limits by MOVER (Zou and Donner 2008) from exact Poisson limits (Garwood 1936)"
)


class RowCopies:
    """Whole rows over the modelled columns, against those that only one person has in train and holdout."""

    check = "P1"
    title = "Are whole rows of training persons reproduced more often than rows of persons never seen?"

    def __init__(self, real: RealData) -> None:
        self._table, self._cells = real.name, CellKeys(real.train.spec)
        persons = Persons.of(real.train_persons, real.holdout_persons)
        cells = np.hstack([self._cells.of(real.train), self._cells.of(real.holdout)])
        self._battery = Battery([whole_rows(cells, persons, weight=1.0)], persons, len(real.train))

    def add(self, records: Records) -> None:
        """Mark the unique rows that occur in a chunk."""
        self._battery.mark(self._cells.of(records[self._table]))

    def result(self) -> CheckResult:
        """Excess share of copied rows with its limits, evidence and power; or why there are none."""
        outcome = self._battery.outcome()
        if isinstance(outcome, str):
            return CheckResult(self.check, self.title, (), not_applicable=outcome)
        guilty = self._battery.guilty(outcome)
        return CheckResult(
            self.check,
            self.title,
            (_excess(outcome.worst, outcome.persons),),
            bound="excess",
            p_value=outcome.worst.p_value,
            power=outcome.strongest.power(),
            persons_needed=outcome.persons_needed,
            exhibits=(self._battery.listing(guilty),),
            culprits=unique_values(self._cells, guilty),
            steward={"by isolation, nobody near first": [vars(part.hits) for part in outcome.worst.strata]},
        )


def _excess(trial: Trial, persons: int) -> Measure:
    """The leak that would explain the excess of train hits; if all persons are unique, (a - b r) / rows.

    It is taken over the most isolated strata together, as many of them as give the narrowest limits for the
    total hits if these fell by chance on train and holdout; so the choice is blind to how they fell.
    """
    fronts = [merged(trial.strata[: last + 1]) for last in range(len(trial.strata))]
    usable = [front for front in fronts if front.informative]
    chosen = min(usable, key=_expected_width)
    estimate = chosen.hits.excess_hits().times(LEAK / chosen.leaked)
    return Measure("excess", estimate.value, estimate.low, estimate.high, persons, 0.0, _METHOD)


def _expected_width(part: Stratum) -> float:
    """Upper limit of the excess if the hits fell by chance."""
    hits, ratio = part.hits, part.hits.train / part.hits.holdout
    train = poisson_count(hits.total_hits * hits.share)
    holdout = poisson_count(hits.total_hits * (1 - hits.share))
    return difference(train, holdout.times(ratio)).high * LEAK / part.leaked
