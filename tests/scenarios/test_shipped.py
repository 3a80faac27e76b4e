"""Shipped scenarios: their rules hold, they hide among lawful rows, and severity brings them out."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from synthrec.scenarios.load import load_scenario, scenario_names
from synthrec.validation.conformity import Conformity


class Shown(NamedTuple):
    """Where a scenario shows."""

    table: str
    unit: str
    begin: str
    end: str
    roles: set[str]


SHOWN = {
    "account_takeover": Shown("transaction", "account_id", "booked_at", "booked_at", {"fraud"}),
    "card_testing": Shown("transaction", "account_id", "booked_at", "booked_at", {"probe", "cash_out"}),
    "card_testing_auth": Shown("auth", "card_id", "at", "at", {"probe", "refused_probe", "cash_out"}),
    "doctor_shopping": Shown("claim", "member_id", "service_from", "service_to", {"visit", "fill"}),
    "opioid_overdose_cascade": Shown("admission", "patient_id", "admit_date", "discharge_date", {"overdose"}),
    "sepsis_hospital_onset": Shown(
        "admission", "patient_id", "admit_date", "discharge_date", {"septic_stay"}
    ),
}
"""Per scenario the table in which it shows, the unit's key, the columns of begin and end, and its roles."""


def labelled(found, name):
    """The table in which a scenario shows as a frame, and which of its rows are part of it."""
    shown = SHOWN[name]
    labels = found.labels.data.to_pandas()
    ours = (labels.scenario == name) & (labels.table == shown.table) & labels.role.isin(shown.roles)
    frame = found.records[shown.table].data.to_pandas()
    key = found.records[shown.table].spec.primary_key[0]
    if shown.unit not in frame:
        cover = found.records["coverage"].data.to_pandas().astype(str)
        members = dict(zip(cover.coverage_id, cover.member_id, strict=True))
        frame[shown.unit] = frame.coverage_id.astype(str).map(members)
    return frame, frame[key].astype(str).isin(set(labels.key[ours].astype(str))).to_numpy()


def is_moment(frame, name):
    """Whether a column holds dates or moments."""
    first = frame[name].dropna()
    return len(first) > 0 and isinstance(first.iloc[0], dt.date | pd.Timestamp)


LEAF = 20
"""Rows that a leaf of a tree has at least; a label on fewer can be no split, and moves no AUC by much."""


def columns(frame, ids=("_id",)):
    """Each column as numbers: labels one by one, moments as time, hour and weekday."""
    made = {}
    for name, values in frame.items():
        if str(name).endswith(ids):
            continue
        if isinstance(values.dtype, pd.CategoricalDtype):
            counts = values.value_counts()
            made |= {f"{name}={level}": values == level for level in counts.index[counts >= LEAF]}
        elif is_moment(frame, name):
            moments = pd.to_datetime(values)
            made |= {
                f"{name}.hour": moments.dt.hour.fillna(-1),
                f"{name}.weekday": moments.dt.weekday.fillna(-1),
                f"{name}.time": moments.astype("int64"),
            }
        else:
            made[name] = pd.to_numeric(values).astype(float).fillna(-1)
    return pd.DataFrame({name: np.asarray(values, float) for name, values in made.items()})


def between(frame, name):
    """Time since the unit's row before, and until the next; far where there is none."""
    shown = SHOWN[name]
    group = frame[shown.unit].astype(str).to_numpy()
    starts, ends = (pd.to_datetime(frame[at]).astype("int64").to_numpy() for at in (shown.begin, shown.end))
    gap = np.r_[0.0, starts[1:] - ends[:-1]]
    gap[np.r_[True, group[1:] != group[:-1]]] = 1e18
    return pd.DataFrame({"since": gap, "until": np.r_[gap[1:], 1e18]})


class Seen(NamedTuple):
    """What a detector may see of rows, which of them are part of the scenario, and whose they are."""

    features: pd.DataFrame
    truth: np.ndarray
    units: np.ndarray


LAWFUL = 5_000
"""Other rows that a detector is given at most, evenly drawn. An AUC does not depend on their share, and its
standard error hardly: by 1 / sqrt(12) times sqrt(1/m + 1/n) for m rows of a scenario, some hundreds, and n
others that were held back (Hanley & McNeil 1982)."""


@pytest.fixture(scope="session")
def seen(shipped):
    """Columns and times between rows of a scenario at one tier."""

    @cache
    def look(name, tier=None):
        frame, truth = labelled(shipped(name, tier=tier), name)
        others = np.flatnonzero(~truth)
        some = np.random.default_rng(0).permutation(others)[:LAWFUL]
        rows = np.sort(np.concatenate([np.flatnonzero(truth), some]))
        features = columns(frame.iloc[rows]).join(between(frame, name).iloc[rows].reset_index(drop=True))
        return Seen(features, truth[rows], frame[SHOWN[name].unit].astype(str).to_numpy()[rows])

    return look


def auc(tree, features, truth, units):
    """AUC on the units that the tree was not fitted to."""
    fitted = pd.factorize(units)[0] % 2 == 0
    tree.fit(features[fitted], truth[fitted])
    return roc_auc_score(truth[~fitted], tree.predict_proba(features[~fitted])[:, 1])


def shallow(depth=2):
    return DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=LEAF, class_weight="balanced", random_state=0
    )


def test_all_scenarios_and_their_look_alikes_are_shipped():
    companions = {other for name in SHOWN for other in load_scenario(name).scenario.companions}
    assert set(scenario_names()) == {*SHOWN, *companions, "dispute_wave"}
    assert all(load_scenario(name).scenario.scenario.name == name for name in scenario_names())


@pytest.mark.parametrize("name", SHOWN)
def test_every_rule_of_the_schema_holds_at_the_hardest_tier(shipped, name):
    found = shipped(name, tier="extreme")
    for table in found.run.schema.tables:
        check = Conformity(found.run.schema, table)
        check.add(found.records)
        broken = {measure.name: measure.value for measure in check.result().measures if measure.value}
        assert broken == {}


@pytest.mark.parametrize("name", SHOWN)
def test_a_tree_of_depth_two_does_not_find_the_default_tier(seen, name):
    """Neither on the columns of a row alone, nor with the times to the rows before and after."""
    features, truth, units = seen(name)
    assert truth.sum() > 100
    assert auc(shallow(), features.drop(columns=["since", "until"]), truth, units) <= 0.9
    assert auc(shallow(), features, truth, units) <= 0.9


@pytest.mark.parametrize("name", SHOWN)
def test_no_single_feature_finds_the_default_tier(seen, name):
    """Times to the rows before and after count as features, too: they are what gives bursts away."""
    features, truth, _ = seen(name)
    found = {column: roc_auc_score(truth, features[column]) for column in features}
    best = max(found, key=lambda column: abs(found[column] - 0.5))
    assert abs(found[best] - 0.5) <= 0.35, best


@pytest.mark.parametrize("name", SHOWN)
def test_detectability_rises_with_severity(seen, name):
    """To boosted trees that see the times between rows, too; a step down of 0.01 is within their noise."""
    figures = []
    for tier in ("mild", None, "severe", "extreme"):
        features, truth, units = seen(name, tier)
        known = features.drop(columns=[column for column in features if column.endswith(".time")])
        detector = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=LEAF, random_state=0
        )
        figures.append(auc(detector, known, truth, units))
    assert all(after > before - 0.01 for before, after in pairwise(figures)), figures
    assert figures[-1] > figures[0] + 0.01, figures


def shape_of(frame, key):
    """What is not content: numbers in keys, places of rows, lengths of texts, gaps, last digits."""
    number = frame[key].astype(str).str.extract(r"(\d+)$")[0].astype(float)
    made = {"number": number, "place": np.arange(len(frame)), "digits": number % 10}
    for name, values in frame.items():
        if name == "amount":
            cents = np.rint(pd.to_numeric(values) * 100).astype("int64")
            made |= {"cents": cents % 10, "length": values.astype(str).str.split(".").str[-1].str.len()}
        if name in {"booked_at", "at"}:
            moments = pd.to_datetime(values)
            made |= {f"{name}.second": moments.dt.second, f"{name}.micro": moments.dt.microsecond}
        if name == "hba1c":
            made["tenths"] = np.rint(values.fillna(0) * 1e6).astype("int64") % 100_000
    return pd.DataFrame({name: np.asarray(values, float) for name, values in made.items()})


@pytest.mark.parametrize("name", SHOWN)
def test_keys_order_and_format_tell_nothing(shipped, name):
    """Among rows of the kinds that it makes; 4 standard errors of an AUC of 0.5 (Hanley & McNeil 1982), and
    0.03 because the rows of an instance are alike."""
    found = shipped(name)
    frame, truth = labelled(found, name)
    kind = {"transaction": "type", "auth": "channel", "claim": "setting"}.get(SHOWN[name].table)
    if kind is not None:
        alike = frame[kind].isin(set(frame[kind][truth])).to_numpy()
        frame, truth = frame[alike].reset_index(drop=True), truth[alike]
    features = shape_of(frame, found.records[SHOWN[name].table].spec.primary_key[0])
    figure = auc(shallow(4), features, truth, np.arange(len(frame)) // 50)
    tested = truth.sum() / 2
    assert abs(figure - 0.5) < 4 / np.sqrt(12 * tested) + 0.03


def test_a_detector_of_formats_would_see_a_slip(shipped):
    """The same features with one more decimal in the injected amounts are told apart at once."""
    frame, truth = labelled(shipped("card_testing"), "card_testing")
    features = shape_of(frame, "txn_id")
    features["cents"] = np.where(truth, features["cents"] + 0.5, features["cents"])
    assert auc(shallow(4), features, truth, np.arange(len(frame)) // 50) > 0.6


def test_a_septic_stay_is_told_as_one_story(shipped):
    found = shipped("sepsis_hospital_onset", tier="severe")
    frame, septic = labelled(found, "sepsis_hospital_onset")
    days = (pd.to_datetime(frame.discharge_date) - pd.to_datetime(frame.admit_date)).dt.days
    assert (days == frame.los).all()
    same = frame.patient_id.astype(str)[1:].to_numpy() == frame.patient_id.astype(str)[:-1].to_numpy()
    wait = (
        pd.to_datetime(frame.admit_date)[1:].to_numpy() - pd.to_datetime(frame.discharge_date)[:-1].to_numpy()
    )[same]
    assert (wait > np.timedelta64(0)).all()
    assert not frame.died[:-1].to_numpy()[same].any()
    assert 0.05 < frame.died[septic].mean() < 0.5


def test_the_probes_of_a_card_follow_each_other(shipped):
    found = shipped("card_testing", tier="extreme")
    instances = found.instances.data.to_pandas()
    minutes = [
        float(re.search(r'"minutes":([\d.]+)', text)[1])
        for text in instances.params[instances.scenario == "card_testing"]
    ]
    assert max(minutes) < 6
