from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from synthrec.schema.model import Column, Domain, TableSpec
from synthrec.validation.attacks.quasi import Knowledge, knowledge
from synthrec.validation.attacks.replicated import Replicated
from synthrec.validation.real import RealData
from synthrec.validation.result import NothingAtRisk

QUASI = Column(kind="integer", role="quasi_identifier")
SECRET = Column(kind="category", role="sensitive")
KEY = Column(kind="id", role="key")


def found(real, *chunks):
    check = Replicated(real)
    for chunk in chunks:
        check.add({"t": chunk})
    return check.result()


def people(table_of, age, zipcode, ill, **spec):
    columns = {"age": (QUASI, age), "zip": (QUASI, zipcode), "ill": (SECRET, ill)}
    return table_of(columns, **({"one_row_per_person": True} | spec))


def test_a_hand_sized_count(table_of):
    train = people(table_of, [1, 2, 3, 3], [7, 7, 7, 7], ["x", "y", "x", "x"])
    holdout = people(table_of, [4, 5], [7, 7], ["x", "y"])
    # 1: repeated once, told truly; 2: twice, truly; 3: nobody is alone, told falsely; 4: once, falsely;
    # 5: twice, and the rows disagree
    synthetic = people(table_of, [1, 2, 2, 3, 4, 5, 5], [7] * 7, ["x", "y", "y", "y", "y", "x", "y"])
    result = found(RealData("t", train, holdout), synthetic)
    replicated, disclosed = result.measure("repU excess"), result.measure("DiSCO excess")
    assert replicated.value == pytest.approx(1 / 4 - 1 / 2)
    assert disclosed.value == pytest.approx(2 / 4 - 0 / 2)
    assert disclosed.low < disclosed.value < disclosed.high
    assert (disclosed.n, disclosed.baseline) == (6, 0.0)
    # P(Binomial(2, 2/3) >= 2) = 4/9, twice for the two questions
    assert result.p_value == pytest.approx(8 / 9)


def test_persons_are_counted_not_rows(table_of):
    def rows(persons, age, ill):
        columns = {"k": (KEY, persons), "age": (QUASI, age), "ill": (SECRET, ill)}
        return table_of(columns, person="k")

    train = rows(["a", "a", "a", "b"], [1, 2, 2, 3], ["x", "y", "y", "z"])
    holdout = rows(["c", "d"], [4, 5], ["x", "y"])
    result = found(RealData("t", train, holdout), rows(["1", "2", "3"], [1, 2, 9], ["x", "y", "x"]))
    # a's key 2 is in two rows of one person: she is alone with it
    assert result.measure("repU excess").value == pytest.approx(1 / 2)
    assert result.measure("DiSCO excess").value == pytest.approx(1 / 2)


def reference(real, synthetic, known, target):
    """repU and DiSCO hits of the persons of one side-by-side table, by counting in plain Python."""
    both = [*map(tuple, real)]
    owners = Counter(tuple(row[column] for column in known) for row in both)
    rows = Counter(tuple(row[column] for column in known) for row in synthetic)
    told = {}
    for row in synthetic:
        told.setdefault(tuple(row[column] for column in known), set()).add(row[target])
    keys = [tuple(row[column] for column in known) for row in both]
    replicated = [owners[key] == 1 and rows[key] == 1 for key in keys]
    disclosed = [told.get(key) == {row[target]} for key, row in zip(keys, both, strict=True)]
    return replicated, disclosed


def test_the_counts_of_a_plain_reference(table_of):
    rng = np.random.default_rng(8)
    ages, zips, ills = rng.integers(0, 12, 500), rng.integers(0, 9, 500), rng.choice(list("xyz"), 500)
    table = people(table_of, ages.tolist(), zips.tolist(), ills.tolist())
    real = RealData("t", table.slice(0, 200), table.slice(200, 100))
    result = found(real, table.slice(300, 90), table.slice(390))
    rows = list(zip(ages, zips, ills, strict=True))
    replicated, disclosed = reference(rows[:300], rows[300:], (0, 1), 2)
    for name, hits in (("repU excess", replicated), ("DiSCO excess", disclosed)):
        assert result.measure(name).value == pytest.approx(sum(hits[:200]) / 200 - sum(hits[200:]) / 100)


@pytest.mark.parametrize("weight", [True, False])
def test_fresh_rows_are_safe_and_a_tenth_of_copies_is_not(release, leaky, weight):
    drawn = release(3, 4_000, 2_000, share=0.5, weight=weight)
    safe = found(drawn.real, drawn.fresh)
    assert safe.p_value > 0.005
    assert safe.measure("repU excess").high < 0.05
    assert safe.measure("DiSCO excess").high < 0.09
    assert found(drawn.real, leaky(drawn, 0.1)).p_value < 1e-4


def test_the_answer_does_not_depend_on_chunks(release, leaky):
    drawn = release(5, 900, 700)
    synthetic = leaky(drawn, 0.05)
    pieces = [synthetic.slice(start, 37) for start in range(0, len(synthetic), 37)]
    assert found(drawn.real, synthetic) == found(drawn.real, *pieces)


def test_without_a_side_or_rows_nothing_is_claimed(table_of):
    table = people(table_of, [1, 2], [7, 7], ["x", "y"])
    assert "holdout" in found(RealData("t", table, table.slice(0, 0)), table).not_applicable
    assert (
        "synthetic"
        in found(RealData("t", table.slice(0, 1), table.slice(1)), table.slice(0, 0)).not_applicable
    )
    keys = table_of({"k": (KEY, ["a", "b"])}, person="k")
    assert found(RealData("t", keys.slice(0, 1), keys.slice(1)), keys).not_applicable is NothingAtRisk.UNIQUE


def spec_of(roles, **more):
    columns = {
        name: Column(kind="category", role=role, domain=Domain(source="learned")) for name, role in roles
    }
    return TableSpec(columns=columns, one_row_per_person=True, **more)


def test_declared_quasi_identifiers_are_known_and_secrets_are_told():
    spec = spec_of(
        [("a", "quasi_identifier"), ("b", "sensitive"), ("c", "attribute"), ("d", "attribute")], target="c"
    )
    assert knowledge(spec) == (Knowledge((0,), (1, 2)),)
    three = spec_of([("a", "quasi_identifier"), ("b", "quasi_identifier"), ("c", "quasi_identifier")])
    assert [each.known for each in knowledge(three)] == [(0, 1, 2), (1, 2), (0, 2), (0, 1)]
    assert [each.targets for each in knowledge(three)] == [(), (0,), (1,), (2,)]


def test_random_columns_are_known_where_none_is_declared():
    wide = spec_of([(f"c{i}", "attribute") for i in range(20)])
    assert knowledge(wide) == knowledge(wide)
    assert len({each.known for each in knowledge(wide)}) == 5
    assert {len(each.known) for each in knowledge(wide)} == {3, 4, 5}
    assert all(len(each.targets) == 5 and not set(each.known) & set(each.targets) for each in knowledge(wide))
    assert knowledge(spec_of([("a", "attribute")])) == (Knowledge((0,), ()),)
    assert all(
        len(each.known) == len(each.targets) == 1
        for each in knowledge(spec_of([("a", "attribute"), ("b", "attribute")]))
    )
