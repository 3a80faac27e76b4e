"""Killed at any instant, out of disk at any write, raced by other processes: never charged too little."""

import json
import sqlite3
from decimal import Decimal

import pytest

from synthrec.errors import SynthrecError
from synthrec.privacy.ledger import Ledger

PREPARE = """
import errno, json, os, random, resource, shutil, signal, sys, time
from decimal import Decimal
from pathlib import Path
from synthrec.data.keys import open_keys
from synthrec.errors import BudgetExceededError
from synthrec.privacy.budget import Budget
from synthrec.privacy.events import CountsEvent, Plan
from synthrec.privacy.ledger import Ledger
home = Path(sys.argv[1])
keys = open_keys(home, create=False)
plan = Plan((CountsEvent("pairs", 3.0, 12),), 1)
one = Budget(Decimal("0.001"), Decimal("1e-9"))
ceiling = Budget(Decimal(sys.argv[2]), Decimal("0.1"))
def reserve(ledger):
    return ledger.reserve("clinic", one, plan, "visits", ceiling)
"""

KILLED = (
    PREPARE
    + """
def runs(told, ready):
    '''Run after run; every receipt is told before its private read would begin.'''
    with Ledger.open(home, keys) as ledger:
        os.write(ready, b"o")
        while True:
            receipt = reserve(ledger)
            os.write(told, b"x")
            ledger.read(receipt)
            ledger.commit(receipt, "sha256:" + "0" * 64)

def start(told):
    opened, ready = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            runs(told, ready)
        finally:
            os._exit(1)
    os.close(ready)
    return child, opened

reading, told = os.pipe()
kills = 0
for batch in range(100):
    started = [start(told) for _ in range(2)]
    for child, opened in started:
        if batch % 5:
            os.read(opened, 1)
        time.sleep(random.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.close(opened)
    children = [child for child, _ in started]
    kills += sum(os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children)
    if batch % 10 == 9:
        with Ledger.open(home, keys) as ledger:
            ledger.verify()
os.close(told)
spent = len(os.read(reading, 1 << 20))
with Ledger.open(home, keys) as ledger:
    charges = ledger.account("clinic").charges
    print(json.dumps({"kills": kills, "spent": spent, "charged": len(charges),
                      "states": sorted({charge.state for charge in charges})}))
"""
)


def test_killed_two_hundred_times_it_never_charged_too_little(program):
    found = json.loads(program(KILLED, "1000"))
    assert found["kills"] == 200
    assert found["spent"] <= found["charged"] <= found["spent"] + 200
    assert found["spent"] > 10, "the children must have come far enough to be killed at work"
    assert len(found["states"]) > 1, "and not always at the same place"


RACED = (
    PREPARE
    + """
def race(told):
    with Ledger.open(home, keys) as ledger:
        try:
            receipt = reserve(ledger)
        except BudgetExceededError:
            return b"-"
        ledger.read(receipt)
        time.sleep(random.uniform(0, 0.01))
        ledger.commit(receipt, "sha256:" + "0" * 64)
        return b"+"

reading, told = os.pipe()
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        try:
            os.write(told, race(told))
        finally:
            os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
os.close(told)
print(os.read(reading, 100).decode())
"""
)


def test_of_eight_processes_on_a_budget_for_three_exactly_three_succeed(program, home, keys):
    assert sorted(program(RACED, "0.003").strip()) == ["+"] * 3 + ["-"] * 5
    with Ledger.open(home, keys) as ledger:
        assert [charge.state for charge in ledger.account("clinic").charges] == ["committed"] * 3
        assert ledger.spent("clinic").epsilon == Decimal("0.003")


FULL = (
    PREPARE
    + """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
whole = home.with_name("whole")
with Ledger.open(home, keys) as ledger:
    for _ in range(10):
        reserve(ledger)
shutil.copytree(home, whole)
size = (home / "ledger" / "ledger.sqlite").stat().st_size
outcomes = []
for limit in [*range(0, 1024, 256), *range(1024, size + 12288, 2048)]:
    shutil.rmtree(home)
    shutil.copytree(whole, home)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    told = False
    try:
        with Ledger.open(home, keys) as ledger:
            for _ in range(20):
                reserve(ledger)
            told = True
    except OSError as error:
        assert error.filename and error.strerror, repr(error)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    with Ledger.open(home, keys) as ledger:
        ledger.verify()
        outcomes.append((told, len(ledger.account("clinic").charges)))
print(json.dumps(outcomes))
"""
)


def test_a_disk_that_is_full_at_any_size_stops_the_run_and_leaves_no_half_entry(program):
    outcomes = json.loads(program(FULL, "1"))
    assert all(10 <= charged <= 30 for _, charged in outcomes)
    assert all(charged == 30 for told, charged in outcomes if told)
    assert outcomes[0] == [False, 10]
    assert outcomes[-1] == [True, 30]
    assert len({charged for _, charged in outcomes}) > 2, "some writes must fail between two entries"


class FailingConnection:
    """A connection whose N-th statement fails, once the ledger is open."""

    def __init__(self, connection: sqlite3.Connection, nth: int) -> None:
        self._connection, self._left = connection, nth

    def execute(self, *statement):
        self._left -= 1
        if self._left == 0:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return self._connection.execute(*statement)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.mark.parametrize("nth", range(1, 13))
def test_a_statement_that_fails_stops_the_run_before_it_reads(home, keys, reserve, nth):
    private_reads = 0

    def runs(ledger) -> None:
        nonlocal private_reads
        for _ in range(3):
            receipt = reserve(ledger, "0.1")
            private_reads += 1
            ledger.read(receipt)

    with Ledger.open(home, keys) as ledger:
        ledger._store._connection = FailingConnection(ledger._store._connection, nth)
        with pytest.raises(OSError, match="cannot be read or written"):
            runs(ledger)
    with Ledger.open(home, keys) as again:
        again.verify()
        charges = again.account("clinic").charges
        assert len(charges) >= private_reads
        assert len(charges) == private_reads or charges[-1].state == "reserved"


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_session_goes_on_after_a_failed_begin_select_insert_or_commit(ledger, reserve, nth):
    reserve(ledger, "0.1")
    sound = ledger._store._connection
    ledger._store._connection = FailingConnection(sound, nth)
    with pytest.raises(OSError, match="cannot be read or written"):
        reserve(ledger, "0.1")
    ledger._store._connection = sound
    reserve(ledger, "0.1")
    assert [entry.sequence for entry in ledger.entries()] == [1, 2]
    ledger.verify()


def test_a_head_beside_the_keys_that_cannot_be_written_gives_no_receipt(
    ledger, reserve, monkeypatch, reopened
):
    def fail(*_):
        raise OSError(28, "No space left on device", "ledger.head")

    monkeypatch.setattr("synthrec.privacy.ledger.write_anchor", fail)
    with pytest.raises(OSError, match="No space"):
        reserve(ledger)
    assert len(reopened().account("clinic").charges) == 1, "charged, and nothing was read"


SHOWN = (
    PREPARE
    + """
child = os.fork()
if child == 0:
    with Ledger.open(home, keys) as ledger:
        for _ in range(60):
            reserve(ledger)
    os._exit(0)
seen = [0]
while os.waitpid(child, os.WNOHANG) == (0, 0):
    with Ledger.open(home, keys) as ledger:
        ledger.verify()
        seen.append(len(ledger.account("clinic").charges))
with Ledger.open(home, keys) as ledger:
    seen.append(len(ledger.account("clinic").charges))
print(json.dumps(seen))
"""
)


def test_it_can_be_read_while_another_process_writes(program):
    seen = json.loads(program(SHOWN, "1"))
    assert seen == sorted(seen)
    assert seen[-1] == 60


def test_a_reader_in_between_is_told_who_holds_it(ledger, reserve, home, keys, monkeypatch, file):
    reserve(ledger, "0.1")
    ledger._store._connection.execute("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TimeoutError, match="another process held it"):
            reserve(ledger, "0.1")
    finally:
        holder.close()
    assert not isinstance(TimeoutError(), SynthrecError)
    reserve(ledger, "0.1")


CREATED = (
    PREPARE
    + """
failed = 0
for place in range(30):
    fresh = home.with_name(f"fresh{place}")
    keys = open_keys(fresh, create=True)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                with Ledger.open(fresh, keys) as ledger:
                    ledger.look("clinic", "audit", "visits")
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    if place % 3 == 0:
        killed = children.pop(0)
        os.kill(killed, signal.SIGKILL)
        os.waitpid(killed, 0)
    failed += sum(os.waitpid(child, 0)[1] != 0 for child in children)
    with Ledger.open(fresh, keys) as ledger:
        ledger.verify()
print(failed)
"""
)


def test_the_first_ledger_is_made_once_by_whoever_comes_first(program):
    assert program(CREATED, "1").strip() == "0"
