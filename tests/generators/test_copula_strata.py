import numpy as np
import pytest

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import ConfigError, InputError
from synthrec.generators.copula import CopulaGenerator
from synthrec.generators.copula.growth import MIN_STRATUM, grow, pooled
from synthrec.generators.copula.stratum import MAX_COLUMNS
from synthrec.rng import Streams

DOMAIN = CodeDomain(("group", "x", "y"), (5, 10, 10), (False, True, True), (False, False, False))


def opposite_groups():
    """Group 0: y follows x; group 1: y runs against x; groups 2 to 4 rare and without relation."""
    rng = np.random.default_rng(5)
    group = rng.choice(5, 20_000, p=[0.6, 0.38, 0.01, 0.005, 0.005])
    x = rng.integers(0, 10, 20_000)
    y = np.select([group == 0, group == 1], [x, 9 - x], rng.integers(0, 10, 20_000))
    return Codes(np.stack([group, x, y], axis=1).astype(np.int32), DOMAIN)


@pytest.mark.parametrize("stratify", ["group", None])
def test_each_stratum_has_its_own_dependence(stratify):
    """Declared, or found: one normal dependence cannot express a relation that turns round."""
    codes = opposite_groups()
    fitted = CopulaGenerator(stratify).fit(codes, streams=Streams(0))
    drawn = fitted.sample(0, 20_000, streams=Streams(0)).values
    for group, sign in ((0, 1), (1, -1)):
        rows = drawn[drawn[:, 0] == group]
        assert sign * np.corrcoef(rows[:, 1], rows[:, 2])[0, 1] > 0.9


def test_rare_levels_share_one_stratum():
    """Levels 2 to 4 have about 400 rows together: too few for a stratum, so level 1 joins them."""
    fitted = CopulaGenerator("group", strata=2).fit(opposite_groups(), streams=Streams(0))
    assert len(fitted.strata) == 2
    share = np.bincount(opposite_groups().values[:, 0])[0] / 20_000
    np.testing.assert_allclose(fitted.weights, [share, 1 - share])


@pytest.mark.parametrize(
    ("counts", "limit", "parts"),
    [
        ([3_000, 2_700, 2_300], 3, [0, 1, 2]),
        ([3_000, 2_700, 2_300], 2, [0, 1, 1]),
        ([3_000, 2_700, 0], 3, [0, 1, 2]),
        ([3_000, 2_700, 999], 3, [0, 1, 1]),
        ([3_000, 1_400, 1_000], 3, [0, 1, 1]),
        ([2_700, 3_000, 1_400, 1_000], 3, [1, 0, 2, 2]),
        ([700, 200], 3, [0, 0]),
        ([3_000, 70], 3, [0, 0]),
    ],
)
def test_parts_are_large_and_few(counts, limit, parts):
    found = pooled(np.array(counts), limit)
    np.testing.assert_array_equal(found, parts)


@pytest.mark.parametrize("limit", [1, 2, 3, 8])
def test_strata_are_at_most_as_many_as_asked_for_and_none_is_small(limit):
    leaves = grow(opposite_groups(), None, limit, np.random.default_rng(0))
    assert 1 <= len(leaves) <= limit
    assert limit == 1 or len(leaves) > 1
    assert min(len(leaf.rows) for leaf in leaves) >= MIN_STRATUM
    rows = np.sort(np.concatenate([leaf.rows for leaf in leaves]))
    np.testing.assert_array_equal(rows, np.arange(20_000))


@pytest.mark.parametrize("seed", range(5))
def test_a_true_gaussian_copula_needs_no_strata(seed):
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((8_000, 6)) @ rng.standard_normal((6, 6))
    values = (latent.argsort(0).argsort(0) * 5 // 8_000).astype(np.int32)
    domain = CodeDomain(tuple("abcdef"), (5,) * 6, (False, False, True, True, False, False), (False,) * 6)
    assert len(CopulaGenerator().fit(Codes(values, domain), streams=Streams(seed)).strata) == 1


@pytest.mark.parametrize("strata", [0, -1, 257])
def test_an_impossible_number_of_strata_is_refused(strata):
    with pytest.raises(ConfigError, match="from 1 to 256"):
        CopulaGenerator(strata=strata)


def test_one_stratum_cannot_be_stratified():
    with pytest.raises(ConfigError, match="at least 2"):
        CopulaGenerator(stratify="group", strata=1)


def test_a_misspelt_column_is_answered_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'group'"):
        CopulaGenerator("groop").fit(opposite_groups(), streams=Streams(0))


def test_too_wide_a_table_is_refused():
    wide = MAX_COLUMNS + 1
    names = tuple(f"c{j}" for j in range(wide))
    domain = CodeDomain(names, (2,) * wide, (True,) * wide, (False,) * wide)
    with pytest.raises(InputError, match="1 to 1024 columns"):
        CopulaGenerator().fit(Codes(np.zeros((20, wide), np.int32), domain), streams=Streams(0))
