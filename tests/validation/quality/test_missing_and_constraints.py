from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from synthrec.schema.model import Column, Constraint, Null
from synthrec.validation.quality import constraints, missing
from synthrec.validation.quality.missing import pattern_similarity

MAYBE = Column(kind="integer", null=Null(allowed=True))
ADULT = Constraint(name="adult", expr="a >= 18")
ORDER = Constraint(name="order", expr="a <= b", severity="warning")


def test_patterns_by_hand():
    first, second = np.array([1, 1, 2, 3], np.uint64), np.array([1, 2, 2, 9], np.uint64)
    assert pattern_similarity(first, second) == pytest.approx(0.5)


def test_a_hand_sized_table(table_of, sides):
    def rows(a, b):
        return table_of({"a": (MAYBE, a), "b": (MAYBE, b)}, one_row_per_person=True)

    apart = rows([None, None, 1, 1], [1, 1, None, None])
    together = rows([None, None, 1, 1], [None, None, 1, 1])
    answer = missing.answer(sides(apart, together, together))
    found = {measure.name: (measure.value, measure.baseline) for measure in answer.measures}
    assert found == {"patterns": (0, 1), "mean rate": (1, 1), "worst rate": (1, 1)}


def test_constraints_by_hand_and_null_passes(table_of, sides):
    def rows(a, b):
        return table_of(
            {"a": (MAYBE, a), "b": (MAYBE, b)}, one_row_per_person=True, constraints=(ADULT, ORDER)
        )

    real = rows([20, 30, 40, 50], [20, 30, 40, 1])
    answer = constraints.answer(sides(rows([17, 20, None, 30], [18, 19, 1, None]), real, real))
    found = {measure.name: (measure.value, measure.baseline) for measure in answer.measures}
    assert found == {"all": (0.5, 0.75), "constraint adult": (0.75, 1), "constraint order": (0.75, 0.75)}
    limits = binomtest(3, 4).proportion_ci(0.98)
    measure = answer.measures[1]
    assert (measure.low, measure.high) == pytest.approx((limits.low, limits.high))


def test_without_constraints_it_says_so(drawn):
    assert "declares no constraint" in constraints.answer(drawn(1, 60, 60))
