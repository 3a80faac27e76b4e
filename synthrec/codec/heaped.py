"""Numbers as codes whose bins draw round numbers as often as the data hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from synthrec.codec.base import CodeArray, ColumnCodec
from synthrec.codec.granularity import WEIGHTS, level_points
from synthrec.codec.numeric import NumericCodec
from synthrec.schema.vector import IntArray, Vector

Origin = Literal["noisy counts", "counts"]
"""What the bins were learned from: counts noised under differential privacy, or the counts themselves."""

_NO_SKIP = 2**62


@dataclass(frozen=True, eq=False)
class HeapedCodec(NumericCodec):
    """A numeric column whose bins were learned from counts: code order is value order.

    A bin draws a level of the divisor chain by its weights and then, uniformly, one of the level's points in
    the bin. One uniform per row decides both: its low bits the level, its size the point.
    """

    chain: tuple[int, ...]
    """Divisors in lattice steps; each divides the next."""
    weights: IntArray
    """Weights of the levels in each bin, shape (f, levels); each row sums to `WEIGHTS`."""
    origin: Origin

    def decode(self, codes: CodeArray, rng: np.random.Generator) -> Vector:
        """Values drawn by level and point; one draw per row in row order."""
        uniform = rng.random(len(codes))
        slots = (uniform * 2.0**53).astype(np.int64) & (WEIGHTS - 1)
        slots += codes.astype(np.int64) * WEIGHTS
        runs = self._runs_of_slots[slots]
        runs_table = self._runs
        point = (uniform * runs_table.number[runs]).astype(np.int64)
        skipped = (runs_table.phase[runs] + point) // runs_table.every[runs]
        indices = runs_table.first[runs] + (point + skipped) * runs_table.step[runs]
        missing = codes == len(self.bins) if self.has_missing else np.zeros(len(codes), dtype=bool)
        return Vector(self.lattice.values(indices), missing)

    @cached_property
    def _runs(self) -> _Runs:
        return _runs(self.bins.edges, self.chain, self.weights)

    @cached_property
    def _runs_of_slots(self) -> NDArray[np.int32]:
        """Run of each slot of each code, shape (size * WEIGHTS,); the missing level draws the index 0."""
        used = self.weights[self.weights > 0]
        slots = np.repeat(np.arange(len(used), dtype=np.int32), used)
        nothing = np.full(WEIGHTS * int(self.has_missing), len(used), dtype=np.int32)
        return np.concatenate([slots, nothing])

    def document(self) -> dict[str, Any]:
        """JSON form: lattice step in model numbers, edges and divisors in lattice steps, level weights."""
        return {
            "kind": "heaped",
            "origin": self.origin,
            "step": format(self.lattice.step, "f"),
            "edges": self.bins.edges.tolist(),
            "chain": list(self.chain),
            "weights": self.weights.tolist(),
        }


@dataclass(frozen=True, eq=False)
class _Runs:
    """Points of one level in one bin: the multiples of `step` from `first` on, but those of a rounder level.

    Point p is first + (p + (phase + p) // every) * step. Arrays of shape (runs + 1,); the last draws 0.
    """

    first: IntArray
    step: IntArray
    number: IntArray
    phase: IntArray
    every: IntArray


def _runs(edges: IntArray, chain: tuple[int, ...], weights: IntArray) -> _Runs:
    """The runs with a weight, in the order of bins and then levels."""
    bins, levels = np.nonzero(weights)
    steps = np.array(chain, dtype=np.int64)
    ratios = np.append(steps[1:] // steps[:-1], _NO_SKIP + 1)
    step, every = steps[levels], ratios[levels] - 1
    start = -(-edges[bins] // step)
    rounder = (start % ratios[levels] == 0) & (every < _NO_SKIP)
    start += rounder
    phase = np.where(every < _NO_SKIP, start % ratios[levels] - 1, 0)
    number = level_points(edges, chain)[bins, levels]
    columns = (start * step, step, number, phase, every)
    last = (0, 1, 1, 0, _NO_SKIP)
    return _Runs(*(np.append(column, end) for column, end in zip(columns, last, strict=True)))


def heap_limits(columns: Mapping[str, ColumnCodec]) -> tuple[str, ...]:
    """What learned bins keep and lose, for the card: one sentence per origin."""
    by_origin: dict[Origin, list[str]] = {}
    for name, codec in columns.items():
        if isinstance(codec, HeapedCodec):
            by_origin.setdefault(codec.origin, []).append(name)
    return tuple(f"columns {', '.join(names)}: {_LIMITS[origin]}" for origin, names in by_origin.items())


_LIMITS: Mapping[Origin, str] = {
    "noisy counts": (
        "bins, frequent single values and the share of round numbers were learned from noisy counts under "
        "differential privacy; tails that the noise hides are modelled, and the true least and greatest "
        "value are not known"
    ),
    "counts": "bins, frequent single values and the share of round numbers were learned from counts of rows",
}
