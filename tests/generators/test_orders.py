import numpy as np

from synthrec.codec.base import CodeDomain, Codes
from synthrec.generators.copula import CopulaGenerator
from synthrec.generators.copula.orders import refined_orders
from synthrec.rng import Streams


def identity(sizes):
    return tuple(np.arange(size, dtype=np.int32) for size in sizes)


def test_a_nominal_order_climbs_to_the_one_hidden_in_the_data():
    rng = np.random.default_rng(0)
    hidden = rng.integers(0, 6, 4_000)
    names = np.array([4, 0, 5, 2, 1, 3])
    number = 10 * hidden + rng.integers(0, 12, 4_000)
    domain = CodeDomain(("label", "number"), (6, 80), (False, True), (False, False))
    codes = Codes(np.stack([names[hidden], number], axis=1).astype(np.int32), domain)
    found, kept = refined_orders(codes, identity((6, 80)))
    assert found.tolist() in (names.tolist(), names[::-1].tolist())
    np.testing.assert_array_equal(kept, np.arange(80))


def test_missing_is_placed_among_the_values_it_goes_with():
    """Income is not told by the middle-aged: its missing level belongs in the middle of the incomes."""
    rng = np.random.default_rng(1)
    age = rng.integers(0, 60, 6_000)
    income = np.clip(age + rng.integers(-5, 6, 6_000), 0, 59)
    income[(age >= 27) & (age < 33)] = 60
    domain = CodeDomain(("age", "income"), (60, 61), (True, True), (False, True))
    codes = Codes(np.stack([age, income], axis=1).astype(np.int32), domain)
    place = refined_orders(codes, identity((60, 61)))[1].tolist().index(60)
    assert 22 <= place <= 38
    drawn = (
        CopulaGenerator(strata=1).fit(codes, streams=Streams(0)).sample(0, 20_000, streams=Streams(0)).values
    )
    untold = drawn[drawn[:, 1] == 60, 0]
    assert abs(untold.mean() - 30) < 3
    assert untold.std() < 8


def test_values_never_change_their_order():
    rng = np.random.default_rng(2)
    values = rng.integers(0, 9, (500, 3)).astype(np.int32)
    domain = CodeDomain(("a", "b", "c"), (9, 9, 9), (True, True, True), (True, False, True))
    for order in refined_orders(Codes(values, domain), identity((9, 9, 9))):
        present = order[order < 8]
        np.testing.assert_array_equal(present, np.arange(8))
