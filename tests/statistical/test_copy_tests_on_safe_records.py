"""Fresh rows of the population are accused no more often than the level says, whatever the split ratio."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from synthrec.data.table import Table
from synthrec.schema.model import Column, TableSpec
from synthrec.schema.vector import Vector
from synthrec.validation.attacks.copies import RowCopies
from synthrec.validation.attacks.projections import ProjectionCopies
from synthrec.validation.real import RealData

RUNS = 80
LEVEL = 0.1


def rows(rng, n, *, weight):
    """Correlated coarse columns, with or without one that is near-unique."""
    latent = rng.normal(size=n)
    columns = {f"c{j}": np.rint(2 * (latent + rng.normal(size=n))) for j in range(5)}
    if weight:
        columns["weight"] = np.rint(20_000 * np.exp(0.5 * rng.normal(size=n)))
    spec = TableSpec(columns={name: Column(kind="integer") for name in columns}, one_row_per_person=True)
    vectors = {name: Vector.full(values.astype(np.int64)) for name, values in columns.items()}
    return Table.from_vectors("t", spec, vectors)


def evidence(check, seed, *, share, weight):
    rng = np.random.default_rng([seed, 17])
    people = rows(rng, 1000, weight=weight)
    held = round(1000 * share)
    test = check(RealData("t", people.slice(held), people.slice(0, held)))
    test.add({"t": rows(rng, 800, weight=weight)})
    return test._battery.outcome().worst.p_value


@pytest.mark.parametrize("check", [RowCopies, ProjectionCopies])
@pytest.mark.parametrize(("share", "weight"), [(0.2, True), (0.2, False), (0.5, False)])
def test_false_alarms_keep_to_the_level(check, share, weight):
    p_values = [evidence(check, seed, share=share, weight=weight) for seed in range(RUNS)]
    alarms = np.mean(np.array(p_values) <= LEVEL)
    # four standard errors of a share of RUNS at the level
    assert alarms <= LEVEL + 4 * sqrt(LEVEL * (1 - LEVEL) / RUNS)
    assert min(p_values) > 1e-4  # P(one of 80 below it) is under 1 %
    if check is RowCopies and not weight:
        assert np.median(p_values) < 0.9  # it is a test, not a rubber stamp
