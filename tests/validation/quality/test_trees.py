from __future__ import annotations

import numpy as np

from synthrec.validation.quality.trees import numbers, probabilities


def test_a_column_without_any_value_does_not_keep_trees_from_learning():
    rng = np.random.default_rng(0)
    told = rng.random(400)
    values = np.column_stack([np.full(400, np.nan), told])
    likely = probabilities(values, (told > 0.5).astype(float), values)[:, 1]
    assert np.corrcoef(likely, told > 0.5)[0, 1] > 0.95
    assert np.corrcoef(numbers(values, told, values), told)[0, 1] > 0.95
