"""Missing cells: which columns are missing together, and how often each is."""

from __future__ import annotations

import numpy as np

from synthrec.validation.cells import KeyArray
from synthrec.validation.exhibits import Listing
from synthrec.validation.quality.ground import SAMPLED, Answer, Question, Rows, Sides, fixed_rng
from synthrec.validation.quality.resample import bounded
from synthrec.validation.stats import FloatArray

SHOWN = 12
"""Columns that are listed."""

_PATTERNS = (
    "1 - total variation distance between the distributions of the sets of columns that a row lacks" + SAMPLED
)
_RATES = "1 - absolute difference of the share of missing cells" + SAMPLED


def answer(sides: Sides) -> Answer:
    """Similarity of the joint patterns, and of the share of missing cells per column."""
    synthetic, train, holdout = (_missing(side) for side in (sides.synthetic, sides.train, sides.holdout))
    rates, floors = (1 - np.abs(side.mean(axis=1) - holdout.mean(axis=1)) for side in (synthetic, train))
    salts = fixed_rng().integers(0, 2**64, len(holdout), dtype=np.uint64)
    theirs = _patterns(holdout, salts)
    found, floor = (pattern_similarity(_patterns(side, salts), theirs) for side in (synthetic, train))
    measures = (
        bounded("patterns", found, floor, sides, _PATTERNS),
        bounded("mean rate", float(rates.mean()), float(floors.mean()), sides, _RATES + ", mean"),
        bounded("worst rate", float(rates.min()), float(floors.min()), sides, _RATES + ", lowest column"),
    )
    return Answer(measures, "patterns", (_listing(sides, synthetic, train, holdout),))


QUESTION = Question("quality.missing", "Are cells missing together as in other real rows?", answer)


def pattern_similarity(first: KeyArray, second: KeyArray) -> float:
    """1 - total variation distance between two distributions of keys, each given as the keys of its rows."""
    keys, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    shares, others = (
        np.bincount(rows, minlength=len(keys)) / len(rows) for rows in np.split(places, [len(first)])
    )
    return 1 - float(np.abs(shares - others).sum()) / 2


def _missing(side: Rows) -> FloatArray:
    """1 where a cell is missing, shape (columns, n)."""
    return np.array([vector.missing for vector in side.vectors.values()], dtype=np.float64)


def _patterns(missing: FloatArray, salts: KeyArray) -> KeyArray:
    """A 64-bit key of each row's set of missing columns, shape (n,)."""
    return np.asarray((missing.astype(np.uint64) * salts[:, None]).sum(axis=0, dtype=np.uint64))


def _listing(sides: Sides, synthetic: FloatArray, train: FloatArray, holdout: FloatArray) -> Listing:
    rates = np.array([side.mean(axis=1) for side in (synthetic, train, holdout)])
    order = np.argsort(-np.abs(rates[0] - rates[2]), kind="stable")[:SHOWN]
    names = sides.spec.modelled
    text = f"The share of missing cells differs most in {names[order[0]]}."
    rows = tuple((names[column], *map(float, rates[:, column])) for column in order)
    return Listing("Missing cells", text, ("column", "synthetic", "training", "holdout"), rows)
