"""Several tries of one attack: evidence over all of them, and the largest excess of train over holdout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthrec.validation.attacks.exchange import Hits
from synthrec.validation.exhibits import Listing
from synthrec.validation.result import Measure

METHOD = (
    "a / n - b / k: the attack succeeds on a of n training persons and on b of k of the holdout, persons "
    "sampled, one row each; 99 % limits by MOVER (Zou and Donner 2008) from Clopper-Pearson limits, "
    "valid for the try with the largest true excess without correction"
)


@dataclass(frozen=True)
class Try:
    """One way to attack, and what became of it."""

    name: str
    hits: Hits


def evidence(tries: Sequence[Try]) -> float:
    """The smallest p-value times the number of tries, at most 1 (Bonferroni)."""
    return min(1.0, len(tries) * min(one.hits.p_value for one in tries))


def largest_excess(tries: Sequence[Try], method: str) -> Measure:
    """The excess share with the highest upper limit; the baseline is the holdout's success rate there."""
    worst = max(tries, key=lambda one: one.hits.excess_share().high)
    estimate, hits = worst.hits.excess_share(), worst.hits
    return Measure(
        "excess", estimate.value, estimate.low, estimate.high, hits.train + hits.holdout, 0.0, method
    )


def listing(title: str, text: str, tries: Sequence[Try]) -> Listing:
    """Every try: success on train and on holdout."""
    rows = tuple(
        (one.name, hits.train_hits / hits.train, hits.holdout_hits / hits.holdout, hits.train, hits.holdout)
        for one in tries
        for hits in (one.hits,)
    )
    return Listing(title, text, ("attack", "success, train", "success, holdout", "train", "holdout"), rows)
