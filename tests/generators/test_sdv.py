"""SDV behind the contract: a bank of codes, served in order, refused beyond its end."""

import numpy as np
import pytest

from synthrec.codec.base import CodeDomain, Codes
from synthrec.errors import ConfigError, InputError, VerificationError
from synthrec.generators.bank import Bank, CtganBank, GaussianCopulaBank
from synthrec.generators.base import Evidence, Limited
from synthrec.generators.registry import generator, private_generator, restore
from synthrec.generators.sdv import codes_of, frame_of
from synthrec.rng import Streams

DOMAIN = CodeDomain(
    ("age", "sex", "ward", "same"), (20, 2, 5, 1), (True, False, False, False), (True, False, False, False)
)
ROWS, BANK = 200, 300


def training():
    rng = np.random.default_rng(0)
    ward = rng.integers(0, 5, ROWS)
    age = np.where(rng.random(ROWS) < 0.1, 19, np.clip(3 * ward + rng.integers(0, 6, ROWS), 0, 18))
    return Codes(np.stack([age, ward % 2, ward, 0 * ward], axis=1).astype(np.int32), DOMAIN)


@pytest.fixture(scope="module")
def bank():
    return generator("sdv-gaussian-copula", bank_rows=BANK).fit(training(), streams=Streams(1))


def test_codes_survive_the_frame():
    np.testing.assert_array_equal(codes_of(frame_of(training()), DOMAIN), training().values)


def test_the_bank_is_as_large_as_asked_and_within_the_domain(bank):
    assert isinstance(bank, GaussianCopulaBank)
    assert bank.codes.values.shape == (BANK, 4)
    assert (bank.codes.values < np.array(DOMAIN.sizes)).all()
    assert bank.parameters == {"bank_rows": BANK}


def test_it_is_served_in_order_and_ends(bank):
    parts = [bank.sample(start, start + 130, streams=Streams(3)).values for start in (0, 130, 260)]
    np.testing.assert_array_equal(np.concatenate(parts), bank.codes.values)
    with pytest.raises(ConfigError, match="release-rows"):
        bank.sample(BANK, BANK + 1, streams=Streams(3))


def test_rows_under_evidence_are_those_of_the_bank(bank):
    allowed = np.array([True, False, False, False, False])
    found = np.concatenate(
        [part.values for part in bank.sample_where(Evidence({"ward": allowed}), streams=Streams(3))]
    )
    np.testing.assert_array_equal(found, bank.codes.values[bank.codes.values[:, 2] == 0])
    nothing = Evidence({"ward": np.zeros(5, dtype=bool)})
    assert list(bank.sample_where(nothing, streams=Streams(3))) == []


def test_a_stored_bank_comes_back_and_a_changed_one_does_not(bank):
    again = restore(bank.name).restore(DOMAIN, bank.parameters, bank.arrays())
    np.testing.assert_array_equal(again.codes.values, bank.codes.values)
    rows = bank.codes.values
    for wrong in (rows[:-1], rows.astype(np.int64), rows + 1, rows - 1, rows[:, :-1]):
        with pytest.raises(VerificationError):
            restore(bank.name).restore(DOMAIN, bank.parameters, {"bank": wrong})
    with pytest.raises(VerificationError):
        restore(bank.name).restore(DOMAIN, {}, bank.arrays())


def test_the_global_state_of_numpy_is_put_back_and_the_seed_decides(bank):
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    again = generator("sdv-gaussian-copula", bank_rows=BANK).fit(training(), streams=Streams(1))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(again.codes.values, bank.codes.values)


def test_its_licence_is_among_its_limits(bank):
    assert isinstance(bank, Limited)
    assert any("Business Source License" in limit for limit in bank.limits)


def test_it_makes_no_claim():
    with pytest.raises(ConfigError, match="differential privacy"):
        private_generator("sdv-ctgan")


@pytest.mark.parametrize("rows", [0, 10**9])
def test_a_bank_of_an_impossible_size_is_refused(rows):
    with pytest.raises(ConfigError, match="bank_rows"):
        generator("sdv-ctgan", bank_rows=rows)


def test_too_few_rows_are_refused():
    few = Codes(training().values[:5], DOMAIN)
    with pytest.raises(InputError):
        generator("sdv-gaussian-copula").fit(few, streams=Streams(1))


def test_without_sdv_the_install_command_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sdv", None)
    with pytest.raises(ConfigError, match=r"synthrec\[sdv\]"):
        generator("sdv-ctgan").fit(training(), streams=Streams(1))


def test_both_banks_are_banks():
    assert issubclass(CtganBank, Bank)
    assert CtganBank.name != GaussianCopulaBank.name
