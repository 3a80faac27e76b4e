"""Columns that share a draw within groups keep their own distribution; loadings against a planted factor."""

import numpy as np
import pytest

from synthrec.codec.base import CodeDomain
from synthrec.generators.base import Evidence
from synthrec.generators.marginals.conditioning import Conditioned
from synthrec.generators.marginals.coupling import common_factor, loadings
from synthrec.generators.marginals.grouping import Grouping
from synthrec.generators.marginals.mixture import Mixture

LEVELS, GROUPS, ROWS = 40, 4, 100_000
SIGMAS = 5.0


def mixture(factors):
    """Two components, one low and one high; every column has four groups of ten levels."""
    groups = Grouping(np.repeat(np.arange(GROUPS), LEVELS // GROUPS), np.full(LEVELS, GROUPS / LEVELS))
    low, high = np.array([0.7, 0.3, 0, 0]), np.array([0, 0, 0.3, 0.7])
    parts = tuple(np.array([low, high] if up else [high, low], dtype=np.float32) for up in (1, 1, 0))
    names = ("a", "b", "c")
    domain = CodeDomain(names, (LEVELS,) * 3, (True,) * 3, (False,) * 3)
    return Mixture(domain, (groups,) * 3, parts, {}, np.array(factors))


def places(factors, evidence=None):
    """Levels within groups of many rows, shape (3, n)."""
    conditioned = Conditioned.on(mixture(factors), Evidence(evidence or {}))
    return conditioned.rows(np.random.Generator(np.random.PCG64DXSM(5)), ROWS) % (LEVELS // GROUPS)


def test_every_column_keeps_its_levels():
    inside = LEVELS // GROUPS
    for column in places([0.9, 0.5, -0.7]):
        counts = np.bincount(column, minlength=inside)
        assert np.abs(counts - ROWS / inside).max() <= SIGMAS * np.sqrt(ROWS / inside)


@pytest.mark.parametrize(("factors", "pair"), [([0.9, 0.5, -0.7], (0, 1)), ([0.9, 0.5, -0.7], (0, 2))])
def test_the_correlation_within_groups_is_the_product_of_the_loadings(factors, pair):
    drawn = places(factors)
    found = np.corrcoef(drawn[pair[0]], drawn[pair[1]])[0, 1]
    assert abs(found - factors[pair[0]] * factors[pair[1]]) <= SIGMAS / np.sqrt(ROWS)


def test_evidence_inside_a_group_holds_and_the_rest_is_free():
    allowed = np.zeros(LEVELS, dtype=bool)
    allowed[[3, 4]] = True
    drawn = places([0.9, 0.5, -0.7], {"a": allowed})
    assert set(np.unique(drawn[0])) == {3, 4}
    assert len(np.unique(drawn[1])) == LEVELS // GROUPS


def test_columns_that_move_together_are_coupled_and_opposite_ones_turned_round():
    found = loadings(mixture([0.0, 0.0, 0.0]))
    assert found[0] > 0.8
    assert found[1] > 0.8
    assert found[2] < -0.8


def test_a_planted_factor_is_found():
    planted = np.array([0.9, 0.8, -0.6, 0.4])
    found = common_factor(np.outer(planted, planted) + np.diag(1 - planted**2))
    assert found == pytest.approx(planted, abs=1e-6)


def test_a_column_alone_is_not_coupled():
    apart = mixture([0.0, 0.0, 0.0])
    domain = CodeDomain(("a",), (LEVELS,), (True,), (False,))
    assert not loadings(Mixture(domain, apart.groupings[:1], apart.components[:1], {}, np.zeros(1))).any()
