from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score

from synthrec.schema.vector import Vector
from synthrec.validation.quality import utility
from synthrec.validation.quality.prediction import Predictions

QUASI = {"sex": {"role": "quasi_identifier"}, "age": {"role": "quasi_identifier"}}


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, p = (rng.random(90) < 0.3) * 1.0, rng.random(90).round(2)
    weights = rng.integers(0, 3, 90) * 1.0
    binary = Predictions(np.column_stack([1 - p, p]), truth, 2)
    assert binary.score(weights) == pytest.approx(roc_auc_score(truth, p, sample_weight=weights))
    assert binary.brier(weights) == pytest.approx(brier_score_loss(truth, p, sample_weight=weights))
    numbers = rng.normal(size=90)
    regression = Predictions((numbers + truth)[:, None], numbers, 0)
    assert regression.score(weights) == pytest.approx(
        r2_score(numbers, numbers + truth, sample_weight=weights)
    )


def test_many_classes_have_the_mean_of_one_versus_rest():
    rng = np.random.default_rng(1)
    truth, p = rng.integers(0, 3, 120) * 1.0, rng.dirichlet(np.ones(3), 120)
    expected = roc_auc_score(truth, p, multi_class="ovr", average="macro")
    assert Predictions(p, truth, 3).score(np.ones(120)) == pytest.approx(expected)


def test_fresh_rows_transfer_and_shuffled_ones_do_not(drawn, shuffled):
    found = [
        {m.name: m for m in utility.answer(drawn(2, change=change, target="sex", columns=QUASI)).measures}
        for change in (lambda vectors, _: vectors, shuffled)
    ]
    fresh, lost = found
    assert set(fresh) == {"transfer ratio", "TSTR", "TSTR Brier score", "worst group"}
    assert fresh["transfer ratio"].value == pytest.approx(1, abs=0.06)
    assert fresh["transfer ratio"].baseline == pytest.approx(1, abs=0.1)
    assert fresh["TSTR"].baseline > 0.7
    assert lost["TSTR"].value == pytest.approx(0.5, abs=0.08)
    assert lost["transfer ratio"].high < 0.9
    assert lost["TSTR Brier score"].value > lost["TSTR Brier score"].baseline + 0.02


def test_a_group_that_is_ruined_is_named(drawn):
    def ruined(vectors, rng):
        """Among the oldest quarter the target is drawn at random."""
        old = vectors["age"].values > np.quantile(vectors["age"].values, 0.75)
        sex = np.where(old, rng.integers(0, 2, len(old)), vectors["sex"].values).astype(np.int32)
        return vectors | {"sex": Vector.full(sex, vectors["sex"].levels)}

    rows = drawn(3, 1500, 1500, ruined, target="sex", columns={"age": {"role": "quasi_identifier"}})
    answer = utility.answer(rows)
    (listing,) = answer.exhibits
    assert listing.header[-1] == "Brier, real"
    names = [row[0] for row in listing.rows]
    assert set(names) == {"all", *(f"age, part {k} of 4 from below" for k in range(1, 5))}
    worst = next(m for m in answer.measures if m.name == "worst group")
    assert worst.value == min(row[4] for row in listing.rows if row[0] != "all")
    assert names[0] == "age, part 4 of 4 from below"


def test_a_number_is_predicted_by_least_squares(drawn):
    found = {m.name: m for m in utility.answer(drawn(4, target="age")).measures}
    assert set(found) == {"transfer ratio", "TSTR"}
    assert 0.5 < found["TSTR"].value < 1
    assert "R squared" in found["TSTR"].method


@pytest.mark.parametrize(
    ("spec", "words"),
    [({}, "declares no target"), ({"target": "gone"}, "not modelled"), ({"target": "region"}, None)],
)
def test_targets_that_cannot_be_predicted(drawn, spec, words):
    answer = utility.answer(drawn(5, 200, 200, **spec))
    assert words in answer if words else answer.measures[0].name == "transfer ratio"


def test_too_few_rows(drawn):
    assert "fewer than 50" in utility.answer(drawn(5, 30, 30, target="sex"))
