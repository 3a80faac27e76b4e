from __future__ import annotations

import numpy as np
import pytest

from synthrec.rules.categories import ALIAS_FROM, AliasTable, Conditional, Cumulative, draw_weighted, sampler

N = 100_000


def fits(positions, weights):
    """Counts within five standard deviations of their expectation, none where the weight is 0."""
    p = np.asarray(weights) / np.sum(weights)
    counts = np.bincount(positions, minlength=len(p))
    return (np.abs(counts - len(positions) * p) <= 5 * np.sqrt(len(positions) * p * (1 - p))).all()


@pytest.mark.parametrize("kind", [Cumulative, AliasTable])
@pytest.mark.parametrize("weights", [[1.0], [3.0, 1.0], [0.0, 2.0, 0.0, 5.0, 1e-3, 0.0]])
def test_fixed_weights(kind, weights):
    assert fits(kind.of(np.array(weights)).draw(N, np.random.default_rng(1)), weights)


def test_the_alias_table_serves_long_lists():
    weights = np.arange(ALIAS_FROM, dtype=float)
    chosen = sampler(weights)
    assert isinstance(chosen, AliasTable)
    assert fits(chosen.draw(N, np.random.default_rng(1)), weights)


def test_the_alias_table_holds_the_weights_exactly():
    weights = np.random.default_rng(0).random(37)
    table = AliasTable.of(weights)
    mass = table.keep.copy()
    np.add.at(mass, table.alias, 1 - table.keep)
    np.testing.assert_allclose(mass / 37, weights / weights.sum(), rtol=1e-12)


def test_conditional_rows():
    weights = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]])
    rows = np.repeat([0, 1], N)
    drawn = Conditional.of(weights).draw(rows, np.random.default_rng(1))
    assert fits(drawn[:N], weights[0])
    assert fits(drawn[N:], weights[1])


def test_weights_per_row():
    weights = np.tile([1.0, 0.0, 3.0], (N, 1))
    assert fits(draw_weighted(weights, np.random.default_rng(1)), weights[0])
