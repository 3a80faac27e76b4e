"""Rows as numbers for classifiers that cut axes: values as they are, labels by falling frequency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthrec.schema.vector import Vector
from synthrec.validation.quality.ground import Rows
from synthrec.validation.stats import FloatArray


@dataclass(frozen=True, eq=False)
class Features:
    """The columns that a learner sees, with the rank of every label that real rows hold."""

    columns: tuple[str, ...]
    ranks: dict[str, dict[str, int]]

    @classmethod
    def of(cls, real: Sequence[Rows], columns: Sequence[str]) -> Features:
        """Features of some columns; labels ranked by their frequency in the real rows, ties by text."""
        ranks = {
            name: _ranked([rows.vectors[name] for rows in real])
            for name in columns
            if real[0].vectors[name].levels is not None
        }
        return cls(tuple(columns), ranks)

    def matrix(self, rows: Rows) -> FloatArray:
        """One row per row, one column per column, missing as NaN; shape (n, columns)."""
        found = np.empty((len(rows), len(self.columns)))
        for place, name in enumerate(self.columns):
            vector = rows.vectors[name]
            values = vector.values.astype(np.float64)
            if name in self.ranks:
                known = self.ranks[name]
                codes = np.array([known.get(level, len(known)) for level in vector.levels or ()] or [0])
                values = codes[vector.values.astype(np.int64)].astype(np.float64)
            found[:, place] = np.where(vector.missing, np.nan, values)
        return found


def _ranked(vectors: Sequence[Vector]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for vector in vectors:
        levels = vector.levels or ()
        held = np.bincount(vector.values[~vector.missing].astype(np.int64), minlength=len(levels))
        for level, count in zip(levels, held.tolist(), strict=True):
            counts[level] = counts.get(level, 0) + count
    return {level: rank for rank, level in enumerate(sorted(counts, key=lambda key: (-counts[key], key)))}
