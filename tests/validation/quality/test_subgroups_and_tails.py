from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column
from synthrec.schema.vector import Vector
from synthrec.validation.quality import subgroups, tails
from synthrec.validation.quality.groups import declared_groups
from synthrec.validation.quality.tails import shared

CATEGORY, NUMBER = Column(kind="category"), Column(kind="integer")
QUASI = {"sex": {"role": "quasi_identifier"}, "age": {"role": "sensitive"}}


def test_groups_are_labels_and_quarters_of_declared_columns(drawn):
    rows = drawn(1, 400, 400, target="region", columns=QUASI)
    names = [group.name for group in declared_groups(rows)]
    assert [name for name in names if "sex" in name] == ["sex = F", "sex = M"] or len(names) >= 6
    quarters = [group for group in declared_groups(rows) if group.column == "age"]
    assert sum(len(group.rows(rows.holdout)) for group in quarters) == 400
    assert not [name for name in names if "region" in name]


def test_fifty_persons_and_not_fifty_rows(table_of, sides):
    def rows(persons):
        names = [f"p{k % persons}" for k in range(120)]
        columns = {
            "p": (Column(kind="id", role="key"), names),
            "g": (Column(kind="category", role="quasi_identifier"), ["x"] * 120),
        }
        return table_of(columns, person="p")

    assert len(declared_groups(sides(rows(60), rows(60), rows(60)))) == 1
    assert len(declared_groups(sides(rows(60), rows(60), rows(40)))) == 0
    assert "no declared" in subgroups.answer(sides(rows(60), rows(60), rows(40)))


def test_a_ruined_group_is_named(drawn):
    def ruined(vectors, rng):
        women = vectors["sex"].values == 0
        job = np.where(women, 0, vectors["job"].values).astype(np.int32)
        return vectors | {"job": Vector.full(job, vectors["job"].levels)}

    answer = subgroups.answer(drawn(2, 800, 800, ruined, columns={"sex": {"role": "quasi_identifier"}}))
    found = {measure.name: measure for measure in answer.measures}
    assert found["worst"].value < found["worst"].baseline - 0.08
    (listing,) = answer.exhibits
    assert listing.rows[0][0] == "sex = F"
    assert listing.rows[-1][0] == "sex = M"


def test_fresh_groups_reach_the_floor(drawn):
    found = {m.name: m for m in subgroups.answer(drawn(3, 800, 800, columns=QUASI)).measures}
    assert found["mean"].value == pytest.approx(found["mean"].baseline, abs=0.03)
    assert found["share"].value > 0.93


def test_shared_mass_by_hand():
    assert shared(np.array([0.01, 0.05]), np.array([0.02, 0.02])) == pytest.approx(0.75)
    assert shared(np.array([0.1]), np.array([0.0])) == 1


def test_rare_labels_that_are_gone_and_tails_that_are_cut(table_of, sides):
    def rows(rare, top):
        labels = ["x"] * (500 - rare) + ["rare"] * rare
        numbers = [min(k, top) for k in range(500)]
        return table_of({"a": (CATEGORY, labels), "b": (NUMBER, numbers)}, one_row_per_person=True)

    answer = tails.answer(sides(rows(0, 480), rows(20, 500), rows(10, 500)))
    found = {measure.name: (measure.value, measure.baseline) for measure in answer.measures}
    assert found == {"rare levels": (0.0, 1.0), "tails": (pytest.approx(0.5), 1.0)}
    (listing,) = answer.exhibits
    assert {row[0] for row in listing.rows[:2]} == {"a = rare", "b, highest 1 %"}


def test_a_label_of_few_persons_is_not_named(table_of, sides):
    def rows(rare):
        return table_of({"a": (CATEGORY, ["x"] * 200 + ["secret"] * rare)}, one_row_per_person=True)

    answer = tails.answer(sides(rows(0), rows(5), rows(5)))
    assert "secret" not in str(answer)
    assert answer.measures[0].value == 1
    assert "secret" in str(tails.answer(sides(rows(0), rows(6), rows(5))))
