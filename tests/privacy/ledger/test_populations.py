"""One population, one budget: under any name it goes by, and for every extract of it."""

from decimal import Decimal

import numpy as np
import pytest

from synthrec.data.fingerprint import fingerprint
from synthrec.data.sources import read_table
from synthrec.errors import BudgetExceededError
from synthrec.privacy.budget import Budget
from synthrec.privacy.populations import population_id
from synthrec.schema.model import TableSpec

CLINIC = "hmac-sha256:" + "a" * 64
WARD = "hmac-sha256:" + "b" * 64


def test_overlapping_extracts_share_the_budget_of_their_population(ledger, reserve):
    reserve(ledger, "2", source=CLINIC)
    reserve(ledger, "1", source=WARD)
    with pytest.raises(BudgetExceededError):
        reserve(ledger, "0.1", source="hmac-sha256:" + "c" * 64)


def test_populations_do_not_share_where_nothing_links_them(ledger, reserve):
    reserve(ledger, "3", source=CLINIC)
    reserve(ledger, "3", population="school", source=WARD)
    assert [one.populations for one in ledger.accounts()] == [("clinic",), ("school",)]


def test_a_new_name_for_the_same_records_buys_no_new_budget(ledger, reserve):
    reserve(ledger, "2", source=CLINIC)
    with pytest.raises(BudgetExceededError):
        reserve(ledger, "2", population="clinic_2", source=CLINIC)
    reserve(ledger, "1", population="clinic_2", source=CLINIC)
    assert ledger.spent("clinic") == ledger.spent("clinic_2") == Budget(Decimal(3), Decimal("2e-6"))


def test_records_known_only_after_the_reservation_are_linked_before_they_are_read(ledger, reserve, ceiling):
    ledger.read(reserve(ledger, "2"), source=CLINIC, ceiling=ceiling)
    receipt = reserve(ledger, "2", population="clinic_2")
    with pytest.raises(BudgetExceededError, match="asked for epsilon 2,"):
        ledger.read(receipt, source=CLINIC, ceiling=ceiling)
    ledger.release(receipt, "the same records as clinic")
    fitting = reserve(ledger, "1", population="clinic_2")
    ledger.read(fitting, source=CLINIC, ceiling=ceiling)
    assert ledger.spent("clinic") == Budget(Decimal(3), Decimal("2e-6"))


def test_a_name_given_later_takes_over_what_was_spent_without_one(ledger, reserve):
    reserve(ledger, "2", population=population_id(None, CLINIC), source=CLINIC)
    with pytest.raises(BudgetExceededError):
        reserve(ledger, "2", population=population_id("clinic", CLINIC), source=CLINIC)


def test_links_reach_through_chains_and_looks(ledger, reserve):
    reserve(ledger, "1", population="a", source=CLINIC)
    reserve(ledger, "1", population="b", source=WARD)
    ledger.look("a", "audit", "visits", source=WARD)
    (account,) = ledger.accounts()
    assert account.populations == ("a", "b")
    assert account.spent == Budget(Decimal(2), Decimal("2e-6"))
    assert ledger.looks("b") == account.looks != ()


def test_the_remainder_is_never_negative(ledger, reserve):
    reserve(ledger, "3")
    tight = Budget(Decimal(1), Decimal("1e-5"))
    assert ledger.account("clinic").remaining(tight) == (0, Decimal("9e-6"))
    with pytest.raises(BudgetExceededError):
        reserve(ledger, "0.000001")


def test_the_same_records_in_another_order_and_dialect_have_the_same_fingerprint(tmp_path, keys):
    spec = TableSpec.model_validate(
        {"one_row_per_person": True, "columns": {"age": {"kind": "integer"}, "ward": {"kind": "string"}}}
    )
    rows = [(int(age), "xy"[age % 2]) for age in np.random.default_rng(1).integers(0, 100, 40)]
    (tmp_path / "a.csv").write_text("age,ward\n" + "".join(f"{a},{w}\n" for a, w in rows))
    (tmp_path / "b.csv").write_text("ward;age\r\n" + "".join(f'"{w}";{a}\r\n' for a, w in reversed(rows)))
    prints = {
        fingerprint(read_table(tmp_path / name, "t", spec).table, keys.fingerprint)
        for name in ("a.csv", "b.csv")
    }
    assert len(prints) == 1
