"""Shipped scenarios: their rules hold, they hide among lawful rows, and severity brings them out."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from synthrec.scenarios.load import load_scenario, scenario_names
from synthrec.validation.conformity import Conformity

ROLES = {
    "account_takeover": ("transaction", {"fraud"}),
    "card_testing": ("transaction", {"probe", "cash_out"}),
    "sepsis_hospital_onset": ("admission", {"septic_stay"}),
    "opioid_overdose_cascade": ("admission", {"overdose"}),
}
BETWEEN = {
    "transaction": ("account_id", "booked_at", "booked_at"),
    "admission": ("patient_id", "admit_date", "discharge_date"),
}
"""Per table the unit's key, and the columns of beginning and end of a row."""


def labelled(found, name):
    """The table in which a scenario shows as a frame, and which of its rows are part of it."""
    table, roles = ROLES[name]
    labels = found.labels.data.to_pandas()
    ours = (labels.scenario == name) & (labels.table == table) & labels.role.isin(roles)
    frame = found.records[table].data.to_pandas()
    key = found.records[table].spec.primary_key[0]
    return frame, frame[key].astype(str).isin(set(labels.key[ours].astype(str))).to_numpy()


def columns(frame, ids=("_id",)):
    """Each column as numbers: labels one by one, moments as time, hour and weekday."""
    made = {}
    for name, values in frame.items():
        if str(name).endswith(ids):
            continue
        if isinstance(values.dtype, pd.CategoricalDtype):
            made |= {f"{name}={level}": values == level for level in values.cat.categories}
        elif "date" in name or name.endswith("_at"):
            moments = pd.to_datetime(values)
            made |= {
                f"{name}.hour": moments.dt.hour,
                f"{name}.weekday": moments.dt.weekday,
                f"{name}.time": moments.astype("int64"),
            }
        else:
            made[name] = pd.to_numeric(values).astype(float).fillna(-1)
    return pd.DataFrame({name: np.asarray(values, float) for name, values in made.items()})


def between(frame, table):
    """Time since the unit's row before, and until the next; far where there is none."""
    unit, begin, end = BETWEEN[table]
    group = frame[unit].astype(str).to_numpy()
    starts, ends = (pd.to_datetime(frame[name]).astype("int64").to_numpy() for name in (begin, end))
    gap = np.r_[0.0, starts[1:] - ends[:-1]]
    gap[np.r_[True, group[1:] != group[:-1]]] = 1e18
    return pd.DataFrame({"since": gap, "until": np.r_[gap[1:], 1e18]})


def auc(tree, features, truth, units):
    """AUC on the units that the tree was not fitted to."""
    fitted = pd.factorize(units)[0] % 2 == 0
    tree.fit(features[fitted], truth[fitted])
    return roc_auc_score(truth[~fitted], tree.predict_proba(features[~fitted])[:, 1])


def shallow(depth=2):
    return DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=20, class_weight="balanced", random_state=0
    )


def test_four_scenarios_and_their_look_alikes_are_shipped():
    assert set(scenario_names()) >= {*ROLES, "shopping_burst", "chronic_returns", "dispute_wave"}
    assert all(load_scenario(name).scenario.scenario.name == name for name in scenario_names())


@pytest.mark.parametrize("name", ROLES)
def test_every_rule_of_the_schema_holds_at_the_hardest_tier(shipped, name):
    found = shipped(name, tier="extreme")
    for table in found.run.schema.tables:
        check = Conformity(found.run.schema, table)
        check.add(found.records)
        broken = {measure.name: measure.value for measure in check.result().measures if measure.value}
        assert broken == {}


@pytest.mark.parametrize("name", ROLES)
def test_a_tree_of_depth_two_does_not_find_the_default_tier(shipped, name):
    frame, truth = labelled(shipped(name), name)
    assert truth.sum() > 200
    unit = BETWEEN[ROLES[name][0]][0]
    assert auc(shallow(), columns(frame), truth, frame[unit].astype(str)) <= 0.9


@pytest.mark.parametrize("name", ROLES)
def test_no_single_feature_finds_the_default_tier(shipped, name):
    """Times to the rows before and after count as features, too: they are what gives bursts away."""
    frame, truth = labelled(shipped(name), name)
    features = columns(frame).join(between(frame, ROLES[name][0]))
    found = {column: roc_auc_score(truth, features[column]) for column in features}
    best = max(found, key=lambda column: abs(found[column] - 0.5))
    assert abs(found[best] - 0.5) <= 0.35, best


@pytest.mark.parametrize("name", ROLES)
def test_detectability_rises_with_severity(shipped, name):
    """A detector that also sees the times between rows; a step down of 0.01 is within its noise."""
    figures = []
    for tier in ("mild", None, "severe", "extreme"):
        frame, truth = labelled(shipped(name, tier=tier), name)
        features = columns(frame).join(between(frame, ROLES[name][0]))
        unit = frame[BETWEEN[ROLES[name][0]][0]].astype(str)
        figures.append(
            auc(shallow(5), features.drop(columns=[c for c in features if c.endswith(".time")]), truth, unit)
        )
    assert all(after > before - 0.01 for before, after in pairwise(figures)), figures
    assert figures[-1] > figures[0] + 0.01, figures


def shape_of(frame, key):
    """What is not content: numbers in keys, places of rows, lengths of texts, gaps, last digits."""
    number = frame[key].astype(str).str.extract(r"(\d+)$")[0].astype(float)
    made = {"number": number, "place": np.arange(len(frame)), "digits": number % 10}
    for name, values in frame.items():
        made[f"{name}.missing"] = values.isna()
        if name == "amount":
            cents = np.rint(pd.to_numeric(values) * 100).astype("int64")
            made |= {"cents": cents % 10, "length": values.astype(str).str.split(".").str[-1].str.len()}
        if name.endswith("_at"):
            moments = pd.to_datetime(values)
            made |= {f"{name}.second": moments.dt.second, f"{name}.micro": moments.dt.microsecond}
        if name == "hba1c":
            made["tenths"] = np.rint(values.fillna(0) * 1e6).astype("int64") % 100_000
    return pd.DataFrame({name: np.asarray(values, float) for name, values in made.items()})


@pytest.mark.parametrize("name", ROLES)
def test_keys_order_and_format_tell_nothing(shipped, name):
    """Among rows of the kinds that it makes; 4 standard errors of an AUC of 0.5 (Hanley & McNeil 1982), and
    0.03 because the rows of an instance are alike."""
    found = shipped(name)
    frame, truth = labelled(found, name)
    table, _ = ROLES[name]
    if table == "transaction":
        alike = frame.type.isin(set(frame.type[truth])).to_numpy()
        frame, truth = frame[alike].reset_index(drop=True), truth[alike]
    features = shape_of(frame, found.records[table].spec.primary_key[0])
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
