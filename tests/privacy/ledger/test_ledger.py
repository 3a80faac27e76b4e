"""What is reserved is charged, whatever happens next; what is entered stays, in order."""

import stat
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from synthrec.errors import BudgetExceededError, ConfigError, InternalError, VerificationError
from synthrec.privacy import entries as entries_module
from synthrec.privacy.budget import Budget
from synthrec.privacy.ledger import EMPTY, Ledger, Receipt
from synthrec.privacy.ledger_store import NETWORK, file_system
from synthrec.privacy.plan_document import parse_plan, plan_document

MODEL = "sha256:" + "0" * 64


def test_a_run_from_reserve_to_commit(ledger, reserve, reopened, plan):
    receipt = reserve(ledger)
    ledger.read(receipt)
    ledger.commit(receipt, MODEL)
    again = reopened()
    assert [entry.kind for entry in again.entries()] == ["reserve", "read", "commit"]
    assert again.spent("clinic") == Budget(Decimal(1), Decimal("1e-6"))
    assert again.head == ledger.head
    (charge,) = again.account("clinic").charges
    assert (charge.state, charge.model_digest) == ("committed", MODEL)
    assert parse_plan(charge.entry.details()["plan"]) == plan


def test_every_event_of_a_plan_comes_back(plan):
    assert parse_plan(plan_document(plan)) == plan
    with pytest.raises(VerificationError, match="newer synthrec"):
        parse_plan({"events": [{"mechanism": "laplace"}], "max_rows_per_person": 1})


def test_what_is_broken_off_stays_charged(ledger, reserve, reopened):
    reserve(ledger)
    ledger.read(reserve(ledger))
    assert reopened().spent("clinic") == Budget(Decimal(2), Decimal("2e-6"))


def test_a_reservation_is_given_back_only_unread(ledger, reserve, reopened):
    ledger.release(reserve(ledger), "the schema has learned bounds")
    assert ledger.spent("clinic") is None
    receipt = reserve(ledger)
    ledger.read(receipt)
    with pytest.raises(InternalError, match="release cannot follow"):
        reopened().release(receipt, "wishful")
    assert reopened().spent("clinic") == Budget(Decimal(1), Decimal("1e-6"))


def test_a_receipt_is_used_once(ledger, reserve):
    receipt = reserve(ledger)
    with pytest.raises(InternalError, match="was never read under"):
        ledger.commit(receipt, MODEL)
    ledger.read(receipt)
    with pytest.raises(InternalError, match="read cannot follow"):
        ledger.read(receipt)
    ledger.commit(receipt, MODEL)
    with pytest.raises(InternalError, match="has a commit"):
        ledger.commit(receipt, MODEL)
    released = reserve(ledger)
    ledger.release(released, "refused")
    for follow in (ledger.read, lambda one: ledger.commit(one, MODEL)):
        with pytest.raises(InternalError):
            follow(released)
    assert [entry.kind for entry in ledger.entries()].count("commit") == 1


def test_a_receipt_of_another_ledger_is_refused(ledger, reserve):
    receipt = reserve(ledger)
    forged = Receipt(receipt.sequence, "0" * 64, receipt.population, receipt.budget)
    with pytest.raises(VerificationError):
        ledger.read(forged)
    look = ledger.look("clinic", "audit", "visits")
    with pytest.raises(InternalError, match="no reservation"):
        ledger.read(Receipt(look.sequence, look.hash, receipt.population, receipt.budget))


@pytest.mark.parametrize("excess", ["1e-12", "1e-40"])
def test_the_ceiling_is_exact(ledger, reserve, excess):
    for epsilon in ("0.1", "0.2", "0.7"):
        reserve(ledger, epsilon)
    before = ledger.head
    with pytest.raises(BudgetExceededError) as caught:
        reserve(ledger, f"2.{'0' * (int(excess[3:]) - 1)}1")
    assert caught.value.exit_code == 4
    assert ledger.head == before
    reserve(ledger, "2")
    assert ledger.spent("clinic") == Budget(Decimal("3.0"), Decimal("4e-6"))


def test_a_refusal_says_what_is_spent_asked_and_left(ledger, reserve):
    reserve(ledger, "2.5")
    with pytest.raises(BudgetExceededError) as caught:
        reserve(ledger, "0.75")
    text = str(caught.value)
    for part in ("clinic", "asked for epsilon 0.75", "spent epsilon 2.5", "epsilon 0.5", "epsilon 3,"):
        assert part in text


def test_delta_has_its_ceiling_too(ledger, plan, ceiling):
    budget = Budget(Decimal("0.1"), Decimal("4e-6"))
    ledger.reserve("clinic", budget, plan, "a", ceiling)
    ledger.reserve("clinic", budget, plan, "a", ceiling)
    with pytest.raises(BudgetExceededError, match=r"delta 0\.000002 remain"):
        ledger.reserve("clinic", budget, plan, "a", ceiling)


def test_a_budget_beyond_exact_sums_is_refused(ledger, plan, ceiling):
    ledger.reserve("clinic", Budget(Decimal(1), Decimal("1e-900")), plan, "a", ceiling)
    with pytest.raises(ConfigError, match="too many digits"):
        ledger.reserve("clinic", Budget(Decimal(1), Decimal("1e-6")), plan, "a", ceiling)


def test_twenty_trials_are_twenty_charges(ledger, reserve):
    for _ in range(20):
        reserve(ledger, "0.1", delta="1e-7")
    assert len(ledger.account("clinic").charges) == 20
    assert ledger.spent("clinic") == Budget(Decimal(2), Decimal("2e-6"))


def test_looks_are_kept_as_what_they_are(ledger, reserve):
    ledger.look("clinic", "fit", "visits/copula")
    reserve(ledger)
    ledger.look("other", "audit", "visits")
    assert [entry.details()["look"] for entry in ledger.looks("clinic")] == ["fit"]
    assert ledger.spent("other") is None
    with pytest.raises(InternalError, match="a look is one of fit, infer"):
        ledger.look("clinic", "peek", "visits")


def test_order_is_by_sequence_when_the_clock_goes_back(ledger, reserve, reopened, monkeypatch):
    reserve(ledger, "0.1")
    assert ledger.warnings == ()
    monkeypatch.setattr(entries_module, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    reserve(ledger, "0.1")
    again = reopened()
    assert [entry.sequence for entry in again.entries()] == [1, 2]
    (warning,) = again.warnings
    assert "entry 2 is dated 2001-01-01T00:00:00Z" in warning
    assert "clock was set back" in warning


def test_two_open_ledgers_see_each_other(ledger, reserve, reopened):
    other = reopened()
    reserve(ledger, "2")
    with pytest.raises(BudgetExceededError):
        reserve(other, "2")
    reserve(other, "1")
    assert ledger.spent("clinic") == other.spent("clinic") == Budget(Decimal(3), Decimal("2e-6"))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "a\u202eb", "x" * 301])
def test_names_that_a_terminal_would_not_show_are_refused(ledger, reserve, name):
    with pytest.raises(ConfigError, match="printable"):
        reserve(ledger, population=name)
    with pytest.raises(ConfigError, match="printable"):
        ledger.look("clinic", "audit", name)
    assert ledger.head == EMPTY


def test_files_are_private(ledger, reserve, home, file, keys):
    reserve(ledger)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent, home / "ledger.head")
    }
    assert modes == {"ledger.sqlite": 0o600, "ledger": 0o700, "ledger.head": 0o600}
    assert keys.ledger.hex() not in repr(ledger.entries())
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Ledger.open(home, keys)


def test_a_link_is_no_ledger(home, keys, file, tmp_path):
    file.parent.mkdir()
    (tmp_path / "elsewhere").touch(mode=0o600)
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="not a regular file"):
        Ledger.open(home, keys)


def test_the_ledger_lies_where_the_environment_says(home, keys, tmp_path, monkeypatch, reserve):
    monkeypatch.setenv("SYNTHREC_LEDGER", str(tmp_path / "books"))
    with Ledger.open(home, keys) as own:
        assert own.path.parent == home / "ledger", "a home that a caller chose keeps its own ledger"
    monkeypatch.setenv("SYNTHREC_HOME", str(home))
    with Ledger.open(home, keys) as named:
        assert named.path.parent == tmp_path / "books"
        reserve(named)
    monkeypatch.setenv("SYNTHREC_LEDGER", str(tmp_path / "fresh"))
    with pytest.raises(VerificationError, match="the ledger is gone"):
        Ledger.open(home, keys)


def test_network_file_systems_are_refused(tmp_path, home, keys, monkeypatch):
    assert file_system(tmp_path) not in NETWORK
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:0 / /other rw shared:1 - ext4 /dev/sda rw\n"
        f"23 1 {device >> 8 & 0xFFF}:{device & 0xFF} / /here rw shared:1 master:2 - nfs4 host:/x rw\n"
    )
    assert file_system(tmp_path, mounts) == "nfs4"
    assert file_system(tmp_path, tmp_path / "none") is None
    monkeypatch.setattr("synthrec.privacy.ledger_store.file_system", lambda _: "nfs4")
    with pytest.raises(ConfigError, match=r"network file system \(nfs4\).*SYNTHREC_LEDGER"):
        Ledger.open(home, keys)
