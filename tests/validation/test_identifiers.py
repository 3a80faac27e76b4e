from __future__ import annotations

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column, Domain
from synthrec.validation.attacks.identifiers import Identifiers
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

KEY, TEXT, INTEGER = Column(kind="id", role="key"), Column(kind="text"), Column(kind="integer")


def found(real, *chunks):
    check = Identifiers(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


def notes(table_of, texts):
    return table_of({"note": (TEXT, texts), "n": (INTEGER, list(range(len(texts))))}, one_row_per_person=True)


def test_a_hand_sized_count(table_of):
    # two of four training persons come out, one of two of the holdout; 0.2 is no person's own
    train = notes(table_of, ["mail a@x.org", "b@x.org", "call +49 30 1234567", None])
    holdout = notes(table_of, ["c@x.org or d@x.org", "nothing"])
    synthetic = notes(table_of, ["A@X.ORG", "see b@x.org!", "d@x.org"])
    result = found(RealData("t", train, holdout), synthetic)
    excess = result.measure("excess")
    assert excess.value == pytest.approx(2 / 4 - 1 / 2)
    assert excess.low < 0 < excess.high
    assert result.measure("without chance").value == 0  # the telephone number stayed in
    # addresses: 2 of 2 persons in train, 1 of 1 in the holdout
    assert result.p_value == 1.0


def test_a_number_that_chance_does_not_explain_is_counted(table_of):
    train = notes(table_of, ["192.0.2.7", "b@x.org", "", ""])
    holdout = notes(table_of, ["192.0.2.8", "c@x.org"])
    synthetic = notes(table_of, ["from 192.0.2.7", "c@x.org"])
    result = found(RealData("t", train, holdout), synthetic)
    assert result.measure("without chance").high == pytest.approx(1 / 4)
    assert result.measure("excess").value == pytest.approx(0 / 4 - 1 / 2)  # the addresses, of wider limits


def test_an_identifier_is_found_in_another_column(table_of):
    def rows(phone, note):
        return table_of({"phone": (TEXT, phone), "note": (TEXT, note)}, one_row_per_person=True)

    real = RealData("t", rows(["+49 30 1234567"], ["-"]), rows(["+49 30 7654321"], ["-"]))
    result = found(real, rows(["-"], ["ask at 0049 301234567"]))
    assert result.measure("without chance").value == 1.0


def keyed(table_of, persons):
    columns = {"k": (KEY, persons), "n": (INTEGER, [1] * len(persons))}
    return table_of(columns, person="k")


def test_copied_keys_are_seen_whatever_their_form(table_of):
    people = [f"P{i}" for i in range(60)]
    real = RealData("t", keyed(table_of, people[:40]), keyed(table_of, people[40:]))
    leaking = found(real, keyed(table_of, [*people[:20], "SYN-1"]))
    assert leaking.p_value < 0.001
    assert leaking.measure("excess").value == pytest.approx(0.5)
    safe = found(real, keyed(table_of, [f"Q{i}" for i in range(40)]))
    assert (safe.p_value, safe.measure("excess").high, safe.measure("without chance").high) == (1.0, 0.0, 0.0)


def test_persons_are_counted_not_rows(table_of):
    real = RealData("t", keyed(table_of, ["a", "a", "a", "b"]), keyed(table_of, ["c", "c", "d"]))
    result = found(real, keyed(table_of, ["a", "a", "c"]))
    assert result.measure("excess").value == pytest.approx(1 / 2 - 1 / 2)
    assert result.measure("excess").n == 4


def test_what_the_schemas_counter_makes_is_nobodys(table_of):
    counted = Column(kind="id", role="key", generate={"sequence": {"prefix": "P", "width": 3}})
    rows = [f"P{i:03d}" for i in range(1, 61)]

    def table(keys):
        return table_of({"k": (counted, keys)}, person="k")

    rng = np.random.default_rng(1)
    order = rng.permutation(60)
    real = RealData("t", table([rows[i] for i in order[:40]]), table([rows[i] for i in order[40:]]))
    minted = table(rows)
    assert found(real, minted.slice(0, 25), minted.slice(25)).measure("excess").high == 0.0
    copied = table([rows[i] for i in order[:40]])
    assert found(real, copied).p_value < 1e-6


def test_what_many_share_is_no_persons_own(table_of):
    train = notes(table_of, ["office@x.org"] * 8 + ["-"] * 2)
    holdout = notes(table_of, ["office@x.org"] * 3)
    result = found(RealData("t", train, holdout), train)
    assert result.measure("excess").value == 0.0


def test_the_answer_does_not_depend_on_chunks(table_of):
    rng = np.random.default_rng(2)
    texts = [f"p{i}@x.org" if rng.random() < 0.5 else f"call 0049 30 {i:07d}" for i in range(300)]
    table = notes(table_of, texts)
    real = RealData("t", table.slice(0, 150), table.slice(150))
    copies = table.take(rng.integers(0, 300, 90))
    pieces = [copies.slice(start, 7) for start in range(0, 90, 7)]
    assert found(real, copies) == found(real, *pieces)
    assert found(real, copies, Table.concat([copies])).p_value == found(real, copies).p_value


def test_published_values_and_numbers_are_no_identifiers(table_of):
    public = Column(kind="category", domain=Domain(values=("a@x.org", "b"), source="public"))
    table = table_of({"c": (public, ["a@x.org", "b"]), "n": (INTEGER, [1, 2])}, one_row_per_person=True)
    result = found(RealData("t", table.slice(0, 1), table.slice(1)), table)
    assert result.not_applicable is NothingAtRisk.IDENTIFIERS


def test_without_a_side_or_rows_nothing_is_claimed(table_of):
    table = notes(table_of, ["a@x.org", "b@x.org"])
    nobody = found(RealData("t", table, table.slice(0, 0)), table)
    empty = found(RealData("t", table.slice(0, 1), table.slice(1)), table.slice(0, 0))
    assert "holdout" in nobody.not_applicable
    assert "no synthetic rows" in empty.not_applicable
    assert not isinstance(nobody.not_applicable, NothingAtRisk)
