"""Drift: has the reality that a model was fitted on moved away from it?

New real rows are compared with rows drawn from the model, per column and jointly. A model is never quite its
reality, so that a difference is drift only where it exceeds the model's misfit: how far the holdout was from
the same drawn rows when the model was made, or a stated tolerance where that was not kept.

Columns: Kolmogorov and Smirnov's statistic over the bins of a number, total variation distance otherwise. The
rows of one new person move either by at most the person's share of the rows, so that McDiarmid's inequality
(1989) bounds how far it strays above its expectation, which is that of bootstraps by person; for a number of
persons with one row each the inequality of Dvoretzky, Kiefer and Wolfowitz is sharper. Jointly: the AUC of a
classifier that tells new from drawn rows, cross-validated by person, on as many rows as the misfit's, as more
rows would let it learn more. Holm (1979) corrects over all columns and the joint test.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from synthrec.schema.vector import BoolArray, IntArray
from synthrec.validation.binning import BinArray, Binning, NumericBins
from synthrec.validation.exhibits import Bars
from synthrec.validation.quality.detection import FEWEST, tell
from synthrec.validation.quality.ground import Rows, fixed_rng
from synthrec.validation.quality.resample import clustered_auc
from synthrec.validation.result import CheckResult, Measure
from synthrec.validation.stats import ALPHA, FloatArray, bounded_differences, holm

DRAWN = 10_000
"""Rows drawn from the model, the same whenever it is compared."""
RESAMPLES = 30
JOINT_ROWS = 1_024
"""Most rows of each kind that the joint test learns from; fewer are cut to a power of two."""
GRAIN = 0.01
"""Misfit is kept in these steps, rounded up; nothing smaller is called drift."""

COLUMNS, JOINT = "drift.columns", "drift.joint"

_DISTANCE = (
    "distance of {} from 10,000 rows drawn from the model: Kolmogorov-Smirnov over 20 bins of a number, "
    "total variation otherwise; 99 % limits by bounded differences by person (McDiarmid 1989); baseline: the "
    "model's misfit"
)
_AUC = (
    "AUC of gradient-boosted trees that tell new from drawn rows, 3 folds by person, {} rows of each; limits "
    "with the placement variance by person (Obuchowski 1997); baseline: the model's misfit"
)


@dataclass(frozen=True)
class Misfit:
    """How far real rows may be from the drawn ones without any drift."""

    columns: Mapping[str, float]
    joint: float
    """AUC of the joint test."""
    rows: int
    """Rows of each kind that the joint test learned from."""


@dataclass(frozen=True, eq=False)
class Distances:
    """How far real rows are from drawn ones in each column, and the bootstraps by person of their noise."""

    names: tuple[str, ...]
    numeric: BoolArray
    """Which are of numbers, shape (columns,)."""
    found: FloatArray
    """Shape (columns,)."""
    noise: FloatArray
    """Distances of bootstraps from the real rows themselves, shape (resamples, columns)."""
    strayed: FloatArray
    """Distances of bootstraps from the drawn rows, shape (resamples, columns)."""


def tolerated(columns: tuple[str, ...], distance: float, joint: float) -> Misfit:
    """A misfit that is stated, not measured: the same for all columns."""
    return Misfit(dict.fromkeys(columns, distance), joint, JOINT_ROWS)


def misfit(real: Rows, drawn: Rows) -> Misfit:
    """Upper 99 % limits of a model's misfit, rounded up, from real rows that it did not see.

    Those of columns by bootstraps by person, less the amount by which these exceed what they resample (Efron
    and Tibshirani 1993, section 10.4): a distance between samples is too large by their noise.
    """
    distances = measured(real, drawn)
    bias = distances.strayed.mean(axis=0) - distances.found
    limits = distances.found - bias + float(ndtri(1 - ALPHA)) * distances.strayed.std(axis=0, ddof=1)
    rows = _power_of_two(min(len(real), len(drawn), JOINT_ROWS))
    columns = {name: _up(limit) for name, limit in zip(distances.names, limits.tolist(), strict=True)}
    return Misfit(columns, _up(_joint(real, drawn, rows).high) if rows >= FEWEST else 1.0, rows)


def drift(new: Rows, drawn: Rows, allowed: Misfit) -> tuple[CheckResult, CheckResult]:
    """The tests per column and jointly; p-values are Holm-adjusted over both together.

    Returns:
        ``drift.columns``, whose p-value is the smallest column's and whose `steward` maps columns to theirs;
        and ``drift.joint``.
    """
    distances = measured(new, drawn)
    limits = np.array([allowed.columns.get(name, 0.0) for name in distances.names])
    single = _single(distances, limits, new.persons).tolist()
    together, p_joint = _joint_test(new, drawn, allowed)
    *adjusted, joint = holm([*single, p_joint])
    p_values = dict(zip(distances.names, adjusted, strict=True))
    columns = CheckResult(
        COLUMNS,
        "Has any column moved away from the model?",
        tuple(_measures(distances, limits, new.persons)),
        p_value=min(adjusted, default=1.0),
        steward={"p_values": p_values},
        exhibits=(_bars(distances, limits),) if distances.names else (),
    )
    title = "Have the columns together moved away from the model?"
    if together is None:
        reason = f"fewer than {FEWEST} rows of each kind are too few to learn from"
        return columns, CheckResult(JOINT, title, (), not_applicable=reason)
    return columns, CheckResult(JOINT, title, (together,), bound="AUC", p_value=joint)


def _single(distances: Distances, limits: FloatArray, persons: IntArray) -> FloatArray:
    """The p-value of each column alone, shape (columns,).

    For a number, where every person has one row, by the inequality of Dvoretzky, Kiefer and Wolfowitz with
    Massart's constant (1990); otherwise by McDiarmid's.
    """
    shares = np.bincount(persons) / len(persons)
    beyond = np.maximum(0.0, distances.found - limits)
    excess = np.maximum(0.0, beyond - distances.noise.mean(axis=0))
    by_person = np.exp(-2 * excess**2 / float(shares @ shares))
    if len(shares) < len(persons):
        return np.asarray(by_person)
    sharper = np.minimum(1.0, 2 * np.exp(-2 * len(persons) * beyond**2))
    return np.asarray(np.where(distances.numeric, sharper, by_person))


def moved(columns: CheckResult, alpha: float = ALPHA) -> tuple[str, ...]:
    """The columns whose adjusted p-value is at most alpha."""
    p_values = (columns.steward or {}).get("p_values")
    return tuple(name for name, p in p_values.items() if p <= alpha) if isinstance(p_values, dict) else ()


def measured(real: Rows, drawn: Rows) -> Distances:
    """Distances on bins of the drawn rows."""
    binning = Binning.learn(drawn.table)
    mine, theirs = binning.of(real.table), binning.of(drawn.table)
    people, rng = int(real.persons.max()) + 1, fixed_rng()
    once = _shares(mine, np.ones(len(real)), binning)
    reference = _shares(theirs, np.ones(len(drawn)), binning)
    resampled = [
        _shares(mine, np.bincount(rng.integers(0, people, people), minlength=people)[real.persons], binning)
        for _ in range(RESAMPLES)
    ]
    noise = [_distances(each, once, binning) for each in resampled]
    strayed = [_distances(each, reference, binning) for each in resampled]
    numeric = np.array([isinstance(column, NumericBins) for column in binning.columns.values()], dtype=bool)
    found = _distances(once, reference, binning)
    return Distances(tuple(binning.columns), numeric, found, np.array(noise), np.array(strayed))


def _shares(bins: BinArray, weights: FloatArray | IntArray, binning: Binning) -> list[FloatArray]:
    total = weights.sum()
    return [np.bincount(row, weights, size) / total for row, size in zip(bins, binning.sizes, strict=True)]


def _distances(first: list[FloatArray], second: list[FloatArray], binning: Binning) -> FloatArray:
    """Shape (columns,)."""
    found = [
        np.abs(np.cumsum(a - b)).max() if isinstance(column, NumericBins) else np.abs(a - b).sum() / 2
        for a, b, column in zip(first, second, binning.columns.values(), strict=True)
    ]
    return np.array(found, dtype=np.float64)


def _joint(real: Rows, drawn: Rows, rows: int) -> Measure:
    """The AUC with its limits, on random rows of either kind."""
    told = tell(real.some(rows), drawn.some(rows))
    limits = clustered_auc(told.scores, told.first, told.persons)
    low, high = told.auc - (limits.value - limits.low), told.auc + (limits.high - limits.value)
    return Measure("AUC", told.auc, max(0.0, low), min(1.0, high), 2 * rows, None, _AUC.format(f"{rows:,}"))


def _joint_test(new: Rows, drawn: Rows, allowed: Misfit) -> tuple[Measure | None, float]:
    """The joint measure beside its misfit, and the probability of an AUC so high without drift."""
    rows = min(len(new), len(drawn), allowed.rows)
    if rows < FEWEST or int(new.persons.max()) < 2:
        return None, 1.0
    found = _joint(new, drawn, rows)
    error = max(1e-9, (found.high - found.low) / 2 / float(ndtri(1 - ALPHA)))
    p_value = 1 - float(ndtr((found.value - allowed.joint) / error))
    return Measure(
        found.name, found.value, found.low, found.high, found.n, allowed.joint, found.method
    ), p_value


def _measures(distances: Distances, limits: FloatArray, persons: IntArray) -> Iterator[Measure]:
    shares = np.bincount(persons) / len(persons)
    half = bounded_differences(float(shares @ shares))
    for name, found, limit in zip(distances.names, distances.found.tolist(), limits.tolist(), strict=True):
        low, high = max(0.0, found - half), min(1.0, found + half)
        yield Measure(name, found, low, high, len(persons), limit, _DISTANCE.format(name))


def _bars(distances: Distances, limits: FloatArray) -> Bars:
    order = np.argsort(limits - distances.found, kind="stable")[:12]
    names = tuple(distances.names[place] for place in order)
    series = tuple(
        (name, tuple(float(values[place]) for place in order))
        for name, values in (("new rows", distances.found), ("misfit of the model", limits))
    )
    return Bars(
        "Columns that moved most", f"Beyond the model's misfit, {names[0]} moved most.", names, series
    )


def _power_of_two(number: int) -> int:
    return 1 << (max(1, number).bit_length() - 1)


def _up(value: float) -> float:
    """Rounded up to the next step, at most 1."""
    return min(1.0, round(math.ceil(round(value / GRAIN, 6)) * GRAIN, 6))
