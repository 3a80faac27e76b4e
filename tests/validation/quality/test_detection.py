from __future__ import annotations

import numpy as np
import pytest

from synthrec.schema.model import Column
from synthrec.schema.vector import Vector
from synthrec.validation.quality import detection
from synthrec.validation.quality.ground import Rows


def test_fresh_rows_are_not_told_apart(drawn):
    """With 600 of each kind the area has a standard error of 0.017; 4 of them are tolerated."""
    auc, undetected = detection.answer(drawn(1)).measures
    assert abs(auc.value - 0.5) < 0.067
    assert 0.45 <= auc.baseline <= 0.55
    assert auc.low < 0.5 + 0.03
    assert undetected.value == pytest.approx(min(1, 2 - 2 * auc.value))


def test_shuffled_rows_are(drawn, shuffled):
    answer = detection.answer(drawn(1, change=shuffled))
    assert answer.measures[0].low > 0.75
    assert answer.measures[1].value < 0.5
    (curves,) = answer.exhibits
    assert len(curves.series) == 2


def test_a_floor_that_is_off_makes_it_unusable(drawn, monkeypatch):
    monkeypatch.setattr(detection, "USABLE", (0.9, 1.0))
    words = detection.answer(drawn(1))
    assert isinstance(words, str)
    assert "unusable" in words
    assert not any(character.isdigit() for character in words.replace("[.45, .55]", ""))


def test_too_few_rows(drawn):
    assert "too few" in detection.answer(drawn(1, 40, 10))


def test_rows_of_a_person_are_not_known_again(table_of, sides):
    """Persons with ten rows that bear their mark: folds by row would tell the halves apart."""
    number = Column(kind="float")

    def rows(seed, persons=60, each=10):
        rng = np.random.default_rng(seed)
        mark = np.repeat(rng.normal(size=persons), each)
        names = [f"{seed}-{person}" for person in np.repeat(np.arange(persons), each)]
        columns = {"p": (Column(kind="id", role="key"), names), "mark": (number, mark.tolist())}
        return table_of(columns, person="p")

    three = sides(rows(1), rows(2), rows(3))
    told = detection.tell(*detection.halves(detection.pooled(three), 600, 0))
    assert abs(told.auc - 0.5) < 0.15
    loose = [Rows(each.table, np.arange(len(each))) for each in (three.train, three.holdout)]
    assert detection.tell(*loose).auc > 0.9


def test_halves_share_no_person(drawn):
    rows = drawn(2, 200, 100)
    first, second = detection.halves(detection.pooled(rows), 1000, 1)
    ages = [side.vectors["score"].values.sum() for side in (first, second)]
    assert len(first) + len(second) == 300
    assert ages[0] != ages[1]
    assert isinstance(first.vectors["age"], Vector)
