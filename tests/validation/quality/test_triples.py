from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from synthrec.schema.model import Column
from synthrec.validation.binning import Binning
from synthrec.validation.quality import triples
from synthrec.validation.quality.triples import chosen_triples, coarse, triples_map

CATEGORY = Column(kind="category")


def nist(first, second, columns):
    """1000 (2 - mean L1) / 2, as SDNist's k-marginal score is written."""
    distances = []
    for triple in combinations(range(columns), 3):
        counts = [Counter(tuple(row[c] for c in triple) for row in rows) for rows in (first, second)]
        cells = set(counts[0]) | set(counts[1])
        distances.append(
            sum(abs(counts[0][cell] / len(first) - counts[1][cell] / len(second)) for cell in cells)
        )
    return 1000 * (2 - np.mean(distances)) / 2


def test_the_score_is_that_of_nist(table_of, sides):
    rng = np.random.default_rng(0)
    tables, raw = [], []
    for _ in range(3):
        values = rng.integers(0, 2, (40, 4))
        raw.append(values.tolist())
        tables.append(
            table_of(
                {f"c{k}": (CATEGORY, [f"v{x}" for x in values[:, k]]) for k in range(4)},
                one_row_per_person=True,
            )
        )
    score = triples.answer(sides(*tables)).measures[0]
    assert 1000 * score.value == pytest.approx(nist(raw[0], raw[2], 4))
    assert 1000 * score.baseline == pytest.approx(nist(raw[1], raw[2], 4))


def test_the_map_shows_the_columns_of_poor_triples():
    """By hand: columns 0 and 1 are together in the triples of 0.5 and 1.2, which counts as 1."""
    grid = triples_map(np.array([0.5, 1.2]), [(0, 1, 2), (0, 1, 3)], ("a", "b", "c", "d"))
    assert grid.values[0] == (None, 0.75, 0.5, 1.0)
    assert grid.values[2] == (0.5, 0.5, None, None)
    assert "a, b and c, 0.500" in grid.text


def test_triples_are_all_or_a_hundred():
    assert chosen_triples(5) == list(combinations(range(5), 3))
    many = chosen_triples(30)
    assert len(many) == len(set(many)) == 100
    assert many == chosen_triples(30)
    assert all(a < b < c for a, b, c in many)


def test_coarse_bins_keep_order_and_missing(drawn):
    binning = Binning.learn(drawn(1).holdout.table)
    sizes = tuple(min(size, 5) for size in binning.sizes)
    fine = np.array([np.arange(max(binning.sizes)) % size for size in binning.sizes])
    found = coarse(fine, binning, sizes)
    for bins, merged, size, full in zip(fine, found, sizes, binning.sizes, strict=True):
        assert merged.max() == size - 1
        assert set(bins[merged == size - 1].tolist()) == {full - 1}
        assert np.all(np.diff(merged[: full - 1]) >= 0)


def test_two_columns_are_compared_together(table_of, sides):
    def rows(a, b):
        return table_of({"a": (CATEGORY, a), "b": (CATEGORY, b)}, one_row_per_person=True)

    real = rows(["x", "y"], ["u", "v"])
    assert triples.answer(sides(rows(["x", "y"], ["v", "u"]), real, real)).measures[0].value == 0
    assert triples.answer(sides(real, real, real)).measures[0].value == 1


def test_shuffled_rows_score_less(drawn, shuffled):
    fresh, broken = (
        triples.answer(drawn(5, change=change)).measures[0] for change in (lambda v, _: v, shuffled)
    )
    assert fresh.value == pytest.approx(fresh.baseline, abs=0.03)
    assert broken.value < broken.baseline - 0.08
