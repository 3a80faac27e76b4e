import numpy as np
import pytest

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import ConfigError, InputError
from synthrec.generators.copula import CopulaGenerator
from synthrec.generators.copula.stratum import MAX_COLUMNS
from synthrec.rng import Streams

DOMAIN = CodeDomain(("group", "x", "y"), (5, 10, 10), (False, True, True), (False, False, False))


def opposite_groups():
    """Group 0: y follows x; group 1: y runs against x; groups 2 to 4 rare and without relation."""
    rng = np.random.default_rng(5)
    group = rng.choice(5, 6_000, p=[0.6, 0.38, 0.01, 0.005, 0.005])
    x = rng.integers(0, 10, 6_000)
    y = np.select([group == 0, group == 1], [x, 9 - x], rng.integers(0, 10, 6_000))
    return Codes(np.stack([group, x, y], axis=1).astype(np.int32), DOMAIN)


def test_each_stratum_has_its_own_dependence():
    codes = opposite_groups()
    fitted = CopulaGenerator("group").fit(codes, streams=Streams(0))
    drawn = fitted.sample(0, 20_000, streams=Streams(0)).values
    for group, sign in ((0, 1), (1, -1)):
        rows = drawn[drawn[:, 0] == group]
        assert sign * np.corrcoef(rows[:, 1], rows[:, 2])[0, 1] > 0.9


def test_rare_levels_share_one_stratum():
    """Levels 2 to 4 have about 120 rows together: too few for a stratum, so level 1 joins them."""
    fitted = CopulaGenerator("group").fit(opposite_groups(), streams=Streams(0))
    assert len(fitted.strata) == 2
    share = np.bincount(opposite_groups().values[:, 0])[0] / 6_000
    np.testing.assert_allclose(fitted.weights, [share, 1 - share])


def test_a_misspelt_column_is_answered_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'group'"):
        CopulaGenerator("groop").fit(opposite_groups(), streams=Streams(0))


def test_too_wide_a_table_is_refused():
    wide = MAX_COLUMNS + 1
    names = tuple(f"c{j}" for j in range(wide))
    domain = CodeDomain(names, (2,) * wide, (True,) * wide, (False,) * wide)
    with pytest.raises(InputError, match="1 to 1024 columns"):
        CopulaGenerator().fit(Codes(np.zeros((20, wide), np.int32), domain), streams=Streams(0))
