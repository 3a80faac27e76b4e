"""What a check says holds names of columns and figures, but no value of a real record."""

from __future__ import annotations

import pytest

from synthrec.schema.model import Column, Domain
from synthrec.validation.attacks.extremes import Extremes
from synthrec.validation.attacks.identifiers import Identifiers
from synthrec.validation.attacks.rare import RareCategories
from synthrec.validation.attacks.replicated import Replicated
from synthrec.validation.real import RealData

LEARNED = Domain(source="learned")
COLUMNS = {
    "k": (Column(kind="id", role="key"), [f"canary-key-{i}" for i in range(60)]),
    "note": (Column(kind="text"), [f"mail canary{i}@example.org" for i in range(60)]),
    "code": (Column(kind="code", domain=LEARNED), [f"canary-code-{i // 2}" for i in range(60)]),
    "ill": (Column(kind="category", role="sensitive", domain=LEARNED), ["canary-ill", "well"] * 30),
    "pay": (Column(kind="integer", domain=LEARNED), [91_827_364 + 977 * i for i in range(60)]),
}


@pytest.mark.parametrize("check", [Identifiers, Replicated, RareCategories, Extremes])
def test_all_copied_and_nothing_told(table_of, check):
    table = table_of(COLUMNS, person="k")
    asked = check(RealData("t", table.slice(0, 40), table.slice(40)))
    asked.add({"t": table.slice(0, 40)})
    result = asked.result()
    assert result.p_value < 0.01
    told = repr(result)
    assert "canary" not in told
    assert not any(str(value) in told for value in COLUMNS["pay"][1])
