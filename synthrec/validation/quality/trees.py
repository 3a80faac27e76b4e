"""The one learner of these measures: gradient-boosted trees of fixed size, on one thread, always the same.

Histogram gradient boosting of scikit-learn (after Ke and others 2017, LightGBM): 50 trees of at most 15
leaves know mixed kinds and missing values, and learn some thousand rows in a fraction of a second. They are
imported when they learn, since no sampling does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from synthrec.validation.stats import FloatArray

_SIZE: dict[str, Any] = {"max_iter": 50, "max_leaf_nodes": 15, "early_stopping": False, "random_state": 0}


def probabilities(values: FloatArray, classes: FloatArray, asked: FloatArray) -> FloatArray:
    """Learn classes and tell the probability of each, in ascending order.

    Args:
        values: Shape (n, columns), missing as NaN.
        classes: Shape (n,).
        asked: Shape (m, columns).

    Returns:
        Shape (m, different classes).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    if len(np.unique(classes)) == 1:
        return np.ones((len(asked), 1))
    with threadpool_limits(1):
        learned = HistGradientBoostingClassifier(**_SIZE).fit(_learnable(values), classes)
        return np.asarray(learned.predict_proba(asked), dtype=np.float64)


def numbers(values: FloatArray, targets: FloatArray, asked: FloatArray) -> FloatArray:
    """Learn a number by least squares and tell it; shapes (n, columns), (n,), (m, columns) to (m,)."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    with threadpool_limits(1):
        learned = HistGradientBoostingRegressor(**_SIZE).fit(_learnable(values), targets)
        return np.asarray(learned.predict(asked), dtype=np.float64)


def _learnable(values: FloatArray) -> FloatArray:
    """Columns without any value as zeros: they tell nothing, and trees cannot be grown beside them."""
    learnable: FloatArray = np.where(np.isnan(values).all(axis=0), 0.0, values)
    return learnable
