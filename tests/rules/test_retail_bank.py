"""What an investigator would ask of the shipped bank: rhythms, balances, both sides of a transfer."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from synthrec.assets import find_schema
from synthrec.rng import Streams
from synthrec.rules.engine import RuleEngine
from synthrec.schema.load import load_schema

ACCOUNTS = 2_000


@cache
def records() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts, and bookings with the columns of their account; money in whole cents."""
    engine = RuleEngine(load_schema(find_schema("retail_bank")))
    (chunk,) = engine.stream(ACCOUNTS, streams=Streams(3), chunk_rows=10**9)
    account, booking = (
        chunk[name].data.to_pandas(date_as_object=False) for name in ("account", "transaction")
    )
    for table in (account, booking):
        for column in table.columns.intersection(["amount", "balance", "opening_balance"]):
            table[column] = (table[column].astype(float) * 100).round().astype(int)
        for column in table.columns.intersection(["account_id", "counterparty_account", "type", "category"]):
            table[column] = table[column].astype(object)
    own = account[["account_id", "type", "segment", "opening_balance", "credit_limit"]]
    booking = booking.merge(own.rename(columns={"type": "account_type"}), on="account_id")
    booking["day"] = booking["booked_at"].dt.normalize()
    return account, booking


def by_machine(kind: str, category: str) -> pd.DataFrame:
    """Bookings that come by themselves."""
    _, booking = records()
    those = (
        (booking["type"] == kind) & (booking["category"] == category) & (booking["channel"] == "automatic")
    )
    return booking[those]


def signed() -> pd.Series:
    _, booking = records()
    return booking["amount"].where(booking["type"] == "transfer_in", -booking["amount"])


def test_every_balance_is_the_one_before_and_the_booking_to_the_cent():
    _, booking = records()
    assert (
        signed().groupby(booking["account_id"]).cumsum() + booking["opening_balance"] == booking["balance"]
    ).all()
    assert (booking.groupby("account_id")["booked_at"].diff().dropna() >= pd.Timedelta(0)).all()


def test_wages_are_of_one_amount_and_come_on_one_working_day_of_the_month():
    wages = by_machine("transfer_in", "SALARY")
    monthly = wages.groupby("account_id").filter(lambda rows: np.ptp(rows["amount"]) == 0 and len(rows) == 3)
    assert monthly["account_id"].nunique() > 0.2 * ACCOUNTS
    assert monthly["day"].dt.weekday.max() == 4
    assert (monthly.groupby("account_id")["day"].apply(lambda days: days.dt.month.nunique()) == 3).all()
    # A payday moves by two days at most, but for the last of the month, which has no fixed number.
    span = monthly.groupby("account_id")["day"].apply(lambda days: np.ptp(days.dt.day))
    assert (span <= 3).mean() > 0.95
    assert monthly.groupby("account_id")["amount"].first().nunique() > 200


def test_others_are_paid_each_second_friday_by_the_hour():
    wages = by_machine("transfer_in", "SALARY")
    hourly = wages.groupby("account_id").filter(lambda rows: len(rows) >= 6)
    assert (hourly["day"].dt.weekday == 4).all()
    gaps = hourly.groupby("account_id")["day"].diff().dropna().dt.days
    assert (gaps % 14 == 0).all()
    assert hourly.groupby("account_id")["amount"].nunique().min() > 1


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("transfer_out", "HOME"),
        ("direct_debit", "UTILITY"),
        ("direct_debit", "INSURANCE"),
        ("transfer_out", "BANK"),
    ],
)
def test_standing_orders_are_of_one_amount_and_never_on_weekends(kind, category):
    orders = by_machine(kind, category)
    assert orders["account_id"].nunique() > 50
    assert orders["day"].dt.weekday.max() <= 4
    assert (orders.groupby("account_id")["amount"].agg(np.ptp) == 0).all()
    assert (orders["booked_at"].dt.hour < 8).all()


def test_nights_are_quiet_and_weekends_are_not():
    _, booking = records()
    in_shops = booking[(booking["type"] == "card_payment") & (booking["channel"] == "terminal")]
    assert in_shops["booked_at"].dt.hour.between(2, 5).mean() < 0.02
    days = in_shops["day"].dt.weekday.value_counts()
    # As many payments on a Saturday as on a Monday would differ by less than five standard deviations.
    assert days[5] - days[0] > 5 * (days[5] + days[0]) ** 0.5


def test_the_young_are_out_late():
    account, booking = records()
    born = booking["account_id"].map(account.set_index("account_id")["birth_year"])
    meals = booking["category"] == "DINING"
    late = booking["booked_at"].dt.hour.isin([22, 23, 0, 1])
    young, old = meals & (born > 1990), meals & (born < 1965)
    assert late[young].mean() > 1.3 * late[old].mean()


def test_more_is_bought_in_the_days_after_payday():
    wages = by_machine("transfer_in", "SALARY")[["account_id", "day"]]
    _, booking = records()
    bought = booking[
        booking["category"].isin(["GROCERY", "CLOTHES", "HOME", "DINING"])
        & (booking["type"] == "card_payment")
    ]
    pairs = bought[["account_id", "day"]].merge(wages, on="account_id", suffixes=("", "_paid"))
    after = (pairs["day"] - pairs["day_paid"]).dt.days
    soon, later = after.between(1, 4).sum(), after.between(6, 9).sum()
    assert soon - later > 5 * (soon + later) ** 0.5


def test_some_accounts_sleep_and_people_differ():
    account, booking = records()
    rows = booking.groupby("account_id").size().reindex(account["account_id"], fill_value=0).to_numpy()
    current = rows[(account["type"] == "current").to_numpy()]
    assert 0.03 < (current <= 3).mean() < 0.12
    active = current[current > 3]
    assert np.quantile(active, 0.9) > 5 * np.quantile(active, 0.1)


def test_cards_are_repaid_with_what_was_spent_the_month_before():
    _, booking = records()
    card = booking[booking["account_type"] == "credit_card"]
    incoming = card["type"] == "transfer_in"
    sums = {
        (is_in, month): card["amount"][(incoming == is_in) & (card["day"].dt.month == month)]
        .groupby(card["account_id"])
        .sum()
        for is_in, month in ((False, 2), (True, 3))
    }
    both = pd.DataFrame({"spent": sums[False, 2], "repaid": sums[True, 3]}).dropna()
    # 62 % of holders repay in full; what was spent before the first row of March stands on that bill.
    whole = both["spent"] == both["repaid"]
    tolerance = 5 * (0.62 * 0.38 / len(whole)) ** 0.5
    assert abs(whole.mean() - 0.62) <= tolerance


def test_limits_of_cards_are_hardly_ever_passed():
    _, booking = records()
    card = booking[booking["account_type"] == "credit_card"]
    debt = -card.groupby("account_id")["balance"].min() / 100
    assert (debt > card.groupby("account_id")["credit_limit"].first()).mean() < 0.03


def test_a_transfer_between_two_accounts_is_booked_on_both():
    _, booking = records()
    inside = booking[booking["counterparty_account"].notna()]
    assert len(inside) > ACCOUNTS
    assert (inside["account_id"] != inside["counterparty_account"]).all()
    names = {"account_id": "counterparty_account", "counterparty_account": "account_id"}
    here = inside[["account_id", "counterparty_account", "booked_at", "amount", "type"]]
    both = here.merge(
        here.rename(columns=names), on=["account_id", "counterparty_account", "booked_at", "amount"]
    )
    both = both[both["type_x"] != both["type_y"]]
    assert len(both.drop_duplicates()) == len(here.drop_duplicates())
    assert set(both["type_x"]) == {"transfer_in", "transfer_out"}


def test_people_transfer_to_the_same_few_and_mostly_in_their_region():
    account, booking = records()
    region = account.set_index("account_id")["region"].astype(object)
    inside = booking[booking["counterparty_account"].notna()]
    pairs = inside[["account_id", "counterparty_account"]].drop_duplicates()
    assert len(inside) > 1.5 * len(pairs)
    same = region[pairs["account_id"]].to_numpy() == region[pairs["counterparty_account"]].to_numpy()
    # 85 % are sought in the region; small regions of 256 accounts lose some of them.
    assert 0.75 < same.mean() < 0.92


def test_most_buy_where_they_always_buy():
    _, booking = records()
    food = booking[booking["category"] == "GROCERY"]
    food = food[food["merchant"].notna() & (food["merchant"] != "GR-X")]
    most = food.groupby("account_id")["merchant"].agg(
        lambda names: names.astype(object).value_counts(normalize=True).iloc[0]
    )
    often = food.groupby("account_id").size() >= 8
    assert most[often].median() > 0.5
    assert food["merchant"].nunique() == 6


def test_payments_abroad_are_made_on_one_journey():
    _, booking = records()
    abroad = booking[booking["is_foreign"] & booking["merchant"].astype(object).fillna("").str.endswith("-X")]
    days = abroad.groupby("account_id")["day"].agg(np.ptp).dt.days
    assert len(days) > 50
    assert days.max() <= 16


def test_branches_are_open_on_working_days():
    _, booking = records()
    branch = booking[booking["channel"] == "branch"]
    assert len(branch) > 50
    assert branch["day"].dt.weekday.max() <= 4
    assert branch["booked_at"].dt.hour.between(9, 16).all()
