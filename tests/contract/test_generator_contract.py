"""What every learned generator must do; one more line in GENERATORS puts another generator under contract."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import InputError, VerificationError
from synthrec.generators.base import Evidence
from synthrec.generators.registry import generator, names, restore
from synthrec.rng import BLOCK, Streams

GENERATORS = {
    "copula": {},
    "copula of one stratum": {"strata": 1},
    "copula by target": {"stratify": "outcome", "strata": 6},
    "ctgan of few steps": {"steps": 12},
    "marginals": {},
}
ROWS = 6_000
WANTED = 20_000
"""Rows under evidence, at most: twice those of the oracle are enough, whose error then dominates."""
SIGMAS = 5.0
"""Tolerance of every frequency below, in standard deviations of its sampling error: p < 6e-7 each."""


def training_codes() -> Codes:
    """A table with every kind of column: ordered, with a missing level, nominal, rare, binary, constant."""
    rng = np.random.default_rng(7)
    age = rng.integers(0, 40, ROWS)
    income = np.where(rng.random(ROWS) < 0.15, 12, np.clip(age // 4 + rng.integers(-2, 4, ROWS), 0, 11))
    region = (age // 10 + rng.integers(0, 3, ROWS)) * 3 % 7
    region[:12] = 7
    outcome = (rng.random(ROWS) < 0.2 + 0.015 * age).astype(int)
    nothing = np.full(ROWS, 3)
    constant = np.zeros(ROWS, dtype=int)
    domain = CodeDomain(
        ("age", "income", "region", "outcome", "nothing", "constant"),
        (40, 13, 9, 2, 4, 1),
        (True, True, False, False, True, False),
        (False, True, False, False, True, False),
    )
    values = np.stack([age, income, region, outcome, nothing, constant], axis=1).astype(np.int32)
    return Codes(values, domain)


@pytest.fixture(scope="module")
def codes():
    return training_codes()


@pytest.fixture(scope="module", params=GENERATORS)
def fitted(request, codes):
    settings = GENERATORS[request.param]
    return generator(request.param.split()[0], **settings).fit(codes, streams=Streams(1))


@pytest.fixture(scope="module")
def sample(fitted):
    return fitted.sample(0, 2 * BLOCK, streams=Streams(11))


def close(share, reference, draws, more_draws):
    """Whether shares of `draws` rows agree with reference shares that rest on `more_draws` rows."""
    pooled = (share * draws + reference * more_draws) / (draws + more_draws)
    sigma = np.sqrt(pooled * (1 - pooled) * (1 / draws + 1 / more_draws))
    return np.abs(share - reference) <= SIGMAS * sigma


def level_shares(values, size):
    return np.bincount(values, minlength=size) / len(values)


def test_every_built_in_is_under_contract():
    banks = {name for name in names() if name.startswith("sdv-")}
    assert {name.split()[0] for name in GENERATORS} == set(names()) - banks


def test_it_is_registered_under_its_name(fitted):
    assert fitted.name in names()
    assert isinstance(fitted, restore(fitted.name))


def test_codes_stay_in_the_domain(fitted, sample):
    assert sample.values.dtype == np.int32
    assert sample.values.shape == (2 * BLOCK, len(fitted.domain))
    assert sample.domain == fitted.domain
    assert (sample.values >= 0).all()
    assert (sample.values < np.array(fitted.domain.sizes)).all()


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 0), (0, 1), (0, 17), (5, 1_000), (8_191, 8_193), (BLOCK - 3, BLOCK + 5), (BLOCK, BLOCK + 1)],
)
def test_any_part_equals_the_same_rows_of_the_whole(fitted, sample, start, stop):
    part = fitted.sample(start, stop, streams=Streams(11)).values
    np.testing.assert_array_equal(part, sample.values[start:stop])


@pytest.mark.parametrize("chunk", [977, 10_000, BLOCK + 1])
def test_chunks_do_not_matter(fitted, sample, chunk):
    borders = [*range(0, 2 * BLOCK, chunk), 2 * BLOCK]
    pieces = [
        fitted.sample(first, end, streams=Streams(11)).values for first, end in itertools.pairwise(borders)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), sample.values)


def test_interleaved_seeds_do_not_disturb_each_other(fitted, sample):
    for start in (0, 100):
        fitted.sample(start, start + 100, streams=Streams(12))
        part = fitted.sample(start, start + 100, streams=Streams(11)).values
        np.testing.assert_array_equal(part, sample.values[start : start + 100])


def test_a_caller_may_write_to_what_it_got(fitted, sample):
    before = sample.values[:100].copy()
    fitted.sample(0, 100, streams=Streams(11)).values[:] = 0
    np.testing.assert_array_equal(fitted.sample(0, 100, streams=Streams(11)).values, before)


def test_another_seed_draws_other_rows(fitted, sample):
    other = fitted.sample(0, 1_000, streams=Streams(12)).values
    assert (other != sample.values[:1_000]).any(axis=1).mean() > 0.5


def test_the_same_rows_give_the_same_model(request, codes, fitted):
    settings = fitted.parameters
    again = generator(fitted.name, **settings).fit(codes, streams=Streams(1))
    for name, array in fitted.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


def test_marginals_are_those_of_the_training_rows(codes, fitted, sample):
    # The model's cuts are the training shares, so only the sample's binomial error remains.
    for j, size in enumerate(codes.domain.sizes):
        share = level_shares(sample.values[:, j], size)
        truth = level_shares(codes.values[:, j], size)
        sigma = np.sqrt(truth * (1 - truth) / len(sample)) + 1e-6
        assert (np.abs(share - truth) <= SIGMAS * sigma).all(), codes.domain.names[j]


def test_a_restored_model_draws_the_same_rows(fitted, sample):
    again = restore(fitted.name).restore(fitted.domain, fitted.parameters, fitted.arrays())
    np.testing.assert_array_equal(again.sample(0, 5_000, streams=Streams(11)).values, sample.values[:5_000])
    assert again.parameters == fitted.parameters


def mutations(array):
    """Arrays that no fit has made, by what is wrong with them."""
    yield "one dimension more", array[None]
    yield "a row less", array[..., :-1] if array.ndim > 1 else array[:-1]
    yield "another type", array.astype(np.float32 if array.dtype == np.float64 else np.int64)
    yield "complex", array.astype(np.complex128)
    if array.dtype.kind == "f":
        for value in (np.nan, np.inf, -1e9):
            wrong = array.copy()
            wrong.flat[wrong.size // 2] = value
            yield f"holds {value}", wrong
    else:
        for value in (-1, 10**6):
            wrong = array.copy()
            wrong.flat[wrong.size // 2] = value
            yield f"holds {value}", wrong


def is_refused(fitted, arrays):
    try:
        restore(fitted.name).restore(fitted.domain, fitted.parameters, arrays)
    except VerificationError:
        return True
    return False


def test_no_mutated_array_is_restored(fitted):
    for name, array in fitted.arrays().items():
        for what, wrong in mutations(array):
            assert is_refused(fitted, {**fitted.arrays(), name: wrong}), f"{name} {what}"


def test_no_missing_or_additional_array_is_restored(fitted):
    arrays = dict(fitted.arrays())
    with pytest.raises(VerificationError):
        restore(fitted.name).restore(fitted.domain, fitted.parameters, arrays | {"more": np.zeros(1)})
    arrays.popitem()
    with pytest.raises(VerificationError):
        restore(fitted.name).restore(fitted.domain, fitted.parameters, arrays)


def test_no_unknown_settings_are_restored(fitted):
    for parameters in ({}, dict(fitted.parameters) | {"more": 1}):
        if parameters != fitted.parameters:
            with pytest.raises(VerificationError):
                restore(fitted.name).restore(fitted.domain, parameters, fitted.arrays())


def evidences(domain):
    """Conditions of one to three columns: a range, a set, the missing level, a rare level."""
    low_age = np.arange(40) < 9
    no_income = np.arange(13) == 12
    rich = (np.arange(13) >= 8) & (np.arange(13) < 12)
    some_regions = np.isin(np.arange(9), (0, 2, 6))
    return [
        {"age": low_age},
        {"income": no_income},
        {"region": np.arange(9) == 7},
        {"age": low_age, "region": some_regions},
        {"outcome": np.array([False, True]), "income": rich, "age": ~low_age},
        {"outcome": np.array([True, False]), "constant": np.array([True]), "nothing": np.arange(4) > 1},
    ]


def reached(fitted, allowed, wanted, seed=3):
    parts, rows = [], 0
    for part in fitted.sample_where(Evidence(allowed), streams=Streams(seed)):
        parts.append(part.values)
        rows += len(part)
        if rows >= wanted:
            break
    return np.concatenate(parts)


@pytest.mark.parametrize("number", range(6))
def test_conditional_rows_satisfy_the_evidence_and_have_the_right_shares(fitted, sample, number):
    """Oracle: rejection, i.e. the rows of a plain sample that happen to satisfy the evidence."""
    allowed = evidences(fitted.domain)[number]
    accepted = np.ones(len(sample), dtype=bool)
    for name, levels in allowed.items():
        accepted &= levels[sample.values[:, fitted.domain.names.index(name)]]
    oracle = sample.values[accepted]
    assert len(oracle) > 50
    drawn = reached(fitted, allowed, min(WANTED, 2 * len(oracle)))
    assert all(levels[drawn[:, fitted.domain.names.index(name)]].all() for name, levels in allowed.items())
    for j, size in enumerate(fitted.domain.sizes):
        share, truth = level_shares(drawn[:, j], size), level_shares(oracle[:, j], size)
        assert close(share, truth, len(drawn), len(oracle)).all(), fitted.domain.names[j]


def test_conditional_pairs_have_the_right_shares(fitted, sample):
    """The joint shares of two columns under evidence on two others, against the same oracle."""
    allowed = evidences(fitted.domain)[3]
    drawn = reached(fitted, allowed, WANTED)
    accepted = allowed["age"][sample.values[:, 0]] & allowed["region"][sample.values[:, 2]]
    cells = [13 * rows[:, 3] + rows[:, 1] for rows in (drawn, sample.values[accepted])]
    share, truth = level_shares(cells[0], 26), level_shares(cells[1], 26)
    assert close(share, truth, len(drawn), int(accepted.sum())).all()


def test_conditional_draws_are_repeatable_and_prefix_stable(fitted):
    allowed = evidences(fitted.domain)[4]
    short = reached(fitted, allowed, 1)
    long = reached(fitted, allowed, 3 * len(short))
    np.testing.assert_array_equal(long[: len(short)], short)
    assert (reached(fitted, allowed, 1, seed=4)[:100] != short[:100]).any()


def test_impossible_evidence_yields_nothing(fitted):
    never_seen = {"region": np.arange(9) == 8}
    assert list(fitted.sample_where(Evidence(never_seen), streams=Streams(3))) == []
    no_level = {"outcome": np.zeros(2, dtype=bool)}
    assert list(fitted.sample_where(Evidence(no_level), streams=Streams(3))) == []


def test_no_evidence_is_a_plain_draw(fitted, sample):
    drawn = reached(fitted, {}, WANTED)
    share, truth = level_shares(drawn[:, 0], 40), level_shares(sample.values[:, 0], 40)
    assert close(share, truth, len(drawn), len(sample)).all()


@pytest.mark.parametrize("rows", [0, 1, 2, 10])
def test_too_few_rows_are_refused(codes, fitted, rows):
    few = Codes(codes.values[:rows], codes.domain)
    with pytest.raises(InputError, match="at least 11 rows"):
        generator(fitted.name, **fitted.parameters).fit(few, streams=Streams(1))


@pytest.mark.parametrize("rows", [11, 25, 300])
def test_few_rows_are_enough_for_a_model(codes, fitted, rows):
    few = Codes(codes.values[100 : 100 + rows], codes.domain)
    model = generator(fitted.name, **fitted.parameters).fit(few, streams=Streams(1))
    drawn = model.sample(0, 1_000, streams=Streams(1)).values
    seen = [np.unique(few.values[:, j]) for j in range(len(codes.domain))]
    assert all(np.isin(drawn[:, j], seen[j]).all() for j in range(len(codes.domain)))


@pytest.mark.parametrize("level", [0, 2])
def test_one_column_of_one_level(level):
    """SDV's CTGAN trains for 300 epochs whatever the rows; the other bank takes the same way at level 0."""
    domain = CodeDomain(("only",), (3,), (False,), (True,))
    codes = Codes(np.full((20, 1), level, dtype=np.int32), domain)
    for name in names() if level else set(names()) - {"sdv-ctgan"}:
        settings = {"steps": 12} if name == "ctgan" else {}
        drawn = generator(name, **settings).fit(codes, streams=Streams(1)).sample(0, 100, streams=Streams(1))
        assert (drawn.values == level).all()


def test_a_fit_leaves_its_rows_unchanged(codes, fitted):
    np.testing.assert_array_equal(codes.values, training_codes().values)
