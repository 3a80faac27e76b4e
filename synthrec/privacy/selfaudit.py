"""A fit held against its own claim, on persons that the schema alone makes; no real row is read here.

Three questions, each answered by yes or no and by nothing else:

D1  Is the noise what the plan says? Probe coordinates that no data touch, and the sizes of Poisson samples,
    in the real run (`Curator.is_calibrated`).
D2  Does one person move an answer by no more than the plan says? Extreme persons are dropped one at a time
    from every query of the real run (`Curator.is_bounded`), and from a fit that is replayed.
D3  Does the fit learn from nothing but the answers? A fit on made-up persons is recorded, then replayed
    without one of them while the recorded answers are given: questions, codec and model must not change.

D2 and D3 are what a proof by adaptive composition (Dwork and Roth 2014, section 3.5.2) asks of a program:
each question follows from earlier answers alone, and each answer is a bounded sum with noise. D4, a lower
bound on epsilon by many runs (`epsilon_lower_bound`, `gaussian_lower_bound`), is the backstop in tests and
benchmarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import log
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from synthrec.codec.codec import Codec
from synthrec.data.table import Table
from synthrec.privacy.counts import FloatArray
from synthrec.privacy.curator import Curator
from synthrec.privacy.entropy import SystemEntropy
from synthrec.privacy.events import Event, Plan, SampledGaussianEvent
from synthrec.privacy.extremes import PERSONS, extreme_persons
from synthrec.privacy.gaussian_bound import gaussian_epsilon
from synthrec.rng import Streams
from synthrec.schema.model import TableSpec
from synthrec.schema.vector import BoolArray

STEPS = 3
"""Steps of a sampled event that a replay takes; the code is the same for all."""

TOLERANCE = 1e-6
"""Relative rounding allowed on a bound."""


class Learned(Protocol):
    """What a fit has learned, as it would be stored."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Settings of the fit."""

    def arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """Everything learned, as named arrays."""


class Learner(Protocol):
    """A generator that learns through a curator; see `synthrec.generators.private`."""

    def fit(
        self, spec: TableSpec, table_name: str, curator: Curator, *, streams: Streams
    ) -> tuple[Codec, Learned]:
        """Learn from what the curator releases."""


@dataclass(frozen=True)
class SelfAudit:
    """Passed or failed, and no figure; a model that fails one of the three has no claim."""

    noise: bool
    """D1: noise and sampling are calibrated."""
    sensitivity: bool
    """D2: one person moves every answer by at most what is claimed."""
    independence: bool
    """D3: nothing is learned but from the answers."""

    @property
    def holds(self) -> bool:
        """Whether all passed."""
        return self.noise and self.sensitivity and self.independence


@dataclass(frozen=True)
class _Answer:
    event: str
    exact: FloatArray
    noised: FloatArray


class _Departed(Exception):  # noqa: N818  # not an error: the finding of a replay
    """A replayed fit asked something that the recorded one did not."""


class _Recorded:
    """Keeps what was asked and answered."""

    def __init__(self) -> None:
        self.answers: list[_Answer] = []

    def answered(self, event: str, exact: FloatArray, noised: FloatArray) -> FloatArray:
        self.answers.append(_Answer(event, np.array(exact), np.array(noised)))
        return noised


class _Replayed:
    """Gives recorded answers, and measures how far exact answers moved."""

    def __init__(self, answers: list[_Answer]) -> None:
        self._left = list(reversed(answers))
        self.moved = 0.0

    @property
    def is_over(self) -> bool:
        return not self._left

    def answered(self, event: str, exact: FloatArray, noised: FloatArray) -> FloatArray:  # noqa: ARG002
        if not self._left or self._left[-1].event != event or self._left[-1].exact.shape != exact.shape:
            raise _Departed
        before = self._left.pop()
        self.moved = max(self.moved, float(np.linalg.norm(exact - before.exact)))
        return before.noised


class _EveryoneSampled(SystemEntropy):
    """Every person in every sample: the worst case of Poisson sampling."""

    def chosen(self, rate: float, size: int) -> BoolArray:  # noqa: ARG002
        return np.ones(size, dtype=bool)


def self_audit(
    curator: Curator,
    generator: Learner,
    spec: TableSpec,
    name: str,
    leavers: Iterable[int] = range(PERSONS),
) -> SelfAudit:
    """The three answers for a run that has ended.

    Args:
        curator: Of the run.
        generator: What was fitted.
        spec: The table.
        name: Its name in the schema.
        leavers: Numbers of the extreme persons whom a replay leaves out, one replay each.
    """
    bounded, independent = replayed(generator, spec, name, curator.plan, leavers)
    return SelfAudit(curator.is_calibrated, curator.is_bounded and bounded, independent)


def replayed(
    generator: Learner,
    spec: TableSpec,
    name: str,
    plan: Plan,
    leavers: Iterable[int] = range(PERSONS),
) -> tuple[bool, bool]:
    """D2 and D3 by replay: whether answers stay bounded, and whether nothing else changes."""
    short = replace(plan, events=tuple(map(_shortened, plan.events)))
    everyone, *without_one = extreme_persons(name, spec, plan.max_rows_per_person)
    recorded = _Recorded()
    first = _fit(generator, everyone, short, recorded)
    bounded = independent = True
    for leaver in leavers:
        replay = _Replayed(recorded.answers)
        try:
            second = _fit(generator, without_one[leaver], short, replay)
        except _Departed:
            independent = False
        else:
            independent &= replay.is_over and _equal(first, second)
        bounded &= replay.moved <= 1 + TOLERANCE
    return bounded, independent


def _shortened(event: Event) -> Event:
    return replace(event, steps=min(event.steps, STEPS)) if isinstance(event, SampledGaussianEvent) else event


def _fit(
    generator: Learner, table: Table, plan: Plan, transcript: _Recorded | _Replayed
) -> tuple[Codec, Learned]:
    curator = Curator(table, plan, entropy=_EveryoneSampled(), transcript=transcript)
    return generator.fit(table.spec, table.name, curator, streams=Streams(0))


def _equal(first: tuple[Codec, Learned], second: tuple[Codec, Learned]) -> bool:
    """Whether two fits would be stored as the same bytes."""
    one, two = first[1].arrays(), second[1].arrays()
    return (
        first[0].document() == second[0].document()
        and dict(first[1].parameters) == dict(second[1].parameters)
        and one.keys() == two.keys()
        and all(np.array_equal(one[key], two[key]) for key in one)
    )


def epsilon_lower_bound(
    present: NDArray[np.floating], absent: NDArray[np.floating], delta: float, *, confidence: float = 0.95
) -> float:
    """D4: the epsilon that outputs of many runs prove, at the stated confidence; 0 where they prove nothing.

    A threshold is chosen on the first half of the runs; on the second, epsilon is at least
    log((P(hit | present) - delta) / P(hit | absent)) at Clopper-Pearson bounds of both (Jagielski et al.
    2020, Auditing Differentially Private Machine Learning, section 4).

    Args:
        present: A statistic of each run with the person, larger where the person shows; shape (r,).
        absent: The same without the person, shape (r,).
        delta: Of the claim.
        confidence: Of the bound.
    """
    half = len(present) // 2
    cuts = np.quantile(np.concatenate([present[:half], absent[:half]]), np.linspace(0.02, 0.98, 97))
    cut = max(cuts, key=lambda at: _bound(present[:half] > at, absent[:half] > at, delta, confidence))
    return max(_bound(present[half:] > cut, absent[half:] > cut, delta, confidence), 0.0)


def gaussian_lower_bound(
    present: NDArray[np.floating], absent: NDArray[np.floating], delta: float, *, confidence: float = 0.95
) -> float:
    """D4 for a plan of Gaussian releases: the epsilon at delta of the least mu that the runs prove.

    A mu-Gaussian private mechanism keeps Phi^-1(P(hit | present)) - Phi^-1(P(hit | absent)) <= mu for every
    test (Dong, Roth and Su 2022, Gaussian Differential Privacy, section 2.2), so a test in the middle, where
    rates are known best, is enough: far fewer runs prove a fault than by `epsilon_lower_bound`. The threshold
    is the median of the first half of the runs.

    Args:
        present: A statistic of each run with the person, larger where the person shows; shape (r,).
        absent: The same without the person, shape (r,).
        delta: Of the claim.
        confidence: Of the bound.
    """
    half = len(present) // 2
    cut = np.median(np.concatenate([present[:half], absent[:half]]))
    least, most = _rates(present[half:] > cut, absent[half:] > cut, confidence)
    mu = float(ndtri(least) - ndtri(most)) if least > 0 and most < 1 else 0.0
    return gaussian_epsilon(mu, delta) if mu > 0 else 0.0


def _bound(hits: BoolArray, alarms: BoolArray, delta: float, confidence: float) -> float:
    """The bound for one test."""
    least, most = _rates(hits, alarms, confidence)
    return log((least - delta) / most) if least > delta else 0.0


def _rates(hits: BoolArray, alarms: BoolArray, confidence: float) -> tuple[float, float]:
    """Lower bound of the rate of hits, upper bound of that of alarms; the error is divided between them."""
    error = (1 - confidence) / 2
    hit, alarm = int(hits.sum()), int(alarms.sum())
    least = float(betaincinv(hit, len(hits) - hit + 1, error)) if hit else 0.0
    most = float(betaincinv(alarm + 1, len(alarms) - alarm, 1 - error)) if alarm < len(alarms) else 1.0
    return least, most
