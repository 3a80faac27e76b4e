"""Deleted, cut, set back, or changed by a byte: the ledger refuses and names the first wrong entry."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from synthrec.data.keys import open_keys
from synthrec.errors import VerificationError
from synthrec.privacy.entries import COLUMNS, Head
from synthrec.privacy.ledger import Ledger

ENTRIES = 7


@pytest.fixture
def filled(ledger, reserve, keys, home):
    """Seven entries of every kind, closed: reserve 1, read, commit, reserve 4, release, reserve 6, look."""
    receipt = reserve(ledger, source="hmac-sha256:" + "a" * 64)
    ledger.read(receipt)
    ledger.commit(receipt, "sha256:" + "0" * 64)
    ledger.release(reserve(ledger), "refused")
    reserve(ledger)
    ledger.look("clinic", "audit", "visits")
    ledger.close()
    assert ledger.head.sequence == ENTRIES
    return ledger.head


@pytest.fixture
def tamper(file):
    """Change the file as one does who can write it: without triggers, which are put back afterwards."""

    def run(*statements) -> None:
        with closing(sqlite3.connect(file)) as connection:
            triggers = connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                changed = connection.execute(*statement).rowcount
                assert changed
            for _, sql in triggers:
                connection.execute(sql)
            connection.commit()

    return run


@pytest.fixture
def forget(home):
    """Remove the head beside the keys, so that only the chain, or a card, can tell."""
    return (home / "ledger.head").unlink


def flipped(value):
    """A value with one bit changed."""
    match value:
        case int():
            return value ^ 1
        case str():
            return value[:-1] + chr(ord(value[-1]) ^ 1)
        case _:
            return 0


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("sequence", [1, 4, ENTRIES])
def test_one_changed_value_names_the_entry(filled, home, keys, tamper, column, sequence):
    with Ledger.open(home, keys) as ledger:
        found = getattr(ledger.entries()[sequence - 1], column)
    target = sequence + 100 if column == "sequence" else flipped(found)
    tamper((f"UPDATE entries SET {column} = ? WHERE sequence = ?", (target, sequence)))  # noqa: S608
    with pytest.raises(VerificationError, match=f"ledger entry {sequence}:") as caught:
        Ledger.open(home, keys)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("column", ["label", "detail", "hash"])
def test_a_value_of_another_type_or_broken_text_names_the_entry(filled, home, keys, tamper, column):
    tamper((f"UPDATE entries SET {column} = x'ff00' WHERE sequence = 2", ()))  # noqa: S608
    with pytest.raises(VerificationError, match="ledger entry 2: it was changed"):
        Ledger.open(home, keys)
    tamper((f"UPDATE entries SET {column} = CAST(x'ff22' AS TEXT) WHERE sequence = 2", ()))  # noqa: S608
    with pytest.raises(VerificationError, match="ledger entry 2: it was changed"):
        Ledger.open(home, keys)


def test_a_detail_that_means_the_same_but_reads_otherwise_names_the_entry(filled, home, keys, tamper):
    tamper(("UPDATE entries SET detail = detail || ' ' WHERE sequence = 2", ()))
    with pytest.raises(VerificationError, match="ledger entry 2: it was changed"):
        Ledger.open(home, keys)


def test_every_byte_of_the_file_is_covered(filled, home, keys, file):
    """Any byte: the ledger still says the same, or refuses with a typed error. Never another sum."""
    whole = file.read_bytes()
    with Ledger.open(home, keys) as ledger:
        said = ledger.entries()
    refused = 0
    for place in range(0, len(whole), 61):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            with Ledger.open(home, keys) as ledger:
                assert ledger.entries() == said
        except (VerificationError, OSError):
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("sequence", range(1, ENTRIES))
def test_a_removed_entry_is_missed(filled, home, keys, tamper, forget, sequence):
    forget()
    tamper(("DELETE FROM entries WHERE sequence = ?", (sequence,)))
    with pytest.raises(VerificationError, match=f"ledger entry {sequence}: it is missing"):
        Ledger.open(home, keys)


def test_a_removed_entry_is_missed_though_the_rest_moves_up(filled, home, keys, tamper, forget):
    forget()
    tamper(
        ("DELETE FROM entries WHERE sequence = 3", ()),
        ("UPDATE entries SET sequence = sequence - 1 WHERE sequence > 3", ()),
    )
    with pytest.raises(VerificationError, match="ledger entry 3: it does not continue"):
        Ledger.open(home, keys)


def test_a_chain_forged_without_the_key_is_refused(filled, home, keys, forget, reserve, tmp_path):
    other_home = tmp_path / "other"
    with Ledger.open(other_home, open_keys(other_home, create=True)) as other:
        reserve(other, "0.001")
    forget()
    shutil.copy(other_home / "ledger" / "ledger.sqlite", home / "ledger" / "ledger.sqlite")
    with pytest.raises(VerificationError, match="ledger entry 1: it was written under another root key"):
        Ledger.open(home, keys)


def test_another_key_does_not_open_it(filled, home, keys, forget):
    with pytest.raises(VerificationError, match="another root key"):
        Ledger.open(home, replace(keys, ledger=b"x" * 32))
    forget()
    with pytest.raises(VerificationError, match="another root key"):
        Ledger.open(home, replace(keys, ledger=b"x" * 32))


@pytest.mark.parametrize("cut", [1, 3, ENTRIES])
def test_a_cut_is_seen_by_the_head_beside_the_keys(filled, home, keys, tamper, cut):
    tamper(("DELETE FROM entries WHERE sequence > ?", (ENTRIES - cut,)))
    with pytest.raises(VerificationError, match=r"does not contain entry 7 .*deleted, cut or set back"):
        Ledger.open(home, keys)


def test_a_cut_is_seen_by_a_head_from_a_card(filled, home, keys, tamper, forget):
    forget()
    tamper(("DELETE FROM entries WHERE sequence > 5", ()))
    with Ledger.open(home, keys) as ledger:
        ledger.verify()
        with pytest.raises(VerificationError, match="does not contain entry 7"):
            ledger.verify(filled)


def test_a_deleted_or_emptied_ledger_is_missed(filled, home, keys, file):
    file.write_bytes(b"")
    with pytest.raises(VerificationError):
        Ledger.open(home, keys)
    file.unlink()
    with pytest.raises(VerificationError, match="the ledger is gone"):
        Ledger.open(home, keys)
    assert not file.exists()
    shutil.rmtree(file.parent)
    with pytest.raises(VerificationError, match="the ledger is gone"):
        Ledger.open(home, keys)


def test_yesterdays_copy_is_refused_even_when_it_has_grown(home, keys, file, ledger, reserve, tmp_path):
    reserve(ledger, "0.5")
    shutil.copy(file, tmp_path / "yesterday")
    reserve(ledger, "0.5")
    today = ledger.head
    ledger.close()
    shutil.copy(tmp_path / "yesterday", file)
    with pytest.raises(VerificationError, match="set back"):
        Ledger.open(home, keys)
    (home / "ledger.head").unlink()
    with Ledger.open(home, keys) as again:
        for _ in range(3):
            again.look("clinic", "audit", "visits")
        assert again.head.sequence > today.sequence
        with pytest.raises(VerificationError, match="does not contain entry 2"):
            again.verify(today)


def test_a_head_that_was_is_contained(filled, home, keys):
    with Ledger.open(home, keys) as ledger:
        for entry in ledger.entries():
            ledger.verify(entry.head)
        with pytest.raises(VerificationError):
            ledger.verify(Head(2, "0" * 64))
        with pytest.raises(VerificationError):
            ledger.verify(Head(-1, filled.hash))


def test_the_head_beside_the_keys_is_sealed(filled, home, keys):
    path = home / "ledger.head"
    document = json.loads(path.read_text())
    for wrong in (document | {"sequence": 1}, document | {"hash": "0" * 64}, {}, []):
        path.write_text(json.dumps(wrong))
        with pytest.raises(VerificationError, match=r"ledger\.head"):
            Ledger.open(home, keys)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET epsilon = '0' WHERE sequence = 1",
        "DELETE FROM entries WHERE sequence = 7",
        "INSERT OR REPLACE INTO entries (sequence, epsilon) VALUES (1, '0')",
        "INSERT INTO entries (sequence) VALUES (9)",
        "INSERT INTO entries (kind) VALUES ('look')",
    ],
)
def test_the_file_itself_is_append_only(filled, file, statement):
    with (
        closing(sqlite3.connect(file)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement", ["DROP TRIGGER no_change", "CREATE TABLE more (a)", "PRAGMA user_version = 0"]
)
def test_other_tables_or_triggers_are_refused(filled, home, keys, file, statement):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()
    with pytest.raises(VerificationError, match="not those of a ledger"):
        Ledger.open(home, keys)


def test_a_newer_format_is_refused(filled, home, keys, file):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(VerificationError, match="upgrade synthrec"):
        Ledger.open(home, keys)


def test_what_is_no_database_is_refused(home, keys, file):
    file.parent.mkdir()
    file.write_bytes(b"not a database" * 100)
    file.chmod(0o600)
    with pytest.raises(VerificationError, match="no ledger"):
        Ledger.open(home, keys)


def test_a_session_notices_what_others_changed_when_it_verifies(ledger, reserve, tamper):
    reserve(ledger)
    tamper(("UPDATE entries SET epsilon = '0.1'",))
    with pytest.raises(VerificationError, match="ledger entry 1"):
        ledger.verify()
