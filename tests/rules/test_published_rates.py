"""Every published figure that a healthcare schema cites is met by its records, within what chance allows.

A share of independent rows lies within five binomial standard errors and half a unit of the last digit of the
published one. Stays of one patient are not independent: their errors are counted by patient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from synthrec.assets import find_schema
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema import citations
from synthrec.schema.load import load_schema

SIGMAS = 5
ROOTS = {"inpatient": 16_000, "claims": 2_000}


@cache
def frames(schema: str) -> dict[str, pd.DataFrame]:
    (made,) = RuleEngine(load_schema(find_schema(schema))).stream(
        ROOTS[schema], streams=Streams(29), chunk_rows=10**9
    )
    return {name: table.data.to_pandas(date_as_object=False) for name, table in made.items()}


@cache
def patients() -> pd.DataFrame:
    patient = frames("inpatient")["patient"]
    age = (pd.Timestamp("2023-01-01") - patient["birth_date"]).dt.days / 365.25
    return patient.assign(age=age)


def aged(low: float, high: float, column: str) -> pd.Series:
    patient = patients()
    return patient[(patient["age"] >= low) & (patient["age"] < high)][column].astype(float)


def men_above_women() -> tuple[float, float, int]:
    adults = patients()[patients()["age"] >= 18]
    shares = [adults[adults["sex"] == sex].groupby(_band)["hypertension"] for sex in "MF"]
    means, errors = zip(*((part.mean(), part.var() / part.size()) for part in shares), strict=True)
    weight = _band_weights(adults)
    gap = float(((means[0] - means[1]) * weight).sum())
    return gap, float(((errors[0] + errors[1]) * weight**2).sum() ** 0.5), len(adults)


def _band(row: int) -> int:
    return int(np.searchsorted([40, 60], patients()["age"].loc[row], side="right"))


def _band_weights(adults: pd.DataFrame) -> pd.Series:
    return adults.groupby(_band).size() / len(adults)


def share(values: pd.Series, published: float) -> tuple[float, float, int]:
    """Share, its standard error where the published one is true, and n."""
    return float(values.mean()), (published * (1 - published) / len(values)) ** 0.5, len(values)


def by_patient(column: str) -> tuple[float, float, int]:
    """Mean over stays, its standard error with patients as clusters, and the number of stays."""
    stays = frames("inpatient")["admission"]
    values = stays[column].astype(float)
    mean = float(values.mean())
    sums = (values - mean).groupby(stays["patient_id"].astype(str)).sum()
    return mean, float((sums**2).sum() ** 0.5 / len(values)), len(values)


def denied(in_network: bool, published: float) -> tuple[float, float, int]:  # noqa: FBT001  (a value of the column)
    claim = frames("claims")["claim"]
    part = claim[claim["in_network"] == in_network]
    return share((part["status"].astype(str) == "denied"), published)


@dataclass(frozen=True)
class Rate:
    """A published figure, how it stands in the source's details, and how the records are asked for it."""

    schema: str
    source: str
    wording: str
    published: float
    half_unit: float
    """Half a unit of the last published digit."""
    found: Callable[[], tuple[float, float, int]]

    def __str__(self) -> str:
        return f"{self.schema}-{self.source}-{self.published}"


def of_age(low: float, high: float, column: str, source: str, percent: float) -> Rate:
    rate = percent / 100
    return Rate(
        "inpatient", source, f"{percent} %", rate, 0.0005, lambda: share(aged(low, high, column), rate)
    )


RATES = (
    of_age(18, 40, "hypertension", "nchs_511", 23.4),
    of_age(40, 60, "hypertension", "nchs_511", 52.5),
    of_age(60, 200, "hypertension", "nchs_511", 71.6),
    Rate("inpatient", "nchs_511", "men 6.2 points above women", 0.062, 0.001, men_above_women),
    of_age(18, 40, "diabetes", "nhsr_158", 4.4),
    of_age(40, 60, "diabetes", "nhsr_158", 16.4),
    of_age(60, 200, "diabetes", "nhsr_158", 30.0),
    Rate("inpatient", "hcup_180", "mean length 4.5 days", 4.5, 0.05, lambda: by_patient("los")),
    Rate("inpatient", "hcup_180", "mean cost 10,400 USD", 10_400, 50, lambda: by_patient("cost")),
    Rate("inpatient", "hcup_248", "13.9 %", 0.139, 0.0005, lambda: by_patient("readmitted_30d")),
    Rate("claims", "kff_2025", "in-network claims 19 %", 0.19, 0.005, lambda: denied(True, 0.19)),
    Rate("claims", "kff_2025", "out-of-network claims 37 %", 0.37, 0.005, lambda: denied(False, 0.37)),
)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_published_figure_is_met(rate):
    found, error, n = rate.found()
    assert error < 0.15 * rate.published, f"n = {n} is too few"
    margin = SIGMAS * error + rate.half_unit
    assert abs(found - rate.published) <= margin, (
        f"{rate.source}: {rate.wording}; n = {n}, found {found:.4f}, interval ±{margin:.4f}"
    )


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_figure_is_what_the_source_says(rate):
    assert rate.wording in load_schema(find_schema(rate.schema)).sources[rate.source].detail


@pytest.mark.parametrize("schema", ROOTS)
def test_every_cited_source_has_a_figure_that_is_tested(schema):
    assert set(citations.sources_used(load_schema(find_schema(schema)))) == {
        rate.source for rate in RATES if rate.schema == schema
    }
