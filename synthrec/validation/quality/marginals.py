"""Single columns, by kind: numbers by their distribution functions, labels by their shares.

Kolmogorov and Smirnov's statistic is the largest gap between two distribution functions; Wasserstein's
distance is the area between them, here of values stretched so that the holdout's central 98 % fill the
interval from 0 to 1. A gap says that some values are too many, an area how far they would have to be moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synthrec.schema.vector import Vector
from synthrec.validation.exhibits import Bars
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Rows, Sides
from synthrec.validation.quality.resample import bounded
from synthrec.validation.result import Measure
from synthrec.validation.stats import FloatArray

CENTRAL = (0.01, 0.99)
SHOWN = 12
"""Worst columns that are drawn."""

_KS = "1 - Kolmogorov-Smirnov statistic of the values present, mean over numeric columns" + SAMPLED
_AREA = (
    "1 - Wasserstein-1 distance of the values present, cut to and scaled by the 1 % and 99 % quantiles of "
    "the holdout, mean over numeric columns" + SAMPLED
)
_TVD = (
    "1 - total variation distance, missing being a label of its own, mean over label and boolean columns"
    + SAMPLED
)
_ALL = "1 - Kolmogorov-Smirnov statistic of a numeric, 1 - total variation distance of another column"


def answer(sides: Sides) -> Answer:
    """Similarities of numeric and of label columns, their mean and the worst, and of each column."""
    found, floor = (_similarities(side, sides.holdout) for side in (sides.synthetic, sides.train))
    area, area_floor = (_areas(side, sides.holdout) for side in (sides.synthetic, sides.train))
    numeric = list(area)
    labels = [name for name in found if name not in area]
    measures = [
        bounded("mean", _mean(found), _mean(floor), sides, _ALL + ", mean over all columns" + SAMPLED),
        bounded(
            "worst", min(found.values()), min(floor.values()), sides, _ALL + ", the lowest column's" + SAMPLED
        ),
        *_by_kind("numbers, Kolmogorov-Smirnov", found, floor, numeric, _KS, sides),
        *_by_kind("numbers, Wasserstein", area, area_floor, numeric, _AREA, sides),
        *_by_kind("labels, total variation", found, floor, labels, _TVD, sides),
        *(bounded(f"column {name}", found[name], floor[name], sides, _ALL + SAMPLED) for name in found),
    ]
    return Answer(tuple(measures), "mean", (_bars(found, floor),))


QUESTION = Question("quality.marginals", "Is each column distributed as in other real rows?", answer)


def _similarities(side: Rows, holdout: Rows) -> dict[str, float]:
    return {name: similarity(vector, holdout.vectors[name]) for name, vector in side.vectors.items()}


def similarity(first: Vector, second: Vector) -> float:
    """1 - Kolmogorov-Smirnov statistic of numbers, 1 - total variation distance of labels."""
    if is_numeric(first):
        return 1 - smirnov(_present(first), _present(second))
    shares, others = label_shares(first), label_shares(second)
    names = set(shares) | set(others)
    return 1 - sum(abs(shares.get(name, 0.0) - others.get(name, 0.0)) for name in names) / 2


def is_numeric(vector: Vector) -> bool:
    """Whether the values are numbers on a line."""
    return vector.levels is None and vector.values.dtype != np.bool_


def smirnov(first: FloatArray, second: FloatArray) -> float:
    """The largest gap of two distribution functions; 0 if both samples are empty, 1 if one is."""
    if min(len(first), len(second)) == 0:
        return float(len(first) != len(second))
    at = np.concatenate([first, second])
    return float(np.abs(_below(first, at) - _below(second, at)).max())


def wasserstein(first: FloatArray, second: FloatArray) -> float:
    """The area between two distribution functions, `second` giving the scale; between 0 and 1.

    The scale is the distance of its 1 % and 99 % quantiles; beyond them values count as if they lay on them.
    Where these are one value, the area is the share of values elsewhere.
    """
    if min(len(first), len(second)) == 0:
        return float(len(first) != len(second))
    low, high = np.quantile(second, CENTRAL)
    if low == high:
        return float(abs((first != low).mean() - (second != low).mean()))
    cut, other = ((np.clip(values, low, high) - low) / (high - low) for values in (first, second))
    at = np.unique(np.concatenate([cut, other]))
    gaps = np.abs(_below(cut, at) - _below(other, at))[:-1]
    return float(gaps @ np.diff(at))


def label_shares(vector: Vector) -> dict[str | bool | None, float]:
    """The share of every label or truth value, and of missing as None."""
    codes = np.where(vector.missing, -1, vector.values.astype(np.int64))
    found, counts = np.unique(codes, return_counts=True)
    names = [None if code < 0 else vector.levels[code] if vector.levels else bool(code) for code in found]
    return dict(zip(names, (counts / max(1, len(vector))).tolist(), strict=True))


def _below(values: FloatArray, at: FloatArray) -> FloatArray:
    return np.searchsorted(np.sort(values), at, "right") / len(values)


def _present(vector: Vector) -> FloatArray:
    return vector.values[~vector.missing].astype(np.float64)


def _areas(side: Rows, holdout: Rows) -> dict[str, float]:
    return {
        name: 1 - wasserstein(_present(vector), _present(holdout.vectors[name]))
        for name, vector in side.vectors.items()
        if is_numeric(vector)
    }


def _by_kind(
    name: str,
    found: Mapping[str, float],
    floor: Mapping[str, float],
    columns: Sequence[str],
    method: str,
    sides: Sides,
) -> list[Measure]:
    if not columns:
        return []
    value, other = (_mean({column: side[column] for column in columns}) for side in (found, floor))
    return [bounded(name, value, other, sides, method)]


def _mean(values: Mapping[str, float]) -> float:
    return float(np.mean(list(values.values())))


def _bars(found: Mapping[str, float], floor: Mapping[str, float]) -> Bars:
    worst = sorted(found, key=lambda name: found[name] - floor[name])[:SHOWN]
    text = (
        f"Of {len(found)} columns, {worst[0]} falls short of other real rows most: {found[worst[0]]:.3f} "
        f"against {floor[worst[0]]:.3f}."
    )
    series = tuple(
        (name, tuple(side[column] for column in worst))
        for name, side in (("synthetic", found), ("other real rows", floor))
    )
    return Bars("Columns that fall short most", text, tuple(worst), series)
