"""How the parameters of instances are spread: scrambled Sobol points, a grid, or independent draws.

A parameter is a point of [0, 1] put into its range. Parameters that the severity maps stay within a window
around the tier; all others range freely, so that what varies without meaning is varied, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from synthrec.rng import Streams
from synthrec.scenarios.model import SPREAD, Design, Param, Scenario
from synthrec.schema.model import Column, Domain
from synthrec.schema.vector import Vector

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """The parameters of k instances."""

    points: FloatArray
    """Shape (k, parameters), in [0, 1): where in its window each parameter stands."""
    values: Mapping[str, Vector]
    """By parameter, each of k values."""
    severity: FloatArray
    """Shape (k,): the mean place of the mapped parameters in their ranges, turned so that 1 is severe."""


def column(param: Param) -> Column:
    """A parameter as a column in the scope of expressions."""
    if param.type == "choice":
        return Column(kind="category", domain=Domain(values=param.values, source="public"))
    return Column(kind=param.type)


def draw(scenario: Scenario, tier: str, count: int, streams: Streams) -> Drawn:
    """The parameters of `count` instances of one tier."""
    names = tuple(scenario.params)
    rng = streams.sampling(f"scenario:{scenario.scenario.name}:design")
    points = spread(scenario.design, len(names), count, rng)
    level = scenario.severity.tiers[tier]
    maps = scenario.severity.maps
    shares = {
        name: _windowed(points[:, i], level, maps[name]) if name in maps else points[:, i]
        for i, name in enumerate(names)
    }
    values = {name: _value(scenario.params[name], share) for name, share in shares.items()}
    severe = [shares[name] if way == "up" else 1 - shares[name] for name, way in maps.items()]
    return Drawn(points, values, np.mean(severe, axis=0) if severe else np.full(count, level))


def spread(design: Design, dimensions: int, count: int, rng: np.random.Generator) -> FloatArray:
    """Points of the unit cube, shape (count, dimensions).

    Sobol points are scrambled (Owen 1998, as in SciPy) and cut from the next power of two, so that any
    number of them is allowed; a grid runs through all combinations of the middles of equal parts.
    """
    if not dimensions or not count:
        return np.zeros((count, dimensions))
    match design.kind:
        case "sobol":
            return np.asarray(qmc.Sobol(dimensions, rng=rng).random_base2(ceil(log2(count))))[:count]
        case "grid":
            index = np.arange(count)[:, None] // design.levels ** np.arange(dimensions)[None, :]
            return np.asarray((index % design.levels + 0.5) / design.levels)
        case _:
            return rng.random((count, dimensions))


def window(level: float) -> tuple[float, float]:
    """The part of [0, 1] that a tier leaves to a mapped parameter whose upper end is severe."""
    return max(0.0, level - SPREAD), min(1.0, level + SPREAD)


def _windowed(points: FloatArray, level: float, way: str) -> FloatArray:
    low, high = window(level)
    share = low + (high - low) * points
    return share if way == "up" else 1 - share


def _value(param: Param, share: FloatArray) -> Vector:
    if param.type == "choice":
        weights = np.array(param.weights or (1.0,) * len(param.values))
        edges = np.cumsum(weights / weights.sum())[:-1]
        return Vector.full(np.searchsorted(edges, share, side="right").astype(np.int32), param.values)
    low, high = param.range or (0.0, 1.0)
    if param.type == "float":
        return Vector.full(
            low * (high / low) ** share if param.scale == "log" else low + (high - low) * share
        )
    if param.scale == "log":
        return Vector.full(np.rint(low * (high / low) ** share).astype(np.int64))
    return Vector.full(np.minimum(np.floor(low + (high + 1 - low) * share), high).astype(np.int64))
