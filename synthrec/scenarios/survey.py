"""Who may have a scenario: one pass over the blocks of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from synthrec.rng import Streams
from synthrec.rules.amounts import evaluate
from synthrec.rules.rows import Rows
from synthrec.scenarios.bind import Bound
from synthrec.scenarios.desk import Desk
from synthrec.scenarios.inject import BlockStreams, eligible
from synthrec.scenarios.model import Prevalence
from synthrec.scenarios.selection import Candidates
from synthrec.schema.vector import IntArray


@dataclass(frozen=True)
class Place:
    """Which block of a run it is."""

    streams: Streams
    block: int
    first_root: int


@dataclass(eq=False)
class Survey:
    """Who may have a scenario, found block by block."""

    bound: Bound
    prevalence: Prevalence
    _parts: list[Candidates] = field(default_factory=list)
    _levels: dict[object, int] = field(default_factory=dict)
    _sizes: Counter[int] = field(default_factory=Counter)

    @property
    def candidates(self) -> Candidates:
        """All of them, in the order of the records."""
        empty = np.zeros(0, np.int64)
        units, roots, strata = (
            np.concatenate([empty, *(getattr(part, name) for part in self._parts)])
            for name in ("units", "roots", "strata")
        )
        keys = np.concatenate([np.zeros(0), *(part.keys for part in self._parts)])
        return Candidates(units, roots, keys, strata)

    @property
    def sizes(self) -> IntArray:
        """Units by stratum, eligible or not."""
        return np.array([self._sizes[i] for i in range(len(self._levels))] or [0], np.int64)

    def add(self, desk: Desk, place: Place) -> None:
        """Look at one block."""
        bound, units = self.bound, desk.sheets[self.bound.unit].read
        rows = desk.rows(bound.unit, np.arange(units))
        fitting, _ = eligible(desk, bound)
        keys = -np.log1p(-BlockStreams(place.streams, bound.name, place.block).per_unit("select", units))
        if bound.weight is not None:
            weight = evaluate(bound.weight, rows)
            positive = ~weight.missing & np.greater(weight.values, 0)
            fitting = fitting & positive
            keys = keys / np.where(positive, weight.values.astype(np.float64), 1.0)
        strata, first = self._strata(rows), int(self.sizes.sum())
        self._sizes.update(strata.tolist())
        slots = np.flatnonzero(fitting)
        roots = list(desk.line(bound.unit, slots).values())[-1] + place.first_root
        self._parts.append(Candidates(slots + first, roots, keys[slots], strata[slots]))

    def _strata(self, rows: Rows) -> IntArray:
        column = self.prevalence.stratify
        if column is None:
            self._stratum(None)
            return np.zeros(rows.count, np.int64)
        vector = rows.made[column]
        strata = np.zeros(rows.count, np.int64)
        if vector.missing.any():
            strata[vector.missing] = self._stratum(None)
        present = ~vector.missing
        distinct, codes = np.unique(vector.values[present], return_inverse=True)
        labels = distinct.tolist() if vector.levels is None else [vector.levels[i] for i in distinct.tolist()]
        strata[present] = np.array([self._stratum(label) for label in labels], np.int64)[codes]
        return strata

    def _stratum(self, label: object) -> int:
        return self._levels.setdefault(label, len(self._levels))
