"""Where are the synthetic rows worst? The columns within every declared group of at least 50 persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synthrec.schema.vector import IntArray
from synthrec.validation.binning import BinArray
from synthrec.validation.exhibits import Listing
from synthrec.validation.fidelity import similarity
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Sides, fixed_rng
from synthrec.validation.quality.groups import declared_groups
from synthrec.validation.quality.resample import bounded
from synthrec.validation.result import Measure

_METHOD = (
    "1 - total variation distance of binned columns, mean over columns, among the rows of a group and as "
    "many synthetic as training rows of it, {} groups of 50 persons and more"
    + SAMPLED
    + "; 99 % limits by bounded "
    "differences of the synthetic rows"
)
_SHARE = "1 - largest difference of a group's share of the rows" + SAMPLED


@dataclass(frozen=True)
class Likeness:
    """How alike a group's rows are: to the holdout's, of synthetic and of training rows, and its shares."""

    name: str
    found: float
    floor: float
    rows: int
    shares: tuple[float, float, float]
    """Of the synthetic, the training and the holdout rows."""


def answer(sides: Sides) -> Answer | str:
    """The mean over groups, the worst group, and the share of rows that each group has."""
    likenesses = list(_likenesses(sides))
    if not likenesses:
        return (
            "no declared quasi-identifier, sensitive column or target has a group of 50 persons on each side"
        )
    worst = min(likenesses, key=lambda one: one.found - one.floor)
    mean, floor = (float(np.mean([getattr(one, name) for one in likenesses])) for name in ("found", "floor"))
    n = len(sides.synthetic)
    share, share_floor = (1 - max(abs(one.shares[k] - one.shares[2]) for one in likenesses) for k in (0, 1))
    measures = (
        Measure("mean", mean, *_around(mean, n), n, floor, _METHOD.format("mean over")),
        Measure(
            "worst",
            worst.found,
            *_around(worst.found, worst.rows),
            worst.rows,
            worst.floor,
            _METHOD.format("the one that falls short of the floor most among"),
        ),
        bounded("share", share, share_floor, sides, _SHARE),
    )
    return Answer(measures, "mean", (_listing(likenesses, worst),))


QUESTION = Question(
    "quality.subgroups", "Are declared groups as faithful as other real rows of them?", answer
)


def _likenesses(sides: Sides) -> Iterator[Likeness]:
    synthetic, train, holdout = sides.bins
    for group in declared_groups(sides):
        rows = [group.rows(side) for side in (sides.synthetic, sides.train, sides.holdout)]
        most = min(len(rows[0]), len(rows[1]))
        mine, other = (_some(each, most) for each in rows[:2])
        theirs = holdout[:, rows[2]]
        found, floor = (
            _mean_similarity(bins[:, chosen], theirs, sides.binning.sizes)
            for bins, chosen in ((synthetic, mine), (train, other))
        )
        synthetic_share, train_share, holdout_share = (
            len(chosen) / len(side)
            for chosen, side in zip(rows, (sides.synthetic, sides.train, sides.holdout), strict=True)
        )
        shares = synthetic_share, train_share, holdout_share
        yield Likeness(group.name, found, floor, most, shares)


def _mean_similarity(first: BinArray, second: BinArray, sizes: tuple[int, ...]) -> float:
    counts = (
        [np.bincount(bins, minlength=size) for bins, size in zip(side, sizes, strict=True)]
        for side in (first, second)
    )
    return float(np.mean([similarity(*pair) for pair in zip(*counts, strict=True)]))


def _around(value: float, n: int) -> tuple[float, float]:
    """99 % limits of a mean of total variation distances, which one of n rows moves by 1/n at most."""
    half = (np.log(100) / (2 * n)) ** 0.5 if n else 1.0
    return max(0.0, value - half), min(1.0, value + half)


def _some(rows: IntArray, most: int) -> IntArray:
    return rows if len(rows) <= most else np.sort(fixed_rng().choice(rows, most, replace=False))


def _listing(likenesses: list[Likeness], worst: Likeness) -> Listing:
    ordered = sorted(likenesses, key=lambda one: one.found - one.floor)
    text = (
        f"Of {len(likenesses)} groups, {worst.name} falls short of other real rows most: {worst.found:.3f} "
        f"against {worst.floor:.3f}."
    )
    rows = tuple((one.name, one.found, one.floor, *one.shares) for one in ordered)
    header = (
        "group",
        "synthetic",
        "other real rows",
        "share, synthetic",
        "share, training",
        "share, holdout",
    )
    return Listing("Faithfulness by group", text, header, rows)
