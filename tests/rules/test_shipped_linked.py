"""Claims and card payments keep what their schemas promise, checked on the records and not by the engine."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pandas as pd
import pytest

from synthrec.assets import find_schema
from synthrec.data.table import Records
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import load_schema

ROOTS = {"claims": 3_300, "card": 275}
"""Enough for 50,000 rows of the largest table."""


@cache
def made(name: str) -> Records:
    (chunk,) = RuleEngine(load_schema(find_schema(name))).stream(
        ROOTS[name], streams=Streams(11), chunk_rows=10**9
    )
    return chunk


@cache
def records(name: str) -> dict[str, pd.DataFrame]:
    """The tables as data frames, decimals as whole minor units."""
    frames = {}
    for table, content in made(name).items():
        frame = content.data.to_pandas(date_as_object=False)
        for column, spec in content.spec.columns.items():
            if spec.kind == "decimal":
                vector = content.vector(column)
                frame[column] = pd.array(np.where(vector.missing, 0, vector.values), dtype="int64")
            if spec.kind in {"id", "string", "category", "code"}:
                frame[column] = frame[column].astype(object)
        frames[table] = frame
    return frames


def claims() -> pd.DataFrame:
    """Claims with their coverage and member."""
    tables = records("claims")
    return tables["claim"].merge(tables["coverage"], on="coverage_id").merge(tables["member"], on="member_id")


def auths() -> pd.DataFrame:
    tables = records("card")
    return tables["auth"].merge(tables["card"], on="card_id")


def cleared() -> pd.DataFrame:
    return records("card")["clearing"].merge(auths(), on="auth_id", suffixes=("", "_auth"))


@pytest.mark.parametrize(("name", "table"), [("claims", "line"), ("card", "auth")])
def test_there_are_rows_enough(name, table):
    assert len(records(name)[table]) >= 50_000


@pytest.mark.parametrize("name", ROOTS)
def test_every_foreign_key_is_found(name):
    schema = load_schema(find_schema(name))
    for table, spec in schema.tables.items():
        for foreign in spec.foreign_keys:
            (key,) = schema.tables[foreign.references].primary_key
            own = records(name)[table][foreign.columns[0]]
            assert own.isin(set(records(name)[foreign.references][key])).all()


# --- claims ------------------------------------------------------------------------------------------------


def test_parts_of_a_claim_make_the_allowed_amount_to_the_cent():
    claim = records("claims")["claim"]
    parts = claim[["plan_paid", "copay", "coinsurance", "deductible"]]
    assert (parts.sum(axis=1) == claim["allowed"]).all()
    assert (parts >= 0).all(axis=None)
    assert (claim["allowed"] <= claim["billed"]).all()


def test_lines_add_up_to_their_claim_to_the_cent():
    claim, line = records("claims")["claim"], records("claims")["line"]
    sums = line.groupby("claim_id")[["billed", "allowed", "plan_paid", "member_share"]].sum()
    claim = claim.set_index("claim_id")
    assert len(sums) == len(claim)
    for column in ("billed", "allowed", "plan_paid"):
        assert (sums[column] == claim[column].reindex(sums.index)).all()
    member = claim[["copay", "coinsurance", "deductible"]].sum(axis=1).reindex(sums.index)
    assert (sums["member_share"] == member).all()
    assert (line["allowed"] <= line["billed"]).all()


def test_what_is_denied_pays_nothing_and_says_why():
    claim = records("claims")["claim"]
    denied = claim["status"] == "denied"
    assert (claim.loc[denied, ["allowed", "plan_paid", "copay", "coinsurance", "deductible"]] == 0).all(
        axis=None
    )
    assert (claim["denial_reason"].notna() == denied).all()
    assert (claim["paid_on"].notna() == (claim["plan_paid"] > 0)).all()


def test_dates_of_a_claim_are_in_order_and_within_cover():
    claim = claims()
    assert (claim["service_from"] >= claim["effective_on"]).all()
    assert (claim["service_from"] <= claim["terminated_on"]).all()
    assert (claim["service_to"] <= claim["disenrolled_on"]).all()
    for before, after in (
        ("service_from", "service_to"),
        ("service_to", "received_on"),
        ("received_on", "adjudicated_on"),
    ):
        assert (claim[before] <= claim[after]).all()
    paid = claim[claim["paid_on"].notna()]
    assert (paid["paid_on"] >= paid["adjudicated_on"]).all()
    assert (claim["service_from"] >= claim["birth_date"]).all()


def test_deductible_and_maximum_accumulate_within_their_limits():
    claim = claims()
    share = claim["deductible"] + claim["copay"] + claim["coinsurance"]
    for column, amount, limit in (
        ("deductible_to_date", claim["deductible"], "deductible_limit"),
        ("out_of_pocket_to_date", share, "out_of_pocket_limit"),
    ):
        assert (amount.groupby(claim["coverage_id"]).cumsum() == claim[column]).all()
        assert (claim[column] <= claim[limit]).all()
    assert (claim["out_of_pocket_to_date"] == claim["out_of_pocket_limit"]).any()


def test_refills_of_one_drug_are_never_early():
    tables = records("claims")
    line = tables["line"][
        tables["line"]["service_code"].isin(["RX-METF", "RX-GLP", "RX-ACEI", "RX-INHAL", "RX-SSRI"])
    ]
    fills = line.merge(claims(), on="claim_id").sort_values(["member_id", "service_code", "service_from"])
    gap = fills.groupby(["member_id", "service_code"])["service_from"].diff().dt.days
    # Three quarters of thirty days are used before the next fill.
    assert gap.min() >= 0.75 * 30


def test_nobody_sees_an_office_or_another_hospital_during_a_stay():
    claim = claims()
    stay = claim[claim["setting"] == "inpatient"][["coverage_id", "service_from", "service_to"]]
    both = claim[claim["setting"] != "pharmacy"].merge(stay, on="coverage_id", suffixes=("", "_stay"))
    inside = (both["service_from"] > both["service_from_stay"]) & (
        both["service_from"] <= both["service_to_stay"]
    )
    assert not inside.any()
    assert 2 < (stay["service_to"] - stay["service_from"]).dt.days.mean() < 5


def test_short_courses_and_laboratory_tests_have_a_visit_with_their_diagnosis():
    claim = claims()
    key = ["member_id", "service_from", "principal_dx"]
    visits = claim[claim["setting"].isin(["primary", "specialist", "emergency"])]
    acute = records("claims")["line"].query("service_code == 'RX-ACUTE'").merge(claim, on="claim_id")
    for follows in (acute, claim[claim["setting"] == "laboratory"]):
        assert len(follows) > 1_000
        assert follows[key].merge(visits[key].drop_duplicates(), on=key).shape[0] == len(follows)


def test_offices_are_closed_on_holidays_and_check_ups_are_about_a_year_apart():
    claim = claims()
    office = claim[claim["setting"].isin(["primary", "specialist", "laboratory"])]
    assert not office["service_from"].dt.strftime("%m-%d").isin(["01-01", "07-04", "12-25"]).any()
    assert (claim["setting"] == "emergency")[claim["service_from"].dt.strftime("%m-%d") == "07-04"].any()
    check_up = claim[(claim["setting"] == "primary") & claim["principal_dx"].str.startswith("Z00")]
    gap = check_up.sort_values("service_from").groupby("member_id")["service_from"].diff().dt.days
    assert gap.min() > 300
    assert gap.std() > 10
    winter = claim[claim["principal_dx"] == "J06.9"]["service_from"].dt.month.isin([12, 1, 2]).mean()
    assert winter > 1.3 / 4


def test_denials_are_as_often_as_published():
    claim = records("claims")["claim"]
    for network, rate in ((True, 0.19), (False, 0.37)):
        part = claim[claim["in_network"] == network]
        # 19 % of in-network and 37 % of out-of-network claims (KFF 2025): five standard errors of a share.
        assert abs((part["status"] == "denied").mean() - rate) <= 5 * (rate * (1 - rate) / len(part)) ** 0.5


def test_few_members_make_most_of_the_cost_and_some_hardly_ever_refill():
    claim = claims()
    cost = (
        claim.groupby("member_id")["allowed"]
        .sum()
        .reindex(records("claims")["member"]["member_id"])
        .fillna(0)
    )
    top = cost.nlargest(len(cost) // 20).sum() / cost.sum()
    assert 0.35 < top < 0.75
    year = claim[claim["hypertension"] & (claim["enrolled_on"] == claim["enrolled_on"].min())]
    refills = (year["setting"] == "pharmacy").groupby(year["member_id"]).sum()
    assert refills.quantile(0.1) < 0.4 * refills.quantile(0.9)


# --- card --------------------------------------------------------------------------------------------------


def test_authorisations_lie_within_the_life_of_the_card_and_in_order():
    auth = auths()
    day = auth["at"].dt.normalize()
    assert (day >= auth["issued_on"]).all()
    assert (day <= auth["expires_on"]).all()
    assert (auth.groupby("card_id")["at"].diff().dropna() >= pd.Timedelta(0)).all()


def test_the_sum_of_a_month_is_exact_and_what_goes_beyond_the_limit_is_declined():
    auth = auths()
    month = auth["at"].dt.to_period("M").astype(str)
    assert (auth.groupby(["card_id", month])["amount"].cumsum() == auth["month_to_date"]).all()
    assert (auth["limit"] - auth["month_to_date"] == auth["room"]).all()
    approved = auth["result"] == "approved"
    assert (auth.loc[approved, "room"] >= 0).all()
    assert (auth["decline_reason"].notna() == ~approved).all()
    # So the approved ones of a month never exceed the limit.
    spent = auth[approved].groupby(["card_id", month[approved]])["amount"].sum()
    limit = auth.groupby("card_id")["limit"].first()
    assert (spent <= limit.reindex(spent.index.get_level_values(0)).to_numpy()).all()


def test_only_what_was_approved_clears_and_within_seven_days():
    clearing = cleared()
    assert (clearing["result"] == "approved").all()
    assert clearing["auth_id"].is_unique
    days = (clearing["cleared_on"] - clearing["at"].dt.normalize()).dt.days
    assert days.between(0, 7).all()


def test_cleared_amounts_differ_only_for_fuel_and_tips():
    clearing = cleared()
    other = ~clearing["mcc"].isin(["5541", "5812"])
    assert (clearing.loc[other, "amount"] == clearing.loc[other, "amount_auth"]).all()
    meals = clearing[clearing["mcc"] == "5812"]
    assert (meals["amount"] >= meals["amount_auth"]).all()
    assert (meals["amount"] <= 1.25 * meals["amount_auth"] + 1).all()
    fuel = clearing[clearing["mcc"] == "5541"]
    assert (fuel["amount"] <= fuel["amount_auth"]).all()
    # Reg II: 46.7 dollars in the mean; habits differ, so within a tenth.
    assert clearing["amount"].mean() / 100 == pytest.approx(46.7, rel=0.1)


def test_refunds_and_chargebacks_refer_to_what_was_cleared():
    tables = records("card")
    for table, day, most in (("refund", "refunded_on", 90), ("chargeback", "opened_on", 120)):
        part = tables[table].merge(tables["clearing"], on="clearing_id", suffixes=("", "_cleared"))
        assert len(part) == len(tables[table])
        assert (part["amount"] <= part["amount_cleared"]).all()
        assert (part[day] - part["cleared_on"]).dt.days.between(0, most).all()
    chargeback = tables["chargeback"]
    assert (chargeback["closed_on"] > chargeback["opened_on"]).all()


def test_nobody_travels_faster_than_an_airliner():
    auth = auths()
    present = auth[auth["distance_km"].notna()].copy()
    assert set(auth.loc[auth["distance_km"].isna(), "channel"]) <= {"online", "recurring"}
    hours = present.groupby("card_id")["at"].diff().dt.total_seconds() / 3_600
    speed = present.groupby("card_id")["distance_km"].diff().abs() / hours.clip(lower=1 / 60)
    assert speed.max() <= 900
    assert present["distance_km"].max() > 500


# --- both --------------------------------------------------------------------------------------------------

GOLDEN = {"claims": "26f7bcc39175e692", "card": "a992fd770f84f4f0"}


@pytest.mark.parametrize("name", ROOTS)
def test_the_first_rows_stay_as_they_are(name):
    """Change the digest only with the schema's version, and say so in the changelog."""
    hashed = hashlib.sha256()
    for table, content in sorted(made(name).items()):
        hashed.update(repr((table, content.data.slice(0, 1_000).to_pydict())).encode())
    assert hashed.hexdigest()[:16] == GOLDEN[name]
