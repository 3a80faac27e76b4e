"""Outcomes by linear predictors, and correlated columns, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synthrec.errors import SchemaError

N = 20_000
SEX = {
    "kind": "category",
    "domain": {"values": ["F", "M"], "source": "public"},
    "generate": {"category": {"weights": {"F": 1, "M": 1}}},
}
DAYS = {"kind": "integer", "generate": {"dist": {"name": "integers", "low": 0, "high": 1}}}


def outcome(terms, intercept=0, **more):
    """A flag by a linear predictor."""
    return {"kind": "boolean", "generate": {"logit": {"intercept": intercept, "terms": terms}}, **more}


def within(count, n, p):
    """Within five standard deviations of a binomial count."""
    return abs(count - n * p) <= 5 * (n * p * (1 - p)) ** 0.5


def test_logit_adds_terms_conditions_and_effects_of_labels(make):
    terms = {"days": 1.5, "days == 0": "0.25 + 0.25", "sex": {"M": -1}}
    table = make(
        {
            "sex": SEX,
            "days": DAYS,
            "x": {"kind": "boolean", "generate": {"logit": {"intercept": -1, "terms": terms}}},
        },
        N,
    )["t"].to_pandas()
    for sex, days in [("F", 0), ("F", 1), ("M", 0), ("M", 1)]:
        part = table[(table.sex == sex) & (table.days == days)]
        score = -1 + 1.5 * days + 0.5 * (days == 0) - (sex == "M")
        assert within(part.x.sum(), len(part), 1 / (1 + np.exp(-score)))


def test_softmax_follows_the_exponentials_of_scores(make):
    of = {"low": {}, "mid": {"intercept": 0.5}, "high": {"intercept": -1, "terms": {"days": 2}}}
    domain = {"values": ["low", "mid", "high"], "source": "public"}
    table = make(
        {"days": DAYS, "x": {"kind": "category", "domain": domain, "generate": {"softmax": {"of": of}}}}, N
    )["t"].to_pandas()
    for days in (0, 1):
        part = table[table.days == days]
        weights = np.exp([0, 0.5, -1 + 2 * days])
        for name, p in zip(domain["values"], weights / weights.sum(), strict=True):
            assert within((part.x == name).sum(), len(part), p)


def test_softmax_of_large_scores_does_not_overflow(column):
    of = {"a": {"intercept": 5000}, "b": {"intercept": 4000}}
    definition = {"kind": "category", "domain": {"values": ["a", "b"], "source": "public"},
                  "generate": {"softmax": {"of": of}}}  # fmt: skip
    assert set(column(definition)) == {"a"}


def test_a_missing_term_makes_the_outcome_missing(make):
    half = {**DAYS, "null": {"allowed": True}, "generate": {**DAYS["generate"], "missing": {"rate": 0.5}}}
    table = make(
        {
            "days": half,
            "x": {
                "kind": "boolean",
                "null": {"allowed": True},
                "generate": {"logit": {"terms": {"days": 9}}},
            },
        },
        500,
    )["t"].to_pandas()
    assert (table.x.isna() == table.days.isna()).all()


MATRIX = [[1, 0.7, -0.4], [0.7, 1, 0.1], [-0.4, 0.1, 1]]


def block(matrix=MATRIX, columns=("a", "b", "c")):
    return {"generate": {"correlated": {"v": {"columns": list(columns), "matrix": matrix}}}}


def margins(**more):
    gamma = {"name": "gamma", "shape": 2, "scale": 3, "max": 12}
    poisson = {"name": "poisson", "mean": 30}
    return {
        "a": {"kind": "float", "generate": {"correlated": {"block": "v", "dist": gamma}}},
        "b": {
            "kind": "integer",
            "generate": {"correlated": {"block": "v", "dist": poisson}},
        },
        "c": {
            "kind": "category",
            "domain": {"values": ["low", "mid", "high"], "source": "public"},
            "generate": {"correlated": {"block": "v", "weights": {"low": 0.5, "mid": 0.3, "high": 0.2}}},
        },
        **more,
    }


def test_margins_stay_and_scores_correlate(make):
    table = make(margins(), N, table=block())["t"].to_pandas()
    top = stats.gamma(2, scale=3).cdf(12)
    # Kolmogorov: 1.95 / sqrt(n) is exceeded by chance in 1 of 1000 samples; likewise the chi-square test.
    assert stats.kstest(table.a, lambda x: stats.gamma(2, scale=3).cdf(x) / top).statistic < 1.95 / N**0.5
    assert abs(table.b.mean() - 30) <= 5 * (30 / N) ** 0.5
    assert abs(table.b.var() - 30) <= 5 * 30 * (2 / N) ** 0.5 * 1.1
    assert within((table.c == "high").sum(), N, 0.2)
    # Spearman's correlation of a Gaussian copula is 6/pi asin(r/2); its standard error is below 1/sqrt(n).
    expected = 6 / np.pi * np.arcsin(0.7 / 2)
    assert abs(stats.spearmanr(table.a, table.b).statistic - expected) <= 5 / N**0.5
    assert table.groupby("c", observed=True).a.mean().is_monotonic_decreasing


def test_a_column_added_at_the_end_of_a_block_changes_no_other(make):
    two = {name: column for name, column in margins().items() if name != "c"}
    short = make(two, 300, table=block([[1, 0.7], [0.7, 1]], ("a", "b")))["t"].to_pandas()
    assert make(margins(), 300, table=block())["t"].to_pandas()[["a", "b"]].equals(short)


def test_redrawn_rows_are_correlated_too(make):
    rule = [{"name": "r", "expr": "b >= 30"}]
    table = make(margins(), N, table={**block(), "constraints": rule})["t"].to_pandas()
    free = make(margins(), 2 * N, table=block())["t"].to_pandas()
    kept = free[free.b >= 30]
    assert table.b.min() >= 30
    # Means of a within the rule: five standard errors of a difference; the deviation of a is below 4.3.
    assert abs(table.a.mean() - kept.a.mean()) <= 5 * 4.3 * (1 / N + 1 / len(kept)) ** 0.5


@pytest.mark.parametrize(
    ("table", "columns", "found"),
    [
        (block([[1, 0.7], [0.7, 1]]), {}, "needs 3 rows"),
        (block([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]), {}, "not positive definite"),
        (block([[1, 0.7, 0], [0.6, 1, 0], [0, 0, 1]]), {}, "not symmetric"),
        (block(columns=("a", "b", "d")), {"d": DAYS}, "'d' is not made by this block"),
        ({}, {}, "unknown block 'v'"),
        (
            block(),
            {"x": outcome({"c": {"lw": 1}})},
            "unknown label 'lw'",
        ),
        (block(), {"x": outcome({"c": 2})}, "yields a label"),
        (
            block(),
            {"x": outcome({"a": {"1": 2}})},
            "no list of labels",
        ),
    ],
)
def test_faults(make, table, columns, found):
    with pytest.raises(SchemaError, match=found):
        make(margins(**columns), 10, table=table)
